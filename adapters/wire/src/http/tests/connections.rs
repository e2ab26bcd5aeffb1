//! The pool: reuse, bounds, and what becomes of a connection.

use portico_contract::ErrorKind;
use portico_schemas::Outcome;

use super::*;

#[tokio::test]
async fn connections_are_used_again() {
    let lab = Lab::new(Limits::default()).await;
    for _ in 0..20 {
        assert_eq!(lab.whole(Verb::POST, "/", "hello").await.expect("an echo"), "hello");
        assert_eq!(lab.whole(Verb::GET, "/big", "").await.expect("a body").len(), 1 << 20);
        lab.send(Verb::DELETE, "/status/204", "").await.expect("no body");
    }
    assert_eq!(lab.proxy.counts().connections, 1);
}

#[tokio::test]
async fn no_more_connections_than_requests_at_a_time() {
    let lab = Lab::new(Limits::default()).await;
    for _ in 0..5 {
        let eight = (0..8).map(|_| lab.whole(Verb::GET, "/big", ""));
        for body in futures_util::future::join_all(eight).await {
            assert_eq!(body.expect("a body").len(), 1 << 20);
        }
    }
    assert!(lab.proxy.counts().connections <= 8, "{:?}", lab.proxy.counts());
}

#[tokio::test]
async fn a_full_house_is_said_to_be_full_and_nothing_is_sent() {
    let lab = Lab::new(Limits { max_connections: 1, ..impatient() }).await;
    let held = lab.send(Verb::GET, "/big", "").await.expect("an answer");
    let error = lab.send(Verb::POST, "/", "x").await.expect_err("no place");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::QueueFull, Outcome::NotAttempted));
    drop(held);
    lab.whole(Verb::GET, "/", "").await.expect("a place");
}

#[tokio::test]
async fn a_body_that_is_dropped_early_gives_its_connection_up() {
    let lab = Lab::new(Limits::default()).await;
    let response = lab.send(Verb::GET, "/big", "").await.expect("an answer");
    let before = lab.proxy.counts();
    drop(response.body.into_stream());
    lab.whole(Verb::GET, "/", "").await.expect("an answer");
    assert_eq!(lab.proxy.counts().connections, before.connections + 1);
}

#[tokio::test]
async fn a_request_that_is_dropped_gives_its_connection_up() {
    let lab = Lab::new(Limits::default()).await;
    lab.whole(Verb::GET, "/", "").await.expect("an answer");
    lab.fault(Fault::Delay(SOON)).await;
    let given_up = tokio::time::timeout(Duration::from_millis(50), lab.whole(Verb::GET, "/", "")).await;
    assert!(given_up.is_err());
    lab.fault(Fault::None).await;
    lab.whole(Verb::GET, "/", "").await.expect("a fresh connection");
    assert_eq!(lab.proxy.counts().connections, 2);
}

#[tokio::test]
async fn idle_connections_are_closed_by_us() {
    let lab = Lab::new(Limits { pool_idle_timeout: Duration::from_millis(30), ..Limits::default() }).await;
    lab.whole(Verb::GET, "/", "").await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(80)).await;
    lab.whole(Verb::GET, "/", "").await.expect("an answer");
    assert_eq!(lab.proxy.counts().connections, 2);
}

/// A server that closes after every answer without saying so: each request finds a connection that is about to die.
#[tokio::test]
async fn a_server_that_closes_idle_connections_costs_no_write_twice() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&seen);
    let server = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            if socket.read(&mut head).await.is_ok_and(|n| n > 0) {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            }
        }
    });
    let client = client(&format!("http://{address}"), Limits::default());
    let (mut done, mut unknown) = (0, 0);
    for _ in 0..200 {
        match client.send(&context(), Request::new(Verb::POST, "/").bytes("text/plain", "x")).await {
            Ok(response) => {
                done += 1;
                response.finish().await;
            }
            Err(error) => {
                assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
                unknown += 1;
            }
        }
    }
    let seen = seen.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        done > 0 && seen >= done && seen <= done + unknown,
        "{done} done, {unknown} unknown, {seen} seen"
    );
    server.abort();
}

#[tokio::test]
async fn a_refusal_of_something_sent_ends_the_connection() {
    // Some servers refuse without reading, and would take the rest for the next request.
    let lab = Lab::new(Limits::default()).await;
    lab.whole(Verb::PUT, "/status/412", "x").await.expect("a refusal");
    lab.whole(Verb::GET, "/status/404", "").await.expect("a refusal");
    lab.whole(Verb::GET, "/", "").await.expect("an answer");
    assert_eq!(lab.proxy.counts().connections, 2);
}

#[tokio::test]
async fn connections_to_a_server_that_went_away_are_not_offered() {
    let lab = Lab::new(impatient()).await;
    lab.whole(Verb::GET, "/", "").await.expect("an answer");
    lab.fault(Fault::RefuseConnections).await;
    let refused =
        async || lab.whole(Verb::POST, "/", "x").await.map_err(|error| (error.kind(), error.outcome()));
    // The reset may not have been noticed yet; then the request was lost on its way, and says so.
    let first = refused().await;
    assert!(
        first == Err((ErrorKind::ConnectRefused, Outcome::NotAttempted))
            || first == Err((ErrorKind::ConnectionLost, Outcome::Unknown)),
        "{first:?}"
    );
    assert_eq!(refused().await, Err((ErrorKind::ConnectRefused, Outcome::NotAttempted)));
    lab.fault(Fault::None).await;
    lab.whole(Verb::GET, "/", "").await.expect("it is back");
}

#[tokio::test]
async fn a_connection_that_stalls_is_given_up() {
    let lab = Lab::new(impatient()).await;
    for (at, stall) in [0, 2_000].into_iter().enumerate() {
        lab.fault(Fault::Stall(stall)).await;
        let error = lab.whole(Verb::GET, "/big", "").await.expect_err("a stall");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        lab.fault(Fault::None).await;
        lab.whole(Verb::GET, "/", "").await.expect("a fresh connection");
        assert_eq!(lab.proxy.counts().connections, at as u64 + 2);
    }
}
