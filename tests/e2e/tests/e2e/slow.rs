//! Thousands of callers who never finish what they began.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant};

use portico_simkit::client::{self, Connection};
use portico_simkit::wait::wait_for;
use portico_webdav_sim::Flavour;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{ACCOUNT, SOON, Site, small_store};

const SLOW: usize = 5_000;
/// Open files that each of the two processes needs.
const FILES: usize = SLOW + 1_000;

/// Raises the limit of open files of a process; the limits of a shell are often lower than what is allowed.
fn allow_files(pid: u32) {
    let limit = format!("--nofile={FILES}:");
    let raised = Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status();
    assert!(
        raised.expect("prlimit (util-linux) is there").success(),
        "{FILES} open files are not allowed here"
    );
}

async fn connect(api: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    socket.connect(api).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_slow_callers_leave_room_for_a_quick_one() {
    allow_files(std::process::id());
    let store = small_store(Flavour::Apache).await;
    let site = Site::over(&[("contracts", &store.base_url)], ACCOUNT)
        .listen("[listen.limits]\nhead_timeout_ms = 8000\n");
    let gateway = site.start().await;
    allow_files(gateway.pid());
    let api = gateway.api_addr();
    let mut slow = Vec::with_capacity(SLOW);
    for number in 0..SLOW {
        let mut socket = connect(api).await;
        // Some have sent nothing but a letter, some nearly everything.
        let begun: &[u8] =
            if number % 2 == 0 { b"G" } else { b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-Slow: " };
        socket.write_all(begun).await.unwrap();
        slow.push(socket);
    }
    let sample = async |name: &str| {
        let metrics = client::get(&format!("{}/metrics", gateway.ops), &[]).await.unwrap().text();
        let line = metrics.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).unwrap_or_default()
    };
    let all = async || (sample("http_server_open_connections").await >= SLOW as f64).then_some(());
    wait_for(all, SOON).await.expect("all of them are held at the same time");
    let started = Instant::now();
    let bearer = format!("Bearer {}", gateway.reader);
    let mut quick = Connection::open(api).await.unwrap();
    for _ in 0..20 {
        let headers = [("Authorization", &*bearer)];
        let reply = quick.request("GET", "/v1/documents?limit=1", &headers, b"").await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert!(started.elapsed() < Duration::from_secs(5), "20 quick requests took {:?}", started.elapsed());
    let ready = client::get(&format!("{}/readyz", gateway.ops), &[]).await.unwrap();
    assert_eq!(ready.status, 200);
    // They are ended by the time-out and told why, not by their owner.
    let ended = async || {
        let late = sample("portico_server_refused_total{portico_reason=\"head_too_slow\"").await;
        (late >= SLOW as f64).then_some(())
    };
    wait_for(ended, Duration::from_secs(60)).await.expect("the time-out ends all of them");
    for socket in slow {
        let mut told = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut { socket }, &mut told).await.unwrap();
        assert_eq!(&told, b"HTTP/1.1 408");
    }
    let gone = async || (sample("http_server_open_connections").await < 10.0).then_some(());
    wait_for(gone, SOON).await.expect("their places come back");
    assert!(gateway.stop().status.success());
}
