//! Who sees a write under way, and what of it; what its spans say.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::trace::{FinishedTrace, Span, SpanKind, TraceSink, Value, attr};
use portico_contract::{CallContext, ErrorKind};
use portico_policy::{Action, Rule, Who};
use portico_schemas::{Classification, OperationStatus, ResourceType};

use super::bench::{Bench, context, create, fresh, pending_of};
use super::office::Mood;

fn auditors() -> Rule {
    Rule {
        name: None,
        resource: Some(ResourceType::Operation),
        systems: None,
        actions: BTreeSet::from([Action::Read]),
        who: Who::Role("role-of-cleo".to_owned()),
        up_to: Classification::Internal,
    }
}

#[tokio::test]
async fn only_who_asked_and_who_may_by_role_see_it() {
    let bench = Bench::with(vec![auditors()]).await;
    bench.office.be(Mood::LosesAfter);
    let operation = pending_of(bench.create("k", "Train").await);
    let long = Duration::from_secs(10);
    for who in ["anna", "cleo"] {
        let seen = bench.writes.operation(&context(who, long), &operation.id).await.unwrap();
        assert_eq!((seen.status, &seen.id), (OperationStatus::Unknown, &operation.id));
    }
    let kind =
        async |who, id: &str| bench.writes.operation(&context(who, long), id).await.unwrap_err().kind();
    assert_eq!(kind("ben", &operation.id).await, ErrorKind::NotFound);
    assert_eq!(kind("anna", "00000000-0000-7000-8000-000000000000").await, ErrorKind::NotFound);
    assert_eq!(kind("anna", "../etc").await, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_confirmed_one_names_what_came_of_it_by_its_sealed_id() {
    let bench = Bench::new().await;
    let id = fresh(bench.create("k", "Train").await);
    let intent = bench.writes.store().intents(&Default::default()).await.unwrap().items.remove(0);
    let anna = context("anna", Duration::from_secs(10));
    let seen = bench.writes.operation(&anna, &intent.id.to_string()).await.unwrap();
    let resource = seen.resource.unwrap();
    assert!(resource.starts_with("/v1/expense-reports/") && !resource.contains(&id), "{resource}");
    assert_eq!(seen.action, "expenses create_report");
    assert!(intent.trace.trace_id.is_some() && intent.trace.trace_id == intent.trace.correlation_id);
}

#[derive(Default)]
struct Traces(Mutex<Vec<FinishedTrace>>);

impl TraceSink for Traces {
    fn finished(&self, trace: FinishedTrace) {
        self.0.lock().push(trace);
    }
}

#[tokio::test]
async fn the_span_of_a_write_says_what_became_of_key_and_write() {
    let bench = Bench::new().await;
    let traces = Arc::new(Traces::default());
    for title in ["Train", "Train", "Taxi"] {
        let sink = Arc::clone(&traces) as Arc<dyn TraceSink>;
        let root = Span::root(sink, None, true, SpanKind::Server, "POST");
        let context = CallContext { span: root.context(), ..context("anna", Duration::from_secs(10)) };
        let _ = create(&bench.writes, &context, "k", title).await;
    }
    let told = async {
        while traces.0.lock().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();
    let said = |key| {
        let traces = traces.0.lock();
        let writes = traces.iter().flat_map(|trace| &trace.spans);
        let writes = writes.filter(|span| span.name == "write expenses create_report");
        let value = |span: &portico_contract::trace::SpanRecord| {
            span.attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
        };
        writes.map(value).collect::<Vec<_>>()
    };
    let word = |word| Some(Value::Word(word));
    assert_eq!(said(attr::IDEMPOTENCY), [word("new"), word("repeated"), word("otherPayload")]);
    assert_eq!(said(attr::WRITE), [word("confirmed"), None, None]);
}
