//! From failures of the store to errors, from errors to what is recorded, and back.

use std::time::Duration;

use portico_contract::{Error, ErrorKind, Retry, SystemKey};
use portico_schemas::{Outcome, Problem, ProblemCode};
use portico_store::StoreError;

/// When a store that does not answer is worth another try.
const COME_BACK: Duration = Duration::from_secs(5);

/// What a caller sees of a failure of the store. The only table.
pub fn store_error(error: &StoreError) -> Error {
    use ErrorKind::{Internal, InvalidInput, NotFound, StoreFull, StoreUnavailable};
    let (kind, detail, retry) = match error {
        StoreError::Full => (
            StoreFull,
            "There is no room to record this, so nothing was sent. It can be sent again once an operator has made room.",
            Retry::After(Duration::from_secs(60)),
        ),
        StoreError::Busy => (
            StoreUnavailable,
            "Too many writes are waiting to be recorded; nothing was sent. Send it again shortly.",
            Retry::After(Duration::from_secs(1)),
        ),
        StoreError::Unavailable(_) | StoreError::NotWritable(_) => (
            StoreUnavailable,
            "This cannot be recorded now, so nothing was sent. Send it again shortly.",
            Retry::After(COME_BACK),
        ),
        StoreError::Closed => (
            StoreUnavailable,
            "The gateway was restored from a backup and takes no writes until an operator has checked it.",
            Retry::Never,
        ),
        StoreError::Corrupt(_) | StoreError::Locked(_) | StoreError::Newer { .. } => (
            StoreUnavailable,
            "The gateway's records cannot be used; nothing was sent. Tell the service desk.",
            Retry::Never,
        ),
        StoreError::TooLarge { .. } => {
            (InvalidInput, "A part of the request is too long to be recorded.", Retry::Never)
        }
        StoreError::NotFound(_) => (NotFound, "There is no such record.", Retry::Never),
        StoreError::Invalid(_) => {
            (Internal, "The gateway could not record this; please report it.", Retry::Never)
        }
    };
    Error::new(kind, detail).with_outcome(Outcome::NotAttempted).with_retry(retry).with_source(error.clone())
}

/// Whether a commit that failed so may have happened all the same.
pub(super) fn may_have_committed(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_))
}

/// A refusal whose key may be used again: nothing happened, and trying again can help.
pub(super) fn frees_key(error: &Error) -> bool {
    error.outcome() == Outcome::NotAttempted || error.retry() != Retry::Never
}

/// The error behind a stored problem, so that a repeated key is answered as the first time. Without a problem, which only
/// a refusal by hand leaves out, a conflict.
pub(super) fn stored(problem: Option<&serde_json::Value>, system: &str) -> Error {
    let Some(problem) = problem.and_then(|value| serde_json::from_value::<Problem>(value.clone()).ok())
    else {
        let detail =
            "This was not done: an operator looked and settled it so. Send it again under a new key.";
        let error = Error::new(ErrorKind::Conflict, detail).with_outcome(Outcome::NotAttempted);
        return match SystemKey::new(system) {
            Some(system) => error.with_call(&system, "systems find_by_marker"),
            None => error,
        };
    };
    let retry = match (problem.retryable, problem.retry_after) {
        (false, _) => Retry::Never,
        (true, None) => Retry::Soon,
        (true, Some(seconds)) => Retry::After(Duration::from_secs(seconds)),
    };
    Error::new(kind_of(problem.code), problem.detail)
        .with_outcome(problem.outcome)
        .with_retry(retry)
        .with_fields(problem.errors)
}

/// A kind that callers see as this problem. Several kinds share a problem; callers see no difference.
const fn kind_of(code: ProblemCode) -> ErrorKind {
    match code {
        ProblemCode::InvalidRequest => ErrorKind::InvalidInput,
        ProblemCode::InvalidCursor => ErrorKind::InvalidCursor,
        ProblemCode::UnsupportedQuery => ErrorKind::UnsupportedQuery,
        ProblemCode::IdempotencyKeyMissing => ErrorKind::IdempotencyKeyMissing,
        ProblemCode::Unauthenticated => ErrorKind::Unauthenticated,
        ProblemCode::Forbidden => ErrorKind::Forbidden,
        ProblemCode::NotFound => ErrorKind::NotFound,
        ProblemCode::NotAcceptable => ErrorKind::NotAcceptable,
        ProblemCode::Conflict => ErrorKind::Conflict,
        ProblemCode::Locked => ErrorKind::Locked,
        ProblemCode::InProgress => ErrorKind::InProgress,
        ProblemCode::Gone => ErrorKind::Gone,
        ProblemCode::PreconditionFailed => ErrorKind::PreconditionFailed,
        ProblemCode::ContentTooLarge => ErrorKind::ContentTooLarge,
        ProblemCode::UnsupportedMediaType => ErrorKind::UnsupportedMediaType,
        ProblemCode::RangeNotSatisfiable => ErrorKind::RangeNotSatisfiable,
        ProblemCode::IdempotencyKeyReused => ErrorKind::IdempotencyKeyReused,
        ProblemCode::PreconditionRequired => ErrorKind::PreconditionRequired,
        ProblemCode::RequestTimeout => ErrorKind::CallerTooSlow,
        ProblemCode::StoreFull => ErrorKind::StoreFull,
        ProblemCode::StoreUnavailable => ErrorKind::StoreUnavailable,
        ProblemCode::UnsupportedOperation => ErrorKind::Unsupported,
        ProblemCode::InvalidResponse => ErrorKind::InvalidResponse,
        ProblemCode::BackendFailed => ErrorKind::BackendStatus,
        ProblemCode::CredentialsRefused => ErrorKind::CredentialsRefused,
        ProblemCode::TlsPeerExpired => ErrorKind::TlsPeerExpired,
        ProblemCode::TlsUntrusted => ErrorKind::TlsUntrusted,
        ProblemCode::BackendUnavailable => ErrorKind::ConnectionLost,
        ProblemCode::Maintenance => ErrorKind::Maintenance,
        ProblemCode::BackendBusy => ErrorKind::QueueFull,
        ProblemCode::BackendTimeout => ErrorKind::Timeout,
        ProblemCode::InsufficientStorage => ErrorKind::InsufficientStorage,
        // Problems of the edge, which no write ends with.
        ProblemCode::Internal
        | ProblemCode::MethodNotAllowed
        | ProblemCode::UriTooLong
        | ProblemCode::TooManyRequests
        | ProblemCode::HeaderFieldsTooLarge
        | ProblemCode::Overloaded => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_problem_is_the_same_problem_again() {
        let edge = [
            ProblemCode::MethodNotAllowed,
            ProblemCode::UriTooLong,
            ProblemCode::TooManyRequests,
            ProblemCode::HeaderFieldsTooLarge,
            ProblemCode::Overloaded,
        ];
        for code in ProblemCode::ALL.iter().filter(|code| !edge.contains(code)) {
            assert_eq!(kind_of(*code).code(), *code);
        }
        let first = Error::new(ErrorKind::Conflict, "It was decided meanwhile.").with_retry(Retry::Never);
        let kept = serde_json::to_value(first.to_problem()).unwrap();
        assert_eq!(stored(Some(&kept), "odoo").to_problem(), first.to_problem());
    }

    #[test]
    fn nothing_was_sent_when_the_store_fails() {
        let errors = [
            (StoreError::Full, 507),
            (StoreError::Busy, 503),
            (StoreError::Unavailable("gone".into()), 503),
            (StoreError::NotWritable("read-only".into()), 503),
            (StoreError::Closed, 503),
            (StoreError::Corrupt("torn".into()), 503),
        ];
        for (error, status) in errors {
            let problem = store_error(&error).to_problem();
            assert_eq!((problem.status, problem.outcome), (status, Outcome::NotAttempted), "{error}");
        }
    }
}
