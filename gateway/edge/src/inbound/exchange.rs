//! One request from its head to the last octet of its answer: the root span and the record live exactly as long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body::{Body as HttpBody, Frame, SizeHint};
use portico_contract::trace::{Span, TraceId, attr};
use portico_contract::{Error, ErrorKind};
use portico_schemas::ProblemCode;

use super::root::Shared;
use crate::context::RequestScope;
use crate::observe::RequestRecord;
use crate::problem::Failure;

/// Status of a request whose caller went away before the answer: never sent, only recorded (nginx's word).
const CLIENT_CLOSED: u16 = 499;

/// Reports itself when it is dropped, however that comes about.
pub(super) struct Exchange {
    span: Span,
    scope: RequestScope,
    shared: Arc<Shared>,
    method: &'static str,
    status: u16,
    sent: u64,
    complete: bool,
    problem: Option<ProblemCode>,
    kind: Option<ErrorKind>,
}

impl Exchange {
    pub(super) fn new(span: Span, scope: RequestScope, shared: Arc<Shared>, method: &'static str) -> Self {
        Self {
            span,
            scope,
            shared,
            method,
            status: CLIENT_CLOSED,
            sent: 0,
            complete: false,
            problem: None,
            kind: None,
        }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn trace_id(&self) -> TraceId {
        self.scope.span().trace_id()
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = status.as_u16();
        if status.is_server_error() && self.kind.is_none() {
            self.kind = Some(ErrorKind::Internal);
        }
    }

    pub(super) fn failed(&mut self, failure: &Failure) {
        let code = failure.problem.code;
        self.problem = Some(code);
        if let Some(error) = &failure.error {
            self.shared.observer.failed(code, error, self.trace_id());
        }
        if code.status() >= 500 {
            let kind = failure.error.as_ref().map_or(ErrorKind::QueueFull, Error::kind);
            self.kind = Some(if code == ProblemCode::Internal { ErrorKind::Internal } else { kind });
        }
    }

    /// The body broke off after the head was out.
    fn broke(&mut self, error: &Error) {
        self.shared.observer.failed(error.kind().code(), error, self.trace_id());
        self.kind = Some(error.kind());
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let (method, route) = (self.method, self.scope.route());
        if let Some(names) = route.and_then(|route| self.shared.routes.names(method, route)) {
            self.span.rename(names.span);
            self.span.set(attr::HTTP_ROUTE, names.route);
        }
        if self.status == CLIENT_CLOSED {
            self.kind = Some(ErrorKind::Cancelled);
        }
        self.span.set(attr::HTTP_STATUS, i64::from(self.status));
        if let Some(code) = self.problem {
            self.span.set(attr::PROBLEM, code.as_str());
        }
        if let Some(kind) = self.kind {
            self.span.fail(kind);
        }
        self.shared.observer.finished(&RequestRecord {
            method,
            route,
            status: self.status,
            duration: self.scope.started().elapsed(),
            sent: self.sent,
            complete: self.complete,
            problem: self.problem,
            error_type: self.kind.map(ErrorKind::error_type),
        });
    }
}

/// The body of an answer, with its [`Exchange`].
pub struct ObservedBody {
    inner: Body,
    exchange: Exchange,
}

impl ObservedBody {
    pub(super) fn new(inner: Body, mut exchange: Exchange) -> Self {
        exchange.complete = inner.is_end_stream();
        Self { inner, exchange }
    }
}

impl HttpBody for ObservedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let inner = Pin::new(&mut this.inner);
        let polled = catch_unwind(AssertUnwindSafe(|| inner.poll_frame(cx))).unwrap_or_else(|_| {
            let error = Error::new(ErrorKind::Internal, "The gateway made a mistake in mid-answer.");
            Poll::Ready(Some(Err(axum::Error::new(error))))
        });
        Poll::Ready(match ready!(polled) {
            Some(Ok(frame)) => {
                this.exchange.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                this.exchange.complete = this.inner.is_end_stream();
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                let error = crate::body::error(error);
                this.exchange.broke(&error);
                Some(Err(error))
            }
            None => {
                this.exchange.complete = true;
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
