//! A store that is left alone once it is known to be sick.

use bytes::Bytes;
use portico_simkit::fault::Fault;
use portico_simkit::wait::wait_for;

use super::{Pair, source};
use crate::support::SOON;

#[tokio::test(flavor = "multi_thread")]
async fn after_some_failures_nothing_is_sent_until_one_probe_succeeds() {
    let limits = "max_attempts = 1\nbreaker_failures = 3\nbreaker_open_ms = 1500\nattempt_timeout_ms = 700";
    let pair = Pair::start(limits, "").await;
    let path = format!("/v1/documents/{}", pair.document);
    pair.sicken("right", Fault::ResetOnAccept).await;
    let opened = async || {
        pair.gateway.get(&path).await.problem(503, "backend_unavailable");
        (pair.breaker("right").await == "open").then_some(())
    };
    wait_for(opened, SOON).await.expect("the breaker opens");
    let connections = pair.right.counts().connections;
    for _ in 0..10 {
        let answer = pair.gateway.get(&path).await;
        if pair.breaker("right").await != "open" {
            // The machine was so slow that the time to probe came.
            break;
        }
        let problem = answer.problem(503, "backend_unavailable");
        let wait: u64 = answer.header("retry-after").expect("when to come back").parse().unwrap();
        assert!((1..=2).contains(&wait), "{wait}");
        assert_eq!(problem["retryAfter"], wait);
        assert_eq!(problem["outcome"], "notAttempted");
        assert_eq!(pair.right.counts().connections, connections, "an open breaker connected");
    }
    // A list says the same of the source, and the other store is asked as ever.
    let page = pair.gateway.get("/v1/documents").await.expect(200);
    assert_eq!(source(&page, "right")["status"], "unavailable");
    assert_eq!(source(&page, "left")["status"], "ok");
    let system = pair.gateway.get("/v1/systems/right").await.expect(200);
    assert_ne!(system["state"], "up", "{system:#}");
    assert_eq!(system["owner"]["contact"], "right@council.example");

    pair.right.set(Fault::None).await;
    let well = async || (pair.gateway.get(&path).await.status() == 200).then_some(());
    wait_for(well, SOON).await.expect("it is asked again");
    assert_eq!(pair.breaker("right").await, "closed");
    assert!(pair.gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_not_tried_again() {
    let pair = Pair::start("", "").await;
    let refuse = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    pair.right.set(Fault::Replace(Bytes::from_static(refuse.as_bytes()))).await;
    let path = format!("/v1/documents/{}", pair.document);
    let before = pair.right.counts();
    let problem = pair.gateway.get(&path).await.problem(502, "credentials_refused");
    assert_eq!(problem["retryable"], false);
    let after = pair.right.counts();
    // A kept connection that went away in between is no second attempt with the credentials.
    assert_eq!(after.requests - before.requests, 1, "one attempt, so that no account is locked");
    for _ in 0..3 {
        let answer = pair.gateway.get(&path).await;
        assert!(matches!(answer.status(), 502 | 503), "{}", answer.text());
        let page = pair.gateway.get("/v1/documents").await.expect(200);
        assert_eq!(source(&page, "right")["status"], "misconfigured", "{page:#}");
    }
    assert_eq!(pair.right.counts().requests, after.requests, "they were tried again");
    let system = pair.gateway.get("/v1/systems/right").await.expect(200);
    assert_eq!(system["state"], "misconfigured", "{system:#}");
    // The person's own token is fine: 401 would send them to sign in again.
    pair.gateway.get("/v1/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_is_not_sent_again() {
    let pair = Pair::start("", "").await;
    let (name, path) =
        (serde_json::json!({ "name": "lost.txt" }), format!("/v1/documents/{}/child-ids", pair.root));
    let named = pair.gateway.send_json("POST", &path, &[], &name).await.expect(200);
    let id = named["id"].as_str().unwrap();
    let path = format!("/v1/documents/{id}/content");
    // Reads before the write pass; what comes after the first octet of its answer is lost.
    let before = pair.right.counts().requests;
    pair.right.set(Fault::DropResponse).await;
    let answer = pair.gateway.send("PUT", &path, &pair.gateway.writer, &[("If-None-Match", "*")], b"x").await;
    assert!(matches!(answer.status(), 502..=504), "{}", answer.text());
    let requests = pair.right.counts().requests - before;
    assert!((1..=4).contains(&requests), "{requests} requests");
    pair.right.set(Fault::None).await;
    let found = pair.gateway.get(&format!("/v1/documents/{id}")).await;
    assert!(matches!(found.status(), 200 | 404), "{}", found.text());
}
