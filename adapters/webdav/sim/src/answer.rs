//! What a method comes to, before a flavour puts it into its product's words.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::condition::Tag;
use crate::path::Path;

/// A finished answer.
pub(crate) type Answer = Response<Bytes>;

/// Why a request is not done. Each flavour has a table from these to a status and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotSignedIn,
    /// The simulator is read-only, or the root would be changed.
    Forbidden,
    BadRequest(String),
    BadXml(String),
    NotFound(Path),
    /// Part of the path is a file.
    ThroughFile,
    NameTooLong,
    /// MKCOL where something is.
    Exists,
    NoParent(&'static str),
    PutOnFolder,
    /// Which header's condition failed.
    Precondition(&'static str),
    /// The condition failed on the folder around it, which Apache also asks.
    ParentPrecondition(Path),
    NoOverwrite,
    OntoItself,
    BelowItself,
    NoDestination,
    OtherHost,
    InfiniteDepth(Path),
    Locked(Vec<Path>),
    /// Items below are locked.
    MembersLocked(Vec<Path>),
    /// The token to unlock is not one of this item.
    NotItsToken,
    UnknownMethod(String),
    /// A body where none may be.
    UnexpectedBody,
    TooLarge,
    Full,
    RangeOutside(u64),
    /// What Apache answers to a MOVE into a folder that is missing.
    Broken,
    /// A folder was asked for without the slash at its end.
    AddSlash(Path),
}

/// One `response` of a multi-status answer that only has a status.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub href: String,
    pub status: &'static str,
    pub description: Option<&'static str>,
}

/// What was made, for the words of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Collection,
    Resource,
    Destination,
}

/// An answer of the protocol's own making; headers with values that cannot be sent are left out.
pub(crate) fn answer(status: u16, headers: &[(&'static str, String)], body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        set(response.headers_mut(), name, value);
    }
    response
}

/// Adds a header.
pub(crate) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(HeaderName::from_static(name), value);
    }
}

/// The `etag` header, where there is a tag.
pub(crate) fn etag_header(tag: Option<&Tag>) -> Option<(&'static str, String)> {
    tag.map(|tag| ("etag", tag.header()))
}

/// `Sun, 22 Nov 2026 12:43:50 GMT`.
pub(crate) fn http_date(time: jiff::Timestamp) -> String {
    httpdate::fmt_http_date(time.into())
}

/// The reason that stands behind a status in a multi-status answer.
pub(crate) fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}
