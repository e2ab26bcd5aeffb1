//! Circuit breaker: a system that fails is left alone for a while, then tried with one call.
//!
//! The decision is a pure state machine ([`machine`]); this layer asks it before a call and tells it how the call went.
//! A call that is dropped tells it so on its way out: a probe that a caller gave up cannot leave the breaker half-open.
//!
//! What nobody waits for (the looks for changes) obeys an open breaker like everything else, and counts for less. Only
//! that the system cannot be *reached* is as true for callers as for it; a time-out or a senseless answer to a question
//! that only it asks is not, and must not make the gateway refuse what would have gone well. And it never takes the
//! place of the probe: a reading of everybody takes minutes, in which callers would be refused.
//!
//! While it is open because the system refused our credentials, calls are refused with the kind
//! [`ErrorKind::CredentialsRefused`] and not `BreakerOpen`: that kind is what makes a source read `misconfigured`, so
//! the reason stays visible on every page for as long as it lasts. The outcome `notAttempted` tells the two apart.

pub(crate) mod answer;
pub(crate) mod machine;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use portico_contract::{Awaited, Error, ErrorKind, Reply};
use portico_schemas::Outcome;
use tower::{Layer, Service};

use self::machine::{Ticket, Verdict};
use crate::Health;
use crate::refusal::OrRefused;
use crate::tracked::Tracked;

/// Whether calls pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BreakerState {
    /// They do.
    Closed,
    /// One call is out to see whether the system is back; others are refused.
    HalfOpen,
    /// They are refused at once.
    Open,
}

impl BreakerState {
    /// The word for spans and metrics: `closed`, `half_open`, `open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// How an attempt counts. Only a fault of the system opens the breaker; a refusal that shows that the system works (not
/// found, conflict) closes it; what says nothing about the system (our own limits, a defect of ours) does neither.
pub(crate) fn verdict(result: &Result<Reply, Error>, awaited: Awaited) -> Verdict {
    let Err(error) = result else { return Verdict::Success };
    let reached = error.outcome() != Outcome::NotAttempted;
    match error.kind() {
        ErrorKind::CredentialsRefused => Verdict::CredentialsRefused,
        kind if kind.counts_against_system() && awaited == Awaited::ByNobody && reached => Verdict::Neither,
        kind if kind.counts_against_system() => Verdict::Failure(kind),
        ErrorKind::Internal
        | ErrorKind::Cancelled
        | ErrorKind::CallerTooSlow
        | ErrorKind::ContentTooLarge
        | ErrorKind::RateLimited => Verdict::Neither,
        _ if !reached => Verdict::Neither,
        _ => Verdict::Success,
    }
}

pub(crate) struct BreakerLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for BreakerLayer {
    type Service = Breaker<S>;

    fn layer(&self, inner: S) -> Breaker<S> {
        Breaker { inner, health: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct Breaker<S> {
    inner: S,
    health: Arc<Health>,
}

impl<S> Service<Tracked> for Breaker<S>
where
    S: Service<Tracked, Response = Reply, Error = Error>,
{
    type Response = Reply;
    type Error = Error;
    type Future = OrRefused<Watched<S::Future>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, tracked: Tracked) -> Self::Future {
        let awaited = tracked.call.meta.awaited;
        match self.health.admit(awaited) {
            Ok(ticket) => {
                let admission = Admission { health: Arc::clone(&self.health), ticket: Some(ticket) };
                OrRefused::Running {
                    future: Watched { future: self.inner.call(tracked), admission, awaited },
                }
            }
            Err(error) => OrRefused::refused(error),
        }
    }
}

/// The right to make one attempt. Dropped without a verdict, it gives the right back.
struct Admission {
    health: Arc<Health>,
    ticket: Option<Ticket>,
}

impl Admission {
    fn end(&mut self, verdict: Verdict, detail: Option<&str>) {
        if let Some(ticket) = self.ticket.take() {
            self.health.record(ticket, verdict, detail);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.end(Verdict::Neither, None);
    }
}

pin_project! {
    pub(crate) struct Watched<F> {
        #[pin]
        future: F,
        admission: Admission,
        awaited: Awaited,
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for Watched<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.future.poll(context));
        this.admission.end(verdict(&result, *this.awaited), result.as_ref().err().map(Error::detail));
        Poll::Ready(result)
    }
}
