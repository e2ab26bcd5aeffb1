//! The breaker as a pure state machine: what comes in is times and verdicts, what goes out is yes or no.

use std::time::Duration;

use portico_contract::{Awaited, ErrorKind};
use tokio::time::Instant;

use crate::BreakerState;
use crate::settings::BreakerSettings;

/// How one attempt counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Success,
    Failure(ErrorKind),
    /// The system refuses the service account: a second try could lock it.
    CredentialsRefused,
    /// Cancelled, or nothing that says how the system is.
    Neither,
}

/// Why the breaker is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Failures,
    Credentials,
}

/// Leave to make one attempt. Worth nothing after the breaker changed state, so that a slow answer from before an
/// outage does not close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    generation: u64,
}

/// No leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reason: Reason,
    pub(crate) wait: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open {
        until: Instant,
    },
    /// One probe is out.
    HalfOpen,
}

/// While a probe is out there is nothing better to say than "in a second".
const PROBE_WAIT: Duration = Duration::from_secs(1);

pub(crate) struct Machine {
    settings: BreakerSettings,
    state: State,
    reason: Reason,
    generation: u64,
    in_a_row: u32,
    window: Window,
}

impl Machine {
    pub(crate) fn new(settings: BreakerSettings, now: Instant) -> Self {
        let window = Window::new(now);
        Self { settings, state: State::Closed, reason: Reason::Failures, generation: 0, in_a_row: 0, window }
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen => BreakerState::HalfOpen,
        }
    }

    /// Why it is not closed; `None` when it is.
    pub(crate) fn reason(&self) -> Option<Reason> {
        (self.state != State::Closed).then_some(self.reason)
    }

    /// Until a probe may go; `None` unless it is open.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open { until } => Some(until.saturating_duration_since(now)),
            _ => None,
        }
    }

    /// Asks for leave to make an attempt. One that nobody waits for may take minutes: it goes beside the probe and never
    /// in its place, unless it is the account that was refused, where two attempts are one too many.
    pub(crate) fn admit(&mut self, now: Instant, awaited: Awaited) -> Result<Ticket, Refused> {
        match self.state {
            State::Closed => {}
            State::Open { until } if now < until => {
                return Err(Refused { reason: self.reason, wait: until - now });
            }
            State::Open { .. } if awaited == Awaited::ByNobody && self.reason == Reason::Failures => {}
            State::Open { .. } => self.enter(State::HalfOpen),
            State::HalfOpen => return Err(Refused { reason: self.reason, wait: PROBE_WAIT }),
        }
        Ok(Ticket { generation: self.generation })
    }

    /// Takes in how an attempt went.
    pub(crate) fn record(&mut self, ticket: Ticket, verdict: Verdict, now: Instant) {
        let known = self.reason == Reason::Credentials && matches!(self.state, State::Open { .. });
        if verdict == Verdict::CredentialsRefused && !known {
            // Whatever the state and however old the ticket: every further try could be the one that locks the account.
            return self.open(Reason::Credentials, now);
        }
        if ticket.generation != self.generation {
            return;
        }
        match (self.state, verdict) {
            (State::Closed, Verdict::Success) => {
                self.in_a_row = 0;
                self.window.add(now, false);
            }
            (State::Closed, Verdict::Failure(_)) => {
                self.in_a_row += 1;
                self.window.add(now, true);
                let row = self.in_a_row >= self.settings.failures;
                if row || self.window.fails(now, self.settings.failure_percent) {
                    self.open(Reason::Failures, now);
                }
            }
            // Open, with a ticket that is still worth something: an attempt beside the probe.
            (State::HalfOpen | State::Open { .. }, Verdict::Success) => {
                self.in_a_row = 0;
                self.window = Window::new(now);
                self.enter(State::Closed);
            }
            // A probe that failed otherwise does not shorten the wait for credentials: they may have been sent.
            (State::HalfOpen | State::Open { .. }, Verdict::Failure(_)) => self.open(self.reason, now),
            (State::HalfOpen, Verdict::Neither) => match self.reason {
                // The probe was given up and nothing was learnt: the next call may try.
                Reason::Failures => self.enter(State::Open { until: now }),
                // The same, but the credentials may have been sent: wait as after a refusal.
                Reason::Credentials => self.open(Reason::Credentials, now),
            },
            _ => {}
        }
    }

    /// Whether anything failed lately.
    pub(crate) fn failed_lately(&mut self, now: Instant) -> bool {
        self.in_a_row > 0 || self.window.sums(now).1 > 0
    }

    fn open(&mut self, reason: Reason, now: Instant) {
        let time = match reason {
            Reason::Failures => self.settings.open,
            Reason::Credentials => self.settings.credentials_probe,
        };
        self.reason = reason;
        self.enter(State::Open { until: now + time });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }
}

/// Calls and failures of the last ten seconds, in a bucket for each.
struct Window {
    start: Instant,
    second: u64,
    buckets: [(u32, u32); Window::SECONDS],
}

impl Window {
    const SECONDS: usize = 10;
    /// Fewer calls than this say nothing about a rate.
    const ENOUGH: u32 = 20;

    fn new(now: Instant) -> Self {
        Self { start: now, second: 0, buckets: [(0, 0); Self::SECONDS] }
    }

    fn turn(&mut self, now: Instant) -> usize {
        let second = now.saturating_duration_since(self.start).as_secs().max(self.second);
        let passed = (second - self.second).min(Self::SECONDS as u64);
        for back in 0..passed {
            self.buckets[((second - back) % Self::SECONDS as u64) as usize] = (0, 0);
        }
        self.second = second;
        (second % Self::SECONDS as u64) as usize
    }

    fn add(&mut self, now: Instant, failed: bool) {
        let bucket = self.turn(now);
        self.buckets[bucket].0 += 1;
        self.buckets[bucket].1 += u32::from(failed);
    }

    fn sums(&mut self, now: Instant) -> (u32, u32) {
        self.turn(now);
        self.buckets.iter().fold((0, 0), |sum, bucket| (sum.0 + bucket.0, sum.1 + bucket.1))
    }

    fn fails(&mut self, now: Instant, percent: u32) -> bool {
        let (calls, failures) = self.sums(now);
        calls >= Self::ENOUGH && u64::from(failures) * 100 >= u64::from(calls) * u64::from(percent)
    }
}

#[cfg(test)]
mod tests;
