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
    let sink = Arc::new(Kept::default());
    let root = Span::root(Arc::clone(&sink) as Arc<dyn TraceSink>, None, true, SpanKind::Server, "GET /");
    let mut context = context();
    context.span = root.context();
    drop(client.search(&context, &people()).await);
    drop((root, context));
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
    assert_eq!(traced(&client(config(&[closed]))).await.spans[0].error, Some("connect_refused"));
}
