//! What those are told whose calls are not sent.

use portico_contract::{Error, ErrorKind, Retry};
use portico_schemas::Outcome;

use super::machine::{Reason, Refused};

/// What opened the breaker.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    /// How the last attempt failed.
    pub(crate) kind: ErrorKind,
    /// What was said of our account, where that is what was refused: it speaks of nobody who asks.
    pub(crate) account: Option<Box<str>>,
}

impl Refused {
    /// The error that answers the call. It names the cause, so that whoever reads it knows what is wrong without having
    /// been among the first who were told.
    pub(crate) fn answer(&self, cause: Option<&Cause>) -> Error {
        let error = match self.reason {
            Reason::Failures => {
                let what = cause.map_or("failed", |cause| words(cause.kind));
                let detail = format!(
                    "The system behind {what}, repeatedly, and is left alone for a moment. Try again later."
                );
                Error::new(ErrorKind::BreakerOpen, detail)
            }
            Reason::Credentials => {
                let account = cause.and_then(|cause| cause.account.as_deref());
                let account = account.unwrap_or(
                    "The system behind refused the gateway's credentials. Its owner has to put that right.",
                );
                let detail = format!("{account} The gateway tries again by itself.");
                Error::new(ErrorKind::CredentialsRefused, detail)
            }
        };
        error.with_outcome(Outcome::NotAttempted).with_retry(Retry::After(self.wait))
    }
}

/// How it failed, after "The system behind". Never the words of the failure itself: they were for another caller.
const fn words(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectRefused => "could not be reached",
        ErrorKind::ConnectionLost => "broke the connection",
        ErrorKind::Timeout => "did not answer in time",
        ErrorKind::Dns => "could not be found by its name",
        ErrorKind::TlsPeerExpired => "showed a certificate that has expired",
        ErrorKind::TlsUntrusted => "showed a certificate that is not trusted",
        ErrorKind::InvalidResponse => "gave answers that make no sense",
        ErrorKind::LimitExceeded => "gave answers larger than allowed",
        ErrorKind::BackendStatus => "reported failures of its own",
        _ => "failed",
    }
}
