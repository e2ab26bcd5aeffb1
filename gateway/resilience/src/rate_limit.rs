//! Rate limit: no more attempts a second than the system can bear. The bucket is governor's, on tokio's clock.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use pin_project_lite::pin_project;
use portico_contract::{Error, ErrorKind, Reply, Retry};
use portico_schemas::Outcome;
use tokio::time::{Instant, Sleep};
use tower::{Layer, Service};

use crate::Health;
use crate::refusal::OrRefused;
use crate::tracked::Tracked;

/// governor's own clock does not stand still when tokio's does.
#[derive(Clone)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

pub(crate) struct Rate {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    clock: TokioClock,
}

impl Rate {
    pub(crate) fn new(per_second: NonZeroU32) -> Self {
        let clock = TokioClock(Instant::now());
        Self { limiter: RateLimiter::direct_with_clock(Quota::per_second(per_second), clock.clone()), clock }
    }

    /// Takes one, or says how long until there may be one.
    fn take(&self) -> Result<(), Duration> {
        use governor::clock::Reference;
        // The limiter rounds down to whole nanoseconds and the timer to milliseconds: never wake a hair too early.
        self.limiter.check().map_err(|not_until| {
            let now: Duration = self.clock.now();
            let wait: Duration = not_until.earliest_possible().duration_since(now).into();
            wait + Duration::from_millis(1)
        })
    }
}

pub(crate) struct RateLimitLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> RateLimit<S> {
        RateLimit { inner, health: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct RateLimit<S> {
    inner: S,
    health: Arc<Health>,
}

impl<S> Service<Tracked> for RateLimit<S>
where
    S: Service<Tracked, Response = Reply, Error = Error> + Clone,
{
    type Response = Reply;
    type Error = Error;
    type Future = OrRefused<Limited<S>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, tracked: Tracked) -> Self::Future {
        let wait = match self.health.rate.as_ref().map_or(Ok(()), Rate::take) {
            Ok(()) => {
                let future = self.inner.call(tracked);
                return OrRefused::Running { future: Limited { state: State::Running { future } } };
            }
            Err(wait) if wait > tracked.call.context.deadline.remaining() => {
                return OrRefused::refused(used_up(wait));
            }
            Err(wait) => wait,
        };
        // The one that was polled ready waits; the clone is for the next call.
        let clone = self.inner.clone();
        let service = std::mem::replace(&mut self.inner, clone);
        let held = Some(Box::new(Held { service, tracked, health: Arc::clone(&self.health) }));
        let sleep = Box::pin(tokio::time::sleep(wait));
        OrRefused::Running { future: Limited { state: State::Waiting { held, sleep } } }
    }
}

struct Held<S> {
    service: S,
    tracked: Tracked,
    health: Arc<Health>,
}

pin_project! {
    pub(crate) struct Limited<S: Service<Tracked>> {
        #[pin]
        state: State<S, S::Future>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F> {
        Waiting { held: Option<Box<Held<S>>>, sleep: Pin<Box<Sleep>> },
        Running { #[pin] future: F },
    }
}

impl<S: Service<Tracked, Response = Reply, Error = Error>> Future for Limited<S> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let (held, sleep) = match state.as_mut().project() {
                StateProjection::Running { future } => return future.poll(context),
                StateProjection::Waiting { held, sleep } => (held, sleep),
            };
            ready!(sleep.as_mut().poll(context));
            let Some(mut call) = held.take() else { return Poll::Pending };
            match call.health.rate.as_ref().map_or(Ok(()), Rate::take) {
                Ok(()) => {
                    let future = call.service.call(call.tracked);
                    state.set(State::Running { future });
                }
                Err(wait) if wait > call.tracked.call.context.deadline.remaining() => {
                    return Poll::Ready(Err(used_up(wait)));
                }
                Err(wait) => {
                    sleep.as_mut().reset(Instant::now() + wait);
                    *held = Some(call);
                }
            }
        }
    }
}

fn used_up(wait: Duration) -> Error {
    Error::new(
        ErrorKind::RateLimited,
        "The gateway may not ask the system behind more often than it does now. Try again later.",
    )
    .with_outcome(Outcome::NotAttempted)
    .with_retry(Retry::After(wait))
}
