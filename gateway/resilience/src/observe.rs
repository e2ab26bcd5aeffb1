//! The outermost layer: one span, one line of facts for the metrics, per call.
//!
//! The span is named by the operation and stands between the request's span and those of the attempts. When the reply has
//! a body, span and facts live in it until it ends or is dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use pin_project_lite::pin_project;
use portico_contract::trace::{Span, SpanKind, Value, attr};
use portico_contract::{ByteStream, Call, Effect, Error, ErrorKind, OperationMeta, Reply, SystemKey};
use portico_schemas::Outcome;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::health::count;
use crate::tracked::{Notes, Tracked};
use crate::{BreakerState, Health};

/// What is known about one call when it is over: when its answer was given or, if that has a body, when the body ended.
#[derive(Debug, Clone, PartialEq)]
pub struct CallFacts {
    /// The configured key of the system.
    pub system: SystemKey,
    /// The adapter kind.
    pub adapter: &'static str,
    /// The operation id.
    pub operation: &'static str,
    /// Whether it reads or writes.
    pub effect: Effect,
    /// How it failed; `None` when it did not. [`ErrorKind::Cancelled`] when its caller went away before the answer.
    pub error: Option<ErrorKind>,
    /// What is known about the effect of a failed call.
    pub outcome: Option<Outcome>,
    /// Times that the adapter was called: 0 when the call was refused, 1 unless it was attempted again.
    pub attempts: u32,
    /// Time spent waiting for a place.
    pub queued: Duration,
    /// Time up to the head of the answer.
    pub duration: Duration,
    /// State of the breaker when the call came.
    pub breaker: BreakerState,
    /// Octets of the body that were passed on; `None` when there was no body.
    pub stream_bytes: Option<u64>,
}

/// Takes the facts of every call, for the metrics. Gauges are read from [`Health`] instead. Must not block.
pub trait Observer: Send + Sync + 'static {
    /// Takes the facts of one call, once, when it is over.
    fn finished(&self, facts: &CallFacts);
}

pub(crate) struct ObserveLayer {
    pub(crate) health: Arc<Health>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Observe<S> {
        Observe {
            inner,
            health: Arc::clone(&self.health),
            observer: Arc::clone(&self.observer),
            system: self.health.system.as_str().into(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Observe<S> {
    inner: S,
    health: Arc<Health>,
    observer: Arc<dyn Observer>,
    system: Arc<str>,
}

impl<S> Service<Call> for Observe<S>
where
    S: Service<Tracked, Response = Reply, Error = Error>,
{
    type Response = Reply;
    type Error = Error;
    type Future = Observed<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut call: Call) -> Self::Future {
        count(&self.health.counts.calls);
        let (breaker, cause) = self.health.breaker();
        let mut span = call.context.span.child(SpanKind::Internal, call.meta.id);
        span.set(attr::SYSTEM, Value::Configured(Arc::clone(&self.system)));
        span.set(attr::ADAPTER, self.health.adapter);
        span.set(attr::OPERATION, call.meta.id);
        span.set(attr::BREAKER, breaker.as_str());
        if let Some(cause) = cause {
            span.set(attr::BREAKER_CAUSE, cause.error_type());
        }
        if call.meta.effect == Effect::Write && call.context.marker.is_some() {
            // Only a write that is new on record comes as far as this with a marker.
            span.set(attr::IDEMPOTENCY, "new");
        }
        // Attempts hang under this span, not beside it.
        call.context.span = span.context();
        call.context.attempt = 1;
        let notes = Arc::new(Notes::default());
        let report = Report {
            span,
            health: Arc::clone(&self.health),
            observer: Arc::clone(&self.observer),
            notes: Arc::clone(&notes),
            meta: call.meta,
            breaker,
            started: Instant::now(),
            head: None,
            stream_bytes: None,
            failure: None,
        };
        Observed { future: self.inner.call(Tracked { call, notes }), report: Some(report) }
    }
}

/// Grows during the call; given out when it is dropped, so that a call given up by its caller is reported as well.
struct Report {
    span: Span,
    health: Arc<Health>,
    observer: Arc<dyn Observer>,
    notes: Arc<Notes>,
    meta: &'static OperationMeta,
    breaker: BreakerState,
    started: Instant,
    /// When the answer came, counted from the start. `None` in a call that was given up.
    head: Option<Duration>,
    stream_bytes: Option<u64>,
    failure: Option<(ErrorKind, Outcome)>,
}

impl Report {
    fn failed(&mut self, error: &Error) {
        self.failure = Some((error.kind(), error.outcome()));
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if self.head.is_none() {
            let outcome = self.notes.outcome_if_given_up(self.meta.effect);
            self.failure = Some((ErrorKind::Cancelled, outcome));
        }
        let facts = CallFacts {
            system: self.health.system.clone(),
            adapter: self.health.adapter,
            operation: self.meta.id,
            effect: self.meta.effect,
            error: self.failure.map(|failure| failure.0),
            outcome: self.failure.map(|failure| failure.1),
            attempts: self.notes.attempts(),
            queued: self.notes.queued(),
            duration: self.head.unwrap_or_else(|| self.started.elapsed()),
            breaker: self.breaker,
            stream_bytes: self.stream_bytes,
        };
        self.span.set(attr::ATTEMPTS, i64::from(facts.attempts));
        self.span.set(attr::QUEUED_MS, i64::try_from(facts.queued.as_millis()).unwrap_or(i64::MAX));
        if let Some((kind, outcome)) = self.failure {
            self.span.fail(kind);
            self.span.set(attr::OUTCOME, word(outcome));
        }
        if let Some(bytes) = facts.stream_bytes {
            self.span.set(attr::STREAM_BYTES, i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        self.observer.finished(&facts);
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotAttempted => "notAttempted",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
    }
}

pin_project! {
    pub(crate) struct Observed<F> {
        #[pin]
        future: F,
        report: Option<Report>,
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for Observed<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.future.poll(context));
        let Some(mut report) = this.report.take() else { return Poll::Ready(result) };
        report.head = Some(report.started.elapsed());
        match result {
            Ok(reply) if reply.has_body() => {
                report.stream_bytes = Some(0);
                let observe = |body| ByteStream::new(ObservedBody { body, report: Some(report) });
                Poll::Ready(Ok(reply.map_body(observe)))
            }
            Ok(reply) => Poll::Ready(Ok(reply)),
            Err(error) => {
                report.failed(&error);
                Poll::Ready(Err(error))
            }
        }
    }
}

/// Keeps the report until the body ends, fails or is dropped.
struct ObservedBody {
    body: ByteStream,
    report: Option<Report>,
}

impl Stream for ObservedBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.body.poll_next_unpin(context));
        Poll::Ready(match (item, self.report.take()) {
            (Some(Ok(piece)), Some(mut report)) => {
                *report.stream_bytes.get_or_insert(0) += piece.len() as u64;
                self.report = Some(report);
                Some(Ok(piece))
            }
            (Some(Err(error)), Some(mut report)) => {
                report.failed(&error);
                Some(Err(error.with_call(&report.health.system, report.meta.id)))
            }
            (item, _) => item,
        })
    }
}
