//! From what a system said to what a front-end sees.

use portico_compose::Found;
use portico_compose::seal::Seals;
use portico_contract::documents::{DocumentRecord, DocumentRef};
use portico_schemas::{AllowedAction, Document, Envelope, Method, ObjectType, Source};
use serde_json::{Value, json};

use crate::conditions;
use crate::members::Projection;
use crate::reply::{self, Shown};

/// The canonical document.
pub fn document(seals: &Seals, found: &Found<DocumentRecord>, shape: &str) -> Document {
    let record = &found.record;
    let itself = match record.parent {
        None if record.path.is_empty() => DocumentRef::Root,
        _ => DocumentRef::Id(record.id.clone()),
    };
    let id = seals.seal_document(&found.system, &itself);
    let parent = parent(record).map(|parent| seals.seal_document(&found.system, &parent));
    Document {
        envelope: Envelope {
            source: Source { system: found.system.as_str().to_owned(), id: None, url: None },
            etag: etag(seals, found, shape),
            created_at: record.created_at,
            updated_at: record.updated_at,
            fetched_at: found.fetched_at,
            allowed_actions: actions(&id, found, itself == DocumentRef::Root),
            native_status: None,
            owner: record.facts.owner.clone(),
            classification: record.facts.classification.unwrap_or_default(),
            extensions: Default::default(),
            id,
        },
        name: record.name.clone(),
        object_type_id: record.object_type,
        parent_id: parent,
        path: record.path.clone(),
        content_length: record.content_length,
        media_type: record.media_type.clone(),
        content_hash: None,
        created_by: None,
        last_modified_by: None,
        locked: record.locked,
    }
}

/// The root has no parent; what lies directly in it has the root as its parent.
fn parent(record: &DocumentRecord) -> Option<DocumentRef> {
    match &record.parent {
        Some(parent) if parent.as_str().is_empty() => Some(DocumentRef::Root),
        Some(parent) => Some(DocumentRef::Id(parent.clone())),
        None if record.path.is_empty() => None,
        None => Some(DocumentRef::Root),
    }
}

/// The tag of this shape of the document.
pub fn etag(seals: &Seals, found: &Found<DocumentRecord>, shape: &str) -> Option<String> {
    let shape = format!("{shape};{};{:?}", found.may_write, found.record.locked);
    found.record.version.as_ref().map(|version| conditions::tag(seals, version, &shape))
}

/// A document as JSON, with the members that are wanted.
pub fn value(seals: &Seals, found: &Found<DocumentRecord>, fields: Option<&Projection>) -> Shown<Document> {
    reply::project(document(seals, found, &Projection::shape(fields)), fields)
}

fn actions(id: &str, found: &Found<DocumentRecord>, is_root: bool) -> Vec<AllowedAction> {
    let is_folder = found.record.object_type == ObjectType::Folder;
    let action = |name: &str, method, href: String, input_schema| AllowedAction {
        name: name.to_owned(),
        method,
        href,
        input_schema,
    };
    let mut actions = Vec::new();
    if is_folder {
        actions.push(action("listChildren", Method::Get, format!("/v1/documents/{id}/children"), None));
    } else {
        actions.push(action("readContent", Method::Get, format!("/v1/documents/{id}/content"), None));
    }
    if !found.may_write {
        return actions;
    }
    if is_folder {
        actions.push(action(
            "nameChild",
            Method::Post,
            format!("/v1/documents/{id}/child-ids"),
            Some(object_schema(&["name"])),
        ));
    } else {
        actions.push(action("replaceContent", Method::Put, format!("/v1/documents/{id}/content"), None));
    }
    if !is_root {
        let schema = object_schema(&["parentId", "name"]);
        actions.push(action("move", Method::Put, format!("/v1/documents/{id}/location"), Some(schema)));
        actions.push(action("delete", Method::Delete, format!("/v1/documents/{id}"), None));
    }
    actions
}

fn object_schema(members: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> = members
        .iter()
        .map(|member| ((*member).to_owned(), json!({ "type": "string", "minLength": 1 })))
        .collect();
    json!({ "type": "object", "required": members, "properties": properties, "additionalProperties": false })
}
