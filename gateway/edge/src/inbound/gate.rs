//! A layer that decides at once, without waiting: refuse, or let pass and perhaps touch the answer. Concrete types and
//! no allocation, because every request passes all of them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::problem::ApiError;

/// One decision.
pub(super) trait Gate: Send + Sync + 'static {
    /// What is kept between request and answer.
    type Pass: Send;

    /// Looks at the request before anything further in does. An error is the answer.
    fn enter(&self, request: &mut Request<Body>) -> Result<Self::Pass, ApiError>;

    /// Looks at the answer of what is further in. Not called after an error of its own.
    fn leave(&self, _pass: &Self::Pass, _response: &mut Response<Body>) {}
}

/// Puts a [`Gate`] around a service.
pub(super) struct GateLayer<G>(Arc<G>);

impl<G> GateLayer<G> {
    pub(super) fn new(gate: G) -> Self {
        Self(Arc::new(gate))
    }
}

impl<G, S> Layer<S> for GateLayer<G> {
    type Service = Gated<G, S>;

    fn layer(&self, inner: S) -> Gated<G, S> {
        Gated { gate: Arc::clone(&self.0), inner }
    }
}

/// A service behind a gate.
pub struct Gated<G, S> {
    gate: Arc<G>,
    inner: S,
}

impl<G, S: Clone> Clone for Gated<G, S> {
    fn clone(&self) -> Self {
        Self { gate: Arc::clone(&self.gate), inner: self.inner.clone() }
    }
}

impl<G, S> Service<Request<Body>> for Gated<G, S>
where
    G: Gate,
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = GateFuture<G, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.gate.enter(&mut request) {
            Ok(pass) => {
                GateFuture::Inside { pass, gate: Arc::clone(&self.gate), inner: self.inner.call(request) }
            }
            Err(error) => GateFuture::Refused { error: Some(error) },
        }
    }
}

pin_project! {
    /// The answer of a [`Gated`] service.
    #[project = GateProjection]
    pub enum GateFuture<G: Gate, F> {
        /// Let in.
        Inside { pass: G::Pass, gate: Arc<G>, #[pin] inner: F },
        /// Refused.
        Refused { error: Option<ApiError> },
    }
}

impl<G, F> Future for GateFuture<G, F>
where
    G: Gate,
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            GateProjection::Inside { pass, gate, inner } => {
                let Ok(mut response) = ready!(inner.poll(cx));
                gate.leave(pass, &mut response);
                Poll::Ready(Ok(response))
            }
            GateProjection::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Ok(error.into_response())),
                // Polled after it was done, which callers must not do.
                None => Poll::Pending,
            },
        }
    }
}
