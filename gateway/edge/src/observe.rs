//! What the edge tells telemetry, without knowing telemetry.

use std::time::Duration;

use portico_contract::Error;
use portico_contract::trace::TraceId;
use portico_schemas::ProblemCode;

/// One request that is over, its body included.
#[derive(Debug, Clone, Copy)]
pub struct RequestRecord<'a> {
    /// The method; `_OTHER` for those that HTTP does not know (OpenTelemetry HTTP conventions).
    pub method: &'static str,
    /// The route template; `None` when no route has the path.
    pub route: Option<&'a str>,
    /// The status that was sent.
    pub status: u16,
    /// From the end of the request's head to the end of the answer's body.
    pub duration: Duration,
    /// Octets of the answer's body.
    pub sent: u64,
    /// Whether the answer's body went out whole.
    pub complete: bool,
    /// The problem that the caller saw.
    pub problem: Option<ProblemCode>,
    /// The closed set of `error.type`; for 5xx, and `cancelled` for a caller that went away before the answer.
    pub error_type: Option<&'static str>,
}

/// Takes notice of what passes the edge. Called on the way of a request: it must neither block nor panic.
pub trait RequestObserver: Send + Sync + 'static {
    /// A request came in.
    fn started(&self) {}

    /// A request is over.
    fn finished(&self, record: &RequestRecord<'_>);

    /// A connection or a request was turned away before it was one: `reason` is from a closed set.
    fn refused(&self, _reason: &'static str) {}

    /// The number of open connections changed by this much.
    fn connections(&self, _change: i64) {}

    /// A call failed. Called once for each; the default writes one log line.
    fn failed(&self, code: ProblemCode, error: &Error, trace_id: TraceId) {
        log_failure(code, error, trace_id);
    }
}

/// An observer that only logs failures: for tests and small tools.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogOnly;

impl RequestObserver for LogOnly {
    fn finished(&self, _record: &RequestRecord<'_>) {}
}

/// Writes one log line for a failed call: a warning where the gateway or a system is at fault, otherwise at debug level.
/// It holds our own words only: what a back office said, and the texts of the errors underneath, may quote personal data.
pub fn log_failure(code: ProblemCode, error: &Error, trace_id: TraceId) {
    let system = error.system().map(|system| system.as_str());
    let operation = error.operation();
    if code.status() >= 500 {
        tracing::warn!(%trace_id, code = code.as_str(), system, operation, %error, "call failed");
    } else {
        tracing::debug!(%trace_id, code = code.as_str(), system, operation, %error, "call refused");
    }
}
