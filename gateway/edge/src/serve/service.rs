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

use super::activity::{Activity, InFlight, Owed};
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
        let protocol = if http1 {
            Protocol::One { closing: self.closing.clone() }
        } else {
            Protocol::Two { activity: Arc::clone(&self.activity), number }
        };
        ServiceFuture::Inside { inner: self.inner.lock().call(request), guard, protocol }
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

/// What has to be done to an answer.
pub(super) enum Protocol {
    /// Say that the connection closes, once the server stops.
    One { closing: Closing },
    /// Watch whether the caller takes it.
    Two { activity: Arc<Activity>, number: u64 },
}

pin_project! {
    /// The answer of a [`ConnectionService`].
    #[project = ServiceProjection]
    pub(super) enum ServiceFuture<F> {
        /// Let in.
        Inside { #[pin] inner: F, guard: Option<InFlight>, protocol: Protocol },
        /// Refused.
        Refused { refusal: Refusal, guard: Option<InFlight> },
    }
}

impl<F, B> Future for ServiceFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: HttpBody,
{
    type Output = Result<Response<EdgeBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            ServiceProjection::Inside { inner, guard, protocol } => {
                let Ok(mut response) = ready!(inner.poll(cx));
                let owed = match protocol {
                    Protocol::One { closing } => {
                        if closing.has_begun() {
                            let close = HeaderValue::from_static("close");
                            response.headers_mut().insert(header::CONNECTION, close);
                        }
                        None
                    }
                    Protocol::Two { activity, number } => {
                        (!response.body().is_end_stream()).then(|| Owed::new(activity, *number))
                    }
                };
                let _guard = guard.take();
                Poll::Ready(Ok(response.map(|inner| EdgeBody::Routes { inner, owed, _guard })))
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
        Routes { #[pin] inner: B, owed: Option<Owed>, _guard: Option<InFlight> },
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
            BodyProjection::Routes { inner, owed, .. } => {
                let polled = inner.poll_frame(cx);
                if let Some(owed) = owed {
                    if polled.is_pending() { owed.by_us() } else { owed.by_caller() }
                }
                polled.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
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
