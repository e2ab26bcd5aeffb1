//! One log line per failure, with the chain of causes, at most one a second per cause.
//!
//! What a back office said, and the text of errors underneath ours, may quote personal data. The line therefore holds
//! our own words and the *kinds* of the causes; the texts are added only where the configuration says so.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceState};
use portico_contract::trace::TraceId;
use portico_contract::trace::attr;
use portico_contract::{Error, ErrorKind, SystemKey};

use crate::limit::RateLimiter;

/// Causes that one line names at most.
const MAX_CAUSES: usize = 8;

/// Characters of foreign text that one line holds at most.
const MAX_TEXT: usize = 2_000;

/// A failure, as the edge sees it when it turns an error into an answer.
#[derive(Debug, Clone, Copy)]
pub struct FailureNote<'a> {
    /// The id that the caller is told.
    pub trace_id: TraceId,
    /// What kind of failure.
    pub kind: ErrorKind,
    /// The operation, for example `documents list`.
    pub operation: Option<&'static str>,
    /// The system concerned.
    pub system: Option<&'a SystemKey>,
    /// Our own sentence.
    pub detail: &'a str,
    /// What the back office said, word for word.
    pub native: Option<&'a str>,
    /// The error underneath.
    pub source: Option<&'a (dyn StdError + 'static)>,
}

impl<'a> FailureNote<'a> {
    /// Takes everything that an error of the contract knows.
    pub fn of(trace_id: TraceId, error: &'a Error) -> Self {
        Self {
            trace_id,
            kind: error.kind(),
            operation: error.operation(),
            system: error.system(),
            detail: error.detail(),
            native: error.native(),
            source: error.source(),
        }
    }

    /// Whether somebody other than the caller has to do something. Only such failures are logged.
    fn concerns_us(&self) -> bool {
        self.kind == ErrorKind::Internal
            || self.kind.counts_against_system()
            || matches!(
                self.kind,
                ErrorKind::BackendForbidden
                    | ErrorKind::InsufficientStorage
                    | ErrorKind::QueueFull
                    | ErrorKind::RateLimited
                    | ErrorKind::BreakerOpen
            )
    }
}

/// Writes failures to the log.
#[derive(Debug)]
pub struct Failures {
    backend_text: bool,
    limiter: RateLimiter<(ErrorKind, Option<SystemKey>, Option<&'static str>)>,
}

impl Failures {
    pub(crate) fn new(backend_text: bool) -> Self {
        Self { backend_text, limiter: RateLimiter::new(Duration::from_secs(1)) }
    }

    /// Logs a failure once, unless the same kind of failure of the same operation and system was logged less than a second
    /// ago; the next line then says how many were held back. Failures that only the caller can mend are not logged.
    pub fn note(&self, note: &FailureNote<'_>) {
        if !note.concerns_us() {
            return;
        }
        let cause = (note.kind, note.system.cloned(), note.operation);
        let Some(suppressed) = self.limiter.admit(cause) else { return };
        // The log record that goes to a collector is tied to the trace by its context, not only by a field.
        let place = SpanContext::new(
            opentelemetry::trace::TraceId::from_bytes(note.trace_id.0),
            SpanId::INVALID,
            TraceFlags::default(),
            false,
            TraceState::NONE,
        );
        let _tied = Context::new().with_remote_span_context(place).attach();
        let error_type = note.kind.error_type();
        let (system, operation) = (note.system.map(SystemKey::as_str), note.operation);
        let causes = causes(note.source);
        let text = self.backend_text.then(|| foreign_text(note)).filter(|text| !text.is_empty());
        macro_rules! line {
            ($level:ident, $words:literal) => {
                tracing::$level!(
                    trace_id = %note.trace_id,
                    { attr::ERROR_TYPE } = error_type,
                    { attr::SYSTEM } = system,
                    { attr::OPERATION } = operation,
                    kind = ?note.kind,
                    error = note.detail,
                    causes = (!causes.is_empty()).then_some(&*causes),
                    backend_text = text,
                    suppressed,
                    $words
                )
            };
        }
        if note.kind == ErrorKind::Internal {
            line!(error, "request failed through a defect of the gateway");
        } else {
            line!(warn, "call failed");
        }
    }
}

fn chain<'a>(
    source: Option<&'a (dyn StdError + 'static)>,
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(source, |error: &&'a (dyn StdError + 'static)| (*error).source()).take(MAX_CAUSES)
}

/// The kinds of the errors underneath, outermost first, in words of ours.
fn causes(source: Option<&(dyn StdError + 'static)>) -> String {
    let mut text = String::new();
    for error in chain(source) {
        if !text.is_empty() {
            text.push_str(" < ");
        }
        // Writing to a String cannot fail.
        let _ = match kind_of(error) {
            Kind::Word(word) => write!(text, "{word}"),
            Kind::Io(kind) => write!(text, "io {kind:?}"),
            Kind::Json(error) => {
                write!(text, "json {:?} at line {} column {}", error.classify(), error.line(), error.column())
            }
            Kind::Ours(kind) => write!(text, "{kind:?}"),
        };
    }
    text
}

enum Kind<'a> {
    Word(&'static str),
    Io(io::ErrorKind),
    Json(&'a serde_json::Error),
    Ours(ErrorKind),
}

fn kind_of<'a>(error: &'a (dyn StdError + 'static)) -> Kind<'a> {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return Kind::Io(io.kind());
    }
    if let Some(json) = error.downcast_ref::<serde_json::Error>() {
        return Kind::Json(json);
    }
    if let Some(ours) = error.downcast_ref::<Error>() {
        return Kind::Ours(ours.kind());
    }
    if let Some(http) = error.downcast_ref::<hyper::Error>() {
        return Kind::Word(match http {
            http if http.is_timeout() => "http timeout",
            http if http.is_incomplete_message() => "http connection closed before the answer was whole",
            http if http.is_parse() => "http answer not well formed",
            http if http.is_canceled() => "http exchange cancelled",
            http if http.is_closed() => "http connection closed",
            http if http.is_body_write_aborted() => "http body aborted",
            _ => "http",
        });
    }
    if let Some(client) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
        return Kind::Word(if client.is_connect() { "http connect" } else { "http client" });
    }
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Kind::Word(match tls {
            rustls::Error::InvalidCertificate(rustls::CertificateError::Expired) => "tls certificate expired",
            rustls::Error::InvalidCertificate(_) => "tls certificate not trusted",
            rustls::Error::AlertReceived(_) => "tls alert from the other side",
            _ => "tls",
        });
    }
    if error.is::<std::str::Utf8Error>() || error.is::<std::string::FromUtf8Error>() {
        return Kind::Word("text not UTF-8");
    }
    Kind::Word("other")
}

/// What the back office said and the texts of the errors underneath, cut.
fn foreign_text(note: &FailureNote<'_>) -> String {
    let parts = note.native.map(str::to_owned).into_iter().chain(chain(note.source).map(ToString::to_string));
    let text = parts.collect::<Vec<_>>().join(" < ");
    text.chars().take(MAX_TEXT).collect()
}
