//! At most one log line a second per cause.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Causes that are told apart; more share one place.
const MAX_CAUSES: usize = 1_024;

/// Lets one event per cause and interval through and counts the rest, so that a storm of failures is one line a second
/// with a figure and not a full disk.
#[derive(Debug)]
pub struct RateLimiter<K> {
    interval: Duration,
    seen: Mutex<Seen<K>>,
}

#[derive(Debug)]
struct Seen<K> {
    causes: HashMap<K, Cause>,
    others: Option<Cause>,
}

#[derive(Debug, Clone, Copy)]
struct Cause {
    last: Instant,
    suppressed: u64,
}

impl<K: Hash + Eq> RateLimiter<K> {
    /// One event per cause and `interval`.
    pub fn new(interval: Duration) -> Self {
        Self { interval, seen: Mutex::new(Seen { causes: HashMap::new(), others: None }) }
    }

    /// Whether this event may be written: `Some` with the number of events of the same cause that were held back since
    /// the last one, or `None` to hold this one back.
    pub fn admit(&self, cause: K) -> Option<u64> {
        self.admit_at(cause, Instant::now())
    }

    fn admit_at(&self, cause: K, now: Instant) -> Option<u64> {
        let mut seen = self.seen.lock();
        let full = seen.causes.len() >= MAX_CAUSES;
        let slot = match seen.causes.get_mut(&cause) {
            Some(known) => known,
            None if full => match &mut seen.others {
                Some(others) => others,
                none => {
                    *none = Some(Cause { last: now, suppressed: 0 });
                    return Some(0);
                }
            },
            None => {
                seen.causes.insert(cause, Cause { last: now, suppressed: 0 });
                return Some(0);
            }
        };
        if now.saturating_duration_since(slot.last) < self.interval {
            slot.suppressed += 1;
            return None;
        }
        slot.last = now;
        Some(std::mem::take(&mut slot.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_per_cause_and_interval_with_a_count_of_the_rest() {
        let limiter = RateLimiter::new(Duration::from_secs(1));
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(limiter.admit_at("a", at(0)), Some(0));
        assert_eq!(limiter.admit_at("a", at(10)), None);
        assert_eq!(limiter.admit_at("b", at(10)), Some(0), "another cause has its own second");
        assert_eq!(limiter.admit_at("a", at(999)), None);
        assert_eq!(limiter.admit_at("a", at(1_000)), Some(2));
        assert_eq!(limiter.admit_at("a", at(2_000)), Some(0));
    }

    #[test]
    fn causes_are_bounded() {
        let limiter = RateLimiter::new(Duration::from_secs(1));
        let now = Instant::now();
        let admitted = (0..10_000).filter(|cause| limiter.admit_at(*cause, now).is_some()).count();
        assert_eq!(admitted, MAX_CAUSES + 1);
        assert_eq!(limiter.seen.lock().causes.len(), MAX_CAUSES);
    }
}
