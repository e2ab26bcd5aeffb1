//! A call on its way through the stack, with what the layers note about it for the span and the metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use portico_contract::{Call, Effect};
use portico_schemas::Outcome;

/// What the layers inside [`crate::observe`] take. A copy made for another attempt shares the notes.
#[derive(Clone)]
pub(crate) struct Tracked {
    pub(crate) call: Call,
    pub(crate) notes: Arc<Notes>,
}

/// Written by the layers that know, read when the call is over or given up.
#[derive(Default)]
pub(crate) struct Notes {
    attempts: AtomicU32,
    queued_us: AtomicU64,
    underway: AtomicBool,
}

impl Notes {
    /// The adapter has the call now: from here on, nobody but the adapter knows what has left us.
    pub(crate) fn handed_over(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.underway.store(true, Ordering::Relaxed);
    }

    /// The last attempt ended, and its error says that nothing left us.
    pub(crate) fn nothing_left_us(&self) {
        self.underway.store(false, Ordering::Relaxed);
    }

    pub(crate) fn waited(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.queued_us.fetch_add(micros, Ordering::Relaxed);
    }

    /// Times that the adapter was called.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Time spent waiting for a place.
    pub(crate) fn queued(&self) -> Duration {
        Duration::from_micros(self.queued_us.load(Ordering::Relaxed))
    }

    /// What can be said about the effect of a call that is given up now, its answer not seen.
    pub(crate) fn outcome_if_given_up(&self, effect: Effect) -> Outcome {
        match (self.underway.load(Ordering::Relaxed), effect) {
            (false, _) => Outcome::NotAttempted,
            (true, Effect::Read) => Outcome::Failed,
            (true, Effect::Write) => Outcome::Unknown,
        }
    }
}
