//! `/v1/documents`: files and folders of every store.

mod read;
mod render;
mod write;

pub use read::{
    __path_children, __path_get, __path_list, __path_read_content, children, get, list, read_content,
};
pub use write::{
    __path_child_id, __path_delete, __path_put, __path_relocate, __path_write_content, child_id, delete, put,
    relocate, write_content,
};

use crate::asked::Shape;
use crate::members::Members;
use crate::query::{FieldType, ListSpec};

const MEMBERS: Members = Members::resource(
    &["name", "objectTypeId", "parentId", "path", "contentLength", "mediaType", "contentHash", "locked"],
    &["createdBy", "lastModifiedBy"],
);

/// What lists of documents take. Each system says which of these it can do.
#[derive(Debug)]
pub struct OfDocuments;

impl Shape for OfDocuments {
    const LIST: ListSpec = ListSpec {
        filters: &[
            ("name", FieldType::Text),
            ("objectTypeId", FieldType::Word(&["document", "folder"])),
            ("mediaType", FieldType::Text),
            ("contentLength", FieldType::Number),
            ("updatedAt", FieldType::Time),
        ],
        sorts: &["path", "name", "updatedAt", "contentLength"],
        search: true,
        members: MEMBERS,
    };
}
