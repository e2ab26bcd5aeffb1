//! What the pieces of one connection tell each other.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
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
    /// HTTP/2: streams whose next piece waits for the caller to take the one before, and since when. At most as many as
    /// there are streams.
    owed: Mutex<HashMap<u64, Instant>>,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            in_flight: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            served: AtomicU64::new(0),
            refused: OnceLock::new(),
            owed: Mutex::default(),
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

    /// Something of an answer went out. A body is gone from here once the library has its last piece, which may be long
    /// before the caller has it.
    pub(super) fn touch(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.idle_since.store(now, Ordering::Release);
    }

    /// How long the slowest caller of a stream has taken nothing of it; `None` when none keeps us waiting.
    pub(super) fn stalled_for(&self) -> Option<Duration> {
        self.owed.lock().values().min().map(Instant::elapsed)
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
        self.0.touch();
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The answer to one HTTP/2 request. The library asks a body for more only when the caller's window has room, so a body
/// that is not asked has a caller that does not read. (For HTTP/1 the socket itself tells.)
#[derive(Debug)]
pub(super) struct Owed {
    activity: Arc<Activity>,
    number: u64,
}

impl Owed {
    /// The head of the answer is out; the caller has to make room for the body.
    pub(super) fn new(activity: &Arc<Activity>, number: u64) -> Self {
        let this = Self { activity: Arc::clone(activity), number };
        this.by_caller();
        this
    }

    /// A piece was handed over: the caller has to take it.
    pub(super) fn by_caller(&self) {
        self.activity.owed.lock().insert(self.number, Instant::now());
    }

    /// The next piece is not there yet, which is nobody's fault.
    pub(super) fn by_us(&self) {
        self.activity.owed.lock().remove(&self.number);
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.by_us();
    }
}
