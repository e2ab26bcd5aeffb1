//! Adds the system and the operation to every error, of the adapter and of the layers inside this one, so that nobody has
//! to write them by hand. Those of bodies get them in [`crate::observe`], which is around every body already.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use portico_contract::{Error, Reply};
use tower::{Layer, Service};

use crate::Health;
use crate::tracked::Tracked;

pub(crate) struct ErrorContextLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for ErrorContextLayer {
    type Service = ErrorContext<S>;

    fn layer(&self, inner: S) -> ErrorContext<S> {
        ErrorContext { inner, health: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct ErrorContext<S> {
    inner: S,
    health: Arc<Health>,
}

impl<S> Service<Tracked> for ErrorContext<S>
where
    S: Service<Tracked, Response = Reply, Error = Error>,
{
    type Response = Reply;
    type Error = Error;
    type Future = Named<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, tracked: Tracked) -> Self::Future {
        let operation = tracked.call.meta.id;
        Named { future: self.inner.call(tracked), health: Arc::clone(&self.health), operation }
    }
}

pin_project! {
    pub(crate) struct Named<F> {
        #[pin]
        future: F,
        health: Arc<Health>,
        operation: &'static str,
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for Named<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let operation = *this.operation;
        let result = ready!(this.future.poll(context));
        Poll::Ready(result.map_err(|error| error.with_call(&this.health.system, operation)))
    }
}
