//! What is decided about a request at once, without waiting, before it is routed; and what is left when a panic comes.
//!
//! One service for all of it. Every request passes here, and a layer for each decision would move it once more each time.

use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::{Request, Response};
use pin_project_lite::pin_project;
use portico_contract::{Error, ErrorKind};
use tower::{Layer, Service};

use super::authenticate::Authenticate;
use super::limits::{BodyCap, UriCap};
use super::rate::{PerCaller, ShareLeft};
use super::shed::Shed;
use crate::problem::ApiError;

/// The decisions, in the order in which they are made.
pub(super) struct Gates {
    pub(super) uri: UriCap,
    pub(super) body: BodyCap,
    pub(super) shed: Shed,
    pub(super) authenticate: Authenticate,
    pub(super) per_caller: PerCaller,
}

impl Gates {
    /// Lets a request in; an error is the answer. What comes back goes into the header of the answer.
    fn enter(&self, request: &mut Request<Body>) -> Result<Option<ShareLeft>, ApiError> {
        // The cheapest checks first.
        self.uri.check(request)?;
        self.body.limit(request)?;
        // Before authentication, which is the first thing that costs: shedding has to be cheaper than serving.
        self.shed.take_place(request)?;
        // Nothing further in runs without a person.
        self.authenticate.identify(request)?;
        // Counts by person, so it needs one.
        self.per_caller.count(request)
    }
}

/// Puts [`Gates`] around the routes.
pub(super) struct GatesLayer(pub(super) Arc<Gates>);

impl<S> Layer<S> for GatesLayer {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gates: Arc::clone(&self.0), inner }
    }
}

/// A service behind [`Gates`]. A panic in it, or in a gate, costs this one request.
#[derive(Clone)]
pub struct Gated<S> {
    gates: Arc<Gates>,
    inner: S,
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = GatedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let entered = catch_unwind(AssertUnwindSafe(|| {
            self.gates.enter(&mut request).map(|left| (self.inner.call(request), left))
        }));
        match entered {
            Ok(Ok((inner, left))) => GatedFuture::Inside { inner, left },
            Ok(Err(refusal)) => GatedFuture::Refused { refusal: Some(refusal) },
            Err(panic) => GatedFuture::Refused { refusal: Some(panicked(&*panic)) },
        }
    }
}

pin_project! {
    /// The answer of a [`Gated`] service.
    #[project = GatedProjection]
    pub enum GatedFuture<F> {
        /// Let in.
        Inside { #[pin] inner: F, left: Option<ShareLeft> },
        /// Refused.
        Refused { refusal: Option<ApiError> },
    }
}

impl<F> Future for GatedFuture<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let refusal = match self.as_mut().project() {
            GatedProjection::Inside { inner, left } => {
                match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(Ok(mut response))) => {
                        if let Some(left) = left.take() {
                            left.tell(&mut response);
                        }
                        return Poll::Ready(Ok(response));
                    }
                    Err(panic) => Some(panicked(&*panic)),
                }
            }
            GatedProjection::Refused { refusal } => refusal.take(),
        };
        // What panicked is dropped before it is answered for.
        self.set(GatedFuture::Refused { refusal: None });
        match refusal {
            Some(refusal) => Poll::Ready(Ok(refusal.into_response())),
            // Polled after it was done, which callers must not do.
            None => Poll::Pending,
        }
    }
}

/// The message of a panic is for the log alone.
fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let message = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    let error = Error::new(ErrorKind::Internal, "The gateway made a mistake. Report the trace id.");
    ApiError::from(error.with_native(format!("panic: {message}")))
}
