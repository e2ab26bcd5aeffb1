//! The innermost layer: hands the call over to the adapter, and turns a panic there into a failure of that call alone.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::{CatchUnwind, FutureExt};
use futures_util::stream::StreamExt;
use pin_project_lite::pin_project;
use portico_contract::{ByteStream, Call, Effect, Error, ErrorKind, Reply};
use portico_schemas::Outcome;
use tower::{Layer, Service};

use crate::Health;
use crate::health::count;
use crate::refusal::OrRefused;
use crate::tracked::Tracked;

pub(crate) struct PanicGuardLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for PanicGuardLayer {
    type Service = PanicGuard<S>;

    fn layer(&self, inner: S) -> PanicGuard<S> {
        PanicGuard { inner, health: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct PanicGuard<S> {
    inner: S,
    health: Arc<Health>,
}

impl<S> Service<Tracked> for PanicGuard<S>
where
    S: Service<Call, Response = Reply, Error = Error>,
{
    type Response = Reply;
    type Error = Error;
    type Future = OrRefused<Guarded<S::Future>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, Tracked { call, notes }: Tracked) -> Self::Future {
        let effect = call.meta.effect;
        count(&self.health.counts.attempts);
        notes.handed_over();
        // Nothing of ours is shared with what panicked but counters; the adapter answers for its own state.
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(call))) {
            Ok(future) => OrRefused::Running {
                future: Guarded {
                    future: AssertUnwindSafe(future).catch_unwind(),
                    health: Arc::clone(&self.health),
                    effect,
                },
            },
            Err(panic) => OrRefused::refused(panicked(&self.health, effect, panic.as_ref())),
        }
    }
}

pin_project! {
    pub(crate) struct Guarded<F> {
        #[pin]
        future: CatchUnwind<AssertUnwindSafe<F>>,
        health: Arc<Health>,
        effect: Effect,
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for Guarded<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (health, effect) = (this.health, *this.effect);
        let result = ready!(this.future.poll(context));
        let result = result.unwrap_or_else(|panic| Err(panicked(health, effect, panic.as_ref())));
        Poll::Ready(result.map(|reply| reply.map_body(|body| guarded_body(Arc::clone(health), effect, body))))
    }
}

/// A body is polled long after the call, but it is the adapter's code all the same.
fn guarded_body(health: Arc<Health>, effect: Effect, body: ByteStream) -> ByteStream {
    let guarded = AssertUnwindSafe(body).catch_unwind();
    ByteStream::new(guarded.map(move |item| match item {
        Ok(item) => item,
        Err(panic) => Err(panicked(&health, effect, panic.as_ref())),
    }))
}

fn panicked(health: &Health, effect: Effect, panic: &(dyn Any + Send)) -> Error {
    count(&health.counts.panics);
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let outcome = match effect {
        Effect::Read => Outcome::Failed,
        Effect::Write => Outcome::Unknown,
    };
    Error::new(ErrorKind::Internal, "The gateway made a mistake with this system; please report this.")
        .with_native(text.unwrap_or("a panic without a text"))
        .with_outcome(outcome)
}
