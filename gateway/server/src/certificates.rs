//! Certificates that run out: ours and those of the systems.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use portico_contract::SystemKey;
use portico_edge::serve::Tls;
use portico_telemetry::Telemetry;

use crate::assemble::Stacked;

/// Days before its end at which a warning is logged, the most urgent first.
const LIMITS: [i64; 3] = [3, 14, 30];
/// A system's certificate is warned of once in this time at most. A little under a day, for the hourly look.
const DAY: Duration = Duration::from_secs(23 * 3_600 + 1_800);

/// What has been warned of.
#[derive(Debug, Default)]
pub struct Watch {
    /// The limit that our own certificate was last warned for.
    own: Option<i64>,
    systems: HashMap<SystemKey, Warned>,
}

#[derive(Debug, Clone, Copy)]
struct Warned {
    limit: i64,
    at: Instant,
}

impl Watch {
    /// Shows the days that are left, and warns once when 30, 14 and 3 of them are.
    pub fn own(&mut self, tls: &Tls, telemetry: &Telemetry) {
        let days = tls.days_left(Timestamp::now());
        telemetry.metrics().set_certificate_days("listen", days);
        let limit = limit_of(days);
        if limit.is_some_and(|limit| self.own.is_none_or(|before| limit < before)) {
            tracing::warn!(days, "the certificate expires soon; renew it and send SIGHUP");
            self.own = limit;
        } else if limit.is_none() {
            self.own = None;
        }
    }

    /// Warns of the systems whose certificate expires soon: at 30 and 14 days once, from 3 on every day.
    pub fn systems(&mut self, stacks: &[Stacked]) {
        self.systems.retain(|known, _| stacks.iter().any(|stacked| stacked.health.system() == known));
        for stacked in stacks {
            let system = stacked.health.system();
            let Some(days) = stacked.certificate.days_left(Timestamp::now()) else { continue };
            if self.is_due(system, days, Instant::now()) {
                tracing::warn!(
                    portico.system = %system,
                    days,
                    "the certificate of a system expires soon; tell its owner"
                );
            }
        }
    }

    fn is_due(&mut self, system: &SystemKey, days: i64, now: Instant) -> bool {
        let Some(limit) = limit_of(days) else {
            self.systems.remove(system);
            return false;
        };
        let due = self.systems.get(system).is_none_or(|warned| {
            let nearer = limit < warned.limit || limit == LIMITS[0];
            nearer && now.saturating_duration_since(warned.at) >= DAY
        });
        if due {
            self.systems.insert(system.clone(), Warned { limit, at: now });
        }
        due
    }
}

/// The most urgent limit that so many days are under.
fn limit_of(days: i64) -> Option<i64> {
    LIMITS.into_iter().find(|limit| days <= *limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_warned_of_at_each_limit_and_never_twice_a_day() {
        let mut watch = Watch::default();
        let system = SystemKey::new("contracts").unwrap();
        let start = Instant::now();
        // Every hour from 40 days before the end to 3 days after it.
        let mut warned = Vec::new();
        for hour in 0..43 * 24_u32 {
            let days = 40 - i64::from(hour / 24) - 1;
            if watch.is_due(&system, days, start + Duration::from_secs(3_600) * hour) {
                warned.push(days);
            }
        }
        assert_eq!(warned, [30, 14, 3, 2, 1, 0, -1, -2, -3]);
        // Renewed, and forgotten again.
        let later = start + Duration::from_secs(3_600) * 50 * 24;
        assert!(!watch.is_due(&system, 90, later));
        assert!(watch.is_due(&system, 20, later));
        assert!(!watch.is_due(&system, 2, later), "twice a day");
    }
}
