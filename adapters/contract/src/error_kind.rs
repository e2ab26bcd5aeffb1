//! The kinds of failure, and what follows from a kind alone: the problem that callers see, how a source is reported, whether
//! the breaker counts it.

use portico_schemas::{ProblemCode, SourceStatus};

/// What kind of failure this is. An adapter picks the kind in one small, tested table (its `fault.rs`); the stack
/// decides what to do about it; [`ErrorKind::code`] says which problem the caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's input cannot be used. Give every fault through [`Error::with_fields`].
    InvalidInput,
    /// A cursor was altered, has expired, or belongs elsewhere.
    InvalidCursor,
    /// The source cannot filter or sort as asked.
    UnsupportedQuery,
    /// The adapter does not claim this operation.
    Unsupported,
    /// Nobody is signed in, or the token does not hold.
    Unauthenticated,
    /// The person may not do this.
    Forbidden,
    /// The back office does not let the *service account* do this.
    BackendForbidden,
    /// There is no such thing.
    NotFound,
    /// The state of the thing does not allow it.
    Conflict,
    /// Somebody holds a native lock on the thing.
    Locked,
    /// It was there once and will not come back.
    Gone,
    /// The version the caller named is not the current one.
    PreconditionFailed,
    /// The caller has to name a version and did not.
    PreconditionRequired,
    /// No octet of the range exists.
    RangeNotSatisfiable,
    /// The caller sent more than is taken.
    ContentTooLarge,
    /// The caller sent a media type that is not taken.
    UnsupportedMediaType,
    /// The caller accepts no form of the answer that there is.
    NotAcceptable,
    /// The caller stopped sending or sent too slowly.
    CallerTooSlow,
    /// The back office answered with something that is not what the contract expects.
    InvalidResponse,
    /// The back office answered, well formed, that it failed.
    BackendStatus,
    /// An answer of the back office went over a limit of ours.
    LimitExceeded,
    /// The back office refuses our own credentials. The breaker opens on the first of these (no lock-out).
    CredentialsRefused,
    /// The certificate of the back office has expired.
    TlsPeerExpired,
    /// The certificate of the back office is not trusted.
    TlsUntrusted,
    /// Nobody listens there, or the connection was refused.
    ConnectRefused,
    /// The host name does not resolve.
    Dns,
    /// The connection broke.
    ConnectionLost,
    /// A deadline or time-out passed.
    Timeout,
    /// The circuit breaker is open: nothing was sent.
    BreakerOpen,
    /// The bulkhead and its queue are full: nothing was sent.
    QueueFull,
    /// Our own rate limit for this system is used up, or the system says 429.
    RateLimited,
    /// An operator paused the system.
    Maintenance,
    /// The back office has no room.
    InsufficientStorage,
    /// The caller went away.
    Cancelled,
    /// A write that has to be told apart from others came without an idempotency key.
    IdempotencyKeyMissing,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The same request is being worked on.
    InProgress,
    /// There is no room for the record that a write needs: nothing was sent.
    StoreFull,
    /// The record that a write or an audited read needs cannot be made now: nothing was sent.
    StoreUnavailable,
    /// A defect of ours.
    Internal,
}

impl ErrorKind {
    /// The problem that a caller sees. This is the only table from kinds to problems.
    pub const fn code(self) -> ProblemCode {
        match self {
            Self::InvalidInput => ProblemCode::InvalidRequest,
            Self::InvalidCursor => ProblemCode::InvalidCursor,
            Self::UnsupportedQuery => ProblemCode::UnsupportedQuery,
            Self::Unsupported => ProblemCode::UnsupportedOperation,
            Self::Unauthenticated => ProblemCode::Unauthenticated,
            Self::Forbidden => ProblemCode::Forbidden,
            Self::NotFound => ProblemCode::NotFound,
            Self::Conflict => ProblemCode::Conflict,
            Self::Locked => ProblemCode::Locked,
            Self::Gone => ProblemCode::Gone,
            Self::PreconditionFailed => ProblemCode::PreconditionFailed,
            Self::PreconditionRequired => ProblemCode::PreconditionRequired,
            Self::RangeNotSatisfiable => ProblemCode::RangeNotSatisfiable,
            Self::ContentTooLarge => ProblemCode::ContentTooLarge,
            Self::UnsupportedMediaType => ProblemCode::UnsupportedMediaType,
            Self::NotAcceptable => ProblemCode::NotAcceptable,
            Self::CallerTooSlow | Self::Cancelled => ProblemCode::RequestTimeout,
            Self::InvalidResponse | Self::LimitExceeded => ProblemCode::InvalidResponse,
            Self::BackendStatus | Self::BackendForbidden => ProblemCode::BackendFailed,
            Self::CredentialsRefused => ProblemCode::CredentialsRefused,
            Self::TlsPeerExpired => ProblemCode::TlsPeerExpired,
            Self::TlsUntrusted => ProblemCode::TlsUntrusted,
            Self::ConnectRefused | Self::Dns | Self::ConnectionLost | Self::BreakerOpen => {
                ProblemCode::BackendUnavailable
            }
            Self::Timeout => ProblemCode::BackendTimeout,
            Self::QueueFull | Self::RateLimited => ProblemCode::BackendBusy,
            Self::Maintenance => ProblemCode::Maintenance,
            Self::InsufficientStorage => ProblemCode::InsufficientStorage,
            Self::IdempotencyKeyMissing => ProblemCode::IdempotencyKeyMissing,
            Self::IdempotencyKeyReused => ProblemCode::IdempotencyKeyReused,
            Self::InProgress => ProblemCode::InProgress,
            Self::StoreFull => ProblemCode::StoreFull,
            Self::StoreUnavailable => ProblemCode::StoreUnavailable,
            Self::Internal => ProblemCode::Internal,
        }
    }

    /// How a source of a list is reported when it failed in this way.
    pub const fn source_status(self) -> SourceStatus {
        match self {
            Self::Timeout => SourceStatus::Timeout,
            Self::ConnectRefused
            | Self::Dns
            | Self::ConnectionLost
            | Self::BreakerOpen
            | Self::QueueFull
            | Self::RateLimited => SourceStatus::Unavailable,
            Self::CredentialsRefused | Self::TlsPeerExpired | Self::TlsUntrusted => {
                SourceStatus::Misconfigured
            }
            Self::Maintenance => SourceStatus::Maintenance,
            Self::Forbidden | Self::BackendForbidden => SourceStatus::Forbidden,
            Self::Unsupported | Self::UnsupportedQuery => SourceStatus::Unsupported,
            _ => SourceStatus::Invalid,
        }
    }

    /// Whether the *system* is at fault, so that the circuit breaker counts it. A caller's mistake never opens it.
    pub const fn counts_against_system(self) -> bool {
        matches!(
            self,
            Self::InvalidResponse
                | Self::BackendStatus
                | Self::LimitExceeded
                | Self::CredentialsRefused
                | Self::TlsPeerExpired
                | Self::TlsUntrusted
                | Self::ConnectRefused
                | Self::Dns
                | Self::ConnectionLost
                | Self::Timeout
        )
    }
}
