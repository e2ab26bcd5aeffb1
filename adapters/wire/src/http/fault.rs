//! Failures of a request that had a connection: one table.

use portico_contract::{Effect, Error, ErrorKind, Retry};
use portico_schemas::Outcome;

/// What is known about the effect once octets of a request may have left us.
pub(crate) fn sent_outcome(effect: Effect) -> Outcome {
    match effect {
        Effect::Read => Outcome::Failed,
        Effect::Write => Outcome::Unknown,
    }
}

/// Before the head of an answer.
pub(crate) fn before_head(error: hyper::Error, effect: Effect) -> Error {
    let (kind, detail) = if error.is_parse_too_large() {
        (ErrorKind::LimitExceeded, "The head of the answer of the system behind is larger than 64 KiB.")
    } else if error.is_parse() {
        (ErrorKind::InvalidResponse, "The system behind did not answer in HTTP.")
    } else {
        (
            ErrorKind::ConnectionLost,
            "The system behind closed the connection without an answer; try again in a moment.",
        )
    };
    Error::new(kind, detail).with_outcome(sent_outcome(effect)).with_source(error)
}

/// The connection broke before the request was handed to it.
pub(crate) fn not_sent(error: hyper::Error) -> Error {
    Error::new(
        ErrorKind::ConnectionLost,
        "The system behind closed the connection before anything was sent; try again in a moment.",
    )
    .with_outcome(Outcome::NotAttempted)
    .with_source(error)
}

/// Between the head of an answer and its end.
pub(crate) fn in_body(error: hyper::Error, effect: Effect) -> Error {
    // hyper reports a body that ended early as a body error over an `UnexpectedEof`, a reset as other input/output.
    let truncated = error.is_incomplete_message() || source_is_eof(&error);
    let error = if truncated || error.is_parse() {
        Error::new(
            ErrorKind::InvalidResponse,
            "The answer of the system behind ended before its announced end.",
        )
        .with_retry(Retry::Soon)
        .with_source(error)
    } else {
        Error::new(
            ErrorKind::ConnectionLost,
            "The connection to the system behind broke in the middle of its answer.",
        )
        .with_source(error)
    };
    error.with_outcome(sent_outcome(effect))
}

fn source_is_eof(error: &hyper::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(io) = source.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::UnexpectedEof;
        }
        next = source.source();
    }
    false
}

/// No octet came for too long.
pub(crate) fn stalled(effect: Effect, detail: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, detail).with_outcome(sent_outcome(effect))
}
