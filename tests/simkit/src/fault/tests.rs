use std::time::Instant;

use super::*;
use crate::client::{Connection, PATIENCE, get};
use crate::http::{Body, Server, full, read_capped};
use crate::wait::wait_until;

const SECOND: Duration = Duration::from_secs(1);

/// Answers with 1,000 bytes and remembers how many requests reached it.
async fn target() -> (Server, Arc<AtomicU64>) {
    let reached = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&reached);
    let server = Server::loopback(move |request: ::http::Request<Body>| {
        let counter = Arc::clone(&counter);
        async move {
            let _ = read_capped(request.into_body(), 1 << 20).await;
            counter.fetch_add(1, Ordering::SeqCst);
            ::http::Response::new(full(vec![b'x'; 1_000]))
        }
    });
    (server.await.unwrap(), reached)
}

async fn proxied(fault: Fault) -> (FaultProxy, Server, Arc<AtomicU64>) {
    let (server, reached) = target().await;
    let proxy = FaultProxy::start(server.addr()).await.unwrap();
    proxy.set(fault).await;
    (proxy, server, reached)
}

#[tokio::test]
async fn without_a_fault_everything_passes_and_is_counted() {
    let (proxy, _server, reached) = proxied(Fault::None).await;
    let mut connection = Connection::open(proxy.addr()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(connection.request("PUT", "/", &[], b"four").await.unwrap().body.len(), 1_000);
    }
    let counts = proxy.counts();
    assert_eq!((counts.connections, counts.requests, reached.load(Ordering::SeqCst)), (1, 3, 3));
    assert!(counts.to_client > 3_000 && counts.to_target > 3 * 4, "{counts:?}");
}

#[tokio::test]
async fn a_delay_comes_before_the_first_byte_only() {
    let delay = Duration::from_millis(80);
    let (proxy, _server, _) = proxied(Fault::Delay(delay)).await;
    let start = Instant::now();
    assert_eq!(get(&proxy.url(), &[]).await.unwrap().status, 200);
    assert!(start.elapsed() >= delay && start.elapsed() < SECOND * 10);
}

#[tokio::test]
async fn refused_connections_are_refused_and_come_back_on_the_same_port() {
    let (proxy, _server, _) = proxied(Fault::None).await;
    let mut open = Connection::open(proxy.addr()).await.unwrap();
    assert_eq!(open.request("GET", "/", &[], b"").await.unwrap().status, 200);
    for _ in 0..3 {
        proxy.set(Fault::RefuseConnections).await;
        let refused = Connection::open(proxy.addr()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(open.request("GET", "/", &[], b"").await.is_err(), "an open connection is cut too");
        proxy.set(Fault::None).await;
        open = Connection::open(proxy.addr()).await.unwrap();
        assert_eq!(open.request("GET", "/", &[], b"").await.unwrap().status, 200);
    }
    assert_eq!(proxy.counts().connections, 4);
}

#[tokio::test]
async fn reset_on_accept_counts_the_connection() {
    let (proxy, _server, _) = proxied(Fault::ResetOnAccept).await;
    let mut connection = Connection::open(proxy.addr()).await.unwrap();
    assert!(connection.request("GET", "/", &[], b"").await.is_err());
    wait_until(|| proxy.counts().connections == 1, SECOND * 5).await.unwrap();
    assert_eq!(proxy.counts().requests, 0);
}

#[tokio::test]
async fn resets_and_truncations_come_after_so_many_bytes_of_each_answer() {
    for (fault, kind) in [
        (Fault::ResetAfter(500), io::ErrorKind::ConnectionReset),
        (Fault::Truncate(500), io::ErrorKind::UnexpectedEof),
        (Fault::ResetAfter(0), io::ErrorKind::ConnectionReset),
        (Fault::Truncate(0), io::ErrorKind::UnexpectedEof),
    ] {
        let (proxy, _server, reached) = proxied(Fault::None).await;
        let mut connection = Connection::open(proxy.addr()).await.unwrap();
        assert_eq!(connection.request("GET", "/", &[], b"").await.unwrap().status, 200);
        let before = proxy.counts().to_client;
        proxy.set(fault.clone()).await;
        assert_eq!(connection.request("GET", "/", &[], b"").await.unwrap_err().kind(), kind, "{fault:?}");
        let (Fault::ResetAfter(limit) | Fault::Truncate(limit)) = fault else { unreachable!() };
        assert_eq!(proxy.counts().to_client - before, limit);
        assert_eq!(reached.load(Ordering::SeqCst), 2, "the request itself arrived");
    }
}

#[tokio::test]
async fn stall_and_black_hole_stay_silent_and_open() {
    for (fault, arrives) in [(Fault::Stall(500), 1), (Fault::BlackHole, 0)] {
        let (proxy, _server, reached) = proxied(fault.clone()).await;
        let mut connection = Connection::open(proxy.addr()).await.unwrap();
        connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        wait_until(|| proxy.counts().requests == 1, SECOND * 5).await.unwrap();
        wait_until(|| reached.load(Ordering::SeqCst) == arrives, SECOND * 5).await.unwrap();
        proxy.set(Fault::None).await;
        let rest = tokio::time::timeout(Duration::from_millis(100), connection.rest()).await;
        assert!(rest.is_err(), "{fault:?} ended: {rest:?}");
        assert_eq!(proxy.counts().to_client, 500 * arrives, "{fault:?}");
    }
}

#[tokio::test]
async fn a_canned_answer_replaces_the_target_even_when_it_is_down() {
    let canned =
        Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<html");
    let (proxy, server, reached) = proxied(Fault::Replace(canned)).await;
    let body = vec![b'y'; 100_000];
    for _ in 0..2 {
        let mut connection = Connection::open(proxy.addr()).await.unwrap();
        let reply = connection.request("PUT", "/", &[], &body).await.unwrap();
        assert_eq!((reply.status, reply.text().as_str()), (200, "<html"));
    }
    assert_eq!((reached.load(Ordering::SeqCst), proxy.counts().to_target), (0, 0));
    server.stop().await;
    assert_eq!(get(&proxy.url(), &[]).await.unwrap().text(), "<html");
}

#[tokio::test]
async fn a_dropped_response_follows_a_request_that_was_carried_out() {
    let (proxy, _server, reached) = proxied(Fault::DropResponse).await;
    let mut connection = Connection::open(proxy.addr()).await.unwrap();
    let lost = connection.request("PUT", "/", &[("Expect", "100-continue")], b"four").await.unwrap_err();
    assert_eq!(lost.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_throttled_answer_takes_its_time() {
    let (proxy, _server, _) = proxied(Fault::Throttle { bytes_per_second: 10_000 }).await;
    let start = Instant::now();
    assert_eq!(get(&proxy.url(), &[]).await.unwrap().body.len(), 1_000);
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE);
}

#[tokio::test]
async fn a_target_that_is_down_resets_the_client() {
    let (proxy, server, _) = proxied(Fault::None).await;
    server.stop().await;
    assert!(get(&proxy.url(), &[]).await.is_err());
}
