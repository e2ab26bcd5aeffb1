//! The decision at the end of a tree: does anybody want to see it?

use std::time::Duration;

use portico_contract::trace::{FinishedTrace, SpanKind, SpanRecord, Value, attr};
use serde::{Deserialize, Serialize};

/// Why a trace is kept although nobody asked for it beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// The request failed, and not through the caller's fault.
    Failed,
    /// The request was answered, but a system behind it failed: a partial result.
    Partial,
    /// The request took longer than the threshold.
    Slow,
}

/// What to keep a tree for; `None` for ordinary ones. Runs on the path of every request: one pass, nothing allocated.
pub(crate) fn verdict(trace: &FinishedTrace, slow: Duration) -> Option<Kept> {
    let mut worst = None;
    for span in &trace.spans {
        let root = span.parent == trace.remote_parent;
        if root || span.kind == SpanKind::Server {
            if failed(span) {
                return Some(Kept::Failed);
            }
            if worst.is_none() && span.end.saturating_sub(span.start) >= slow {
                worst = Some(Kept::Slow);
            }
        }
    }
    // A system may fail in many ways that are the caller's fault, so this asks whether the answer was a good one.
    let partial = |span: &SpanRecord| {
        span.kind == SpanKind::Internal && span.error.is_some() && span.error != Some("cancelled")
    };
    if trace.spans.iter().any(partial) && trace.spans.iter().any(|span| status(span).is_some_and(|s| s < 400))
    {
        return Some(Kept::Partial);
    }
    worst
}

fn status(span: &SpanRecord) -> Option<i64> {
    if span.kind != SpanKind::Server {
        return None;
    }
    span.attributes.iter().rev().find_map(|(key, value)| match value {
        Value::Number(status) if *key == attr::HTTP_STATUS => Some(*status),
        _ => None,
    })
}

/// A caller that goes away is no failure of ours; neither is a status below 500.
fn failed(span: &SpanRecord) -> bool {
    match status(span) {
        Some(status) => status >= 500,
        None => span.error.is_some_and(|error| error != "cancelled"),
    }
}

#[cfg(test)]
mod tests {
    use portico_contract::trace::{SpanId, TraceId};

    use super::*;

    fn span(id: u64, parent: Option<u64>, kind: SpanKind, ms: u64, status: Option<i64>) -> SpanRecord {
        SpanRecord {
            id: SpanId(id),
            parent: parent.map(SpanId),
            kind,
            name: "x".into(),
            start: Duration::ZERO,
            end: Duration::from_millis(ms),
            error: None,
            attributes: status.map(|s| (attr::HTTP_STATUS, Value::Number(s))).into_iter().collect(),
        }
    }

    fn failing(mut span: SpanRecord, error: &'static str) -> SpanRecord {
        span.error = Some(error);
        span
    }

    fn check(spans: Vec<SpanRecord>, expected: Option<Kept>) {
        let trace = FinishedTrace {
            trace_id: TraceId([1; 16]),
            sampled: false,
            started_at: std::time::SystemTime::UNIX_EPOCH,
            remote_parent: None,
            spans,
            dropped: 0,
        };
        assert_eq!(verdict(&trace, Duration::from_secs(1)), expected, "{trace:?}");
    }

    #[test]
    fn failed_slow_and_partial_trees_are_kept_and_ordinary_ones_are_not() {
        use SpanKind::{Client, Internal, Server};
        check(vec![], None);
        check(vec![span(1, None, Server, 20, Some(200))], None);
        check(vec![span(1, None, Server, 20, Some(404))], None);
        check(vec![span(1, None, Server, 20, Some(503))], Some(Kept::Failed));
        check(vec![span(1, None, Server, 1_000, Some(200))], Some(Kept::Slow));
        check(vec![span(1, None, Server, 999, Some(200))], None);
        check(vec![failing(span(1, None, Internal, 5, None), "timeout")], Some(Kept::Failed));
        check(vec![failing(span(1, None, Server, 5, None), "cancelled")], None);
        // A retry that went well in the end is nothing to keep; a call that failed under a good answer is.
        let answered = || span(1, None, Server, 20, Some(200));
        let attempt = failing(span(3, Some(2), Client, 5, None), "timeout");
        check(vec![attempt, span(2, Some(1), Internal, 5, None), answered()], None);
        let call = || failing(span(2, Some(1), Internal, 5, None), "timeout");
        check(vec![call(), answered()], Some(Kept::Partial));
        // Not found is told to the caller; that the system said so is no news.
        check(vec![call(), span(1, None, Server, 20, Some(404))], None);
    }
}
