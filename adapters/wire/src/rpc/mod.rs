//! What remote calls have in common, whichever way they travel ([`crate::xmlrpc`], [`crate::jsonrpc`]): typed arguments,
//! exact decimals, faults, limits, and content too large to hold.
//!
//! An answer is decoded into a type that the adapter writes with serde. Both codecs give it the same view: whole numbers
//! as `i64`, text borrowed where that can be, and a [`Decimal`] from the digits on the wire, never through binary floating
//! point. Money that a system writes as a float is therefore what the system wrote.
//!
//! A failure names the path of members down to it, and what was expected against what was found. It never holds a value,
//! nor the name of a member that the type does not know.

mod base64;
mod budget;
mod content;
mod decimal;
mod fault;
mod shape;
mod value;

pub use base64::encode as base64_body;
pub(crate) use budget::Budget;
pub use content::{Member, Protocol, member};
pub use decimal::Decimal;
pub(crate) use decimal::TOKEN as DECIMAL;
pub use fault::Fault;
pub(crate) use shape::Fail;
pub use value::Value;

use bytes::Bytes;
use futures_util::StreamExt as _;
use portico_contract::ByteStream;

use crate::http::{Request, Verb};

/// Bounds of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the whole answer. It is held once; what is decoded from it borrows where it can.
    pub answer: usize,
    /// Values inside each other.
    pub depth: usize,
    /// Values in all.
    pub values: usize,
    /// Octets of one text. Content beyond this is read with [`member`].
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { answer: 32 * 1024 * 1024, depth: 16, values: 1_000_000, text: 1024 * 1024 }
    }
}

/// What a system answered: a value, or a fault in its own words. Both come with status 200.
#[derive(Debug)]
pub enum Answer<T> {
    /// The call succeeded.
    Value(T),
    /// The system says that it failed. Whether it did is for the adapter to know: some fail only in answering.
    Fault(Fault),
}

/// A call, encoded. Where an argument was [`Value::Content`], a body is streamed into its place.
#[derive(Clone)]
pub struct Encoded {
    pub(crate) media_type: &'static str,
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Option<Vec<u8>>,
}

impl Encoded {
    /// The request that carries the call. `content` goes where [`Value::Content`] stood, in base64, and is never held as a
    /// whole; with its length known, so is that of the request.
    pub fn into_request<'a>(
        self,
        verb: Verb,
        path: &'a str,
        content: Option<(ByteStream, Option<u64>)>,
    ) -> Request<'a> {
        let Self { media_type, head, tail } = self;
        let request = Request::new(verb, path);
        let (Some((content, length)), Some(tail)) = (content, tail) else {
            return request.bytes(media_type, head);
        };
        let around = (head.len() + tail.len()) as u64;
        let length = length.map(|octets| around + octets.div_ceil(3) * 4);
        let head = ByteStream::once(Bytes::from(head));
        let body = head.chain(base64_body(content)).chain(ByteStream::once(Bytes::from(tail)));
        let media_type = http::HeaderValue::from_static(media_type);
        request.header(http::header::CONTENT_TYPE, media_type).stream(ByteStream::new(body), length)
    }
}

/// Hides what is sent: it holds credentials.
impl std::fmt::Debug for Encoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoded").field("media_type", &self.media_type).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
