use std::sync::Arc;

use parking_lot::Mutex;

use super::*;

#[derive(Default)]
struct Kept(Mutex<Vec<FinishedTrace>>);

impl TraceSink for Kept {
    fn finished(&self, trace: FinishedTrace) {
        self.0.lock().push(trace);
    }
}

#[test]
fn a_tree_is_handed_over_once_when_its_last_span_ends() {
    let kept = Arc::new(Kept::default());
    let root = Span::root(kept.clone(), None, false, SpanKind::Server, "GET /x");
    let body = root.context().child(SpanKind::Internal, "documents read_content");
    drop(root);
    assert!(kept.0.lock().is_empty(), "a body that streams keeps its trace open");
    drop(body);
    let traces = kept.0.lock();
    assert_eq!(traces.len(), 1);
    let [root, body] = &traces[0].spans[..] else { panic!("two spans") };
    assert_eq!(root.parent, None);
    assert_eq!(body.parent, Some(root.id));
}

#[test]
fn a_remote_parent_continues_its_trace() {
    let kept = Arc::new(Kept::default());
    let parent = RemoteParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
    let root = Span::root(kept.clone(), Some(parent), false, SpanKind::Server, "GET /x");
    let onward = root.context().traceparent();
    assert!(onward.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{onward}");
    assert!(onward.ends_with("-01"));
    drop(root);
    let traces = kept.0.lock();
    assert!(traces[0].sampled);
    assert_eq!(traces[0].spans[0].parent, Some(SpanId(0xb7ad_6b71_6920_3331)));
}

#[test]
fn what_is_sent_onward_reads_back_as_what_it_was() {
    let root = Span::detached("GET /x");
    let context = root.context();
    let read = RemoteParent::parse(&context.traceparent()).unwrap();
    assert_eq!((read.trace_id, read.sampled), (context.trace_id(), false));
    assert_eq!(context.trace_id().to_hex(), context.trace_id().to_string());
    let small = TraceId([[0; 15].as_slice(), &[0x0f]].concat().try_into().unwrap());
    assert_eq!(small.to_hex(), "0000000000000000000000000000000f");
}

#[test]
fn malformed_traceparents_are_ignored() {
    for header in [
        "",
        "00",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
        "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(RemoteParent::parse(header), None, "{header}");
    }
}

#[test]
fn spans_over_the_bound_are_counted() {
    let kept = Arc::new(Kept::default());
    let root = Span::root(kept.clone(), None, false, SpanKind::Server, "GET /x");
    for _ in 0..MAX_SPANS + 3 {
        drop(root.context().child(SpanKind::Client, "GET"));
    }
    drop(root);
    let traces = kept.0.lock();
    assert_eq!(traces[0].spans.len(), MAX_SPANS);
    assert_eq!(traces[0].dropped, 4);
}
