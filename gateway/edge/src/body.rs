//! Request bodies: bounded readers, and the way back from a body's error to the contract's.

use std::error::Error as StdError;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use portico_contract::{ByteStream, Error, ErrorKind};

/// Reads a body into memory, up to `cap` octets.
///
/// # Errors
/// [`ErrorKind::ContentTooLarge`] past the cap, [`ErrorKind::CallerTooSlow`] under the minimum rate,
/// [`ErrorKind::InvalidInput`] for broken framing, [`ErrorKind::Cancelled`] when the caller went away.
pub async fn collect(mut body: Body, cap: usize) -> Result<Bytes, Error> {
    let mut first: Option<Bytes> = None;
    let mut whole = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(error)?.into_data() else { continue };
        length = length.saturating_add(piece.len());
        if length > cap {
            return Err(too_large(cap as u64));
        }
        match first.take() {
            None if whole.is_empty() => first = Some(piece),
            None => whole.extend_from_slice(&piece),
            Some(earlier) => {
                whole.reserve(earlier.len() + piece.len());
                whole.extend_from_slice(&earlier);
                whole.extend_from_slice(&piece);
            }
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

/// A body as the contract streams it. The caps and the minimum rate of the edge go on acting while it is read.
pub fn stream(body: Body) -> ByteStream {
    ByteStream::new(body.into_data_stream().map(|piece| piece.map_err(error)))
}

/// The contract's stream as the body of an answer.
pub fn from_stream(stream: ByteStream) -> Body {
    Body::from_stream(stream)
}

/// What went wrong with a body, as the contract says it.
pub fn error(error: axum::Error) -> Error {
    let mut inner = error.into_inner();
    for _ in 0..4 {
        inner = match inner.downcast::<Error>() {
            Ok(known) => return *known,
            Err(other) => match other.downcast::<axum::Error>() {
                Ok(wrapped) => wrapped.into_inner(),
                Err(other) => return foreign(other),
            },
        };
    }
    foreign(inner)
}

/// An error of the HTTP library: either the caller broke the framing or it went away.
pub(crate) fn foreign(error: Box<dyn StdError + Send + Sync>) -> Error {
    let mut next: Option<&(dyn StdError + 'static)> = Some(&*error);
    let mut broken = false;
    for _ in 0..8 {
        let Some(cause) = next else { break };
        broken |= cause.downcast_ref::<std::io::Error>().is_some_and(|io| {
            matches!(io.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput)
        });
        next = cause.source();
    }
    if broken {
        Error::new(ErrorKind::InvalidInput, "The framing of the body is broken (RFC 9112, section 7.1).")
            .with_source(error)
    } else {
        Error::new(ErrorKind::Cancelled, "The body ended before it was whole.").with_source(error)
    }
}

/// The caller sent more than `cap` octets.
pub(crate) fn too_large(cap: u64) -> Error {
    Error::new(ErrorKind::ContentTooLarge, format!("The body is larger than the {cap} octets taken here."))
}
