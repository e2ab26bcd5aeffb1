//! Where a thing is: a native id, taken apart and checked.
//!
//! A native id is the decoded path below the base folder, `/` between segments and none at the ends; the empty one is
//! the base folder itself. Names keep the Unicode form that the server gave them.

use portico_contract::documents::DocumentRef;
use portico_contract::{Error, ErrorKind, NativeId};
use portico_wire::path;

/// A checked native id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location(String);

impl Location {
    /// The base folder.
    pub(crate) fn root() -> Self {
        Self(String::new())
    }

    /// A native id that we gave out. One that we cannot have given out names nothing.
    pub(crate) fn of(id: &NativeId) -> Result<Self, Error> {
        Self::checked(id.as_str()).ok_or_else(not_found)
    }

    /// A document reference.
    pub(crate) fn of_ref(document: &DocumentRef) -> Result<Self, Error> {
        match document {
            DocumentRef::Root => Ok(Self::root()),
            DocumentRef::Id(id) => Self::of(id),
        }
    }

    /// Takes a decoded path if every segment of it can be addressed.
    pub(crate) fn checked(path: &str) -> Option<Self> {
        let good = path.is_empty() || path.split('/').all(|segment| path::check_segment(segment).is_ok());
        good.then(|| Self(path.to_owned()))
    }

    /// Joins segments that were checked when they were decoded.
    pub(crate) fn from_segments(segments: &[String]) -> Self {
        Self(segments.join("/"))
    }

    /// The thing with this name in this folder. The name must have been checked.
    pub(crate) fn child(&self, name: &str) -> Self {
        if self.is_root() { Self(name.to_owned()) } else { Self(format!("{}/{name}", self.0)) }
    }

    /// The decoded path.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last segment; empty for the base folder.
    pub(crate) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The folder around it; `None` for the base folder.
    pub(crate) fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or_else(String::new, |(parent, _)| parent.to_owned())))
    }

    /// Whether it lies somewhere inside the folder.
    pub(crate) fn is_inside(&self, folder: &Self) -> bool {
        folder.is_root() || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The percent-encoded path behind the base address, with a slash at its end for a folder.
    pub(crate) fn encoded(&self, folder: bool) -> String {
        let mut encoded = String::with_capacity(self.0.len() * 2 + 2);
        for segment in self.0.split('/').filter(|segment| !segment.is_empty()) {
            encoded.push('/');
            path::encode_segment(segment, &mut encoded);
        }
        if folder || self.is_root() {
            encoded.push('/');
        }
        encoded
    }

    /// The native id; `None` when it is too long to be one.
    pub(crate) fn id(&self) -> Option<NativeId> {
        NativeId::new(&self.0)
    }

    /// The key by which things are in order: octets, parents before what is in them, a folder's content before the
    /// folder's next sibling. `/` as U+0000 sorts before every character that a name can hold.
    pub(crate) fn sort_key(&self) -> String {
        self.0.replace('/', "\0")
    }
}

pub(crate) fn not_found() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "There is no such document or folder in the store; it may have been moved.",
    )
}
