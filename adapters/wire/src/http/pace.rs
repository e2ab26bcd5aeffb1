//! How slow a body may be.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::Limits;

/// Waiting time over which the rate of a body is measured.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// Watches how fast a body comes. Only time spent waiting for the back office counts: a slow reader on our side is not
/// its fault. A body that is never waited for costs no timer.
pub(crate) struct Pace {
    idle: Duration,
    min_rate: u64,
    sleep: Option<Pin<Box<Sleep>>>,
    waiting_since: Option<Instant>,
    waited: Duration,
    window: u64,
}

impl Pace {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            idle: limits.idle_timeout,
            min_rate: limits.min_rate,
            sleep: None,
            waiting_since: None,
            waited: Duration::ZERO,
            window: 0,
        }
    }

    pub(crate) fn moved(&mut self, octets: usize) {
        self.window += octets as u64;
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
        if self.waited >= RATE_WINDOW && self.fast_enough(self.waited) {
            self.waited = Duration::ZERO;
            self.window = 0;
        }
    }

    fn fast_enough(&self, waited: Duration) -> bool {
        self.window >= self.min_rate.saturating_mul(waited.as_secs())
    }

    /// Pending while the body may still come; the reason once it is too slow.
    pub(crate) fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<&'static str> {
        let now = Instant::now();
        let since = *self.waiting_since.get_or_insert(now);
        let waited = self.waited + (now - since);
        if waited >= RATE_WINDOW && !self.fast_enough(waited) {
            return Poll::Ready("The answer of the system behind came too slowly.");
        }
        let until = since + self.idle;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready("The answer of the system behind stopped in the middle.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brings `octets` after each of `waits`, and says when it was found too slow.
    async fn brings(octets: usize, wait: Duration, times: usize) -> Option<Duration> {
        let mut pace = Pace::new(&Limits::default());
        let start = Instant::now();
        for _ in 0..times {
            let waited = tokio::time::timeout(wait, std::future::poll_fn(|cx| pace.poll_too_slow(cx))).await;
            if waited.is_ok() {
                return Some(start.elapsed());
            }
            pace.moved(octets);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_to_keep_its_rate_while_it_is_waited_for() {
        assert_eq!(brings(2_048, Duration::from_secs(1), 60).await, None);
        let slow = brings(100, Duration::from_secs(1), 60).await.expect("too slow");
        assert!(slow >= RATE_WINDOW && slow < RATE_WINDOW * 2, "{slow:?}");
        let stalled = brings(1 << 20, Duration::from_secs(60), 2).await.expect("stalled");
        assert!(
            stalled >= Limits::default().idle_timeout && stalled < Duration::from_secs(16),
            "{stalled:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_on_our_side_is_not_the_back_offices_fault() {
        let mut pace = Pace::new(&Limits::default());
        for _ in 0..10 {
            pace.moved(1);
            tokio::time::sleep(Duration::from_secs(60)).await;
            let now = std::future::poll_fn(|cx| Poll::Ready(pace.poll_too_slow(cx).is_ready())).await;
            assert!(!now);
        }
    }
}
