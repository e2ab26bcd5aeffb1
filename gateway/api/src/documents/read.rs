//! Reading: lists, one document, content.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_edge::ApiResult;
use portico_schemas::{Document, Page, Problem};

use super::{OfDocuments, render};
use crate::asked::{Asked, List, NoQuery, One};
use crate::conditions::{self, CONTENT};
use crate::members::Projection;
use crate::{Api, download, reply};

/// Documents and folders of every store, merged into one list.
#[utoipa::path(get, path = "/v1/documents", tag = "documents", operation_id = "listDocuments",
    params(
        ("q" = Option<String>, Query, description = "Text that the name contains, whatever the case."),
        ("name" = Option<String>, Query, description = "Exact names, comma-separated."),
        ("objectTypeId" = Option<String>, Query, description = "`document`, `folder`."),
        ("mediaType" = Option<String>, Query, description = "Media types, comma-separated."),
        ("contentLength.gte" = Option<i64>, Query, description = "At least so many octets; also `.gt`, `.lte`, `.lt`, or exact."),
        ("updatedAt.gte" = Option<String>, Query, description = "Changed at or after this instant; also `.gt`, `.lte`, `.lt`."),
        ("sort" = Option<String>, Query, description = "`path`, `name`, `updatedAt`, `contentLength`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared.", body = Page<Document>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfDocuments>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.documents.list(&context, &query.request).await)?;
    Ok(reply::page("/v1/documents", raw.as_deref(), listing, |found| {
        render::value(&api.seals, &found, query.fields.as_ref())
    }))
}

/// What is directly inside a folder.
#[utoipa::path(get, path = "/v1/documents/{id}/children", tag = "documents", operation_id = "listChildren",
    params(
        ("id" = String, Path, description = "The folder."),
        ("q" = Option<String>, Query, description = "Text that the name contains, whatever the case."),
        ("sort" = Option<String>, Query, description = "`path`, `name`, `updatedAt`, `contentLength`; `-` in front for largest first."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page.", body = Page<Document>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn children(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, raw, .. }: Asked<List<OfDocuments>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.documents.children(&context, &id, &query.request).await)?;
    let path = format!("/v1/documents/{id}/children");
    Ok(reply::page(&path, raw.as_deref(), listing, |found| {
        render::value(&api.seals, &found, query.fields.as_ref())
    }))
}

/// One document or folder, without its content.
#[utoipa::path(get, path = "/v1/documents/{id}", tag = "documents", operation_id = "getDocument",
    params(("id" = String, Path, description = "The document."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if it is still this version.")),
    responses((status = 200, description = "The document.", body = Document),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, .. }: Asked<One<OfDocuments>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let found = api.documents.get(&context, &id).await?;
    let etag = render::etag(&api.seals, &found, &Projection::shape(fields.as_ref()));
    let body = render::value(&api.seals, &found, fields.as_ref());
    Ok(reply::tagged(StatusCode::OK, etag.as_deref(), none_match.as_ref(), &body))
}

/// The content, whole or a range of it.
#[utoipa::path(get, path = "/v1/documents/{id}/content", tag = "documents", operation_id = "readContent",
    params(("id" = String, Path, description = "The document."),
           ("Range" = Option<String>, Header, description = "One range of octets; several are answered with the whole."),
           ("If-Range" = Option<String>, Header, description = "Ignore the range unless it is still this version."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if it is still this version.")),
    responses((status = 200, description = "The octets.", content_type = "application/octet-stream"),
              (status = 206, description = "A range of the octets.", content_type = "application/octet-stream"),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn read_content(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let unless = conditions::held(&api.seals, none_match.as_ref(), CONTENT);
    let (range, range_if) = match conditions::range_if(&headers, &api.seals) {
        Ok(version) => (conditions::range(&headers), version),
        Err(()) => (None, None),
    };
    let content = api.documents.content(&context, &id, range, unless, range_if).await?;
    // Sealed once: it is the dearest part of a small answer.
    let tag = content.head.version.as_ref().map(|version| conditions::tag(&api.seals, version, CONTENT));
    let unchanged = tag.as_ref().is_some_and(|tag| conditions::holds(none_match.as_ref(), tag));
    let mut reply = download::validators(&content.head, tag.as_deref());
    reply.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if content.head.not_modified || unchanged {
        return Ok((StatusCode::NOT_MODIFIED, reply).into_response());
    }
    download::describe(&mut reply, &content.head);
    let status = if content.head.range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = portico_edge::body::from_stream(content.body).into_response();
    *response.status_mut() = status;
    // As they are: adding them one by one would cost as much again as making them.
    *response.headers_mut() = reply;
    Ok(response)
}
