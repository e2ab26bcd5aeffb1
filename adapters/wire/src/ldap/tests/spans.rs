//! One CLIENT span for each search, and nothing personal in it.

use std::sync::Arc;

use ldap3_proto::proto::LdapResultCode as Code;
use portico_contract::trace::{FinishedTrace, Span, SpanKind, TraceSink, Value, attr};

use super::server::{Reply, Server, done, friendly, searching};
use super::*;

#[derive(Default)]
struct Kept(parking_lot::Mutex<Vec<FinishedTrace>>);

impl TraceSink for Kept {
    fn finished(&self, trace: FinishedTrace) {
        self.0.lock().push(trace);
    }
}

async fn traced(client: &Client) -> FinishedTrace {
    traced_as(1, async |context| drop(client.search(&context, &people()).await)).await
}

/// The trace of what is done in this attempt of a call.
async fn traced_as(attempt: u32, done: impl AsyncFnOnce(CallContext)) -> FinishedTrace {
    let sink = Arc::new(Kept::default());
    let root = Span::root(Arc::clone(&sink) as Arc<dyn TraceSink>, None, true, SpanKind::Server, "GET /");
    let mut context = context();
    (context.span, context.attempt) = (root.context(), attempt);
    done(context).await;
    drop(root);
    sink.0.lock().remove(0)
}

#[tokio::test]
async fn a_search_is_one_span() {
    let server = Server::start(friendly).await;
    let trace = traced(&client(config(&[server.addr]))).await;
    let [span, _root] = &*trace.spans else { panic!("{:?}", trace.spans) };
    assert_eq!((&*span.name, span.kind, span.error), ("search people", SpanKind::Client, None));
    let get = |key| span.attributes.iter().find(|(k, _)| *k == key).map(|(_, value)| value.clone());
    assert_eq!(get(attr::DB_SYSTEM), Some(Value::Word("ldap")));
    assert_eq!(get(attr::DB_OPERATION), Some(Value::Word("search")));
    assert_eq!(get(attr::DB_QUERY), Some(Value::Configured("(uid=?)".into())));
    assert_eq!(get(attr::SERVER_ADDRESS), Some(Value::Configured("127.0.0.1".into())));
    assert_eq!(get(attr::SERVER_PORT), Some(Value::Number(i64::from(server.addr.port()))));
    assert_eq!((get(attr::ITEMS), get(attr::DB_STATUS)), (Some(Value::Number(1)), None));
    assert_eq!(get(attr::RESEND), None);
    assert!(!format!("{trace:?}").contains("jane") && !format!("{trace:?}").contains("dc=example"));
}

#[tokio::test]
async fn a_failure_is_named_after_its_code() {
    let server = Server::start(searching(|request, _| {
        Reply::Say(vec![done(request, Code::NoSuchObject, "uid=jane,dc=example")])
    }));
    let server = server.await;
    let trace = traced(&client(config(&[server.addr]))).await;
    let span = &trace.spans[0];
    assert_eq!(span.error, Some("ldap_32"));
    assert!(span.attributes.contains(&(attr::DB_STATUS, Value::Number(32))));
    assert!(!format!("{trace:?}").contains("jane") && !format!("{trace:?}").contains("dc=example"));
    drop(server);
    let closed = Server::start(friendly).await.addr;
    let trace = traced(&client(config(&[closed]))).await;
    assert_eq!((trace.spans[0].error, port(&trace, 0)), (Some("connect_refused"), Some(closed.port())));
}

/// The port that a span names.
fn port(trace: &FinishedTrace, span: usize) -> Option<u16> {
    let (_, port) = trace.spans[span].attributes.iter().find(|(key, _)| *key == attr::SERVER_PORT)?;
    let Value::Number(port) = port else { panic!("{port:?}") };
    u16::try_from(*port).ok()
}

#[tokio::test]
async fn the_host_that_answered_is_named_and_how_often_was_asked_before() {
    let (gone, spare) = (Server::start(friendly).await.addr, Server::start(friendly).await);
    let client = client(config(&[gone, spare.addr]));
    let trace = traced_as(3, async |context| drop(client.search(&context, &people()).await)).await;
    assert_eq!(port(&trace, 0), Some(spare.addr.port()));
    assert!(trace.spans[0].attributes.contains(&(attr::RESEND, Value::Number(2))));
}

#[tokio::test]
async fn a_session_shows_its_connecting_and_each_of_its_searches() {
    let server = Server::start(friendly).await;
    let good = client(config(&[server.addr]));
    let twice = async |context: CallContext| {
        let mut session = good.session(&context).await.expect("a session");
        for _ in 0..2 {
            session.search(&people()).await.expect("a result");
        }
    };
    let names =
        |trace: &FinishedTrace| trace.spans.iter().map(|span| span.name.to_string()).collect::<Vec<_>>();
    let trace = traced_as(1, twice).await;
    assert_eq!(names(&trace), ["connect", "search people", "search people", "GET /"]);
    for span in 0..3 {
        assert_eq!((trace.spans[span].error, port(&trace, span)), (None, Some(server.addr.port())));
    }
    // Over the connection that waits.
    let trace = traced_as(1, twice).await;
    assert_eq!(names(&trace), ["search people", "search people", "GET /"]);
    let closed = client(config(&[Server::start(friendly).await.addr]));
    let trace = traced_as(1, async |context| drop(closed.session(&context).await)).await;
    assert_eq!(
        (names(&trace).as_slice(), trace.spans[0].error),
        (&["connect".to_owned(), "GET /".to_owned()][..], Some("connect_refused"))
    );
}
