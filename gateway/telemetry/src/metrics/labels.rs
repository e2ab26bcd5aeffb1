//! Labels: closed sets only.

use opentelemetry::KeyValue;

use super::series::{OTHER, OVERFLOW};

/// The methods that are told apart (OpenTelemetry HTTP conventions, `http.request.method`), with WebDAV's.
const METHODS: [&str; 16] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
];

pub(crate) fn method_word(method: &str) -> &'static str {
    METHODS.iter().find(|known| **known == method).copied().unwrap_or(OTHER)
}

/// Method and status of an answer.
pub(crate) type ServerKey = (&'static str, u16);
/// Operation and `error.type`, empty when it went well.
pub(crate) type CallKey = (&'static str, &'static str);
/// Operation, method and `error.type`.
pub(crate) type AttemptKey = (&'static str, &'static str, &'static str);

pub(crate) const SERVER_OVERFLOW: ServerKey = (OVERFLOW, 0);
pub(crate) const CALL_OVERFLOW: CallKey = (OVERFLOW, "");
pub(crate) const ATTEMPT_OVERFLOW: AttemptKey = (OVERFLOW, OVERFLOW, "");

pub(crate) fn server(route: &str, (method, status): ServerKey) -> Vec<KeyValue> {
    vec![
        KeyValue::new("http.route", route.to_owned()),
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.response.status_code", i64::from(status)),
    ]
}

pub(crate) fn call(system: &str, (operation, error): CallKey) -> Vec<KeyValue> {
    let mut labels = vec![
        KeyValue::new("portico.system", system.to_owned()),
        KeyValue::new("portico.operation", operation),
    ];
    // Always there, so that `{error_type=""}` selects what went well and sums need no special case.
    labels.push(KeyValue::new("error.type", error));
    labels
}

pub(crate) fn attempt(system: &str, (operation, method, error): AttemptKey) -> Vec<KeyValue> {
    let mut labels = call(system, (operation, error));
    labels.push(KeyValue::new("http.request.method", method));
    labels
}
