//! One request is one tree of spans, recorded as plain data.
//!
//! Spans are cheap enough to be made for every request; whether a tree is exported, kept on disk or dropped is decided
//! once, when its last span has ended and it is known whether the request failed or was slow. Attribute keys are
//! a closed set of constants and values are numbers, flags or short texts from configuration, so that personal data
//! has no way in. Ids and the header follow W3C Trace Context; names follow the OpenTelemetry conventions.

mod ids;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

use crate::ErrorKind;

pub use ids::{RemoteParent, SpanId, TraceId};

/// Spans that one trace keeps; more are counted and dropped.
pub const MAX_SPANS: usize = 512;

/// Which side of an exchange a span stands for (OpenTelemetry span kind).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// We serve.
    Server,
    /// Inside us.
    Internal,
    /// We ask.
    Client,
    /// We publish.
    Producer,
}

/// The attribute keys that spans may carry. Add one here, with a reason, or do not record it.
pub mod attr {
    /// `http.route`: the route template.
    pub const HTTP_ROUTE: &str = "http.route";
    /// `http.request.method`.
    pub const HTTP_METHOD: &str = "http.request.method";
    /// `http.response.status_code`.
    pub const HTTP_STATUS: &str = "http.response.status_code";
    /// `http.request.resend_count`: from the second attempt on.
    pub const HTTP_RESEND: &str = "http.request.resend_count";
    /// The same for an attempt that is not HTTP.
    pub const RESEND: &str = "portico.resend_count";
    /// `server.address`: host of a back office, from configuration.
    pub const SERVER_ADDRESS: &str = "server.address";
    /// `server.port`.
    pub const SERVER_PORT: &str = "server.port";
    /// `db.system.name`: `ldap`.
    pub const DB_SYSTEM: &str = "db.system.name";
    /// `db.operation.name`: `search`.
    pub const DB_OPERATION: &str = "db.operation.name";
    /// `db.query.text`: the shape of a question, `(uid=?)`, never a value.
    pub const DB_QUERY: &str = "db.query.text";
    /// `db.response.status_code`: the result code, where it is not success.
    pub const DB_STATUS: &str = "db.response.status_code";
    /// `network.protocol.version`.
    pub const PROTOCOL_VERSION: &str = "network.protocol.version";
    /// `error.type`: the closed set of the contract.
    pub const ERROR_TYPE: &str = "error.type";
    /// The configured key of the system.
    pub const SYSTEM: &str = "portico.system";
    /// The adapter kind.
    pub const ADAPTER: &str = "portico.adapter";
    /// The operation id.
    pub const OPERATION: &str = "portico.operation";
    /// State of the circuit breaker when the call came.
    pub const BREAKER: &str = "portico.breaker.state";
    /// `error.type` of what opened the circuit breaker, while it is not closed.
    pub const BREAKER_CAUSE: &str = "portico.breaker.cause";
    /// Attempts that the call took.
    pub const ATTEMPTS: &str = "portico.attempts";
    /// Milliseconds spent waiting for a place.
    pub const QUEUED_MS: &str = "portico.queued_ms";
    /// What is known about the effect of a failed call.
    pub const OUTCOME: &str = "portico.outcome";
    /// What became of the caller's key: `new`, `repeated`, `inFlight` or `otherPayload`.
    pub const IDEMPOTENCY: &str = "portico.idempotency";
    /// How a write ended: `confirmed`, `refused` or `unknown`.
    pub const WRITE: &str = "portico.write.state";
    /// Octets that a stream carried.
    pub const STREAM_BYTES: &str = "portico.stream.bytes";
    /// The problem code that the caller saw.
    pub const PROBLEM: &str = "portico.problem";
    /// Items in an answer.
    pub const ITEMS: &str = "portico.items";
    /// Changes that a system told when it was asked what changed; everything it has when [`POLL_WHOLE`] says so.
    pub const POLL_CHANGES: &str = "portico.poll.changes";
    /// Whether everything was read, not only what changed.
    pub const POLL_WHOLE: &str = "portico.poll.whole";
    /// Milliseconds since what is known of the system was up to date, when it was asked what changed: the oldest change
    /// may be seen this late. Absent when nothing was known.
    pub const POLL_LAG_MS: &str = "portico.poll.lag_ms";
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A word that is in the program.
    Word(&'static str),
    /// A word from configuration: a system key, a host name.
    Configured(Arc<str>),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

impl From<&'static str> for Value {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Configured(text)
    }
}

/// A span that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRecord {
    /// Its id.
    pub id: SpanId,
    /// The span inside which it ran; for the root, the caller's span if there was one.
    pub parent: Option<SpanId>,
    /// Which side it stands for.
    pub kind: SpanKind,
    /// `GET /v1/documents/{id}`, `documents list`, `PROPFIND`.
    pub name: Cow<'static, str>,
    /// Since the start of the trace.
    pub start: Duration,
    /// Since the start of the trace.
    pub end: Duration,
    /// `error.type` if it failed.
    pub error: Option<&'static str>,
    /// Attributes in the order they were set.
    pub attributes: Vec<(&'static str, Value)>,
}

/// A whole tree, handed to the sink when its last span has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedTrace {
    /// Its id.
    pub trace_id: TraceId,
    /// Whether the caller, or our own sampling, asked for it.
    pub sampled: bool,
    /// Wall-clock time of the start.
    pub started_at: SystemTime,
    /// The caller's span, where there was one.
    pub remote_parent: Option<SpanId>,
    /// The spans in the order in which they ended; the root is the one whose parent is `remote_parent`.
    pub spans: Vec<SpanRecord>,
    /// Spans over [`MAX_SPANS`].
    pub dropped: usize,
}

/// Takes finished traces. Must not block: it is called wherever the last span happens to end.
pub trait TraceSink: Send + Sync + 'static {
    /// Takes one finished trace.
    fn finished(&self, trace: FinishedTrace);
}

struct TraceState {
    trace_id: TraceId,
    sampled: bool,
    started_at: SystemTime,
    started: Instant,
    remote_parent: Option<SpanId>,
    done: Mutex<(Vec<SpanRecord>, usize)>,
    sink: Option<Arc<dyn TraceSink>>,
}

impl Drop for TraceState {
    fn drop(&mut self) {
        let Some(sink) = self.sink.take() else { return };
        let (spans, dropped) = std::mem::take(self.done.get_mut());
        sink.finished(FinishedTrace {
            trace_id: self.trace_id,
            sampled: self.sampled,
            started_at: self.started_at,
            remote_parent: self.remote_parent,
            spans,
            dropped,
        });
    }
}

/// A span that runs. It ends when it is dropped; whatever must outlive a function (a body that streams) takes it along.
pub struct Span {
    state: Arc<TraceState>,
    record: Option<SpanRecord>,
}

/// A place in a tree under which more spans can be made. Cheap to clone; travels in the call context.
#[derive(Clone)]
pub struct SpanContext {
    state: Arc<TraceState>,
    id: SpanId,
}

impl Span {
    /// Starts a tree. `sampled` is our own decision; a sampled remote parent overrides it.
    pub fn root(
        sink: Arc<dyn TraceSink>,
        parent: Option<RemoteParent>,
        sampled: bool,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
    ) -> Self {
        let trace_id = parent.map_or_else(TraceId::random, |parent| parent.trace_id);
        let remote_parent = parent.map(|parent| parent.span_id);
        let state = Arc::new(TraceState {
            trace_id,
            sampled: sampled || parent.is_some_and(|parent| parent.sampled),
            started_at: SystemTime::now(),
            started: Instant::now(),
            remote_parent,
            done: Mutex::new((Vec::with_capacity(4), 0)),
            sink: Some(sink),
        });
        Self::start(state, remote_parent, Duration::ZERO, kind, name.into())
    }

    /// A tree that nobody takes: for tests and for calls that start inside the gateway before telemetry is up.
    pub fn detached(name: &'static str) -> Self {
        let state = Arc::new(TraceState {
            trace_id: TraceId::random(),
            sampled: false,
            started_at: SystemTime::now(),
            started: Instant::now(),
            remote_parent: None,
            done: Mutex::new((Vec::new(), 0)),
            sink: None,
        });
        Self::start(state, None, Duration::ZERO, SpanKind::Internal, name.into())
    }

    fn start(
        state: Arc<TraceState>,
        parent: Option<SpanId>,
        start: Duration,
        kind: SpanKind,
        name: Cow<'static, str>,
    ) -> Self {
        let record = SpanRecord {
            id: SpanId::random(),
            parent,
            kind,
            name,
            start,
            end: start,
            error: None,
            attributes: Vec::with_capacity(6),
        };
        Self { state, record: Some(record) }
    }

    /// Sets an attribute. `key` comes from [`attr`].
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(record) = &mut self.record {
            record.attributes.push((key, value.into()));
        }
    }

    /// Gives the span a better name, once the route is known.
    pub fn rename(&mut self, name: impl Into<Cow<'static, str>>) {
        if let Some(record) = &mut self.record {
            record.name = name.into();
        }
    }

    /// Marks the span as failed, with `error.type` of the kind.
    pub fn fail(&mut self, kind: ErrorKind) {
        if let Some(record) = &mut self.record {
            record.error = Some(kind.error_type());
        }
    }

    /// Marks the span as failed, with an `error.type` that says more than the kind does: `ldap_32`. It has to be one of the
    /// closed set.
    pub fn fail_as(&mut self, error_type: &'static str) {
        debug_assert!(crate::is_error_type(error_type), "{error_type} is not in the closed set");
        if let Some(record) = &mut self.record {
            record.error = Some(error_type);
        }
    }

    /// The place under which the span's children go.
    pub fn context(&self) -> SpanContext {
        let id = self.record.as_ref().map_or(SpanId(0), |record| record.id);
        SpanContext { state: Arc::clone(&self.state), id }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let Some(mut record) = self.record.take() else { return };
        record.end = self.state.started.elapsed();
        let mut done = self.state.done.lock();
        if done.0.len() < MAX_SPANS {
            done.0.push(record);
        } else {
            done.1 += 1;
        }
    }
}

impl SpanContext {
    /// Starts a span here.
    pub fn child(&self, kind: SpanKind, name: impl Into<Cow<'static, str>>) -> Span {
        let start = self.state.started.elapsed();
        Span::start(Arc::clone(&self.state), Some(self.id), start, kind, name.into())
    }

    /// The id of the tree: what people quote to the service desk.
    pub fn trace_id(&self) -> TraceId {
        self.state.trace_id
    }

    /// When the tree began.
    pub fn started(&self) -> Instant {
        self.state.started
    }

    /// Whether the tree will be exported whatever happens.
    pub fn sampled(&self) -> bool {
        self.state.sampled
    }

    /// The `traceparent` header for a request sent from here (W3C Trace Context, section 3.2).
    pub fn traceparent(&self) -> String {
        ids::traceparent(self.state.trace_id, self.id, self.state.sampled)
    }
}

impl fmt::Debug for SpanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanContext({} {})", self.state.trace_id, self.id)
    }
}

#[cfg(test)]
mod tests;
