//! What holds for a body after the head of its answer: it keeps coming, not too slowly, and ends.
//!
//! Only time spent waiting for the *system* counts. While the reader of the body is slow nobody polls it, and no clock
//! runs here: slow readers are the edge's business.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use pin_project_lite::pin_project;
use portico_contract::{ByteStream, Error, ErrorKind, Reply};
use tokio::time::{Instant, Sleep};
use tower::{Layer, Service};

use crate::Health;
use crate::settings::BodySettings;
use crate::tracked::Tracked;

/// Over how much waiting the minimum rate is taken.
const RATE_WINDOW: Duration = Duration::from_secs(30);

pub(crate) struct BodyGuardLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for BodyGuardLayer {
    type Service = BodyGuard<S>;

    fn layer(&self, inner: S) -> BodyGuard<S> {
        BodyGuard { inner, settings: self.0.settings.body }
    }
}

#[derive(Clone)]
pub(crate) struct BodyGuard<S> {
    inner: S,
    settings: BodySettings,
}

impl<S> Service<Tracked> for BodyGuard<S>
where
    S: Service<Tracked, Response = Reply, Error = Error>,
{
    type Response = Reply;
    type Error = Error;
    type Future = WithGuardedBody<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, tracked: Tracked) -> Self::Future {
        WithGuardedBody { future: self.inner.call(tracked), settings: self.settings }
    }
}

pin_project! {
    pub(crate) struct WithGuardedBody<F> {
        #[pin]
        future: F,
        settings: BodySettings,
    }
}

impl<F: Future<Output = Result<Reply, Error>>> Future for WithGuardedBody<F> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let settings = *this.settings;
        let result = ready!(this.future.poll(context));
        Poll::Ready(result.map(|reply| reply.map_body(|body| ByteStream::new(guard(body, settings)))))
    }
}

pub(crate) fn guard(
    body: ByteStream,
    settings: BodySettings,
) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    GuardedBody {
        body: Some(body),
        settings,
        total: 0,
        since: None,
        idle: Duration::ZERO,
        waited: Duration::ZERO,
        in_window: 0,
        sleep: None,
    }
}

pin_project! {
    struct GuardedBody {
        // Gone once the body ended or was cut off, and with it the connection underneath.
        body: Option<ByteStream>,
        settings: BodySettings,
        total: u64,
        // Since when the system has been waited for, as far as it is not in the two sums below.
        since: Option<Instant>,
        // Waiting for the present piece.
        idle: Duration,
        // Waiting, and octets that came, in the present window of the minimum rate.
        waited: Duration,
        in_window: u64,
        // Made at the first wait: a body that is never waited for costs no timer.
        sleep: Option<Pin<Box<Sleep>>>,
    }
}

impl Stream for GuardedBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = self.as_mut().project().body else { return Poll::Ready(None) };
        let end = match body.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(piece))) => match self.as_mut().take_in(&piece) {
                Ok(()) => return Poll::Ready(Some(Ok(piece))),
                Err(error) => Some(Err(error)),
            },
            Poll::Ready(end) => end,
            Poll::Pending => Some(Err(ready!(self.as_mut().poll_patience(context)))),
        };
        *self.project().body = None;
        Poll::Ready(end)
    }
}

impl GuardedBody {
    fn take_in(self: Pin<&mut Self>, piece: &Bytes) -> Result<(), Error> {
        let this = self.project();
        *this.waited += this.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        *this.idle = Duration::ZERO;
        *this.in_window += piece.len() as u64;
        *this.total += piece.len() as u64;
        if *this.total > this.settings.max_bytes { Err(too_large()) } else { Ok(()) }
    }

    /// Ready, with the reason, when the system has been waited for long enough.
    fn poll_patience(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Error> {
        let this = self.project();
        loop {
            let now = Instant::now();
            let passed = this.since.replace(now).map_or(Duration::ZERO, |since| now - since);
            *this.idle += passed;
            *this.waited += passed;
            if *this.idle >= this.settings.idle_timeout {
                return Poll::Ready(stalled());
            }
            if *this.waited >= RATE_WINDOW {
                if *this.in_window < this.settings.min_bytes_per_second * RATE_WINDOW.as_secs() {
                    return Poll::Ready(too_slow());
                }
                (*this.waited, *this.in_window) = (Duration::ZERO, 0);
            }
            let left = (this.settings.idle_timeout - *this.idle).min(RATE_WINDOW - *this.waited);
            let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(now + left)));
            if sleep.deadline() != now + left {
                sleep.as_mut().reset(now + left);
            }
            ready!(sleep.as_mut().poll(context));
        }
    }
}

fn stalled() -> Error {
    Error::new(ErrorKind::Timeout, "The system behind stopped in the middle of its answer. Ask again.")
}

fn too_slow() -> Error {
    Error::new(ErrorKind::Timeout, "The system behind sends its answer too slowly to go on. Ask again later.")
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        "The content is larger than the gateway passes on from this system; its limit is `body_max_bytes`.",
    )
}
