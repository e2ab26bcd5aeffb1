//! When a call is attempted again, and how long after. The loop is tower's; this is the policy.
//!
//! - A **read** is attempted again when its failure passes by itself: refused, reset, too slow, 429, 503.
//! - A **write** only while the error says that nothing left us. After that its effect is unknown, and a second one could
//!   do it twice.
//! - A call with an **upload** never: an adapter may take the body before it connects, it can be taken only once, and an
//!   erased call does not show whether it was. Its caller still has the body and can send it again.
//! - Never while the breaker is open, past the budget, or when what is left before the deadline after the wait is less
//!   than a quarter of an attempt: it could not end well, and would hit a system that is in trouble already.
//!
//! The wait is exponential with full jitter: anything between zero and a cap that doubles, so that callers that failed
//! together do not come back together. A system that says when to come back is taken at its word.

use std::sync::Arc;
use std::time::Duration;

use portico_contract::{Effect, Error, ErrorKind, Reply, Retry as Hint, Streaming};
use portico_schemas::Outcome;
use tokio::time::Sleep;
use tower::Layer;
use tower::retry::budget::Budget;
use tower::retry::{Policy, Retry};

use crate::attempt_timeout::attempt_timeout;
use crate::health::count;
use crate::tracked::Tracked;
use crate::{BreakerState, Health};

/// The longest that the first wait can be; it doubles with every attempt.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest that any wait can be, unless the system asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(crate) struct RetryLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<RetryPolicy, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry::new(RetryPolicy { health: Arc::clone(&self.0) }, inner)
    }
}

#[derive(Clone)]
pub(crate) struct RetryPolicy {
    health: Arc<Health>,
}

impl Policy<Tracked, Reply, Error> for RetryPolicy {
    type Future = Sleep;

    fn retry(&mut self, request: &mut Tracked, result: &mut Result<Reply, Error>) -> Option<Sleep> {
        // Calls that reached the system pay in; those that an open breaker refused must not save up for a herd.
        if request.call.context.attempt == 1 && request.notes.attempts() > 0 {
            self.health.budget.deposit();
        }
        let error = result.as_ref().err()?;
        if error.outcome() == Outcome::NotAttempted {
            request.notes.nothing_left_us();
        }
        let wait = self.wait(request, error)?;
        request.call.context.attempt += 1;
        count(&self.health.counts.retries);
        Some(tokio::time::sleep(wait))
    }

    fn clone_request(&mut self, request: &Tracked) -> Option<Tracked> {
        // Even a call that is not attempted again is kept: the outcome of its error is noted above.
        Some(request.clone())
    }
}

impl RetryPolicy {
    /// How long to wait before the next attempt; `None` for no next attempt.
    fn wait(&self, request: &Tracked, error: &Error) -> Option<Duration> {
        let call = &request.call;
        let settings = &self.health.settings;
        let allowed = match call.meta.effect {
            _ if call.meta.streaming == Streaming::Request => false,
            Effect::Read => true,
            Effect::Write => error.outcome() == Outcome::NotAttempted,
        };
        if !allowed || !passes_by_itself(error.kind()) || call.context.attempt >= settings.max_attempts {
            return None;
        }
        let wait = match error.retry() {
            Hint::Never => return None,
            Hint::Soon => backoff(call.context.attempt),
            Hint::After(least) => least.saturating_add(backoff(call.context.attempt)),
        };
        let enough = attempt_timeout(settings.attempt_timeout, call) / 4;
        if wait.saturating_add(enough) > call.context.deadline.remaining() {
            return None;
        }
        // The budget last: what is not attempted for another reason costs nothing.
        (self.health.breaker().0 != BreakerState::Open && self.health.budget.withdraw()).then_some(wait)
    }
}

/// Failures that a second attempt can find gone. The stack's own refusals are not among them: a queue or a breaker that
/// refuses now will refuse again, and asking twice is how herds are made.
const fn passes_by_itself(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectRefused
            | ErrorKind::ConnectionLost
            | ErrorKind::Dns
            | ErrorKind::Timeout
            | ErrorKind::RateLimited
            | ErrorKind::BackendStatus
    )
}

/// Anything between nothing and 50 ms, 100 ms, 200 ms … 2 s.
fn backoff(attempt: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    doubled.min(LONGEST_WAIT).mul_f64(rand::random::<f64>())
}
