//! Operations on document stores, in CMIS 1.1 terms.
//!
//! A store is a tree. The composition only ever passes on ids that the adapter gave out, and [`DocumentRef::Root`].

use jiff::Timestamp;
use portico_schemas::ObjectType;

use crate::access::Facts;
use crate::operation::operation;
use crate::paging::{ListQuery, SourcePage};
use crate::{NativeId, Operation, OperationMeta, Output, Streamed, Upload};

/// Which version of a thing a system holds: the octets of its own tag, without weakness or quotes. Two equal values mean
/// the same content as far as the system can tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceVersion(pub String);

/// What must hold for a write to be done (RFC 9110 section 13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// The thing must not exist (`If-None-Match: *`).
    Absent,
    /// The thing must exist, in whatever version (`If-Match: *`).
    Exists,
    /// The thing must be in this version (`If-Match`).
    Version(SourceVersion),
}

/// A document or folder as a system gives it. Ids are native; the API seals them.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentRecord {
    /// The system's key for it.
    pub id: NativeId,
    /// The folder that holds it; `None` for the root.
    pub parent: Option<NativeId>,
    /// The last segment of its path, as people know it. Empty for the root.
    pub name: String,
    /// The path from the root, `/`-separated, without a slash at either end. Empty for the root.
    pub path: String,
    /// File or folder.
    pub object_type: ObjectType,
    /// Which version this is, if the system says.
    pub version: Option<SourceVersion>,
    /// Octets of content; `None` for a folder.
    pub content_length: Option<u64>,
    /// Media type; `None` for a folder or when the system does not say.
    pub media_type: Option<String>,
    /// When it was made, if the system knows.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, if the system knows.
    pub updated_at: Option<Timestamp>,
    /// Whether a native lock is held on it; `None` when the system does not say.
    pub locked: Option<bool>,
    /// Facts for authorisation.
    pub facts: Facts,
}

impl Output for DocumentRecord {}

/// A thing in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentRef {
    /// The root folder.
    Root,
    /// Anything else, by the id that the adapter gave out.
    Id(NativeId),
}

/// All documents and folders of a store, the root excepted, over all folders.
#[derive(Debug, Clone)]
pub struct ListDocuments {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListDocuments -> SourcePage<DocumentRecord>, "documents list", Document, Read, None);

/// The documents and folders directly inside one folder. [`crate::ErrorKind::NotFound`] when there is no such folder,
/// [`crate::ErrorKind::Conflict`] when it is not a folder.
#[derive(Debug, Clone)]
pub struct ListChildren {
    /// The folder.
    pub folder: DocumentRef,
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListChildren -> SourcePage<DocumentRecord>, "documents children", Document, Read, None);

/// One document or folder, without its content. [`crate::ErrorKind::NotFound`] when it is not there.
#[derive(Debug, Clone)]
pub struct GetDocument {
    /// Which.
    pub document: DocumentRef,
}
operation!(GetDocument -> DocumentRecord, "documents get", Document, Read, None);

/// One range of octets (RFC 9110 section 14.1.2), as asked: the end may lie behind the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From `first` to `last`, both included; to the end when `last` is missing.
    FromTo {
        /// First octet.
        first: u64,
        /// Last octet.
        last: Option<u64>,
    },
    /// The last `length` octets.
    Suffix {
        /// How many.
        length: u64,
    },
}

/// The content of a document, as a stream. Folders answer [`crate::ErrorKind::Conflict`].
///
/// A range that the system ignores is answered whole, with [`ContentHead::range`] empty. A range outside the content is
/// [`crate::ErrorKind::RangeNotSatisfiable`].
#[derive(Debug, Clone)]
pub struct ReadContent {
    /// Which.
    pub document: NativeId,
    /// Which octets; `None` for all.
    pub range: Option<ByteRange>,
    /// Answer [`ContentHead::not_modified`] without a body if the content is still in this version.
    pub unless: Option<SourceVersion>,
    /// Ignore the range unless the content is still in this version (RFC 9110 section 13.1.5).
    pub range_if: Option<SourceVersion>,
}
operation!(ReadContent -> Streamed<ContentHead>, "documents read_content", Document, Read, Reply);

/// What is known of content before its first octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentHead {
    /// The name of the document, for the person who saves it.
    pub name: Option<String>,
    /// Media type, if the system says.
    pub media_type: Option<String>,
    /// Octets that follow, if the system says.
    pub length: Option<u64>,
    /// First octet, last octet and complete length of the part that follows; `None` when all of it follows.
    pub range: Option<(u64, u64, Option<u64>)>,
    /// Which version this is, if the system says.
    pub version: Option<SourceVersion>,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// The caller's version is the current one: no body follows.
    pub not_modified: bool,
    /// Facts for authorisation.
    pub facts: Facts,
}

/// The key that a thing with this name has, or would have, in a folder. Computes; asks nothing and changes nothing.
/// [`crate::ErrorKind::InvalidInput`] when the system cannot hold such a name.
#[derive(Debug, Clone)]
pub struct NameChild {
    /// The folder.
    pub folder: DocumentRef,
    /// The name, as people know it.
    pub name: String,
}
operation!(NameChild -> NativeId, "documents name_child", Document, Read, None);
impl Output for NativeId {}

/// Creates a document or replaces its content. The body is taken once and never replayed.
#[derive(Debug, Clone)]
pub struct WriteContent {
    /// The key, which [`NameChild`] gave out for a new document.
    pub document: NativeId,
    /// What must hold.
    pub precondition: Precondition,
    /// The octets.
    pub upload: Upload,
}
operation!(WriteContent -> DocumentRecord, "documents write_content", Document, Write, Request);

/// Creates a folder where nothing is. [`crate::ErrorKind::PreconditionFailed`] when something is there already,
/// [`crate::ErrorKind::Conflict`] when the folder around it is missing.
#[derive(Debug, Clone)]
pub struct CreateFolder {
    /// The key, which [`NameChild`] gave out.
    pub folder: NativeId,
}
operation!(CreateFolder -> DocumentRecord, "documents create_folder", Document, Write, None);

/// Moves or renames. Fails with [`crate::ErrorKind::PreconditionFailed`] when something is at the destination.
#[derive(Debug, Clone)]
pub struct MoveDocument {
    /// What.
    pub document: NativeId,
    /// Where to: a key that [`NameChild`] gave out.
    pub destination: NativeId,
    /// What must hold of the thing that is moved.
    pub precondition: Precondition,
}
operation!(MoveDocument -> DocumentRecord, "documents move", Document, Write, None);

/// Copies, folders with all that is in them. Fails with [`crate::ErrorKind::PreconditionFailed`] when something is at
/// the destination.
#[derive(Debug, Clone)]
pub struct CopyDocument {
    /// What.
    pub document: NativeId,
    /// Where to: a key that [`NameChild`] gave out.
    pub destination: NativeId,
}
operation!(CopyDocument -> DocumentRecord, "documents copy", Document, Write, None);

/// Deletes; a folder with all that is in it. [`crate::ErrorKind::NotFound`] when it is not there.
#[derive(Debug, Clone)]
pub struct DeleteDocument {
    /// What.
    pub document: NativeId,
    /// What must hold.
    pub precondition: Precondition,
}
operation!(DeleteDocument -> (), "documents delete", Document, Write, None);

/// Every operation of this domain, for catalogues.
pub const ALL: &[&OperationMeta] = &[
    &ListDocuments::META,
    &ListChildren::META,
    &GetDocument::META,
    &ReadContent::META,
    &NameChild::META,
    &WriteContent::META,
    &CreateFolder::META,
    &MoveDocument::META,
    &CopyDocument::META,
    &DeleteDocument::META,
];
