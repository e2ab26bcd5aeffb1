//! The one error type: what went wrong, who has to act, what is known about the effect, whether to try again.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use portico_schemas::{FieldError, Outcome, Problem};

use crate::{ErrorKind, SystemKey};

/// Whether trying again can help. The adapter classifies; the stack decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same call would fail in the same way.
    Never,
    /// A new attempt may succeed.
    Soon,
    /// A new attempt may succeed after this long; the back office said so.
    After(Duration),
}

/// A failure of a call. Small (one pointer), so that `Result` stays cheap.
///
/// `Display` never prints its source; the chain is logged once, at the edge. [`Error::detail`] is shown to callers
/// and must hold no text of a back office; such text goes to [`Error::with_native`], which is only ever logged.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    detail: Cow<'static, str>,
    outcome: Outcome,
    retry: Retry,
    system: Option<SystemKey>,
    operation: Option<&'static str>,
    fields: Vec<FieldError>,
    native: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of this kind. `detail` is a sentence for the caller: what happened and what to do.
    ///
    /// The outcome starts as `failed`, or `notAttempted` for kinds that say that nothing was sent; retry starts as
    /// [`Retry::Soon`] for kinds that pass by themselves and [`Retry::Never`] otherwise.
    pub fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        let outcome = match kind {
            ErrorKind::ConnectRefused
            | ErrorKind::Dns
            | ErrorKind::TlsPeerExpired
            | ErrorKind::TlsUntrusted
            | ErrorKind::BreakerOpen
            | ErrorKind::QueueFull
            | ErrorKind::Maintenance
            | ErrorKind::Unsupported
            | ErrorKind::UnsupportedQuery
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidCursor
            | ErrorKind::Unauthenticated
            | ErrorKind::NotAcceptable
            | ErrorKind::IdempotencyKeyMissing
            | ErrorKind::IdempotencyKeyReused
            | ErrorKind::StoreFull
            | ErrorKind::StoreUnavailable
            | ErrorKind::Forbidden => Outcome::NotAttempted,
            _ => Outcome::Failed,
        };
        let retry = match kind {
            ErrorKind::ConnectRefused
            | ErrorKind::Dns
            | ErrorKind::ConnectionLost
            | ErrorKind::Timeout
            | ErrorKind::QueueFull
            | ErrorKind::RateLimited
            | ErrorKind::BreakerOpen
            | ErrorKind::InProgress
            | ErrorKind::StoreFull
            | ErrorKind::StoreUnavailable
            | ErrorKind::CallerTooSlow => Retry::Soon,
            _ => Retry::Never,
        };
        Self(Box::new(Inner {
            kind,
            detail: detail.into(),
            outcome,
            retry,
            system: None,
            operation: None,
            fields: Vec::new(),
            native: None,
            source: None,
        }))
    }

    /// Says what is known about the effect. A write whose answer was lost is [`Outcome::Unknown`].
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Says whether trying again can help.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Keeps the error underneath, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Keeps the back office's own words, for the log only. Cut at 2,000 characters.
    #[must_use]
    pub fn with_native(mut self, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if let Some((end, _)) = text.char_indices().nth(2_000) {
            text.truncate(end);
        }
        self.0.native = Some(text);
        self
    }

    /// Names every fault in the caller's input.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.0.fields = fields;
        self
    }

    /// Adds the system and the operation. The error-context layer does this for every adapter; nobody else needs to.
    #[must_use]
    pub fn with_call(mut self, system: &SystemKey, operation: &'static str) -> Self {
        self.0.system.get_or_insert_with(|| system.clone());
        self.0.operation.get_or_insert(operation);
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence for the caller.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What is known about the effect.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The system concerned, once the error-context layer has seen the error.
    pub fn system(&self) -> Option<&SystemKey> {
        self.0.system.as_ref()
    }

    /// The operation concerned, for example `documents list`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Every fault in the caller's input; empty for other failures.
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// The back office's own words. Log them under the trace id; never send them on.
    pub fn native(&self) -> Option<&str> {
        self.0.native.as_deref()
    }
}

impl Error {
    /// The problem document of this failure, without what only the edge knows: the path and the trace id.
    pub fn to_problem(&self) -> Problem {
        let code = self.kind().code();
        let retry_after = match self.retry() {
            Retry::After(wait) => Some(wait.as_secs().max(1)),
            Retry::Soon | Retry::Never => None,
        };
        Problem {
            type_uri: format!("/docs/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: self.detail().to_owned(),
            instance: None,
            code,
            origin: code.origin(),
            system: self.system().map(|system| system.as_str().to_owned()),
            outcome: self.outcome(),
            retryable: self.retry() != Retry::Never,
            retry_after,
            trace_id: None,
            errors: self.fields().to_vec(),
            sources: Vec::new(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("detail", &self.0.detail)
            .field("outcome", &self.0.outcome)
            .field("system", &self.0.system)
            .field("operation", &self.0.operation)
            .field("fields", &self.0.fields)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
