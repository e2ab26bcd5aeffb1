//! What is known about one system: one object per adapter, shared by every clone of its stack.
//!
//! The layers keep their state here (breaker, bulkheads, retry budget, rate), so that a clone of a stack is only a
//! handle, and so that what `/v1/systems`, `/status` and the metrics show is what the layers act on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use portico_contract::{Awaited, Error, ErrorKind, Retry, SystemKey};
use portico_schemas::SystemState;
use tokio::time::Instant;

use crate::breaker::BreakerState;
use crate::breaker::answer::Cause;
use crate::breaker::machine::{Machine, Reason, Ticket, Verdict};
use crate::budget::RetryBudget;
use crate::bulkhead::Bulkhead;
use crate::rate_limit::Rate;
use crate::settings::StackSettings;

/// How one system is doing, and the state of its stack.
pub struct Health {
    pub(crate) system: SystemKey,
    pub(crate) adapter: &'static str,
    pub(crate) settings: StackSettings,
    pub(crate) calls: Arc<Bulkhead>,
    pub(crate) streams: Arc<Bulkhead>,
    pub(crate) budget: RetryBudget,
    pub(crate) rate: Option<Rate>,
    pub(crate) counts: Counts,
    memory: Mutex<Memory>,
}

struct Memory {
    machine: Machine,
    last_success: Option<Timestamp>,
    last_failure: Option<LastFailure>,
    /// What opened the breaker, or would.
    cause: Option<Cause>,
    /// Whether the later of the two is the failure. Not by comparing their times: the wall clock can jump.
    failed_last: bool,
    pause: Option<Pause>,
}

/// Totals since the start.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) calls: AtomicU64,
    pub(crate) attempts: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) shed: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) opened: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The last attempt that failed by the system's own fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFailure {
    /// How.
    pub kind: ErrorKind,
    /// When, by the wall clock.
    pub at: Timestamp,
}

/// An operator's decision that nothing goes to the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What callers are told.
    pub message: String,
    /// When it ends by itself; until [`Health::resume`] when missing.
    pub until: Option<Timestamp>,
}

/// The state of a system at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthSnapshot {
    /// The configured key.
    pub system: SystemKey,
    /// The adapter kind.
    pub adapter: &'static str,
    /// What `/v1/systems` shows.
    pub state: SystemState,
    /// When an attempt last succeeded.
    pub last_success: Option<Timestamp>,
    /// How and when an attempt last failed.
    pub last_failure: Option<LastFailure>,
    /// Whether calls pass.
    pub breaker: BreakerState,
    /// Until the breaker lets one call through to see; `None` unless it is open.
    pub breaker_remaining: Option<Duration>,
    /// Calls that run, streams not among them.
    pub in_flight: usize,
    /// Calls and streams that wait for a place.
    pub queued: usize,
    /// Uploads and downloads that run.
    pub streams: usize,
    /// Retries that the budget allows now.
    pub retry_budget: u32,
    /// Calls since the start.
    pub calls: u64,
    /// Times the adapter was called since the start.
    pub attempts: u64,
    /// Attempts after a first one since the start.
    pub retries: u64,
    /// Calls refused since the start because there was no place.
    pub shed: u64,
    /// Panics in the adapter since the start.
    pub panics: u64,
    /// Times the breaker opened since the start, after a probe that failed as well.
    pub breaker_opened: u64,
    /// An operator's pause, while there is one.
    pub pause: Option<Pause>,
}

impl Health {
    pub(crate) fn new(system: SystemKey, adapter: &'static str, settings: &StackSettings) -> Self {
        Self {
            system,
            adapter,
            settings: settings.clone(),
            calls: Arc::new(Bulkhead::new(settings.max_in_flight, settings.max_queued)),
            streams: Arc::new(Bulkhead::new(settings.max_streams, settings.max_queued)),
            budget: RetryBudget::new(),
            rate: settings.max_per_second.map(Rate::new),
            counts: Counts::default(),
            memory: Mutex::new(Memory {
                machine: Machine::new(settings.breaker, Instant::now()),
                last_success: None,
                last_failure: None,
                cause: None,
                failed_last: false,
                pause: None,
            }),
        }
    }

    /// The configured key of the system.
    pub fn system(&self) -> &SystemKey {
        &self.system
    }

    /// Refuses every call from now on with [`ErrorKind::Maintenance`] and this message, until then or until
    /// [`Health::resume`]. Calls that run are not touched. A second pause replaces the first.
    pub fn pause(&self, until: Option<Timestamp>, message: impl Into<String>) {
        self.memory.lock().pause = Some(Pause { message: message.into(), until });
    }

    /// Ends a pause. Does nothing when there is none.
    pub fn resume(&self) {
        self.memory.lock().pause = None;
    }

    /// How the system is doing now.
    pub fn snapshot(&self) -> HealthSnapshot {
        let now = Instant::now();
        let total = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let retry_budget = self.budget.retries();
        let mut memory = self.memory.lock();
        memory.end_pause();
        HealthSnapshot {
            system: self.system.clone(),
            adapter: self.adapter,
            state: memory.state(now),
            last_success: memory.last_success,
            last_failure: memory.last_failure,
            breaker: memory.machine.state(),
            breaker_remaining: memory.machine.wait(now),
            in_flight: self.calls.taken(),
            queued: self.calls.queued() + self.streams.queued(),
            streams: self.streams.taken(),
            retry_budget,
            calls: total(&self.counts.calls),
            attempts: total(&self.counts.attempts),
            retries: total(&self.counts.retries),
            shed: total(&self.counts.shed),
            panics: total(&self.counts.panics),
            breaker_opened: total(&self.counts.opened),
            pause: memory.pause.clone(),
        }
    }

    /// What `/v1/systems` shows: see [`HealthSnapshot::state`].
    pub fn state(&self) -> SystemState {
        let mut memory = self.memory.lock();
        memory.end_pause();
        memory.state(Instant::now())
    }

    /// Whether calls pass, and if not, how the last attempt failed.
    pub(crate) fn breaker(&self) -> (BreakerState, Option<ErrorKind>) {
        let memory = self.memory.lock();
        let state = memory.machine.state();
        let cause = memory.cause.as_ref().filter(|_| state != BreakerState::Closed);
        (state, cause.map(|cause| cause.kind))
    }

    /// Leave to make an attempt, or the error that answers it.
    pub(crate) fn admit(&self, awaited: Awaited) -> Result<Ticket, Error> {
        let mut memory = self.memory.lock();
        memory.end_pause();
        if let Some(pause) = &memory.pause {
            return Err(paused(pause));
        }
        let admitted = memory.machine.admit(Instant::now(), awaited);
        admitted.map_err(|refused| refused.answer(memory.cause.as_ref()))
    }

    /// Takes in how an attempt went, and what is said of it where it failed.
    pub(crate) fn record(&self, ticket: Ticket, verdict: Verdict, detail: Option<&str>) {
        let failure = match verdict {
            Verdict::Success | Verdict::Neither => None,
            Verdict::Failure(kind) => Some(kind),
            Verdict::CredentialsRefused => Some(ErrorKind::CredentialsRefused),
        };
        let at = (verdict != Verdict::Neither).then(Timestamp::now);
        let mut memory = self.memory.lock();
        if let Some(at) = at {
            memory.failed_last = failure.is_some();
            match failure {
                Some(kind) => {
                    memory.last_failure = Some(LastFailure { kind, at });
                    let account = detail.filter(|_| verdict == Verdict::CredentialsRefused);
                    memory.cause = Some(Cause { kind, account: account.map(Into::into) });
                }
                None => memory.last_success = Some(at),
            }
        }
        let before = memory.machine.state();
        memory.machine.record(ticket, verdict, Instant::now());
        let after = memory.machine.state();
        drop(memory);
        self.log_change(before, after, failure);
    }

    fn log_change(&self, before: BreakerState, after: BreakerState, failure: Option<ErrorKind>) {
        let cause = failure.unwrap_or(ErrorKind::Internal).error_type();
        match (before, after) {
            (BreakerState::Closed, BreakerState::Open) => {
                count(&self.counts.opened);
                tracing::warn!(portico.system = %self.system, error.type = cause, "circuit breaker opened");
            }
            (BreakerState::HalfOpen, BreakerState::Open) if failure.is_some() => {
                count(&self.counts.opened);
                tracing::info!(portico.system = %self.system, error.type = cause, "circuit breaker stays open");
            }
            (BreakerState::HalfOpen, BreakerState::Closed) => {
                tracing::info!(portico.system = %self.system, "circuit breaker closed");
            }
            _ => {}
        }
    }
}

fn paused(pause: &Pause) -> Error {
    let left = pause.until.map(|until| until.duration_since(Timestamp::now()));
    // Without an end there is nothing to go by; a minute keeps callers from hammering.
    let left = left.map_or(Duration::from_secs(60), |left| left.try_into().unwrap_or_default());
    Error::new(ErrorKind::Maintenance, pause.message.clone()).with_retry(Retry::After(left))
}

impl Memory {
    fn end_pause(&mut self) {
        let over = |pause: &mut Pause| pause.until.is_some_and(|until| until <= Timestamp::now());
        self.pause.take_if(over);
    }

    fn state(&mut self, now: Instant) -> SystemState {
        let last = self.last_failure.filter(|_| self.failed_last).map(|failure| failure.kind);
        let setup = matches!(last, Some(ErrorKind::TlsPeerExpired | ErrorKind::TlsUntrusted));
        match self.machine.reason() {
            Some(Reason::Credentials) => SystemState::Misconfigured,
            _ if setup => SystemState::Misconfigured,
            Some(Reason::Failures) => SystemState::Down,
            None if self.pause.is_some() => SystemState::Down,
            None if last.is_some() || self.machine.failed_lately(now) => SystemState::Degraded,
            None if self.last_success.is_none() => SystemState::Unknown,
            None => SystemState::Up,
        }
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.snapshot().fmt(f)
    }
}
