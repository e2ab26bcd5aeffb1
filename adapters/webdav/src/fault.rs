//! What an answer that is no success means: the one table from WebDAV to our kinds.

use std::time::Duration;

use http::header::RETRY_AFTER;
use portico_contract::{Effect, Error, ErrorKind, Retry};
use portico_schemas::Outcome;
use portico_wire::http::{Response, Verb};
use portico_wire::redact;

/// The table. The last column of the fact sheet says the same in words.
pub(crate) const fn kind(status: u16) -> ErrorKind {
    match status {
        401 | 407 => ErrorKind::CredentialsRefused,
        403 => ErrorKind::BackendForbidden,
        404 => ErrorKind::NotFound,
        405 | 409 | 424 => ErrorKind::Conflict,
        408 | 504 => ErrorKind::Timeout,
        410 => ErrorKind::Gone,
        412 => ErrorKind::PreconditionFailed,
        413 => ErrorKind::ContentTooLarge,
        415 => ErrorKind::UnsupportedMediaType,
        416 => ErrorKind::RangeNotSatisfiable,
        423 => ErrorKind::Locked,
        429 => ErrorKind::RateLimited,
        507 => ErrorKind::InsufficientStorage,
        // A redirect is never followed; a success that was not expected is no success.
        100..=399 => ErrorKind::InvalidResponse,
        _ => ErrorKind::BackendStatus,
    }
}

const fn detail(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::CredentialsRefused => {
            "The document store refuses the gateway's user name and password; its operator has to renew them."
        }
        ErrorKind::BackendForbidden => {
            "The document store does not let the gateway's service account do this; its operator has to grant it."
        }
        ErrorKind::NotFound => {
            "There is no such document or folder in the store; it may have been moved or deleted."
        }
        ErrorKind::Conflict => "The document store cannot do this here: the folder around it may be missing.",
        ErrorKind::Timeout => "The document store says that it took too long; try again in a moment.",
        ErrorKind::Gone => "The document was deleted for good.",
        ErrorKind::PreconditionFailed => {
            "The document has changed since it was read, or something is there already; read it again first."
        }
        ErrorKind::ContentTooLarge => "The document store does not take content of this size.",
        ErrorKind::UnsupportedMediaType => "The document store does not take content of this media type.",
        ErrorKind::RangeNotSatisfiable => "The range lies outside the content of the document.",
        ErrorKind::Locked => {
            "Somebody is editing this in the document store; try again when they have finished."
        }
        ErrorKind::RateLimited => "The document store asks for fewer requests; try again later.",
        ErrorKind::InsufficientStorage => "The document store has no room left.",
        ErrorKind::InvalidResponse => {
            "The document store answered with a redirect or a success of another kind; check `base_url`."
        }
        _ => "The document store reports a failure of its own; try again later.",
    }
}

/// The failure behind a status alone.
pub(crate) fn of_status(status: u16, verb: Verb) -> Error {
    let kind = kind(status);
    let error = Error::new(kind, detail(kind));
    match (status, kind) {
        // The server gave up, or lost its own back end, after it had the request.
        (408 | 500..=599, _) if verb.effect == Effect::Write && kind != ErrorKind::InsufficientStorage => {
            error.with_outcome(Outcome::Unknown)
        }
        (502 | 503, _) => error.with_retry(Retry::Soon),
        _ => error,
    }
}

/// The failure behind an answer. Reads what the server says about it, for the log, and frees the connection.
pub(crate) async fn of(response: Response, verb: Verb) -> Error {
    let status = response.status.as_u16();
    let wait = retry_after(response.header(&RETRY_AFTER));
    let mut error = of_status(status, verb);
    if let Some(wait) = wait.filter(|_| matches!(status, 429 | 503)) {
        error = error.with_retry(Retry::After(wait));
    }
    error.with_native(response.native().await)
}

/// Seconds only: a date would have to be judged by the server's clock. At most an hour.
fn retry_after(value: Option<&str>) -> Option<Duration> {
    let seconds: u64 = value?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(3_600)))
}

/// Something else came where XML was expected: a login page, a proxy's error page.
pub(crate) fn not_xml(media_type: Option<&str>) -> Error {
    let found = media_type.map_or("no media type", redact::safe_media_type);
    Error::new(
        ErrorKind::InvalidResponse,
        format!(
            "The document store answered with {found} where application/xml or text/xml was expected; \
             check that `base_url` leads to WebDAV and that no proxy or login page answers in its place."
        ),
    )
}

/// An answer that is no success of WebDAV's where one was expected.
pub(crate) fn unexpected(expected: &'static str, status: u16) -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        format!(
            "The document store answered with status {status} where {expected} was expected; check `base_url`."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_as_the_fact_sheet_says() {
        for (status, expected) in [
            (301, ErrorKind::InvalidResponse),
            (302, ErrorKind::InvalidResponse),
            (400, ErrorKind::BackendStatus),
            (401, ErrorKind::CredentialsRefused),
            (403, ErrorKind::BackendForbidden),
            (404, ErrorKind::NotFound),
            (405, ErrorKind::Conflict),
            (409, ErrorKind::Conflict),
            (410, ErrorKind::Gone),
            (412, ErrorKind::PreconditionFailed),
            (413, ErrorKind::ContentTooLarge),
            (416, ErrorKind::RangeNotSatisfiable),
            (423, ErrorKind::Locked),
            (424, ErrorKind::Conflict),
            (429, ErrorKind::RateLimited),
            (500, ErrorKind::BackendStatus),
            (502, ErrorKind::BackendStatus),
            (503, ErrorKind::BackendStatus),
            (504, ErrorKind::Timeout),
            (507, ErrorKind::InsufficientStorage),
        ] {
            assert_eq!(kind(status), expected, "{status}");
        }
    }

    #[test]
    fn a_write_that_the_server_gave_up_is_unknown_and_a_refused_one_failed() {
        assert_eq!(of_status(500, Verb::PUT).outcome(), Outcome::Unknown);
        assert_eq!(of_status(504, Verb::MOVE).outcome(), Outcome::Unknown);
        assert_eq!(of_status(507, Verb::PUT).outcome(), Outcome::Failed);
        assert_eq!(of_status(412, Verb::PUT).outcome(), Outcome::Failed);
        assert_eq!(of_status(500, Verb::PROPFIND).outcome(), Outcome::Failed);
    }

    #[test]
    fn seconds_are_understood_and_bounded() {
        assert_eq!(retry_after(Some("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(Some("999999999")), Some(Duration::from_secs(3_600)));
        assert_eq!(retry_after(Some("Sun, 06 Nov 1994 08:49:37 GMT")), None);
        assert_eq!(retry_after(None), None);
    }
}
