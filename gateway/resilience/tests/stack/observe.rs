use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::trace::{FinishedTrace, Span, SpanKind, SpanRecord, TraceSink, Value, attr};
use portico_contract::{Effect, Error, ErrorKind};
use portico_resilience::{BreakerState, CallFacts, SystemLimits};
use portico_schemas::Outcome;

use crate::toy::{Does, Get, House, context, pieces, settle};

#[derive(Default)]
struct Sink(Mutex<Vec<FinishedTrace>>);

impl TraceSink for Sink {
    fn finished(&self, trace: FinishedTrace) {
        self.0.lock().push(trace);
    }
}

fn value<'a>(span: &'a SpanRecord, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
}

#[tokio::test(start_paused = true)]
async fn one_internal_span_with_the_attempts_under_it() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|nth, context| {
        drop(context.span.child(SpanKind::Client, "GET"));
        match nth {
            1 => Does::Fail(Error::new(ErrorKind::ConnectionLost, "reset")),
            2 => Does::Answer,
            _ => Does::Fail(Error::new(ErrorKind::InvalidResponse, "html")),
        }
    });
    let sink = Arc::new(Sink::default());
    let root = Span::root(sink.clone(), None, true, SpanKind::Server, "GET /v1/documents/{id}");
    for _ in 0..2 {
        let mut context = context(Duration::from_secs(5));
        context.span = root.context();
        let _ = house.call_in(context, Get).await;
    }
    settle().await;
    drop(root);
    let trace = sink.0.lock().pop().expect("nothing of the call holds the trace back");
    let root = trace.spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
    let calls: Vec<_> = trace.spans.iter().filter(|span| span.kind == SpanKind::Internal).collect();
    let under =
        |parent: &SpanRecord| trace.spans.iter().filter(|span| span.parent == Some(parent.id)).count();
    assert_eq!((calls.len(), under(root), under(calls[0]), under(calls[1])), (2, 2, 2, 1));
    assert_eq!(calls[0].name, "toys get");
    assert_eq!(value(calls[0], attr::SYSTEM), Some(&Value::Configured("toy".into())));
    assert_eq!(value(calls[0], attr::ATTEMPTS), Some(&Value::Number(2)));
    assert_eq!(value(calls[0], attr::BREAKER), Some(&Value::Word("closed")));
    assert_eq!((calls[0].error, calls[1].error), (None, Some("invalid_response")));
    assert_eq!(value(calls[1], attr::OUTCOME), Some(&Value::Word("failed")));
}

#[tokio::test(start_paused = true)]
async fn the_facts_of_a_call_are_reported_once() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| Does::AnswerAfter(Duration::from_millis(250)));
    house.get().await.unwrap();
    let facts = house.notebook.all().pop().unwrap();
    assert_eq!(house.notebook.all().len(), 1);
    let expected = CallFacts {
        system: house.health.system().clone(),
        adapter: "toy",
        operation: "toys get",
        effect: Effect::Read,
        error: None,
        outcome: None,
        attempts: 1,
        queued: Duration::ZERO,
        duration: facts.duration,
        breaker: BreakerState::Closed,
        stream_bytes: None,
    };
    assert_eq!(facts, expected);
    assert_eq!(facts.duration.as_millis() / 10, 25);
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_by_its_caller_is_reported_as_cancelled() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| Does::Hang);
    house.start(1).await.remove(0).abort();
    settle().await;
    let facts = house.notebook.last();
    assert_eq!((facts.error, facts.outcome), (Some(ErrorKind::Cancelled), Some(Outcome::Failed)));
    let writer = house.clone();
    let write = tokio::spawn(async move { writer.create().await });
    settle().await;
    write.abort();
    settle().await;
    assert_eq!(house.notebook.last().outcome, Some(Outcome::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_body_is_reported_when_it_ends_with_its_octets() {
    let house = House::new(&SystemLimits::default());
    house.system.gives(|| pieces(Duration::from_secs(1), 7, 3));
    let body = house.download().await.unwrap().body;
    assert_eq!(house.notebook.all().len(), 0);
    body.collect(100).await.unwrap();
    let facts = house.notebook.last();
    assert_eq!((facts.stream_bytes, facts.error), (Some(21), None));
    assert_eq!(facts.duration, Duration::ZERO, "up to the head");
    house.system.gives(|| pieces(Duration::from_secs(60), 7, 3));
    assert!(house.download().await.unwrap().body.collect(100).await.is_err());
    let facts = house.notebook.last();
    assert_eq!((facts.stream_bytes, facts.error), (Some(0), Some(ErrorKind::Timeout)));
    assert_eq!(house.notebook.all().len(), 2);
}
