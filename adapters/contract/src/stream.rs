//! Bodies that are too large to hold: taken in pieces, once, with every limit applied by the layers around them.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use parking_lot::Mutex;

use crate::{Error, Output, Reply};

/// A body in pieces. Ends after the first error. Dropping it early gives the connection up.
pub struct ByteStream(Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>);

impl ByteStream {
    /// Wraps any stream of pieces.
    pub fn new(stream: impl Stream<Item = Result<Bytes, Error>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// A body that is already in memory, in one piece.
    pub fn once(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::new(stream::iter((!bytes.is_empty()).then_some(Ok(bytes))))
    }

    /// Reads the body into memory, up to `cap` octets.
    ///
    /// # Errors
    /// Those of the body; [`crate::ErrorKind::LimitExceeded`] when it is longer than `cap`.
    pub async fn collect(mut self, cap: usize) -> Result<Bytes, Error> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await {
            let piece = piece?;
            if whole.len() + piece.len() > cap {
                return Err(Error::new(
                    crate::ErrorKind::LimitExceeded,
                    "The content is larger than allowed here.",
                ));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteStream")
    }
}

/// An output with a body: the head is known, the body follows.
#[derive(Debug)]
pub struct Streamed<T> {
    /// What is known before the first octet.
    pub head: T,
    /// The octets.
    pub body: ByteStream,
}

impl<T: Send + 'static> Output for Streamed<T> {
    fn into_reply(self) -> Reply {
        Reply::streaming(self.head, self.body)
    }

    fn from_reply(reply: Reply) -> Option<Self> {
        reply.take_streaming().map(|(head, body)| Self { head, body })
    }
}

/// A body that a caller sends. It can be taken once; a second attempt finds it gone and must not be made.
#[derive(Clone)]
pub struct Upload {
    /// Octets, where the caller said how many.
    pub length: Option<u64>,
    /// Media type (RFC 6838), where the caller said which.
    pub media_type: Option<String>,
    body: Arc<Mutex<Option<ByteStream>>>,
}

impl Upload {
    /// Wraps a body.
    pub fn new(body: ByteStream, length: Option<u64>, media_type: Option<String>) -> Self {
        Self { length, media_type, body: Arc::new(Mutex::new(Some(body))) }
    }

    /// Takes the body. `None` when it was taken before: the call cannot be attempted again.
    pub fn take(&self) -> Option<ByteStream> {
        self.body.lock().take()
    }

    /// Whether the body was taken, so that another attempt is impossible.
    pub fn is_taken(&self) -> bool {
        self.body.lock().is_none()
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("length", &self.length).field("media_type", &self.media_type).finish()
    }
}
