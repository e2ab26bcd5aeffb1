//! The outermost layer: every request that comes in is one trace, one record and one answer, whatever happens inside.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use pin_project_lite::pin_project;
use portico_contract::Deadline;
use portico_contract::trace::{RemoteParent, Span, SpanKind, TraceSink, attr};
use tower::{Layer, Service};

use super::exchange::{Exchange, ObservedBody};
use super::headers;
use super::route::RouteNames;
use crate::context::RequestScope;
use crate::observe::RequestObserver;
use crate::problem::Pending;
use crate::serve::Peer;

/// What all requests share.
pub(super) struct Shared {
    pub(super) sink: Arc<dyn TraceSink>,
    pub(super) observer: Arc<dyn RequestObserver>,
    pub(super) deadline: Duration,
    pub(super) sampler: Sampler,
    pub(super) routes: RouteNames,
    pub(super) api_version: HeaderValue,
}

/// Samples an even share of requests without a random number for each.
pub(super) struct Sampler {
    step: u32,
    position: AtomicU32,
}

impl Sampler {
    /// `ratio` from 0 (none) to 1 (all).
    pub(super) fn new(ratio: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=1 before; the cast saturates"
        )]
        let step = (ratio.clamp(0.0, 1.0) * f64::from(u32::MAX)).round() as u32;
        Self { step, position: AtomicU32::new(0) }
    }

    pub(super) fn sample(&self) -> bool {
        match self.step {
            0 => false,
            u32::MAX => true,
            step => {
                let before = self.position.fetch_add(step, Ordering::Relaxed);
                before.checked_add(step).is_none()
            }
        }
    }
}

/// Puts [`Root`] around everything else.
pub(super) struct RootLayer(pub(super) Arc<Shared>);

impl<S> Layer<S> for RootLayer {
    type Service = Root<S>;

    fn layer(&self, inner: S) -> Root<S> {
        Root { shared: Arc::clone(&self.0), inner }
    }
}

/// The service that [`super::inbound`] gives back.
pub struct Root<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S: Clone> Clone for Root<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), inner: self.inner.clone() }
    }
}

impl<S> Service<Request<Body>> for Root<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<ObservedBody>;
    type Error = Infallible;
    type Future = RootFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let shared = &self.shared;
        let method = method_name(request.method());
        let parent = remote_parent(&request);
        let sink = Arc::clone(&shared.sink);
        let mut span = Span::root(sink, parent, shared.sampler.sample(), SpanKind::Server, method);
        span.set(attr::HTTP_METHOD, method);
        let scope = RequestScope::new(span.context(), Deadline::after(shared.deadline));
        request.extensions_mut().insert(scope.clone());
        shared.observer.started();
        let exchange = Exchange::new(span, scope, Arc::clone(shared), method);
        let uri = request.uri().clone();
        RootFuture { inner: self.inner.call(request), parts: Some((exchange, uri)) }
    }
}

/// Trace ids from outside are continued, so that a front-end's request and ours are one tree. Whether to record is our
/// own decision, except where a listed proxy asks for it: a stranger must not fill the trace store.
fn remote_parent(request: &Request<Body>) -> Option<RemoteParent> {
    let mut fields = request.headers().get_all("traceparent").iter();
    let field = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    let mut parent = RemoteParent::parse(field.to_str().ok()?)?;
    parent.sampled &= request.extensions().get::<Peer>().is_some_and(|peer| peer.trusted);
    Some(parent)
}

/// Methods that HTTP knows; `_OTHER` for the rest, so that a stranger cannot make up names of spans and metrics.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

pin_project! {
    /// The answer of [`Root`].
    pub struct RootFuture<F> {
        #[pin]
        inner: F,
        parts: Option<(Exchange, Uri)>,
    }
}

impl<F> Future for RootFuture<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<ObservedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(response) = ready!(this.inner.poll(cx));
        let Some((mut exchange, uri)) = this.parts.take() else { return Poll::Pending };
        let mut response = finish(response, &mut exchange, &uri);
        headers::complete(&mut response, &exchange.shared().api_version);
        exchange.answered(response.status());
        Poll::Ready(Ok(response.map(|body| ObservedBody::new(body, exchange))))
    }
}

/// Completes a problem with what only this layer knows, and reports the failure once. Header fields that layers further
/// in added to the answer stay.
fn finish(mut response: Response<Body>, exchange: &mut Exchange, uri: &Uri) -> Response<Body> {
    let Some(mut failure) = response.extensions_mut().remove::<Pending>().and_then(|pending| pending.0)
    else {
        return response;
    };
    exchange.failed(&failure);
    failure.problem.trace_id = Some(exchange.trace_id().to_string());
    failure.problem.instance.get_or_insert_with(|| uri.path().to_owned());
    let body = failure.render().into_body();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = body;
    response
}
