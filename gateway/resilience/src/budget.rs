//! How many second attempts a system can be asked to bear: a tenth of its calls, and a few.
//!
//! tower has such a budget (`TpsBudget`), but it cannot be read, and the retry budget is one of the figures that
//! operations watch. This is a plain token bucket behind tower's own `Budget` trait.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tower::retry::budget::Budget;

/// A retry costs this much; a call pays in a tenth of it.
const COST: u32 = 10;
/// Retries that a quiet system may have: the bucket starts with them and is filled up to them with time.
const FLOOR: u32 = 10 * COST;
/// Retries that a busy system can save up.
const CAP: u32 = 100 * COST;
/// One retry comes back after this long, while the bucket is below its floor.
const REFILL: Duration = Duration::from_secs(10);

pub(crate) struct RetryBudget(Mutex<Bucket>);

struct Bucket {
    tokens: u32,
    refilled: Instant,
}

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Bucket { tokens: FLOOR, refilled: Instant::now() }))
    }

    /// Retries that could be made now.
    pub(crate) fn retries(&self) -> u32 {
        let mut bucket = self.0.lock();
        bucket.refill();
        bucket.tokens / COST
    }
}

impl Bucket {
    fn refill(&mut self) {
        let passed = self.refilled.elapsed();
        if passed < REFILL {
            return;
        }
        let times = u32::try_from(passed.as_secs() / REFILL.as_secs()).unwrap_or(u32::MAX);
        self.refilled += REFILL.saturating_mul(times);
        if self.tokens < FLOOR {
            self.tokens = self.tokens.saturating_add(times.saturating_mul(COST)).min(FLOOR);
        }
    }
}

impl Budget for RetryBudget {
    fn deposit(&self) {
        let mut bucket = self.0.lock();
        bucket.tokens = (bucket.tokens + 1).min(CAP);
    }

    fn withdraw(&self) -> bool {
        let mut bucket = self.0.lock();
        bucket.refill();
        let enough = bucket.tokens >= COST;
        if enough {
            bucket.tokens -= COST;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(budget: &RetryBudget) -> u32 {
        (0..).take_while(|_| budget.withdraw()).count() as u32
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenth_of_the_calls_and_the_floor() {
        let budget = RetryBudget::new();
        assert_eq!(drain(&budget), 10);
        for _ in 0..200 {
            budget.deposit();
        }
        assert_eq!(budget.retries(), 20);
        assert_eq!(drain(&budget), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn time_fills_up_to_the_floor_and_calls_up_to_the_cap() {
        let budget = RetryBudget::new();
        assert_eq!(drain(&budget), 10);
        tokio::time::advance(REFILL * 3).await;
        assert_eq!(drain(&budget), 3);
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert_eq!(budget.retries(), 10);
        for _ in 0..100_000 {
            budget.deposit();
        }
        assert_eq!(drain(&budget), 100);
    }
}
