//! One deadline for the whole call, waiting and all attempts included: the caller's or the operation's, whichever is
//! earlier. It acts up to the head of the answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use portico_contract::{Capability, Effect, Error, ErrorKind, Reply, Retry};
use portico_schemas::Outcome;
use tokio::time::Timeout;
use tower::{Layer, Service};

use crate::refusal::OrRefused;
use crate::tracked::{Notes, Tracked};

#[derive(Clone, Copy)]
pub(crate) struct DeadlineLayer;

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline { inner }
    }
}

#[derive(Clone)]
pub(crate) struct Deadline<S> {
    inner: S,
}

impl<S> Service<Tracked> for Deadline<S>
where
    S: Service<Tracked, Response = Reply, Error = Error>,
{
    type Response = Reply;
    type Error = Error;
    type Future = OrRefused<Bounded<S::Future>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut tracked: Tracked) -> Self::Future {
        let own = tracked
            .call
            .capability
            .as_ref()
            .map_or_else(|| Capability::default().deadline, |capability| capability.deadline);
        let Some(deadline) = tracked.call.context.deadline.within(own) else {
            return OrRefused::refused(too_late(Outcome::NotAttempted));
        };
        tracked.call.context.deadline = deadline;
        let (notes, effect) = (Arc::clone(&tracked.notes), tracked.call.meta.effect);
        let future = tokio::time::timeout_at(deadline.instant().into(), self.inner.call(tracked));
        OrRefused::Running { future: Bounded { future: Some(future), notes, effect } }
    }
}

pin_project! {
    pub(crate) struct Bounded<F> {
        // Gone when the deadline came: places are given back and the adapter stops before the caller is told.
        #[pin]
        future: Option<Timeout<F>>,
        notes: Arc<Notes>,
        effect: Effect,
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for Bounded<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Pending };
        Poll::Ready(ready!(future.poll(context)).unwrap_or_else(|_| {
            this.future.set(None);
            Err(too_late(this.notes.outcome_if_given_up(*this.effect)))
        }))
    }
}

fn too_late(outcome: Outcome) -> Error {
    let (detail, retry) = match outcome {
        Outcome::NotAttempted => {
            ("The time for this request ran out before the system behind could be asked.", Retry::Soon)
        }
        Outcome::Failed => ("The system behind did not answer in time.", Retry::Soon),
        Outcome::Unknown => (
            "The system behind did not answer in time and may or may not have done it. Read the state back before you \
             send it again.",
            Retry::Never,
        ),
    };
    Error::new(ErrorKind::Timeout, detail).with_outcome(outcome).with_retry(retry)
}
