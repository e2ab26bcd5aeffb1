//! Stopping without a failed request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// The stop signal. Clone it; `begin` on one is seen by all.
///
/// Readiness ends at once, so that a balancer looks elsewhere. New connections are still taken for
/// [`super::ServeConfig::drain_grace`], because the balancer has not noticed yet; every answer says that the connection
/// closes (HTTP/2: GOAWAY). Then only what is in flight goes on, until [`super::ServeConfig::drain_deadline`].
#[derive(Debug, Clone)]
pub struct Drain(watch::Sender<bool>);

impl Default for Drain {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Drain {
    /// A signal that has not been given.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the signal. A second time changes nothing.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether the signal was given: readiness must say no.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the signal.
    pub async fn begun(&self) {
        // The sender is ourselves, so the channel cannot close.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}

/// How far one server is with stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Not stopping.
    Serving,
    /// Connections are still taken; each closes after its next answer.
    Closing,
    /// No more connections; idle ones close now.
    Finishing,
    /// Whatever is left is cut.
    Cut,
}

/// Whether answers should say that the connection closes.
#[derive(Debug, Clone, Default)]
pub(super) struct Closing(Arc<AtomicBool>);

impl Closing {
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
