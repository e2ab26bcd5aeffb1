//! A time-out for one attempt, up to the head of the answer, so that a second one has a chance before the deadline.
//!
//! An attempt whose time ends with the call's deadline is ended *here* if it had at least half of its own time-out: the
//! breaker then learns that the system is slow. With less than that the deadline ends it, and the breaker, which
//! sees a call given up, learns nothing: it was our queue that ate the time.
//!
//! An operation that takes an upload has no attempt time-out: how long its head takes is up to whoever sends the body,
//! the edge bounds that, and it is not attempted twice. Its deadline holds.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use portico_contract::{Call, Capability, Effect, Error, ErrorKind, Reply, Retry, Streaming};
use portico_schemas::Outcome;
use tokio::time::{Instant, Timeout};
use tower::{Layer, Service};

use crate::Health;
use crate::tracked::Tracked;

pub(crate) struct AttemptTimeoutLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for AttemptTimeoutLayer {
    type Service = AttemptTimeout<S>;

    fn layer(&self, inner: S) -> AttemptTimeout<S> {
        AttemptTimeout { inner, configured: self.0.settings.attempt_timeout }
    }
}

#[derive(Clone)]
pub(crate) struct AttemptTimeout<S> {
    inner: S,
    configured: Option<Duration>,
}

/// How long an attempt of this call may take: the configured figure, or the operation's.
pub(crate) fn attempt_timeout(configured: Option<Duration>, call: &Call) -> Duration {
    let own = || match &call.capability {
        Some(capability) => capability.attempt_timeout,
        None => Capability::default().attempt_timeout,
    };
    configured.unwrap_or_else(own)
}

impl<S> AttemptTimeout<S> {
    /// When the attempt of this call ends, if it has an end of its own.
    fn end(&self, call: &Call) -> Option<Instant> {
        if call.meta.streaming == Streaming::Request {
            return None;
        }
        let own = attempt_timeout(self.configured, call);
        let (now, deadline) = (Instant::now(), Instant::from_std(call.context.deadline.instant()));
        let left = deadline.saturating_duration_since(now);
        if (own / 2..own).contains(&left) { Some(deadline) } else { now.checked_add(own) }
    }
}

impl<S> Service<Tracked> for AttemptTimeout<S>
where
    S: Service<Tracked, Response = Reply, Error = Error>,
{
    type Response = Reply;
    type Error = Error;
    type Future = Attempt<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, tracked: Tracked) -> Self::Future {
        let (end, effect) = (self.end(&tracked.call), tracked.call.meta.effect);
        let future = self.inner.call(tracked);
        let future = match end {
            Some(end) => tokio::time::timeout_at(end, future),
            None => tokio::time::timeout(Duration::MAX, future),
        };
        Attempt { future, effect }
    }
}

pin_project! {
    pub(crate) struct Attempt<F> {
        #[pin]
        future: Timeout<F>,
        effect: Effect,
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for Attempt<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let effect = *this.effect;
        Poll::Ready(ready!(this.future.poll(context)).unwrap_or_else(|_| Err(too_slow(effect))))
    }
}

fn too_slow(effect: Effect) -> Error {
    match effect {
        Effect::Read => Error::new(ErrorKind::Timeout, "The system behind did not answer in time."),
        Effect::Write => Error::new(
            ErrorKind::Timeout,
            "The system behind did not answer in time and may or may not have done it. Read the state back before you \
             send it again.",
        )
        .with_outcome(Outcome::Unknown)
        .with_retry(Retry::Never),
    }
}
