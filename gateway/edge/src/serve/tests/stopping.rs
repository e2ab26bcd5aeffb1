use std::time::Instant;

use portico_simkit::wait::wait_until;

use super::*;

#[tokio::test]
async fn in_flight_requests_finish_and_kept_connections_are_told() {
    let server = start(ServeConfig {
        drain_grace: Duration::from_secs(60),
        drain_deadline: Duration::from_secs(61),
        ..quick()
    });
    let mut slow = server.connect().await;
    slow.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.slow_inside(1).await;
    let mut kept = server.connect().await;
    let before = kept.request("GET", "/hello", &[], b"").await.unwrap();
    assert_eq!(before.header("connection"), None);

    server.drain.begin();
    assert!(server.drain.has_begun());
    // The kept connection is not cut under a request that is on its way; it is told with the next answer.
    wait_until_closing(&server).await;
    let told = kept.request("GET", "/hello", &[], b"").await.unwrap();
    assert_eq!((told.status, told.header("connection")), (200, Some("close")));
    assert!(kept.rest().await.unwrap().is_empty());
    server.gate.add_permits(1);
    let reply = slow.reply("GET").await.unwrap();
    assert_eq!((reply.text().as_str(), reply.header("connection")), ("slow", Some("close")));
    server.task.abort();
}

/// Until a new connection, which is still taken, is told that it closes.
async fn wait_until_closing(server: &Running) {
    portico_simkit::wait::wait_for(
        async || {
            let reply = server.connect().await.request("GET", "/hello", &[], b"").await.unwrap();
            (reply.header("connection") == Some("close")).then_some(())
        },
        Duration::from_secs(10),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn after_the_grace_idle_connections_close_and_the_server_ends() {
    let server = start(quick());
    let mut idle = server.connect().await;
    assert_eq!(idle.request("GET", "/hello", &[], b"").await.unwrap().status, 200);
    let mut silent = server.connect().await;
    let mut slow = server.connect().await;
    slow.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.slow_inside(1).await;
    server.drain.begin();
    assert!(idle.rest().await.unwrap().is_empty());
    assert!(silent.rest().await.unwrap().is_empty());
    wait_until(|| server.recorder.open() == 1, Duration::from_secs(10)).await.unwrap();
    assert!(Connection::open(server.address).await.is_err(), "a connection was taken after the grace");
    server.gate.add_permits(1);
    assert_eq!(slow.reply("GET").await.unwrap().text(), "slow");
    assert_eq!(server.task.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn a_connection_that_was_just_taken_may_still_ask() {
    let server = start(quick());
    let mut new = server.connect().await;
    wait_until(|| server.recorder.open() == 1, Duration::from_secs(10)).await.unwrap();
    server.drain.begin();
    // The listener goes when the server finishes.
    portico_simkit::wait::wait_for(
        async || Connection::open(server.address).await.is_err().then_some(()),
        Duration::from_secs(10),
    )
    .await
    .unwrap();
    let reply = new.request("GET", "/hello", &[], b"").await.unwrap();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert_eq!(server.task.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn what_does_not_finish_is_cut_at_the_deadline() {
    let deadline = Duration::from_millis(300);
    let server = start(ServeConfig { drain_deadline: deadline, ..quick() });
    let mut slow = server.connect().await;
    slow.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.slow_inside(1).await;
    let from = Instant::now();
    server.drain.begin();
    assert_eq!(server.task.await.unwrap(), Drained { cut: 1 });
    assert!(from.elapsed() >= deadline);
    assert!(slow.reply("GET").await.is_err());
    assert_eq!(server.recorder.refused(), ["cut_at_drain_deadline"]);
}

#[tokio::test]
async fn a_half_sent_head_does_not_hold_the_stop_up() {
    let server = start(quick());
    let mut connection = server.connect().await;
    connection.send(b"GET /hello HTTP/1.1\r\nHo").await.unwrap();
    wait_until(|| server.recorder.open() == 1, Duration::from_secs(10)).await.unwrap();
    let from = Instant::now();
    server.drain.begin();
    assert_eq!(server.task.await.unwrap(), Drained { cut: 0 });
    assert!(from.elapsed() < Duration::from_secs(5));
    drop(connection);
}

#[tokio::test]
async fn a_load_with_kept_connections_loses_no_request_over_a_stop() {
    let server = start(ServeConfig { drain_grace: Duration::from_millis(400), ..quick() });
    let address = server.address;
    let load = |until: Drain| async move {
        let mut answered = 0;
        while !until.has_begun() || answered == 0 {
            let mut connection = Connection::open(address).await.unwrap();
            loop {
                let reply = connection.request("GET", "/hello", &[], b"").await.unwrap();
                assert_eq!(reply.status, 200);
                answered += 1;
                if reply.header("connection") == Some("close") {
                    break;
                }
            }
        }
        answered
    };
    let clients: Vec<_> = (0..8).map(|_| tokio::spawn(load(server.drain.clone()))).collect();
    wait_until(|| server.recorder.open() == 8, Duration::from_secs(10)).await.unwrap();
    server.drain.begin();
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    assert_eq!(server.task.await.unwrap(), Drained { cut: 0 });
}
