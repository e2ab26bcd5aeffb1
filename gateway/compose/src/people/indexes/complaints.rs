//! What is said in the log about readings that fail: once for each cause, and once when it is over.

use std::time::Duration;

use portico_contract::{Error, ErrorKind, SystemKey};
use tokio::time::Instant;

/// Between two lines about one directory.
const APART: Duration = Duration::from_secs(1);

/// What was said since the last reading that succeeded.
#[derive(Default)]
pub(super) struct Complaints {
    /// Causes that were named.
    named: Vec<ErrorKind>,
    failures: u32,
    since: Option<Instant>,
    last: Option<Instant>,
}

impl Complaints {
    /// A reading failed.
    pub(super) fn failed(&mut self, system: &SystemKey, error: &Error, is_held: bool) {
        self.failures = self.failures.saturating_add(1);
        self.since.get_or_insert_with(Instant::now);
        if self.named.contains(&error.kind()) || !self.may_speak() {
            return;
        }
        self.named.push(error.kind());
        let (cause, detail, what_to_do) =
            (error.kind().code().as_str(), error.detail(), what_to_do(error.kind()));
        if is_held {
            tracing::warn!(
                %system, cause, error = %detail, what_to_do,
                "the people of a directory cannot be read again; searches show them as they were, marked as stale"
            );
        } else {
            tracing::warn!(
                %system, cause, error = %detail, what_to_do,
                "the people of a directory cannot be read; until they can, nobody in it is found by a search"
            );
        }
    }

    /// A reading succeeded.
    pub(super) fn over(&mut self, system: &SystemKey) {
        if self.named.is_empty() {
            (self.failures, self.since) = (0, None);
            return;
        }
        // What was complained of is said to be over, if not now then after the next reading.
        if !self.may_speak() {
            return;
        }
        let (failures, since) = (self.failures, self.since.take());
        let seconds = since.map_or(0, |since| since.elapsed().as_secs());
        *self = Self { last: self.last, ..Self::default() };
        tracing::info!(%system, failures, seconds, "the people of a directory can be read again; nothing is left to do");
    }

    fn may_speak(&mut self) -> bool {
        let may = self.last.is_none_or(|last| last.elapsed() >= APART);
        if may {
            self.last = Some(Instant::now());
        }
        may
    }
}

fn what_to_do(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::CredentialsRefused => {
            "correct the account or the password of this system in the configuration and reload; the directory is not asked \
             with the refused ones meanwhile"
        }
        ErrorKind::BackendForbidden | ErrorKind::LimitExceeded => {
            "give the account of this system the right to read all people, without a limit of size; `portico check` tries it"
        }
        ErrorKind::Internal => "please report this, with the line itself",
        _ => {
            "see that the directory runs and can be reached from here; `portico check` tries it; it is asked again by itself"
        }
    }
}

#[cfg(test)]
mod tests;
