//! A future that is either the inner one or an error that was decided without it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use portico_contract::{Error, Reply};

pin_project! {
    /// What a layer answers that may refuse a call on the spot. A refusal is ready at the first poll.
    #[project = OrRefusedProjection]
    pub(crate) enum OrRefused<F> {
        /// The call went on.
        Running { #[pin] future: F },
        /// It did not; taken by the first poll.
        Refused { error: Option<Error> },
    }
}

impl<F> OrRefused<F> {
    pub(crate) fn refused(error: Error) -> Self {
        Self::Refused { error: Some(error) }
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for OrRefused<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            OrRefusedProjection::Running { future } => future.poll(context),
            OrRefusedProjection::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending,
            },
        }
    }
}
