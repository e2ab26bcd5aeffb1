//! Durations of attempts, taken from the spans of every finished tree, sampled or not. The clients in the adapters need
//! not know metrics, and a metric can never disagree with the trace beside it.

use portico_contract::trace::{FinishedTrace, SpanKind, SpanRecord, Value, attr};

use super::Metrics;
use super::labels::method_word;
use super::series::OTHER;

/// Spans of one tree whose call is searched for. A larger tree is a defect, and searching it would be quadratic.
const MAX_SEARCHED: usize = 128;

/// The system and the operation that a span stands for, where it says so.
fn call_of(span: &SpanRecord) -> Option<(&str, &'static str)> {
    let mut system = None;
    let mut operation = None;
    for (key, value) in &span.attributes {
        match (*key, value) {
            (attr::SYSTEM, Value::Configured(text)) => system = Some(&**text),
            (attr::SYSTEM, Value::Word(word)) => system = Some(*word),
            (attr::OPERATION, Value::Word(word)) => operation = Some(*word),
            _ => {}
        }
    }
    Some((system?, operation.unwrap_or(OTHER)))
}

fn method_of(span: &SpanRecord) -> Option<&'static str> {
    span.attributes.iter().find_map(|(key, value)| match value {
        Value::Word(word) if *key == attr::HTTP_METHOD => Some(method_word(word)),
        _ => None,
    })
}

impl Metrics {
    /// Takes the durations of attempts (CLIENT spans) from a tree.
    pub(crate) fn take_spans(&self, trace: &FinishedTrace) {
        for (place, span) in trace.spans.iter().enumerate() {
            if span.kind != SpanKind::Client {
                continue;
            }
            // Children end before their parent, so that the call of an attempt stands after it.
            let call = call_of(span).or_else(|| {
                let rest = trace.spans.get(place + 1..)?.iter().take(MAX_SEARCHED);
                rest.into_iter().find(|call| Some(call.id) == span.parent).and_then(call_of)
            });
            let Some((system, operation)) = call else { continue };
            let seconds = span.end.saturating_sub(span.start).as_secs_f64();
            let method = method_of(span).unwrap_or(OTHER);
            self.attempts.record(system, (operation, method, span.error.unwrap_or("")), seconds);
        }
    }
}
