//! Several hosts: leaving one that is gone, within two seconds, and coming back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ldap3_proto::proto::{LdapOp, LdapResultCode as Code};
use portico_contract::ErrorKind;
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::wait::{wait_for, wait_until};
use tokio::sync::Notify;

use super::server::{Reply, Server, bound, done, entry, friendly, searching};
use super::*;

const PROMISE: Duration = Duration::from_secs(2);

struct Pair {
    first: Server,
    proxy: FaultProxy,
    second: Server,
    client: Client,
}

/// Two servers, the first behind a proxy; a host that was left is asked again every 50 ms.
async fn pair() -> Pair {
    let (first, second) = (Server::start(friendly).await, Server::start(friendly).await);
    let proxy = FaultProxy::start(first.addr).await.expect("a free port");
    let mut config = config(&[proxy.addr(), second.addr]);
    config.limits.retry_host_after = Duration::from_millis(50);
    Pair { first, proxy, second, client: client(config) }
}

async fn in_time(client: &Client) {
    let start = Instant::now();
    ask(client).await.expect("a result");
    assert!(start.elapsed() < PROMISE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_host_that_refuses_hangs_or_resets_is_left_within_two_seconds() {
    for fault in [Fault::RefuseConnections, Fault::BlackHole, Fault::ResetOnAccept, Fault::Stall(5)] {
        let pair = pair().await;
        pair.proxy.set(fault.clone()).await;
        in_time(&pair.client).await;
        assert_eq!((pair.first.searches(), pair.second.searches()), (0, 1), "{fault:?}");
        // From then on nobody waits for it.
        let start = Instant::now();
        ask(&pair.client).await.expect("a result");
        assert!(start.elapsed() < Duration::from_millis(400), "{fault:?}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_host_that_hangs_under_an_open_connection_is_left_within_two_seconds() {
    let pair = pair().await;
    ask(&pair.client).await.expect("a result");
    assert_eq!(pair.first.searches(), 1);
    pair.proxy.set(Fault::BlackHole).await;
    in_time(&pair.client).await;
    assert_eq!((pair.first.searches(), pair.second.searches()), (1, 1));
}

#[tokio::test]
async fn a_session_on_a_host_that_hangs_is_lost_at_once_and_the_next_goes_elsewhere() {
    let pair = pair().await;
    let mut session = pair.client.session(&context()).await.expect("a session");
    session.search(&people()).await.expect("a result");
    pair.proxy.set(Fault::BlackHole).await;
    let start = Instant::now();
    assert_eq!(session.search(&people()).await.expect_err("lost").kind(), ErrorKind::ConnectionLost);
    let mut session = pair.client.session(&context()).await.expect("a session");
    session.search(&people()).await.expect("a result");
    assert!(start.elapsed() < PROMISE, "{:?}", start.elapsed());
    assert_eq!((pair.first.searches(), pair.second.searches()), (1, 1));
}

#[tokio::test]
async fn a_host_that_dies_under_an_open_connection_is_left_within_two_seconds() {
    let pair = pair().await;
    ask(&pair.client).await.expect("a result");
    pair.proxy.set(Fault::RefuseConnections).await;
    in_time(&pair.client).await;
    assert_eq!((pair.first.searches(), pair.second.searches()), (1, 1));
}

#[tokio::test]
async fn the_first_host_is_taken_again_once_it_answers() {
    let pair = pair().await;
    pair.proxy.set(Fault::RefuseConnections).await;
    ask(&pair.client).await.expect("a result");
    assert_eq!(pair.second.searches(), 1);
    pair.proxy.set(Fault::None).await;
    let back = wait_for(
        async || {
            ask(&pair.client).await.expect("a result");
            (pair.first.searches() > 0).then_some(())
        },
        SOON,
    );
    back.await.expect("back to the first");
    let before = pair.second.searches();
    ask(&pair.client).await.expect("a result");
    assert_eq!(pair.second.searches(), before);
    // What waits for the second one is closed in time; nobody signs in to find out whether a host lives.
    let binds = pair.first.binds();
    assert_eq!(binds, 1, "the looks at the host did not bind");
}

#[tokio::test]
async fn a_slow_search_on_a_host_that_lives_is_waited_for() {
    // Answers about people only once somebody has asked for a sign of life.
    let asked = Arc::new(Notify::new());
    let slow = Server::start(searching(move |request, search| {
        let end = done(request, Code::Success, "");
        if search.base.is_empty() {
            asked.notify_one();
            return Reply::Say(vec![end]);
        }
        Reply::Held(Arc::clone(&asked), vec![entry(request, "uid=jane", &[]), end])
    }));
    let (slow, spare) = (slow.await, Server::start(friendly).await);
    let client = client(config(&[slow.addr, spare.addr]));
    assert_eq!(ask(&client).await.expect("a result").entries.len(), 1);
    assert_eq!((slow.searches(), spare.searches()), (1, 0));
    assert_eq!((slow.connections(), slow.binds()), (2, 1), "nobody signs in for a sign of life");
}

#[tokio::test]
async fn a_host_that_is_shutting_down_is_left() {
    let going = Server::start(|request| match &request.op {
        LdapOp::BindRequest(_) => bound(request, Code::Unavailable, "shutting down"),
        _ => friendly(request),
    });
    let (going, spare) = (going.await, Server::start(friendly).await);
    let client = client(config(&[going.addr, spare.addr]));
    ask(&client).await.expect("a result");
    assert_eq!((going.binds(), spare.searches()), (1, 1));
}

#[tokio::test]
async fn when_all_are_gone_the_first_failure_is_told_and_any_may_come_back() {
    let (one, two) = (Server::start(friendly).await, Server::start(friendly).await);
    let proxies = [
        FaultProxy::start(one.addr).await.expect("a free port"),
        FaultProxy::start(two.addr).await.expect("a free port"),
    ];
    let addresses: Vec<SocketAddr> = proxies.iter().map(FaultProxy::addr).collect();
    let client = client(config(&addresses));
    for proxy in &proxies {
        proxy.set(Fault::RefuseConnections).await;
    }
    assert_eq!(ask(&client).await.expect_err("gone").kind(), ErrorKind::ConnectRefused);
    proxies[1].set(Fault::None).await;
    ask(&client).await.expect("a result");
    assert_eq!(two.searches(), 1);
    wait_until(|| two.open() <= 1, SOON).await.expect("no connection is left over");
}

#[tokio::test]
async fn one_host_alone_fails_within_its_own_time() {
    let server = Server::start(friendly).await;
    let proxy = FaultProxy::start(server.addr).await.expect("a free port");
    let mut config = config(&[proxy.addr()]);
    config.limits.connect_timeout = Duration::from_millis(300);
    let client = client(config);
    proxy.set(Fault::BlackHole).await;
    let start = Instant::now();
    assert_eq!(ask(&client).await.expect_err("gone").kind(), ErrorKind::ConnectRefused);
    assert!(start.elapsed() < Duration::from_millis(900));
    proxy.set(Fault::None).await;
    ask(&client).await.expect("a result");
}
