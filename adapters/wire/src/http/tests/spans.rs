//! One CLIENT span for each attempt, which lives until its body has ended.

use std::sync::Arc;

use futures_util::StreamExt;
use portico_contract::trace::{FinishedTrace, RemoteParent, Span, SpanKind, TraceSink, Value, attr};
use portico_simkit::wait::wait_until;

use super::*;

#[derive(Default)]
struct Kept(parking_lot::Mutex<Vec<FinishedTrace>>);

impl TraceSink for Kept {
    fn finished(&self, trace: FinishedTrace) {
        self.0.lock().push(trace);
    }
}

fn traced(sink: &Arc<Kept>) -> (Span, CallContext) {
    let root = Span::root(Arc::clone(sink) as Arc<dyn TraceSink>, None, true, SpanKind::Server, "GET /");
    let mut context = context();
    context.span = root.context();
    (root, context)
}

async fn only(sink: &Kept) -> FinishedTrace {
    wait_until(|| !sink.0.lock().is_empty(), SOON).await.expect("a finished trace");
    sink.0.lock().remove(0)
}

#[tokio::test]
async fn a_stream_keeps_its_span_until_it_ends() {
    let lab = Lab::new(Limits::default()).await;
    let sink = Arc::new(Kept::default());
    let (root, mut context) = traced(&sink);
    context.attempt = 3;
    let response = lab.client.send(&context, Request::new(Verb::GET, "/big")).await.expect("an answer");
    let mut body = response.body.into_stream();
    drop((root, context));
    assert!(body.next().await.is_some_and(|piece| piece.is_ok()));
    assert!(sink.0.lock().is_empty(), "the body still runs");
    while body.next().await.is_some() {}
    let trace = only(&sink).await;
    let span = trace.spans.iter().find(|span| span.kind == SpanKind::Client).expect("a span");
    assert_eq!((&*span.name, span.error), ("GET", None));
    let get = |key| span.attributes.iter().find(|(k, _)| *k == key).map(|(_, value)| value.clone());
    assert_eq!(get(attr::HTTP_METHOD), Some(Value::Word("GET")));
    assert_eq!(get(attr::HTTP_STATUS), Some(Value::Number(200)));
    assert_eq!(get(attr::SERVER_ADDRESS), Some(Value::Configured("127.0.0.1".into())));
    assert_eq!(get(attr::SERVER_PORT), Some(Value::Number(i64::from(lab.proxy.addr().port()))));
    assert_eq!(get(attr::HTTP_RESEND), Some(Value::Number(2)));
    assert_eq!(get(attr::STREAM_BYTES), Some(Value::Number(1 << 20)));
}

#[tokio::test]
async fn a_failure_marks_its_span() {
    let lab = Lab::new(impatient()).await;
    lab.fault(Fault::RefuseConnections).await;
    let sink = Arc::new(Kept::default());
    let (root, context) = traced(&sink);
    lab.client.send(&context, Request::new(Verb::PROPFIND, "/")).await.expect_err("refused");
    drop((root, context));
    let trace = only(&sink).await;
    let span = trace.spans.iter().find(|span| &*span.name == "PROPFIND").expect("a span");
    assert_eq!(span.error, Some("connect_refused"));
    assert!(span.attributes.iter().all(|(key, _)| *key != attr::HTTP_RESEND));
}

#[tokio::test]
async fn the_back_office_is_told_the_span_and_who_we_are() {
    let server = Server::loopback(|request: http::Request<Body>| async move {
        let told =
            |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("-").to_owned();
        let told = format!(
            "{}|{}|{}|{}",
            told("traceparent"),
            told("authorization"),
            told("accept-encoding"),
            told("host")
        );
        Answer::new(full(told))
    });
    let server = server.await.expect("a free port");
    let sink = Arc::new(Kept::default());
    let (root, context) = traced(&sink);
    let base = Base::parse(&server.url()).expect("an address");
    let credentials = crate::http::Credentials::Basic {
        username: "Aladdin".into(),
        password: "open sesame".to_owned().into(),
    };
    let client = Client::new(base, &Trust::Public, Some(&credentials), Limits::default()).expect("a client");
    let answer = client.send(&context, Request::new(Verb::GET, "/")).await.expect("an answer");
    let told = String::from_utf8(answer.collect(1_000).await.expect("a body").to_vec()).expect("text");
    let parts: Vec<_> = told.split('|').collect();
    drop((root, context));
    let trace = only(&sink).await;
    let span = trace.spans.iter().find(|span| span.kind == SpanKind::Client).expect("a span");
    let parent = RemoteParent::parse(parts[0]).expect("a traceparent");
    assert_eq!((parent.trace_id, parent.span_id, parent.sampled), (trace.trace_id, span.id, true));
    assert_eq!(parts[1], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!((parts[2], parts[3]), ("identity", &server.url()[7..]));
}
