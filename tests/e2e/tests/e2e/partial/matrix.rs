//! Every way to be sick, in one store and in both.

use std::time::{Duration, Instant};

use bytes::Bytes;
use portico_simkit::fault::Fault;
use portico_simkit::wait::wait_for;

use super::{MARGIN, Pair, SAID, source};
use crate::support::SOON;

/// One attempt, and it has this long.
const ATTEMPT: Duration = Duration::from_millis(700);

/// The breaker lets a probe through soon; credentials wait for the shortest time that can be configured.
const LIMITS: &str = "attempt_timeout_ms = 700\nmax_attempts = 1\nbreaker_open_ms = 100\ncredentials_probe_ms = 60000\nbreaker_failures = 1000\nbreaker_failure_percent = 100";
const WIRE: &str = "connect_timeout_ms = 500\nidle_timeout_ms = 500";

fn http(status: &str, content_type: &str, body: &[u8]) -> Fault {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nX-Said: {SAID}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    Fault::Replace(Bytes::from([head.as_bytes(), body].concat()))
}

fn xml(text: &str) -> Vec<u8> {
    text.replace("@", SAID).into_bytes()
}

const GOOD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/</D:href>\
    <D:propstat><D:prop><D:displayname>@</D:displayname><D:resourcetype><D:collection/></D:resourcetype></D:prop>\
    <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>";

/// Name, what the store does, and then: the status of the source, and status and code for one document.
fn faults() -> Vec<(&'static str, Fault, &'static str, u16, &'static str)> {
    let html = format!("<html><title>{SAID}</title><form action=/login>password</form></html>");
    let answer = |kind: &str, text: &str| http("207 Multi-Status", kind, &xml(text));
    let doctype = GOOD.replace("?><D", "?><!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><D");
    let latin = [xml(GOOD), b"\xe9\xff</D:multistatus>".to_vec()].concat();
    vec![
        ("slow", Fault::Delay(Duration::from_secs(20)), "timeout", 504, "backend_timeout"),
        ("silent", Fault::BlackHole, "timeout", 504, "backend_timeout"),
        ("refused", Fault::RefuseConnections, "unavailable", 503, "backend_unavailable"),
        ("reset on accept", Fault::ResetOnAccept, "unavailable", 503, "backend_unavailable"),
        ("reset in mid-head", Fault::ResetAfter(20), "unavailable", 503, "backend_unavailable"),
        ("reset in mid-body", Fault::ResetAfter(400), "unavailable", 503, "backend_unavailable"),
        ("half open in mid-body", Fault::Stall(400), "timeout", 504, "backend_timeout"),
        ("a page of HTML", http("200 OK", "text/html", html.as_bytes()), "invalid", 502, "invalid_response"),
        ("HTML as 207", answer("text/html", &html), "invalid", 502, "invalid_response"),
        ("truncated XML", answer("application/xml", GOOD), "invalid", 502, "invalid_response"),
        (
            "DOCTYPE",
            answer("application/xml", &format!("{doctype}</D:multistatus>")),
            "invalid",
            502,
            "invalid_response",
        ),
        (
            "octets that are not UTF-8",
            http("207 Multi-Status", "application/xml", &latin),
            "invalid",
            502,
            "invalid_response",
        ),
        (
            "a charset that is not ours",
            answer("application/xml; charset=utf-16", &format!("{GOOD}</D:multistatus>")),
            "invalid",
            502,
            "invalid_response",
        ),
        ("not XML", answer("application/xml", "@ @ @"), "invalid", 502, "invalid_response"),
        ("not HTTP", Fault::Replace(Bytes::from(format!("{SAID} says no\r\n\r\n"))), "", 0, ""),
        ("a redirect", http("302 Found", "text/plain", SAID.as_bytes()), "invalid", 502, "invalid_response"),
        (
            "500",
            http("500 Internal Server Error", "text/html", html.as_bytes()),
            "invalid",
            502,
            "backend_failed",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_which_source_is_missing_and_why() {
    let pair = Pair::start(LIMITS, WIRE).await;
    for (name, fault, status, _, _) in faults() {
        pair.sicken("right", fault).await;
        let started = Instant::now();
        let answer = pair.gateway.get("/v1/documents").await;
        let took = started.elapsed();
        assert!(took < ATTEMPT + MARGIN, "{name} took {took:?}");
        let page = answer.expect(200);
        let report = source(&page, "right");
        if !status.is_empty() {
            assert_eq!(report["status"], status, "{name}: {report:#}");
        }
        let word = report["status"].as_str().unwrap();
        assert!(report["problem"]["detail"].is_string(), "{name}: {report:#}");
        assert_eq!(answer.header("portico-partial"), Some(format!("right;status={word}").as_str()), "{name}");
        assert_eq!(source(&page, "left")["status"], "ok", "{name}");
        let items = page["items"].as_array().unwrap();
        assert!(items.len() >= 3 && items.iter().all(|item| item["source"]["system"] == "left"), "{name}");
        assert!(!answer.text().contains(SAID), "{name}: {}", answer.text());
        assert!(!format!("{:?}", answer.0.head).contains(SAID), "{name}");
    }
    let log = pair.gateway.stop().log;
    assert!(!log.contains(SAID), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_source_answers_the_list_is_a_problem_and_never_empty() {
    let pair = Pair::start(LIMITS, WIRE).await;
    for (name, fault, status, _, _) in faults() {
        pair.sicken("left", fault.clone()).await;
        pair.sicken("right", fault).await;
        let started = Instant::now();
        let answer = pair.gateway.get("/v1/documents").await;
        assert!(started.elapsed() < ATTEMPT + MARGIN, "{name} took {:?}", started.elapsed());
        assert!(matches!(answer.status(), 502..=504), "{name}: {}", answer.text());
        let problem = answer.json();
        answer.problem(answer.status(), problem["code"].as_str().unwrap());
        for system in ["left", "right"] {
            let report = source(&problem, system);
            assert!(status.is_empty() || report["status"] == status, "{name}: {report:#}");
            assert_ne!(report["status"], "ok", "{name}");
        }
        assert!(problem.get("items").is_none(), "{name}");
        assert!(!answer.text().contains(SAID), "{name}: {}", answer.text());
    }
    // Both are well again, and so is the list.
    pair.left.set(Fault::None).await;
    pair.right.set(Fault::None).await;
    let well = async || {
        let answer = pair.gateway.get("/v1/documents").await;
        (answer.status() == 200 && answer.header("portico-partial").is_none()).then_some(())
    };
    wait_for(well, SOON).await.expect("the list is whole again");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_of_a_sick_store_is_502_503_or_504() {
    let pair = Pair::start(LIMITS, WIRE).await;
    let paths = [
        format!("/v1/documents/{}", pair.document),
        format!("/v1/documents/{}/content", pair.document),
        format!("/v1/documents/{}/children", pair.root),
    ];
    for (name, fault, _, status, code) in faults() {
        pair.sicken("right", fault.clone()).await;
        for path in &paths {
            let content = path.ends_with("content");
            if content && matches!(fault, Fault::ResetAfter(400) | Fault::Stall(400)) {
                // The whole of this short answer fits before the fault.
                continue;
            }
            if content && matches!(status, 502) && code == "invalid_response" && name != "a redirect" {
                // Content may be anything, HTML and broken XML too.
                continue;
            }
            let started = Instant::now();
            let answer = pair.gateway.get(path).await;
            assert!(started.elapsed() < ATTEMPT + MARGIN, "{name} {path} took {:?}", started.elapsed());
            if status == 0 {
                assert!(matches!(answer.status(), 502 | 503), "{name} {path}: {}", answer.text());
                continue;
            }
            assert_eq!(answer.status(), status, "{name} {path}: {}", answer.text());
            let problem = answer.problem(status, code);
            // A list names its systems in `sources`, even when there is only one.
            let system = if path.ends_with("children") {
                &problem["sources"][0]["system"]
            } else {
                &problem["system"]
            };
            assert_eq!((system, &problem["origin"]), (&"right".into(), &"backOffice".into()), "{name}");
            assert!(!answer.text().contains(SAID), "{name}: {}", answer.text());
            assert!(!answer.text().contains(&pair.right.addr().to_string()), "{name}: {}", answer.text());
        }
        // The other store does not notice.
        pair.gateway.get("/v1/documents?source=left").await.expect(200);
        // A success now and then keeps the breaker closed, which is not what this is about.
        pair.right.set(Fault::None).await;
        let well = async || (pair.gateway.get(&paths[0]).await.status() == 200).then_some(());
        wait_for(well, SOON).await.expect("it is well again");
    }
    assert!(pair.gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_failed_stays_failed_for_that_traversal() {
    let pair = Pair::start(LIMITS, WIRE).await;
    pair.right.set(Fault::RefuseConnections).await;
    let first = pair.gateway.get("/v1/documents?limit=2").await.expect(200);
    assert_eq!(source(&first, "right")["status"], "unavailable");
    pair.right.set(Fault::None).await;
    let mut next = first["next"].as_str().map(str::to_owned);
    let mut pages = 0;
    while let Some(path) = next {
        let answer = pair.gateway.get(&path).await;
        let page = answer.expect(200);
        assert_eq!(source(&page, "right")["status"], "unavailable", "{page:#}");
        assert_eq!(answer.header("portico-partial"), Some("right;status=unavailable"));
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["source"]["system"] == "left"));
        next = page["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert!(pages >= 1);
    // Two stores with the same paths are merged into one order.
    let whole = pair.gateway.get("/v1/documents?limit=200").await.expect(200);
    let paths: Vec<&str> =
        whole["items"].as_array().unwrap().iter().map(|i| i["path"].as_str().unwrap()).collect();
    let twice = [
        "2026",
        "2026",
        "2026/lease.txt",
        "2026/lease.txt",
        "2026/prices.csv",
        "2026/prices.csv",
        "notes.md",
        "notes.md",
    ];
    assert_eq!(paths, twice);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_breaks_off_is_never_taken_for_whole() {
    let pair = Pair::start(LIMITS, WIRE).await;
    let path = format!("/v1/documents/{}/content", pair.document);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\nETag: \"a\"\r\n\r\n"
        .to_owned();
    pair.right.set(Fault::Replace(Bytes::from(head + &"x".repeat(400)))).await;
    let bearer = format!("Bearer {}", pair.gateway.reader);
    let url = format!("{}{path}", pair.gateway.api);
    let broken = portico_simkit::client::get(&url, &[("Authorization", &bearer)]).await;
    let broken = broken.map(|reply| (reply.status, reply.body.len()));
    assert!(broken.is_err(), "a truncated download looked whole: {broken:?}");
    pair.right.set(Fault::None).await;
    assert_eq!(pair.gateway.get(&path).await.octets(200), b"2026/lease.txt");
}
