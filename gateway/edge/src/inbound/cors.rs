//! Cross-origin requests (Fetch standard): an exact list of origins, and open documents for everybody.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tower_http::cors::{AllowOrigin, Cors, CorsLayer};

/// How long a browser may remember the answer to a preflight.
const MAX_AGE: Duration = Duration::from_secs(600);

/// `origins` are compared octet for octet, with scheme and port; `*` is not one. `open` paths answer any origin. No
/// cookies are used, so credentials are not allowed.
pub(super) fn cors(origins: Vec<HeaderValue>, open: Vec<String>) -> CorsLayer {
    let allow = AllowOrigin::predicate(move |origin: &HeaderValue, parts: &http::request::Parts| {
        origins.contains(origin) || open.iter().any(|path| path == parts.uri.path())
    });
    CorsLayer::new()
        .allow_origin(allow)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::ACCEPT_LANGUAGE,
            header::AUTHORIZATION,
            header::CACHE_CONTROL,
            header::CONTENT_DISPOSITION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_RANGE,
            header::RANGE,
            HeaderName::from_static("content-digest"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("prefer"),
            HeaderName::from_static("traceparent"),
            HeaderName::from_static(crate::context::CORRELATION_ID),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::CONTENT_LOCATION,
            header::RETRY_AFTER,
            header::CONTENT_DISPOSITION,
            header::CONTENT_RANGE,
            super::headers::API_VERSION,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            HeaderName::from_static("portico-partial"),
        ])
        .max_age(MAX_AGE)
}

/// Puts the CORS layer in the way of browsers only: everybody else, front-ends' servers above all, does not pay for it.
pub(super) struct BrowsersLayer(pub(super) CorsLayer);

impl<S: Clone> Layer<S> for BrowsersLayer {
    type Service = Browsers<S>;

    fn layer(&self, inner: S) -> Browsers<S> {
        Browsers { cors: self.0.layer(inner.clone()), inner }
    }
}

/// The way for browsers and the way for everybody else, to the same service.
#[derive(Clone)]
pub struct Browsers<S> {
    cors: Cors<S>,
    inner: S,
}

impl<S> Service<Request<Body>> for Browsers<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BrowsersFuture<<Cors<S> as Service<Request<Body>>>::Future, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        ready!(self.cors.poll_ready(cx))?;
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.method() == Method::OPTIONS || request.headers().contains_key(header::ORIGIN) {
            BrowsersFuture::Browser { future: self.cors.call(request) }
        } else {
            BrowsersFuture::Other { future: self.inner.call(request) }
        }
    }
}

pin_project! {
    /// The answer of [`Browsers`].
    #[project = BrowsersProjection]
    pub enum BrowsersFuture<C, F> {
        /// With the fields of CORS.
        Browser { #[pin] future: C },
        /// Without.
        Other { #[pin] future: F },
    }
}

impl<C, F> Future for BrowsersFuture<C, F>
where
    C: Future<Output = Result<Response<Body>, Infallible>>,
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            BrowsersProjection::Browser { future } => future.poll(cx),
            BrowsersProjection::Other { future } => {
                let Ok(mut response) = ready!(future.poll(cx));
                // A browser would have got another answer, which a cache in between has to know.
                response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
                Poll::Ready(Ok(response))
            }
        }
    }
}
