//! A peer that takes nothing of an answer that is ready to go.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Turns a write that waits for too long into an error. The timer is set anew only when it rings, not for every write.
pub(super) struct Stall {
    after: Duration,
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    pub(super) fn new(after: Duration) -> Self {
        Self { after, since: None, timer: None }
    }

    pub(super) fn watch<R>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if written.is_ready() {
            self.since = None;
            return written;
        }
        let ends = *self.since.get_or_insert_with(Instant::now) + self.after;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(ends)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= ends {
                let what = "the peer takes nothing of the answer";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, what)));
            }
            timer.as_mut().reset(ends);
        }
        Poll::Pending
    }
}
