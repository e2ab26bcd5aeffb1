//! The adapter over a server that replays recorded answers: the real product's own octets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portico_contract::expenses::ListExpenseCategories;
use portico_contract::people::{FindPeople, PersonKey};
use portico_contract::systems::CheckSystem;
use portico_contract::{ErrorKind, Operation};
use portico_simkit::http::{Body, Server, full};
use serde_json::json;

use super::lab::{context, first, open};
use super::recorded::body;

/// Answers with these recordings, one after the other.
async fn replay(recordings: &'static [&'static str]) -> Server {
    let at = Arc::new(AtomicUsize::new(0));
    let server = Server::loopback(move |_: http::Request<Body>| {
        let at = Arc::clone(&at);
        async move {
            let next = at.fetch_add(1, Ordering::SeqCst);
            let recording = recordings.get(next).copied().expect("a recording for every call");
            let answer = http::Response::builder().header("content-type", "text/xml; charset=utf-8");
            answer.body(full(body(recording).to_owned())).expect("an answer")
        }
    });
    server.await.expect("a free port")
}

async fn refused<O: Operation>(recordings: &'static [&'static str], operation: O) -> (ErrorKind, String) {
    let server = replay(recordings).await;
    let upstream =
        open(&format!("http://{}", server.addr()), "odoo", "admin", "x", &json!({ "protocol": "xmlrpc" }));
    let error = upstream.call(context(), operation).await.map(|_| ()).expect_err("a failure");
    (error.kind(), error.detail().to_owned())
}

macro_rules! recordings {
    ($($name:literal),* $(,)?) => { &[$(include_str!(concat!("../../fixtures/", $name, ".xml.http"))),*] };
}

#[tokio::test]
async fn a_recorded_refusal_of_the_login_is_told() {
    let (kind, _) = refused(recordings!["01-version", "02-auth-bad"], CheckSystem).await;
    assert_eq!(kind, ErrorKind::CredentialsRefused);
}

#[tokio::test]
async fn a_recorded_bad_password_is_told() {
    let find = FindPeople { key: PersonKey::Email, value: "e0@example.org".into() };
    let (kind, _) = refused(recordings!["01-version", "03-auth", "49-bad-password-object"], find).await;
    assert_eq!(kind, ErrorKind::CredentialsRefused);
}

#[tokio::test]
async fn a_recorded_unknown_field_is_told() {
    let list = ListExpenseCategories { query: first(5) };
    let (kind, detail) = refused(recordings!["01-version", "03-auth", "20-unknown-field"], list).await;
    assert_eq!((kind, detail.contains("portico check")), (ErrorKind::InvalidResponse, true));
}

#[tokio::test]
async fn a_recorded_answer_with_other_fields_is_told_by_its_place() {
    let find = FindPeople { key: PersonKey::Email, value: "e0@example.org".into() };
    let (kind, detail) = refused(recordings!["01-version", "03-auth", "05-employee-list"], find).await;
    assert_eq!(kind, ErrorKind::InvalidResponse);
    assert!(detail.contains("expected the member user_id, found none"), "{detail}");
}
