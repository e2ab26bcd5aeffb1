//! What a sick server does arrives at a client that is not ours.

use std::time::Duration;

use portico_ldap_sim::{Dialect, Fault, On, Options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{installed, start};

fn small(dialect: Dialect) -> Options {
    Options { people: 50, ..Options::new(dialect) }
}

#[tokio::test]
async fn faults_show_and_go() {
    if !installed() {
        return;
    }
    let started = start(small(Dialect::OpenLdap)).await;
    let ask = ["-LLL", "(uid=*)", "dn"];
    for (on, fault, code) in [
        (On::Search, Fault::Busy, Some(51)),
        (On::Search, Fault::Unavailable, Some(52)),
        (On::Bind, Fault::Busy, Some(51)),
        (On::Search, Fault::Drop, Some(255)),
        (On::Search, Fault::DropAfter(7), Some(255)),
        (On::Search, Fault::Garbage, Some(255)),
    ] {
        started.sim.fault(on, fault);
        let said = started.gateway.search(&ask).await;
        assert_eq!(said.code, code, "{fault:?} {}", said.err);
        assert_eq!(said.names(), if fault == Fault::DropAfter(7) { 7 } else { 0 }, "{fault:?}");
    }
    started.sim.fault(On::Everything, Fault::WrongPages);
    let said = started.gateway.search(&["(uid=*)", "dn", "-E", "pr=10/noprompt"]).await;
    assert_eq!((said.names(), said.after("pagedresults:").len()), (50, 19), "{}", said.out);
    started.sim.fault(On::Everything, Fault::None);
    assert_eq!(started.gateway.search(&ask).await.names(), 50);
    assert!(started.sim.binds() >= 8 && started.sim.searches() >= 7);
}

/// A search of the root DSE, as it is on the wire.
const SEARCH: &[u8] = &[
    0x30, 0x25, 0x02, 0x01, 0x01, 0x63, 0x20, 0x04, 0x00, 0x0A, 0x01, 0x00, 0x0A, 0x01, 0x00, 0x02, 0x01,
    0x00, 0x02, 0x01, 0x00, 0x01, 0x01, 0x00, 0x87, 0x0B, b'o', b'b', b'j', b'e', b'c', b't', b'C', b'l',
    b'a', b's', b's', 0x30, 0x00,
];

async fn answer(addr: std::net::SocketAddr, most: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(SEARCH).await.unwrap();
    let mut octets = Vec::new();
    let reading = async {
        let mut some = [0; 4_096];
        while octets.len() < most {
            match stream.read(&mut some).await.unwrap() {
                0 => break,
                read => octets.extend_from_slice(&some[..read]),
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(700), reading).await;
    octets
}

#[tokio::test]
async fn hostile_answers_are_what_they_say() {
    let started = start(small(Dialect::OpenLdap)).await;
    let sim = &started.sim;
    assert_eq!(answer(sim.addr, 10).await[0], 0x30);
    sim.fault(On::Search, Fault::NestingBomb(8_000));
    let bomb = answer(sim.addr, 32_000).await;
    assert!(bomb.len() > 30_000 && bomb.starts_with(&[0x30, 0x82]), "{}", bomb.len());
    sim.fault(On::Search, Fault::HugeFrame(1 << 40));
    let huge = answer(sim.addr, 1_000_000).await;
    assert!(huge.len() >= 1_000_000 && huge.starts_with(&[0x30, 0x88, 0, 0, 1, 0, 0, 0, 0, 0]));
    sim.fault(On::Search, Fault::HalfFrame);
    assert_eq!(answer(sim.addr, 100).await, [0x30, 0x20, 0x02, 0x01]);
    sim.fault(On::Search, Fault::Hang);
    assert!(answer(sim.addr, 100).await.is_empty());
    sim.fault(On::Search, Fault::Delay(Duration::from_millis(100)));
    assert!(!answer(sim.addr, 10).await.is_empty());
}

#[tokio::test]
async fn what_is_no_message_ends_the_connection_with_a_notice() {
    let started = start(small(Dialect::OpenLdap)).await;
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF],
        &[0x30, 0x03, 0x02, 0x01, 0x01],
    ] {
        let mut stream = TcpStream::connect(started.sim.addr).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.unwrap();
        let notice = b"1.3.6.1.4.1.1466.20036";
        assert!(octets.windows(notice.len()).any(|window| window == notice), "{garbage:?}");
    }
}

#[tokio::test]
async fn a_restart_cuts_connections_and_a_cookie_holds_on_its_own() {
    let started = start(small(Dialect::OpenLdap)).await;
    let mut stream = TcpStream::connect(started.sim.addr).await.unwrap();
    stream.write_all(SEARCH).await.unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(started.sim.connections(), 1);
    started.sim.restart();
    let mut rest = Vec::new();
    // It ends, whether in order or not.
    let _ = stream.read_to_end(&mut rest).await;
    let gone = portico_simkit::wait::wait_until(|| started.sim.connections() == 0, Duration::from_secs(5));
    gone.await.unwrap();
}
