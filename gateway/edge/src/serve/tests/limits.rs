use std::time::Instant;

use portico_simkit::wait::wait_until;
use tokio::io::AsyncReadExt as _;

use super::*;

const SHORT: Duration = Duration::from_millis(120);
const LONG: Duration = Duration::from_secs(60);

/// Every time-out long, so that only the one under test can end anything.
fn patient() -> ServeConfig {
    ServeConfig {
        first_byte: LONG,
        handshake: LONG,
        head: LONG,
        idle: LONG,
        body_idle: LONG,
        write_stall: LONG,
        ..quick()
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server = start(ServeConfig { first_byte: SHORT, ..patient() });
    let opened = Instant::now();
    assert_eq!(server.raw(b"").await, "");
    assert!(opened.elapsed() >= SHORT);
    assert_eq!(server.recorder.refused(), ["first_byte_too_slow"]);
}

#[tokio::test]
async fn half_a_preface_is_closed_and_a_bare_preface_too() {
    let config = ServeConfig { first_byte: SHORT, head: Duration::ZERO, ..patient() };
    let server = start(config);
    assert_eq!(server.raw(b"PRI * HT").await, "");
    // The settings frame of the server comes, and then the end.
    let answer = client::raw(server.address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    assert!(answer.len() > 9 && !answer.starts_with(b"HTTP/1.1"));
}

#[tokio::test]
async fn a_head_that_drips_in_is_408() {
    let server = start(ServeConfig { head: SHORT, ..patient() });
    for start in ["G", "GET /hello HTTP/1.1\r\nHost: a\r\nX: y"] {
        let opened = Instant::now();
        let answer = server.raw(start.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{answer}");
        assert!(opened.elapsed() >= SHORT);
    }
    // More octets do not buy more time.
    let mut connection = server.connect().await;
    connection.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n").await.unwrap();
    let opened = Instant::now();
    let mut octet = [0; 1];
    let dripping = async {
        loop {
            if connection.send(b"X: y\r\n").await.is_err() {
                return;
            }
            let read = connection.socket().read(&mut octet);
            if tokio::time::timeout(Duration::from_millis(20), read).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(LONG, dripping).await.unwrap();
    assert!(opened.elapsed() < LONG / 2);
}

#[tokio::test]
async fn a_head_that_drips_in_on_a_kept_connection_is_408_too() {
    let server = start(ServeConfig { head: SHORT, ..patient() });
    let mut connection = server.connect().await;
    assert_eq!(connection.request("GET", "/hello", &[], b"").await.unwrap().status, 200);
    connection.send(b"GET /hel").await.unwrap();
    assert_eq!(connection.reply("GET").await.unwrap().status, 408);
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_while_it_waits_for_an_answer() {
    let server = start(ServeConfig { idle: SHORT, ..patient() });
    let mut connection = server.connect().await;
    connection.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.slow_inside(1).await;
    // Twice the idle time-out passes while the answer is being made; an idle connection is gone by then.
    let mut idle = server.connect().await;
    assert_eq!(idle.request("GET", "/hello", &[], b"").await.unwrap().status, 200);
    let from = Instant::now();
    assert!(idle.rest().await.unwrap().is_empty());
    assert!(from.elapsed() >= SHORT);
    server.gate.add_permits(1);
    assert_eq!(connection.reply("GET").await.unwrap().text(), "slow");
    assert!(connection.rest().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_stops_is_408() {
    let server = start(ServeConfig { body_idle: SHORT, ..patient() });
    let answer = server.raw(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello").await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("too slowly"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_under_the_minimum_rate_runs_out_and_one_above_it_does_not() {
    use futures_util::StreamExt as _;
    use http_body_util::{BodyExt as _, StreamBody};

    // One piece each second, on paused time.
    async fn outcome(octets: usize) -> Result<u64, portico_contract::Error> {
        let pieces = futures_util::stream::iter(0..60).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::from(vec![0; octets])))
        });
        let body = StreamBody::new(Box::pin(pieces));
        let mut paced = pace::Paced::new(body, Duration::from_secs(10), 1_024);
        let mut length = 0;
        while let Some(frame) = paced.frame().await {
            length += frame?.into_data().unwrap().len() as u64;
        }
        Ok(length)
    }

    assert_eq!(outcome(1_100).await.unwrap(), 66_000);
    let started = tokio::time::Instant::now();
    let slow = outcome(100).await.unwrap_err();
    assert_eq!(slow.kind(), portico_contract::ErrorKind::CallerTooSlow);
    let took = started.elapsed();
    assert!((10..=12).contains(&took.as_secs()), "ran out after {took:?}");
}

#[tokio::test]
async fn a_caller_that_reads_nothing_is_cut() {
    let server = start(ServeConfig { write_stall: SHORT, ..patient() });
    let mut connection = server.connect().await;
    connection.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    wait_until(|| server.recorder.open() == 1, Duration::from_secs(10)).await.unwrap();
    wait_until(|| server.recorder.open() == 0, Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn heads_over_the_limits_are_431_and_addresses_414() {
    let server = start(ServeConfig { max_head: 4_096, max_fields: 20, max_target: 1_000, ..patient() });
    let large = format!("GET /hello HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(5_000));
    let endless = format!("GET /hello HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(5_000));
    let many = format!("GET /hello HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(20));
    for (name, octets) in [("large", large), ("endless", endless), ("many fields", many)] {
        let answer = server.raw(octets.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{name}: {answer}");
        assert!(answer.contains("header_fields_too_large"), "{name}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(1_000));
    let endless = format!("GET /{}", "x".repeat(3_000));
    for octets in [long, endless] {
        let answer = server.raw(octets.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 414 ") && answer.contains("uri_too_long"), "{answer}");
    }
    let many = "X: y\r\n".repeat(19);
    let answer = server
        .raw(
            format!(
                "GET /hello HTTP/1.1\r\nHost: a\r\n{}\r\n",
                many.replacen("X: y", "Connection: close", 1)
            )
            .as_bytes(),
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn connections_over_the_cap_are_turned_away_and_places_come_back() {
    let server = start(ServeConfig { max_connections: 2, ..patient() });
    let mut first = server.connect().await;
    let mut second = server.connect().await;
    for connection in [&mut first, &mut second] {
        assert_eq!(connection.request("GET", "/hello", &[], b"").await.unwrap().status, 200);
    }
    let answer = server.raw(b"").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\"overloaded\""), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    drop(first);
    wait_until(|| server.recorder.open() == 1, Duration::from_secs(10)).await.unwrap();
    assert_eq!(server.connect().await.request("GET", "/hello", &[], b"").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_thousand_slow_connections_leave_room_for_a_quick_one() {
    let server = start(ServeConfig { head: Duration::from_secs(2), ..patient() });
    let mut slow = Vec::new();
    for _ in 0..1_000 {
        let mut connection = server.connect().await;
        connection.send(b"GET /hello HTTP/1.1\r\nHost: a\r\nX").await.unwrap();
        slow.push(connection);
    }
    let quick = server.connect().await.request("GET", "/hello", &[], b"").await.unwrap();
    assert_eq!(quick.status, 200);
    // They are all ended by the time-out, not by their owner.
    wait_until(|| server.recorder.refused().len() == 1_000, Duration::from_secs(30)).await.unwrap();
    for connection in &mut slow {
        assert_eq!(connection.reply("GET").await.unwrap().status, 408);
    }
}

#[tokio::test]
async fn a_slow_reader_is_not_idle() {
    let idle = Duration::from_millis(500);
    let server = start(ServeConfig { idle, ..patient() });
    let mut connection = server.connect().await;
    connection.send(b"GET /whole HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // The library has the whole body at once; the caller takes it evenly, over several times the idle time-out.
    let (from, mut piece, mut length) = (Instant::now(), vec![0; 64 * 1_024], 0_usize);
    while length < 32 * 1_024 * 1_024 {
        let read = connection.socket().read(&mut piece).await.unwrap();
        assert!(read > 0, "cut after {length} octets");
        length += read;
        let due = idle * 5 * u32::try_from(length / 1_024).unwrap() / (32 * 1_024);
        tokio::time::sleep(due.saturating_sub(from.elapsed())).await;
    }
    assert!(from.elapsed() >= idle * 4);
}
