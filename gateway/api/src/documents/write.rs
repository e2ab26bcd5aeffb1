//! Writing: every write says which version it means, and answers with what is there now.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_compose::Found;
use portico_contract::documents::{DocumentRecord, Precondition};
use portico_contract::{CallContext, Deadline, Error, ErrorKind};
use portico_edge::ApiResult;
use portico_schemas::{Document, FieldError, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::render;
use crate::asked::{Asked, NoQuery};
use crate::conditions::{self, WriteCondition};
use crate::{Api, body, reply};

/// How long an upload may take in all. The time-outs and the minimum rate for bodies end a stalled one much earlier.
const UPLOAD: Duration = Duration::from_secs(3_600);

/// How long a folder may take to be copied, moved or deleted with all that is in it.
const TREE: Duration = Duration::from_secs(60);

/// A name for something in a folder.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChildName {
    /// The name, as people will see it.
    pub name: String,
}

/// An id that something has, or would have.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectId {
    /// The id.
    pub id: String,
}

/// Something new at an id: an empty folder, or a copy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewObject {
    /// `folder` makes an empty folder. Leave it out for a copy.
    #[serde(default)]
    pub object_type_id: Option<NewType>,
    /// The id of what is copied, with all that is in it.
    #[serde(default)]
    pub copy_of: Option<String>,
}

/// What can be made without content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum NewType {
    /// An empty folder.
    Folder,
}

/// Where something lies.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Location {
    /// The folder.
    pub parent_id: String,
    /// The name in it.
    pub name: String,
}

/// The id that a thing of this name has, or would have, in a folder. Stores nothing: use the id with `PUT` and
/// `If-None-Match: *` to create. Names travel in the body because addresses end up in logs.
#[utoipa::path(post, path = "/v1/documents/{id}/child-ids", tag = "documents", operation_id = "nameChild",
    params(("id" = String, Path, description = "The folder.")), request_body = ChildName,
    responses((status = 200, description = "The id.", body = ObjectId),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn child_id(
    State(api): State<Arc<Api>>,
    Path(folder): Path<String>,
    Asked { context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let ChildName { name } = body::json(&headers, body).await?;
    let id = api.documents.child_id(&context, &folder, &name).await?;
    Ok(reply::tagged(StatusCode::OK, None, None, &reply::project(&ObjectId { id }, None)))
}

/// Creates a document or replaces its content.
#[utoipa::path(put, path = "/v1/documents/{id}/content", tag = "documents", operation_id = "writeContent",
    params(("id" = String, Path, description = "The document; for a new one, an id from `child-ids`."),
           ("If-Match" = Option<String>, Header, description = "Replace this version."),
           ("If-None-Match" = Option<String>, Header, description = "`*`: create, and fail if something is there.")),
    request_body(content_type = "application/octet-stream", description = "The octets."),
    responses((status = 200, description = "Replaced.", body = Document),
              (status = 201, description = "Created.", body = Document),
              (status = 412, description = "It has changed since you read it.", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "A precondition is missing.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn write_content(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { mut context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let precondition = precondition(&api, &context, &id, &headers).await?;
    context.deadline = Deadline::after(UPLOAD);
    let status = if precondition == Precondition::Absent { StatusCode::CREATED } else { StatusCode::OK };
    let upload = body::upload(&headers, body);
    let found = api.documents.write_content(&context, &id, precondition, upload).await?;
    let mut response = written(&api, status, &found);
    // The validator of an answer to PUT is that of what was put (RFC 9110 section 9.3.4): here the content.
    let tag = found
        .record
        .version
        .as_ref()
        .map(|version| conditions::tag(&api.seals, version, conditions::CONTENT));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(format!("\"{tag}\"")).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Makes a folder, or a copy, at an id that nothing has yet.
#[utoipa::path(put, path = "/v1/documents/{id}", tag = "documents", operation_id = "createObject",
    params(("id" = String, Path, description = "An id from `child-ids`."),
           ("If-None-Match" = String, Header, description = "`*`: fail if something is there.")),
    request_body = NewObject,
    responses((status = 201, description = "Created.", body = Document),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { mut context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    if precondition(&api, &context, &id, &headers).await? != Precondition::Absent {
        let why = "Only creating works here: send `If-None-Match: *`. To change content, use `…/content`.";
        return Err(Error::new(ErrorKind::PreconditionRequired, why).into());
    }
    let new: NewObject = body::json(&headers, body).await?;
    context.deadline = Deadline::after(TREE);
    let found = match (new.object_type_id, new.copy_of) {
        (Some(NewType::Folder), None) => api.documents.create_folder(&context, &id).await?,
        (None, Some(source)) => api.documents.copy(&context, &id, &source).await?,
        _ => return Err(one_of_two().into()),
    };
    Ok(written(&api, StatusCode::CREATED, &found))
}

fn one_of_two() -> Error {
    let field = FieldError {
        detail: "give `objectTypeId` for a folder or `copyOf` for a copy, and not both".to_owned(),
        pointer: "/".to_owned(),
    };
    Error::new(ErrorKind::InvalidInput, "The body cannot be used; `errors` says why.")
        .with_fields(vec![field])
}

/// Moves or renames. Where ids follow paths, the answer carries the new id and `Content-Location` its address.
#[utoipa::path(put, path = "/v1/documents/{id}/location", tag = "documents", operation_id = "moveDocument",
    params(("id" = String, Path, description = "What is moved."),
           ("If-Match" = String, Header, description = "The version that is moved; `*` for any.")),
    request_body = Location,
    responses((status = 200, description = "Moved.", body = Document),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn relocate(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { mut context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let precondition = existing(precondition(&api, &context, &id, &headers).await?)?;
    let Location { parent_id, name } = body::json(&headers, body).await?;
    context.deadline = Deadline::after(TREE);
    let found = api.documents.relocate(&context, &id, &parent_id, &name, precondition).await?;
    Ok(written(&api, StatusCode::OK, &found))
}

/// Deletes; a folder with all that is in it.
#[utoipa::path(delete, path = "/v1/documents/{id}", tag = "documents", operation_id = "deleteDocument",
    params(("id" = String, Path, description = "What is deleted."),
           ("If-Match" = String, Header, description = "The version that is deleted; `*` for any.")),
    responses((status = 204, description = "Deleted."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn delete(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { mut context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let precondition = existing(precondition(&api, &context, &id, &headers).await?)?;
    context.deadline = Deadline::after(TREE);
    api.documents.delete(&context, &id, precondition).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What must hold. Of several versions the current one is found by reading.
async fn precondition(
    api: &Api,
    context: &CallContext,
    id: &str,
    headers: &HeaderMap,
) -> Result<Precondition, Error> {
    let versions = match conditions::write_condition(headers, &api.seals)? {
        WriteCondition::Known(precondition) => return Ok(precondition),
        WriteCondition::OneOf(versions) => versions,
    };
    let current = api.documents.get(context, id).await?.record.version;
    match current.filter(|current| versions.contains(current)) {
        Some(version) => Ok(Precondition::Version(version)),
        None => Err(Error::new(
            ErrorKind::PreconditionFailed,
            "None of the entity tags is the current one; read again.",
        )),
    }
}

fn existing(precondition: Precondition) -> Result<Precondition, Error> {
    match precondition {
        Precondition::Absent => Err(Error::new(
            ErrorKind::PreconditionRequired,
            "Send `If-Match` with the entity tag that you read, or `If-Match: *`.",
        )),
        other => Ok(other),
    }
}

/// What is there now, with its address.
fn written(api: &Api, status: StatusCode, found: &Found<DocumentRecord>) -> Response {
    let document = render::document(&api.seals, found, "");
    let address = HeaderValue::try_from(format!("/v1/documents/{}", document.envelope.id));
    let body = reply::project(&document, None);
    let mut response = reply::tagged(status, document.envelope.etag.as_deref(), None, &body);
    if let Ok(address) = address {
        let name = if status == StatusCode::CREATED { header::LOCATION } else { header::CONTENT_LOCATION };
        response.headers_mut().insert(name, address);
    }
    response
}
