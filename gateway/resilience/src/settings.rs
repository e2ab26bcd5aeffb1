//! The limits of one system: raw as they are written, validated as the stack uses them.

use std::num::NonZeroU32;
use std::time::Duration;

use portico_contract::SettingFault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `limits` table of a system, as it is written. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SystemLimits {
    /// Calls that may run at once. Default 32.
    pub max_in_flight: u64,
    /// Calls that may wait for a place; the next one is refused at once. Default 64.
    pub max_queued: u64,
    /// How long a call may wait for a place, in milliseconds. Default 2000.
    pub max_queue_wait_ms: u64,
    /// Uploads and downloads that may run at once, beside the calls. Default 16.
    pub max_streams: u64,
    /// Calls a second, over all callers; no limit when left out. Up to a second's worth may come at once.
    pub max_per_second: Option<u64>,
    /// After this long one attempt is given up, in milliseconds; each operation's own figure when left out.
    pub attempt_timeout_ms: Option<u64>,
    /// Attempts that one call may take; 1 turns retries off. Default 3.
    pub max_attempts: u64,
    /// Failures in a row that open the circuit breaker. Default 5.
    pub breaker_failures: u64,
    /// Failures in a hundred, over the last 10 seconds and at least 20 calls, that open it. Default 50.
    pub breaker_failure_percent: u64,
    /// How long it stays open before one call may probe, in milliseconds. Default 10000.
    pub breaker_open_ms: u64,
    /// The same after the system refused our credentials, in milliseconds: long, so that no account is locked. Default
    /// 300000 (five minutes).
    pub credentials_probe_ms: u64,
    /// A body that gives nothing for this long is given up, in milliseconds. Default 30000.
    pub body_idle_timeout_ms: u64,
    /// A body slower than this over 30 seconds is given up, in octets a second; 0 for no minimum. Default 1024.
    pub body_min_bytes_per_second: u64,
    /// Octets that one body may have. Default 2147483648 (2 GiB).
    pub body_max_bytes: u64,
}

impl Default for SystemLimits {
    fn default() -> Self {
        Self {
            max_in_flight: 32,
            max_queued: 64,
            max_queue_wait_ms: 2_000,
            max_streams: 16,
            max_per_second: None,
            attempt_timeout_ms: None,
            max_attempts: 3,
            breaker_failures: 5,
            breaker_failure_percent: 50,
            breaker_open_ms: 10_000,
            credentials_probe_ms: 300_000,
            body_idle_timeout_ms: 30_000,
            body_min_bytes_per_second: 1_024,
            body_max_bytes: 2 * 1_024 * 1_024 * 1_024,
        }
    }
}

/// The limits of one system, checked. [`Default`] is what an empty table gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSettings {
    pub(crate) max_in_flight: usize,
    pub(crate) max_queued: usize,
    pub(crate) max_queue_wait: Duration,
    pub(crate) max_streams: usize,
    pub(crate) max_per_second: Option<NonZeroU32>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) max_attempts: u32,
    pub(crate) breaker: BreakerSettings,
    pub(crate) body: BodySettings,
}

/// When the breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BreakerSettings {
    pub(crate) failures: u32,
    pub(crate) failure_percent: u32,
    pub(crate) open: Duration,
    pub(crate) credentials_probe: Duration,
}

/// What a body may do after the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BodySettings {
    pub(crate) idle_timeout: Duration,
    pub(crate) min_bytes_per_second: u64,
    pub(crate) max_bytes: u64,
}

impl Default for StackSettings {
    fn default() -> Self {
        // The defaults are valid; a test holds them to it.
        SystemLimits::default().read(&mut Vec::new())
    }
}

impl SystemLimits {
    /// Checks every figure.
    ///
    /// # Errors
    /// All faults at once, each with its key and the range that would be right.
    pub fn validate(&self) -> Result<StackSettings, Vec<SettingFault>> {
        let mut faults = Vec::new();
        let settings = self.read(&mut faults);
        if faults.is_empty() { Ok(settings) } else { Err(faults) }
    }

    fn read(&self, faults: &mut Vec<SettingFault>) -> StackSettings {
        let mut check = Check(faults);
        StackSettings {
            max_in_flight: check.count("max_in_flight", self.max_in_flight, 1, 10_000) as usize,
            max_queued: check.count("max_queued", self.max_queued, 0, 10_000) as usize,
            max_queue_wait: check.time("max_queue_wait_ms", self.max_queue_wait_ms, 1, 60_000),
            max_streams: check.count("max_streams", self.max_streams, 1, 10_000) as usize,
            max_per_second: self
                .max_per_second
                .and_then(|figure| NonZeroU32::new(check.count("max_per_second", figure, 1, 1_000_000))),
            attempt_timeout: self
                .attempt_timeout_ms
                .map(|figure| check.time("attempt_timeout_ms", figure, 10, 600_000)),
            max_attempts: check.count("max_attempts", self.max_attempts, 1, 10),
            breaker: BreakerSettings {
                failures: check.count("breaker_failures", self.breaker_failures, 1, 1_000),
                failure_percent: check.count("breaker_failure_percent", self.breaker_failure_percent, 1, 100),
                open: check.time("breaker_open_ms", self.breaker_open_ms, 100, 3_600_000),
                // An account is locked after a handful of refusals in some minutes: never probe faster than that.
                credentials_probe: check.time(
                    "credentials_probe_ms",
                    self.credentials_probe_ms,
                    60_000,
                    86_400_000,
                ),
            },
            body: BodySettings {
                idle_timeout: check.time("body_idle_timeout_ms", self.body_idle_timeout_ms, 100, 3_600_000),
                min_bytes_per_second: check.range(
                    "body_min_bytes_per_second",
                    self.body_min_bytes_per_second,
                    0,
                    1 << 30,
                ),
                max_bytes: check.range("body_max_bytes", self.body_max_bytes, 1, 1 << 40),
            },
        }
    }
}

struct Check<'a>(&'a mut Vec<SettingFault>);

impl Check<'_> {
    fn range(&mut self, key: &str, figure: u64, least: u64, most: u64) -> u64 {
        if !(least..=most).contains(&figure) {
            self.0.push(SettingFault::at(&[key], format!("{figure} is outside {least} to {most}")));
        }
        figure.clamp(least, most)
    }

    fn count(&mut self, key: &str, figure: u64, least: u32, most: u32) -> u32 {
        u32::try_from(self.range(key, figure, least.into(), most.into())).unwrap_or(most)
    }

    fn time(&mut self, key: &str, figure: u64, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.range(key, figure, least, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_are_what_an_empty_table_gives() {
        let empty: SystemLimits = serde_json::from_str("{}").unwrap();
        assert_eq!(empty.validate(), Ok(StackSettings::default()));
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_key_and_range() {
        let limits = SystemLimits {
            max_in_flight: 0,
            max_per_second: Some(0),
            attempt_timeout_ms: Some(1),
            breaker_failure_percent: 101,
            credentials_probe_ms: 1_000,
            body_max_bytes: 0,
            ..SystemLimits::default()
        };
        let faults = limits.validate().unwrap_err();
        let keys: Vec<_> = faults.iter().map(|fault| fault.path.join(".")).collect();
        let expected = [
            "max_in_flight",
            "max_per_second",
            "attempt_timeout_ms",
            "breaker_failure_percent",
            "credentials_probe_ms",
            "body_max_bytes",
        ];
        assert_eq!(keys, expected);
        assert_eq!(faults[0].detail, "0 is outside 1 to 10000");
    }

    #[test]
    fn unknown_keys_and_negative_figures_are_refused() {
        assert!(serde_json::from_str::<SystemLimits>(r#"{"max_in_fligth": 3}"#).is_err());
        assert!(serde_json::from_str::<SystemLimits>(r#"{"max_queued": -1}"#).is_err());
        assert!(serde_json::from_str::<SystemLimits>(r#"{"max_queued": 1.5}"#).is_err());
    }

    #[test]
    fn the_schema_names_every_key() {
        let schema = serde_json::to_value(schemars::schema_for!(SystemLimits)).unwrap();
        assert_eq!(schema["properties"].as_object().unwrap().len(), 14);
        assert_eq!(schema["additionalProperties"], false);
    }
}
