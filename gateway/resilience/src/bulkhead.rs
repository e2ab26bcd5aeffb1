//! Bulkhead and load shed: at most so many calls at once to one system, a short queue before them, and nobody waits for a
//! place that is not there.
//!
//! tower's concurrency limit queues without a bound and its load shed does not queue at all; neither lets a permit live
//! in the body of a reply. Streams have a bulkhead of their own, so that sixteen slow downloads do not stop a list.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use pin_project_lite::pin_project;
use portico_contract::{ByteStream, Error, ErrorKind, Reply, Retry, Streaming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::Health;
use crate::health::count;
use crate::refusal::OrRefused;
use crate::tracked::{Notes, Tracked};

/// The places of one bulkhead, and its queue.
pub(crate) struct Bulkhead {
    free: Arc<Semaphore>,
    places: usize,
    queued: AtomicUsize,
    max_queued: usize,
}

impl Bulkhead {
    pub(crate) fn new(places: usize, max_queued: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(places)), places, queued: AtomicUsize::new(0), max_queued }
    }

    pub(crate) fn taken(&self) -> usize {
        self.places - self.free.available_permits()
    }

    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// A place in the queue, if there is one.
    fn queue(self: &Arc<Self>, notes: &Arc<Notes>) -> Option<Queued> {
        let room = |queued| (queued < self.max_queued).then_some(queued + 1);
        self.queued.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
        Some(Queued { bulkhead: Arc::clone(self), notes: Arc::clone(notes), since: Instant::now() })
    }
}

/// Counts a call as waiting for as long as it lives.
struct Queued {
    bulkhead: Arc<Bulkhead>,
    notes: Arc<Notes>,
    since: Instant,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.bulkhead.queued.fetch_sub(1, Ordering::Relaxed);
        self.notes.waited(self.since.elapsed());
    }
}

pub(crate) struct BulkheadLayer(pub(crate) Arc<Health>);

impl<S> Layer<S> for BulkheadLayer {
    type Service = Bulkheaded<S>;

    fn layer(&self, inner: S) -> Bulkheaded<S> {
        Bulkheaded { inner, health: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct Bulkheaded<S> {
    inner: S,
    health: Arc<Health>,
}

impl<S> Service<Tracked> for Bulkheaded<S>
where
    S: Service<Tracked, Response = Reply, Error = Error> + Clone,
{
    type Response = Reply;
    type Error = Error;
    type Future = OrRefused<Placed<S>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, tracked: Tracked) -> Self::Future {
        let bulkhead = match tracked.call.meta.streaming {
            Streaming::None => &self.health.calls,
            Streaming::Reply | Streaming::Request => &self.health.streams,
        };
        // Those who wait come first: the semaphore gives nothing to a newcomer while there is a queue.
        if let Ok(permit) = Arc::clone(&bulkhead.free).try_acquire_owned() {
            let state = State::Running { future: self.inner.call(tracked), permit: Some(permit) };
            return OrRefused::Running { future: Placed { state } };
        }
        let Some(queued) = bulkhead.queue(&tracked.notes) else {
            count(&self.health.counts.shed);
            return OrRefused::refused(full());
        };
        let places = Arc::clone(&bulkhead.free);
        let longest = self.health.settings.max_queue_wait;
        let place = Box::pin(async move {
            let _counted = queued;
            let place = tokio::time::timeout(longest, places.acquire_owned()).await;
            // Nobody closes the semaphore; if somebody did, there would be no place.
            place.ok()?.ok()
        });
        // The one that was polled ready waits; the clone is for the next call.
        let clone = self.inner.clone();
        let service = std::mem::replace(&mut self.inner, clone);
        let held = Some(Box::new(Held { service, tracked, health: Arc::clone(&self.health) }));
        OrRefused::Running { future: Placed { state: State::Waiting { place, held } } }
    }
}

struct Held<S> {
    service: S,
    tracked: Tracked,
    health: Arc<Health>,
}

/// A place that is being waited for.
type Place = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

pin_project! {
    pub(crate) struct Placed<S: Service<Tracked>> {
        #[pin]
        state: State<S, S::Future>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F> {
        // Boxed: calls that find a place at once do not pay for it.
        Waiting { place: Place, held: Option<Box<Held<S>>> },
        Running { #[pin] future: F, permit: Option<OwnedSemaphorePermit> },
    }
}

impl<S: Service<Tracked, Response = Reply, Error = Error>> Future for Placed<S> {
    type Output = Result<Reply, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Running { future, permit } => {
                    let result = ready!(future.poll(context));
                    // Without a body the place is free from here on, even if the answer is kept.
                    let permit = permit.take();
                    return Poll::Ready(
                        result
                            .map(|reply| reply.map_body(|body| ByteStream::new(PlacedBody { body, permit }))),
                    );
                }
                StateProjection::Waiting { place, held } => {
                    let place = ready!(place.as_mut().poll(context));
                    let Some(mut held) = held.take() else { return Poll::Pending };
                    if place.is_none() {
                        count(&held.health.counts.shed);
                        return Poll::Ready(Err(full()));
                    }
                    let future = held.service.call(held.tracked);
                    state.set(State::Running { future, permit: place });
                }
            }
        }
    }
}

/// Keeps a place until the body ends, fails or is dropped.
struct PlacedBody {
    body: ByteStream,
    permit: Option<OwnedSemaphorePermit>,
}

impl Stream for PlacedBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.body.poll_next_unpin(context));
        if !matches!(item, Some(Ok(_))) {
            self.permit = None;
        }
        Poll::Ready(item)
    }
}

fn full() -> Error {
    Error::new(
        ErrorKind::QueueFull,
        "The system behind has all the work that the gateway may give it. Try again in a moment.",
    )
    .with_retry(Retry::After(Duration::from_secs(1)))
}
