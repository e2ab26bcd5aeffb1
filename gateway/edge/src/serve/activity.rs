//! What the pieces of one connection tell each other.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use super::strict::Refusal;

/// One connection's state, shared by its socket, its service and its task.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    in_flight: AtomicU32,
    /// Milliseconds after `opened` at which the connection last became idle.
    idle_since: AtomicU64,
    /// Requests that reached the service.
    served: AtomicU64,
    /// Set once: which request is not one, and why. It is the last.
    refused: OnceLock<(u64, Refusal)>,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            in_flight: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            served: AtomicU64::new(0),
            refused: OnceLock::new(),
        })
    }

    /// A request has come: gives its number, from 1.
    pub(super) fn arrived(&self) -> u64 {
        self.served.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    /// Says that request number `ordinal` is a stand-in for one that was refused.
    pub(super) fn refuse(&self, ordinal: u64, refusal: Refusal) {
        let _ = self.refused.set((ordinal, refusal));
    }

    /// Why request number `ordinal` is refused, if it is.
    pub(super) fn refusal(&self, ordinal: u64) -> Option<Refusal> {
        self.refused.get().filter(|(refused, _)| *refused == ordinal).map(|(_, refusal)| *refusal)
    }

    /// Counts a request until the guard is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight(Arc::clone(self))
    }

    /// How long nothing has been in flight; `None` while something is.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        if self.in_flight.load(Ordering::Acquire) > 0 {
            return None;
        }
        let since = Duration::from_millis(self.idle_since.load(Ordering::Acquire));
        Some(self.opened.elapsed().saturating_sub(since))
    }
}

/// One request in flight, its answer's body included.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.idle_since.store(now, Ordering::Release);
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}
