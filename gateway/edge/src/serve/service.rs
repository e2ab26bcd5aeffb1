//! What stands between the HTTP library and the routes on every connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use parking_lot::Mutex;
use pin_project_lite::pin_project;
use tower::Service;

use super::activity::{Activity, InFlight};
use super::config::ServeConfig;
use super::drain::Closing;
use super::pace::Paced;
use super::peer::{Peer, strip_identity};
use super::strict::Refusal;
use crate::observe::RequestObserver;
use crate::problem::ApiError;

/// One connection's service. The routes behind it are always ready (axum's are), so each connection keeps one instance
/// and does not clone the stack for every request.
pub(super) struct ConnectionService<S> {
    pub(super) inner: Mutex<S>,
    pub(super) peer: Peer,
    pub(super) activity: Arc<Activity>,
    pub(super) config: Arc<ServeConfig>,
    pub(super) observer: Arc<dyn RequestObserver>,
    pub(super) closing: Closing,
}

impl<S, B> hyper::service::Service<Request<Incoming>> for ConnectionService<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes>,
{
    type Response = Response<EdgeBody<B>>;
    type Error = Infallible;
    type Future = ServiceFuture<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let number = self.activity.arrived();
        let guard = Some(self.activity.enter());
        let http1 = request.version() < Version::HTTP_2;
        let refusal = if http1 { self.activity.refusal(number) } else { ambiguous(&request) };
        if let Some(refusal) = refusal {
            self.observer.refused(refusal.reason());
            return ServiceFuture::Refused { refusal, guard };
        }
        let request = self.prepare(request);
        let closing = http1.then(|| self.closing.clone());
        ServiceFuture::Inside { inner: self.inner.lock().call(request), guard, closing }
    }
}

impl<S> ConnectionService<S> {
    fn prepare(&self, request: Request<Incoming>) -> Request<Body> {
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                Body::empty()
            } else {
                Body::new(Paced::new(body, self.config.body_idle, self.config.body_rate))
            }
        });
        request.extensions_mut().insert(self.peer);
        // Shown as `Sensitive` wherever somebody prints the request, and never put into a compression table.
        if let header::Entry::Occupied(mut fields) = request.headers_mut().entry(header::AUTHORIZATION) {
            fields.iter_mut().for_each(|field| field.set_sensitive(true));
        }
        if !self.peer.trusted {
            strip_identity(request.headers_mut());
        }
        request
    }
}

/// HTTP/2 has no framing to disagree about, but it too can name two hosts (RFC 9113, section 8.3.1).
fn ambiguous<B>(request: &Request<B>) -> Option<Refusal> {
    if request.method() == Method::CONNECT {
        return Some(Refusal::Malformed("CONNECT does not work here."));
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let authority = request.uri().authority();
    match (authority, hosts.next(), hosts.next()) {
        (_, _, Some(_)) => Some(Refusal::Malformed("There are two Host fields.")),
        (None, None, None) => Some(Refusal::Malformed("The request names no host.")),
        (Some(authority), Some(host), None)
            if !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()) =>
        {
            Some(Refusal::Malformed("The address names another host than the Host field."))
        }
        _ => None,
    }
}

pin_project! {
    /// The answer of a [`ConnectionService`].
    #[project = ServiceProjection]
    pub(super) enum ServiceFuture<F> {
        /// Let in.
        Inside { #[pin] inner: F, guard: Option<InFlight>, closing: Option<Closing> },
        /// Refused.
        Refused { refusal: Refusal, guard: Option<InFlight> },
    }
}

impl<F, B> Future for ServiceFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<EdgeBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            ServiceProjection::Inside { inner, guard, closing } => {
                let Ok(mut response) = ready!(inner.poll(cx));
                if closing.as_ref().is_some_and(Closing::has_begun) {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                let guard = guard.take();
                Poll::Ready(Ok(response.map(|inner| EdgeBody::Routes { inner, _guard: guard })))
            }
            ServiceProjection::Refused { refusal, guard } => {
                let response = ApiError::new(refusal.code(), refusal.detail()).into_response();
                let guard = guard.take();
                Poll::Ready(Ok(response.map(|inner| EdgeBody::Refusal { inner, _guard: guard })))
            }
        }
    }
}

pin_project! {
    /// The body of an answer. Keeps the connection from counting as idle until it has ended.
    #[project = BodyProjection]
    pub(super) enum EdgeBody<B> {
        /// From the routes.
        Routes { #[pin] inner: B, _guard: Option<InFlight> },
        /// From the edge itself.
        Refusal { inner: Body, _guard: Option<InFlight> },
    }
}

impl<B> HttpBody for EdgeBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.project() {
            BodyProjection::Routes { inner, .. } => {
                inner.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
            BodyProjection::Refusal { inner, .. } => {
                Pin::new(inner).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Routes { inner, .. } => inner.is_end_stream(),
            Self::Refusal { inner, .. } => inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Routes { inner, .. } => inner.size_hint(),
            Self::Refusal { inner, .. } => inner.size_hint(),
        }
    }
}
