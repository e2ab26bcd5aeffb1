//! The answer: its head, and a body that holds its connection, its place and its span until it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use portico_contract::trace::{Span, attr};
use portico_contract::{ByteStream, Effect, Error, ErrorKind};
use tokio::sync::OwnedSemaphorePermit;

use super::pace::Pace;
use super::pool::{Connection, Pool};
use super::request::Upload;
use super::{Limits, fault};
use crate::redact;

/// How much of the body of a failure is read.
const MAX_FAILURE: usize = 16 * 1024;

/// A connection in use, and the place that it takes.
pub(crate) struct Lease {
    pub(crate) connection: Connection,
    pub(crate) pool: Arc<Pool>,
    pub(crate) _place: OwnedSemaphorePermit,
}

/// What a body has to know of the request that it answers.
pub(crate) struct Exchange {
    pub(crate) lease: Lease,
    pub(crate) span: Span,
    pub(crate) effect: Effect,
    pub(crate) upload: Option<Arc<Upload>>,
    /// Whether the connection may serve another request after this one.
    pub(crate) reusable: bool,
}

/// An answer whose head has arrived.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The header fields. They are a back office's own words: do not log or pass them on unseen.
    pub headers: HeaderMap,
    /// What follows.
    pub body: Body,
}

impl Response {
    /// A header field as text; `None` when it is missing or holds other octets than visible ASCII.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type in lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header(&CONTENT_TYPE)?;
        Some(value.split(';').next()?.trim().to_ascii_lowercase())
    }

    /// Reads the body into memory.
    ///
    /// # Errors
    /// Those of the wire; `LimitExceeded` when it is longer than `cap`; `InvalidResponse` when it is compressed, which
    /// we never ask for.
    pub async fn collect(self, cap: usize) -> Result<Bytes, Error> {
        if self.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                "The system behind compressed its answer without being asked to.",
            )
            .with_outcome(fault::sent_outcome(self.body.effect)));
        }
        self.body.collect(cap).await
    }

    /// Reads what the back office says about a failure, for [`Error::with_native`]: never more than a few words, and
    /// nothing that could hold a path or a name. The connection is kept when the body is short.
    pub async fn native(self) -> String {
        let media_type = self.media_type().unwrap_or_default();
        let status = self.status;
        match self.body.collect(MAX_FAILURE).await {
            Ok(body) => redact::native(status.as_u16(), &media_type, &body),
            Err(_) => redact::native(status.as_u16(), &media_type, &[]),
        }
    }

    /// Reads and forgets a short body, so that the connection can be used again.
    pub async fn finish(self) {
        drop(self.body.collect(MAX_FAILURE).await);
    }
}

/// The body of an answer. Dropped early, it closes its connection (HTTP/1.1) or resets its stream (HTTP/2).
pub struct Body {
    incoming: Incoming,
    lease: Option<Lease>,
    span: Option<Span>,
    upload: Option<Arc<Upload>>,
    effect: Effect,
    reusable: bool,
    pace: Pace,
    received: u64,
    streamed: bool,
}

impl Body {
    pub(crate) fn new(incoming: Incoming, exchange: Exchange, limits: &Limits) -> Self {
        let mut body = Self {
            incoming,
            lease: Some(exchange.lease),
            span: Some(exchange.span),
            upload: exchange.upload,
            effect: exchange.effect,
            reusable: exchange.reusable,
            pace: Pace::new(limits),
            received: 0,
            streamed: false,
        };
        if body.incoming.is_end_stream() {
            body.end();
        }
        body
    }

    /// Reads the body into memory, up to `cap` octets. One piece is taken as it is, without a copy.
    ///
    /// # Errors
    /// Those of the wire; `LimitExceeded` when the body is longer.
    pub async fn collect(mut self, cap: usize) -> Result<Bytes, Error> {
        if self.incoming.size_hint().lower() > cap as u64 {
            return Err(self.too_large());
        }
        let Some(first) = self.piece().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() > cap {
            return Err(self.too_large());
        }
        let Some(second) = self.piece().await.transpose()? else { return Ok(first) };
        let expected = self.incoming.size_hint().lower() as usize;
        let mut whole = BytesMut::with_capacity((first.len() + second.len() + expected).min(cap));
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(piece) = next {
            if whole.len() + piece.len() > cap {
                return Err(self.too_large());
            }
            whole.extend_from_slice(&piece);
            next = self.piece().await.transpose()?;
        }
        Ok(whole.freeze())
    }

    /// The body as a stream. Its span records how many octets it carried.
    pub fn into_stream(mut self) -> ByteStream {
        self.streamed = true;
        ByteStream::new(self)
    }

    /// Octets that are announced, less those read.
    pub fn announced(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    async fn piece(&mut self) -> Option<Result<Bytes, Error>> {
        std::future::poll_fn(|cx| self.poll_piece(cx)).await
    }

    fn too_large(&mut self) -> Error {
        let error = Error::new(
            ErrorKind::LimitExceeded,
            "The answer of the system behind is larger than the limit in its settings.",
        )
        .with_outcome(fault::sent_outcome(self.effect));
        self.fail(&error);
        error
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.span.is_none() {
            return Poll::Ready(None);
        }
        loop {
            let frame = match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    let detail = ready!(self.pace.poll_too_slow(cx));
                    let error = fault::stalled(self.effect, detail);
                    self.fail(&error);
                    return Poll::Ready(Some(Err(error)));
                }
            };
            match frame {
                Some(Ok(frame)) => {
                    // Trailers carry nothing that we use.
                    let Ok(piece) = frame.into_data() else { continue };
                    self.received += piece.len() as u64;
                    self.pace.moved(piece.len());
                    if self.incoming.is_end_stream() {
                        self.end();
                    }
                    if piece.is_empty() {
                        if self.span.is_none() {
                            return Poll::Ready(None);
                        }
                        continue;
                    }
                    return Poll::Ready(Some(Ok(piece)));
                }
                Some(Err(error)) => {
                    let error = fault::in_body(error, self.effect);
                    self.fail(&error);
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.end();
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// All was read: the connection may serve the next request, unless our own upload is still under way on it.
    fn end(&mut self) {
        let uploaded = self.upload.as_ref().is_none_or(|upload| upload.complete.load(Ordering::Acquire));
        if let Some(lease) = self.lease.take()
            && uploaded
            && self.reusable
        {
            lease.pool.put(lease.connection);
        }
        self.close();
    }

    fn fail(&mut self, error: &Error) {
        if let Some(span) = &mut self.span {
            span.fail(error.kind());
        }
        self.lease = None;
        self.close();
    }

    fn close(&mut self) {
        if let Some(upload) = &self.upload {
            upload.abandoned.store(true, Ordering::Release);
        }
        if let Some(mut span) = self.span.take()
            && self.streamed
        {
            span.set(attr::STREAM_BYTES, i64::try_from(self.received).unwrap_or(i64::MAX));
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.close();
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_piece(cx)
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("received", &self.received).finish_non_exhaustive()
    }
}
