//! Two clocks: the wall's, for what people read, and a steady one, for leases.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// What the time is, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// By the wall clock, which may jump.
    pub wall: i64,
    /// By the store's own clock, which does not while the process runs.
    pub steady: i64,
}

impl Now {
    /// This long from now, on the steady clock.
    pub(crate) fn after(self, duration: Duration) -> i64 {
        self.steady.saturating_add(milliseconds(duration))
    }

    /// This long ago, on the wall clock.
    pub(crate) fn before(self, duration: Duration) -> i64 {
        self.wall.saturating_sub(milliseconds(duration))
    }
}

/// The wall clock at the start, and what the monotonic clock added since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SteadyClock {
    start: i64,
    started: Instant,
}

impl SteadyClock {
    pub(crate) fn start() -> Self {
        Self { start: wall(), started: Instant::now() }
    }

    pub(crate) fn now(self) -> Now {
        Now { wall: wall(), steady: self.start.saturating_add(milliseconds(self.started.elapsed())) }
    }
}

pub(crate) fn wall() -> i64 {
    Timestamp::now().as_millisecond()
}

pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// A stored number as an instant; one that no clock shows becomes the nearest that exists.
pub(crate) fn instant(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(if milliseconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
