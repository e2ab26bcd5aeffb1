//! A panic costs one request.

use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::{Request, Response};
use pin_project_lite::pin_project;
use portico_contract::{Error, ErrorKind};
use tower::{Layer, Service};

use crate::problem::ApiError;

/// Turns a panic of whatever is further in into the problem `internal`.
#[derive(Clone, Copy)]
pub(super) struct PanicLayer;

impl<S> Layer<S> for PanicLayer {
    type Service = Caught<S>;

    fn layer(&self, inner: S) -> Caught<S> {
        Caught(inner)
    }
}

/// A service whose panics are caught.
#[derive(Clone)]
pub struct Caught<S>(S);

impl<S> Service<Request<Body>> for Caught<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = CaughtFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match catch_unwind(AssertUnwindSafe(|| self.0.call(request))) {
            Ok(inner) => CaughtFuture { inner: Some(inner), panic: None },
            Err(panic) => CaughtFuture { inner: None, panic: Some(panic) },
        }
    }
}

pin_project! {
    /// The answer of a [`Caught`] service.
    pub struct CaughtFuture<F> {
        #[pin]
        inner: Option<F>,
        panic: Option<Box<dyn Any + Send>>,
    }
}

impl<F> Future for CaughtFuture<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let panic = match this.inner.as_mut().as_pin_mut() {
            Some(inner) => match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
                Ok(polled) => return polled,
                Err(panic) => Some(panic),
            },
            None => this.panic.take(),
        };
        this.inner.set(None);
        match panic {
            Some(panic) => Poll::Ready(Ok(answer(&*panic))),
            // Polled after it was done, which callers must not do.
            None => Poll::Pending,
        }
    }
}

/// The message of a panic is for the log alone.
fn answer(panic: &(dyn Any + Send)) -> Response<Body> {
    let message = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    let error = Error::new(ErrorKind::Internal, "The gateway made a mistake. Report the trace id.");
    ApiError::from(error.with_native(format!("panic: {message}"))).into_response()
}
