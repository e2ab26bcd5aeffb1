//! Documents and folders, in CMIS 1.1 terms (OASIS CMIS 1.1, section 2.1).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Envelope, PersonRef};

/// Whether a document object holds content or other objects (`cmis:objectTypeId`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ObjectType {
    /// Has a content stream.
    Document,
    /// Holds documents and folders.
    Folder,
}

/// Which rights the service account was seen to have on an object, where the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    /// The content can be read.
    pub read: bool,
    /// The object can be changed.
    pub write: bool,
}

/// A file or a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Id, source, entity tag, times, allowed actions, owner, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The last segment of the path, as people know it.
    pub name: String,
    /// File or folder.
    pub object_type_id: ObjectType,
    /// The folder that holds it; absent for the root of a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The path from the root of the store, `/`-separated, for people to read. Never part of an address.
    pub path: String,
    /// Octets of content; absent for a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Media type of the content (RFC 6838); absent for a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Digest of the content (RFC 9530 form), where the system gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Who made it, if the system knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<PersonRef>,
    /// Who changed it last, if the system knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<PersonRef>,
    /// Whether a native lock is held on it (RFC 4918 section 6); absent where the system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
}
