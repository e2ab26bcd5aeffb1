//! A finished tree as the OpenTelemetry SDK's data.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, Key, KeyValue, StringValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use portico_contract::trace::{self as ours, FinishedTrace, SpanRecord, attr};

/// Appends the spans of a tree.
pub(crate) fn to_otel(trace: &FinishedTrace, to: &mut Vec<SpanData>) {
    let scope = InstrumentationScope::builder("portico").with_version(env!("CARGO_PKG_VERSION")).build();
    to.extend(trace.spans.iter().map(|span| span_data(trace, span, &scope)));
}

fn span_data(trace: &FinishedTrace, span: &SpanRecord, scope: &InstrumentationScope) -> SpanData {
    // A tree that is here is worth keeping, whatever was thought at its start: it says so to the collector.
    let flags = TraceFlags::SAMPLED;
    let remote = span.parent.is_some() && span.parent == trace.remote_parent;
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(trace.trace_id.0),
            span_id(span.id),
            flags,
            false,
            TraceState::NONE,
        ),
        parent_span_id: span.parent.map_or(SpanId::INVALID, span_id),
        parent_span_is_remote: remote,
        span_kind: match span.kind {
            ours::SpanKind::Server => SpanKind::Server,
            ours::SpanKind::Internal => SpanKind::Internal,
            ours::SpanKind::Client => SpanKind::Client,
            ours::SpanKind::Producer => SpanKind::Producer,
        },
        name: span.name.clone(),
        start_time: trace.started_at + span.start,
        end_time: trace.started_at + span.end,
        attributes: attributes(span),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        // The description stays empty: `error.type` says it, and a free text could say too much.
        status: span.error.map_or(Status::Unset, |_| Status::Error { description: Cow::Borrowed("") }),
        instrumentation_scope: scope.clone(),
    }
}

fn span_id(id: ours::SpanId) -> SpanId {
    SpanId::from_bytes(id.0.to_be_bytes())
}

fn attributes(span: &SpanRecord) -> Vec<KeyValue> {
    // The closed set of the contract wins over whatever was set under the same key.
    let set = span.attributes.iter().filter(|(key, _)| span.error.is_none() || *key != attr::ERROR_TYPE);
    let set = set.map(|(key, value)| KeyValue::new(Key::from_static_str(key), attribute(value)));
    set.chain(span.error.map(|error| KeyValue::new(attr::ERROR_TYPE, error))).collect()
}

// No wildcard: a new kind of value has to be looked at here before it can leave the machine.
fn attribute(value: &ours::Value) -> opentelemetry::Value {
    match value {
        ours::Value::Word(word) => opentelemetry::Value::String(StringValue::from(*word)),
        ours::Value::Configured(text) => opentelemetry::Value::String(StringValue::from(Arc::clone(text))),
        ours::Value::Number(number) => opentelemetry::Value::I64(*number),
        ours::Value::Flag(flag) => opentelemetry::Value::Bool(*flag),
    }
}
