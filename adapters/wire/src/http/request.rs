//! What an adapter asks for.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use portico_contract::{ByteStream, Effect, Error, ErrorKind};

/// A method, with the name of its span and whether it changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// As on the wire.
    pub name: &'static str,
    /// Decides what is said about a request whose answer was lost.
    pub effect: Effect,
}

macro_rules! verbs {
    ($($name:ident $effect:ident $from:literal;)*) => {
        impl Verb { $(
            #[doc = concat!("`", stringify!($name), "` (", $from, ").")]
            pub const $name: Self = Self { name: stringify!($name), effect: Effect::$effect };
        )* }
    };
}

verbs! {
    GET Read "RFC 9110"; HEAD Read "RFC 9110"; OPTIONS Read "RFC 9110"; POST Write "RFC 9110"; PUT Write "RFC 9110";
    PATCH Write "RFC 5789"; DELETE Write "RFC 9110"; PROPFIND Read "RFC 4918"; MKCOL Write "RFC 4918";
    COPY Write "RFC 4918"; MOVE Write "RFC 4918"; LOCK Write "RFC 4918"; UNLOCK Write "RFC 4918"; REPORT Read "RFC 3253";
}

impl Verb {
    pub(crate) fn method(self) -> Option<Method> {
        // Extension methods of this length are held in place: no allocation.
        Method::from_bytes(self.name.as_bytes()).ok()
    }
}

/// One request below the base address. `Debug` shows neither path nor headers.
pub struct Request<'a> {
    pub(crate) verb: Verb,
    pub(crate) path: &'a str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Outgoing,
}

impl<'a> Request<'a> {
    /// A request without a body. `path` is percent-encoded, goes behind the base path, and starts with `/` unless it is
    /// empty.
    pub fn new(verb: Verb, path: &'a str) -> Self {
        Self { verb, path, headers: HeaderMap::with_capacity(8), body: Outgoing::Empty }
    }

    /// Sets a header. The client sets `Host`, `Authorization`, `traceparent`, `User-Agent` and the framing itself.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sends octets that are in memory.
    #[must_use]
    pub fn bytes(mut self, media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.body = Outgoing::Full(Some(bytes.into()));
        self
    }

    /// Sends a stream, once. With a length it is framed by it and must match it; without, it is sent chunked.
    #[must_use]
    pub fn stream(mut self, body: ByteStream, length: Option<u64>) -> Self {
        self.body = Outgoing::Stream { body, left: length, upload: Arc::default() };
        self
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("verb", &self.verb.name).finish_non_exhaustive()
    }
}

/// How an upload goes, seen from outside the connection that carries it.
#[derive(Default)]
pub(crate) struct Upload {
    /// Pieces handed to the connection: whoever waits can tell a slow upload from a stuck one.
    pub(crate) pieces: AtomicU64,
    /// All of it was handed over.
    pub(crate) complete: AtomicBool,
    /// The answer has ended or nobody wants it any more: stop reading from the caller.
    pub(crate) abandoned: AtomicBool,
    /// Why the caller's side failed.
    pub(crate) failure: Mutex<Option<Error>>,
}

/// A request body on its way out.
pub(crate) enum Outgoing {
    Empty,
    Full(Option<Bytes>),
    Stream { body: ByteStream, left: Option<u64>, upload: Arc<Upload> },
}

/// The caller's side of an upload failed; the reason waits in [`Upload::failure`].
#[derive(Debug)]
pub(crate) struct UploadBroken;

impl fmt::Display for UploadBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the upload broke off")
    }
}

impl std::error::Error for UploadBroken {}

impl Outgoing {
    pub(crate) fn upload(&self) -> Option<Arc<Upload>> {
        match self {
            Self::Stream { upload, .. } => Some(Arc::clone(upload)),
            Self::Empty | Self::Full(_) => None,
        }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = UploadBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadBroken>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream { body, left, upload } => poll_upload(body, left, upload, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty | Self::Full(None) => true,
            Self::Full(Some(bytes)) => bytes.is_empty(),
            Self::Stream { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::Full(None) => SizeHint::with_exact(0),
            Self::Full(Some(bytes)) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream { left: Some(left), .. } => SizeHint::with_exact(*left),
            Self::Stream { left: None, .. } => SizeHint::default(),
        }
    }
}

fn poll_upload(
    body: &mut ByteStream,
    left: &mut Option<u64>,
    upload: &Upload,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, UploadBroken>>> {
    if upload.abandoned.load(Ordering::Acquire) {
        return Poll::Ready(Some(Err(UploadBroken)));
    }
    let failure = match futures_util::ready!(Pin::new(body).poll_next(cx)) {
        Some(Ok(piece)) => match left {
            Some(left) if piece.len() as u64 > *left => mismatch(),
            _ => {
                if let Some(left) = left {
                    *left -= piece.len() as u64;
                    if *left == 0 {
                        upload.complete.store(true, Ordering::Release);
                    }
                }
                upload.pieces.fetch_add(1, Ordering::Relaxed);
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
        },
        Some(Err(error)) => error,
        None if left.is_none_or(|left| left == 0) => {
            upload.complete.store(true, Ordering::Release);
            return Poll::Ready(None);
        }
        None => mismatch(),
    };
    *upload.failure.lock() = Some(failure);
    Poll::Ready(Some(Err(UploadBroken)))
}

fn mismatch() -> Error {
    Error::new(ErrorKind::InvalidInput, "The body is not as long as its Content-Length says.")
}
