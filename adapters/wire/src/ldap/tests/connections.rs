//! The pool: bounds, reuse, what is thrown away, and binding.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ldap3_proto::proto::{LdapOp, LdapResultCode as Code};
use portico_contract::ErrorKind;
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::wait::wait_until;

use super::server::{Reply, Server, bound, friendly, searching};
use super::*;

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::start(friendly).await;
    let client = client(signed_in(config(&[server.addr]), "open sesame"));
    for _ in 0..5 {
        assert_eq!(ask(&client).await.expect("a result").entries.len(), 1);
    }
    assert_eq!((server.connections(), server.binds(), server.searches()), (1, 1, 5));
    let bind = server.seen.binds.lock().remove(0);
    assert_eq!(bind, ("cn=gateway,dc=example".to_owned(), "open sesame".to_owned()));
    drop(client);
    wait_until(|| server.open() == 0, SOON).await.expect("the connection is closed");
    assert_eq!(server.seen.farewells.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn connections_are_bounded_and_waiting_ends() {
    let server = Server::start(friendly).await;
    let mut config = config(&[server.addr]);
    config.limits.max_connections = 2;
    let client = client(config);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(client.session(&context()).await.expect("a session"));
    }
    let hurried = CallContext::internal("test", Duration::from_millis(100));
    let error = client.search(&hurried, &people()).await.expect_err("no place");
    assert_eq!(error.kind(), ErrorKind::QueueFull);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { ask(&client).await.map(|result| result.entries.len()) }
    });
    held.pop();
    assert_eq!(waiting.await.expect("no panic").ok(), Some(1));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_spends_its_connection() {
    let server = Server::start(searching(|_, _| Reply::Nothing)).await;
    let client = client(config(&[server.addr]));
    let asking = tokio::spawn({
        let client = client.clone();
        async move { ask(&client).await.map(|result| result.entries.len()) }
    });
    wait_until(|| server.searches() == 1, SOON).await.expect("the search is sent");
    asking.abort();
    wait_until(|| server.open() == 0, SOON).await.expect("the connection is closed");
    let mut session = client.session(&context()).await.expect("a session");
    let held = tokio::time::timeout(Duration::from_millis(100), session.search(&people())).await;
    assert!(held.is_err());
    drop(session);
    wait_until(|| server.open() == 0, SOON).await.expect("the connection is closed");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_session_is_spent_with_its_connection() {
    let server = Server::start(searching(|_, _| Reply::Close)).await;
    let client = client(config(&[server.addr]));
    let mut session = client.session(&context()).await.expect("a session");
    for _ in 0..2 {
        let error = session.search(&people()).await.expect_err("lost");
        assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_noticed_by_callers() {
    let server = Server::start(friendly).await;
    let proxy = FaultProxy::start(server.addr).await.expect("a free port");
    let client = client(config(&[proxy.addr()]));
    for round in 1..=3 {
        ask(&client).await.expect("a result");
        assert_eq!(proxy.counts().connections, round);
        // All open connections are reset, and the listener is back before the next search.
        proxy.set(Fault::RefuseConnections).await;
        proxy.set(Fault::None).await;
    }
}

#[tokio::test]
async fn an_idle_connection_that_went_silent_is_replaced() {
    let server = Server::start(friendly).await;
    let proxy = FaultProxy::start(server.addr).await.expect("a free port");
    let mut config = config(&[proxy.addr()]);
    config.limits.revalidate_after = Duration::ZERO;
    let client = client(config);
    ask(&client).await.expect("a result");
    assert_eq!(server.seen.searches.lock().len(), 1);
    ask(&client).await.expect("a result");
    assert_eq!(server.seen.searches.lock().len(), 3, "the root was asked for first");
    // The open connection is silent from here on, whatever comes later.
    proxy.set(Fault::BlackHole).await;
    let context = context();
    let mut session = std::pin::pin!(client.session(&context));
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut session).await.is_err());
    proxy.set(Fault::None).await;
    session.await.expect("another connection").finish();
    assert_eq!(proxy.counts().connections, 2);
}

#[tokio::test]
async fn connections_do_not_live_for_ever() {
    let server = Server::start(friendly).await;
    let mut old = config(&[server.addr]);
    old.limits.max_age = Duration::from_nanos(1);
    let old = client(old);
    ask(&old).await.expect("a result");
    ask(&old).await.expect("a result");
    assert_eq!(server.connections(), 2);
    let mut idle = config(&[server.addr]);
    idle.limits.idle_timeout = Duration::from_millis(50);
    let idle = client(idle);
    ask(&idle).await.expect("a result");
    wait_until(|| server.open() == 0, SOON).await.expect("reaped");
    ask(&idle).await.expect("a result");
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_however_many_wait() {
    let server = Server::start(|request| match &request.op {
        LdapOp::BindRequest(_) => {
            let text =
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1";
            bound(request, Code::InvalidCredentials, text)
        }
        _ => friendly(request),
    });
    let server = server.await;
    let twin = Server::start(friendly).await;
    let client = client(signed_in(config(&[server.addr, twin.addr]), "wrong"));
    let asked = (0..20).map(|_| {
        let client = client.clone();
        async move { ask(&client).await.expect_err("refused") }
    });
    for error in futures_util::future::join_all(asked).await {
        assert_eq!(error.kind(), ErrorKind::CredentialsRefused);
        assert!(!format!("{error:?}{error}{:?}", error.native()).contains("gateway,dc"));
    }
    assert_eq!((server.binds(), twin.binds()), (1, 0), "neither again nor elsewhere");
    // The next call is the breaker's probe.
    ask(&client).await.expect_err("refused");
    assert_eq!(server.binds(), 2);
}

#[tokio::test]
async fn a_password_that_works_again_is_used_again() {
    let (locked, binds) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (is_locked, counted) = (Arc::clone(&locked), Arc::clone(&binds));
    let server = Server::start(move |request| match &request.op {
        LdapOp::BindRequest(_) => {
            counted.fetch_add(1, Ordering::SeqCst);
            let refused = is_locked.load(Ordering::SeqCst);
            let (code, text) =
                if refused { (Code::InvalidCredentials, "x, data 775, v1db1") } else { (Code::Success, "") };
            bound(request, code, text)
        }
        _ => friendly(request),
    });
    let server = server.await;
    let client = client(signed_in(config(&[server.addr]), "right"));
    let error = ask(&client).await.expect_err("locked");
    assert!(error.detail().contains("locked"), "{error}");
    locked.store(false, Ordering::SeqCst);
    ask(&client).await.expect("a result");
    assert_eq!(binds.load(Ordering::SeqCst), 2);
}
