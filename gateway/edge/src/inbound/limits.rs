//! Caps on what a request may bring: 414 for the address, 413 for the body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use portico_contract::Error;
use portico_schemas::ProblemCode;

use crate::body::too_large;
use crate::problem::ApiError;

/// Refuses an address that is too long.
pub(super) struct UriCap(pub(super) usize);

impl UriCap {
    pub(super) fn check(&self, request: &Request<Body>) -> Result<(), ApiError> {
        let length = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if length > self.0 {
            let detail = format!("The address is longer than {} octets.", self.0);
            return Err(ApiError::new(ProblemCode::UriTooLong, detail));
        }
        Ok(())
    }
}

/// Says whether a request uploads content, which has a cap of its own.
pub type IsUpload = fn(&Method, &str) -> bool;

/// Refuses a body that says it is too long, and ends one that turns out to be.
pub(super) struct BodyCap {
    pub(super) body: u64,
    pub(super) upload: u64,
    pub(super) is_upload: IsUpload,
}

impl BodyCap {
    pub(super) fn limit(&self, request: &mut Request<Body>) -> Result<(), ApiError> {
        if request.body().is_end_stream() {
            return Ok(());
        }
        let upload = (self.is_upload)(request.method(), request.uri().path());
        let cap = if upload { self.upload } else { self.body };
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > cap) {
            return Err(too_large(cap).into());
        }
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(Capped { body, cap, left: cap });
        Ok(())
    }
}

/// A body that ends with an error once it is longer than its cap.
struct Capped {
    body: Body,
    cap: u64,
    left: u64,
}

impl HttpBody for Capped {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(crate::body::error(error)))),
            None => return Poll::Ready(None),
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Some(Err(too_large(self.cap)))),
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
