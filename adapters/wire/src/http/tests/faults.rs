//! Every way to fail, as the kind, the outcome and the advice that the stack acts on.

use portico_contract::{ErrorKind, Retry};
use portico_schemas::Outcome;

use super::*;

async fn failure(fault: Fault, verb: Verb) -> Error {
    let lab = Lab::new(impatient()).await;
    lab.fault(fault).await;
    match lab.whole(verb, "/big", "").await {
        Ok(_) => panic!("it did not fail"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn before_anything_was_sent() {
    for verb in [Verb::GET, Verb::POST] {
        let error = failure(Fault::RefuseConnections, verb).await;
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectRefused, Outcome::NotAttempted));
        assert_eq!(error.retry(), Retry::Soon);
    }
    let nowhere = client("http://no-such-host.invalid/", impatient());
    let error = nowhere.send(&context(), Request::new(Verb::POST, "/")).await.expect_err("no such host");
    // A resolver that hangs is cut by the connect time-out, like a host that does.
    assert!(matches!(error.kind(), ErrorKind::Dns | ErrorKind::ConnectRefused));
    assert_eq!(error.outcome(), Outcome::NotAttempted);
}

#[tokio::test]
async fn after_something_may_have_been_sent() {
    for (fault, kind) in [
        (Fault::ResetAfter(0), ErrorKind::ConnectionLost),
        (Fault::DropResponse, ErrorKind::ConnectionLost),
        (Fault::BlackHole, ErrorKind::Timeout),
        (Fault::Stall(0), ErrorKind::Timeout),
        (Fault::Stall(2_000), ErrorKind::Timeout),
        (Fault::ResetAfter(2_000), ErrorKind::ConnectionLost),
        (Fault::Truncate(2_000), ErrorKind::InvalidResponse),
        (Fault::Truncate(10), ErrorKind::ConnectionLost),
        (Fault::Replace("SSH-2.0-OpenSSH_9.2\r\n\r\n".into()), ErrorKind::InvalidResponse),
        (
            Fault::Replace("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello".into()),
            ErrorKind::InvalidResponse,
        ),
    ] {
        let read = failure(fault.clone(), Verb::GET).await;
        assert_eq!((read.kind(), read.outcome()), (kind, Outcome::Failed), "{fault:?}");
        let write = failure(fault.clone(), Verb::POST).await;
        assert_eq!((write.kind(), write.outcome()), (kind, Outcome::Unknown), "{fault:?}");
        if kind != ErrorKind::InvalidResponse {
            assert_eq!(read.retry(), Retry::Soon, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_over_the_limit() {
    let mut answer = String::from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for line in 0..90 {
        answer.push_str(&format!("x-{line}: {}\r\n", "y".repeat(1_000)));
    }
    answer.push_str("\r\n");
    let error = failure(Fault::Replace(answer.into()), Verb::GET).await;
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[tokio::test]
async fn redirects_are_answers_and_are_not_followed() {
    let lab = Lab::new(Limits::default()).await;
    for status in [301, 302, 307, 308] {
        let response = lab.send(Verb::GET, &format!("/status/{status}"), "").await.expect("an answer");
        assert_eq!(response.status.as_u16(), status);
        response.finish().await;
    }
    assert_eq!(lab.proxy.counts().requests, 4);
}

#[tokio::test]
async fn the_back_offices_words_stay_out_of_the_message() {
    let page = "HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\nContent-Length: 39\r\n\r\n<title>Jane Doe QQ123456C error</title>";
    let lab = Lab::new(impatient()).await;
    lab.fault(Fault::Replace(page.into())).await;
    let response = lab.send(Verb::GET, "/", "").await.expect("an answer");
    assert_eq!(response.native().await, "status 500, text/html, 39 octets");
}
