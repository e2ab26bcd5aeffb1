//! How long things are kept.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// How long things are kept, counted from when they were last changed. What is still under way or unknown is always kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Idempotency records, once their intent is final: how long a key counts.
    pub keys: Duration,
    /// Final intents.
    pub intents: Duration,
    /// Published events.
    pub events: Duration,
    /// Delegations, once over.
    pub delegations: Duration,
    /// Decisions, once their intent is final.
    pub decisions: Duration,
    /// Audit entries.
    pub audit: Duration,
}

impl Default for Retention {
    /// Keys 2 days, events 7 days, intents 90 days, delegations 2 years, decisions and audit 7 years.
    fn default() -> Self {
        Self {
            keys: 2 * DAY,
            intents: 90 * DAY,
            events: 7 * DAY,
            delegations: 730 * DAY,
            decisions: 2_557 * DAY,
            audit: 2_557 * DAY,
        }
    }
}

/// How much a step of pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Idempotency records.
    pub keys: u64,
    /// Intents.
    pub intents: u64,
    /// Published events.
    pub events: u64,
    /// Delegations.
    pub delegations: u64,
    /// Decisions.
    pub decisions: u64,
    /// Audit entries.
    pub audit: u64,
}

impl Pruned {
    /// Everything together; another step is worth it until this is 0.
    pub fn total(&self) -> u64 {
        self.keys + self.intents + self.events + self.delegations + self.decisions + self.audit
    }
}
