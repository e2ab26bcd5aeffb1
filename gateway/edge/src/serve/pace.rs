//! Request bodies that come too slowly.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use portico_contract::{Error, ErrorKind};
use tokio::time::{Instant, Sleep};

/// A request body that has to keep a pace.
///
/// There is an allowance of waiting time. Waiting for the caller uses it up; every octet that comes earns some back, at the
/// minimum rate, up to the allowance at the start. So a silent caller and a trickling one both run out, a steady one never
/// does, and the time that *we* take is nobody's fault.
pub(super) struct Paced<B = Incoming> {
    inner: B,
    most: Duration,
    left: Duration,
    nanos_per_octet: u64,
    waiting: Option<Wait>,
}

struct Wait {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<B> Paced<B> {
    pub(super) fn new(inner: B, idle: Duration, rate: u32) -> Self {
        let nanos_per_octet = 1_000_000_000 / u64::from(rate.max(1));
        Self { inner, most: idle, left: idle, nanos_per_octet, waiting: None }
    }

    fn earn(&mut self, octets: u64) {
        if let Some(wait) = self.waiting.take() {
            self.left = self.left.saturating_sub(wait.since.elapsed());
        }
        let earned = Duration::from_nanos(octets.saturating_mul(self.nanos_per_octet));
        self.left = self.left.saturating_add(earned).min(self.most);
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.earn(frame.data_ref().map_or(0, |data| data.len() as u64));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(crate::body::foreign(error.into())))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let left = this.left;
                let wait = this.waiting.get_or_insert_with(|| Wait {
                    since: Instant::now(),
                    timer: Box::pin(tokio::time::sleep(left)),
                });
                if wait.timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let detail = "The body came too slowly. Send it again over a better line.";
                Poll::Ready(Some(Err(Error::new(ErrorKind::CallerTooSlow, detail))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
