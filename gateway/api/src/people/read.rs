//! Lists, one person, their manager, their photo.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_compose::people::FoundPerson;
use portico_contract::people::Photo;
use portico_edge::ApiResult;
use portico_schemas::{Page, Person, Problem};

use super::{OfPeople, render};
use crate::asked::{Asked, List, NoQuery, One};
use crate::conditions::{self, CONTENT, Tags};
use crate::members::Projection;
use crate::{Api, reply};

/// Everybody in every directory, merged into one list; with `q`, the best matches of a search.
#[utoipa::path(get, path = "/v1/people", tag = "people", operation_id = "listPeople",
    params(
        ("q" = Option<String>, Query, description = "Search: parts of names in any order, accents and single typing errors aside, a team, a title, the last digits of a work number. Answered from an index, best first, on one page: `sources[].fetchedAt` is the age of the index, `stale` an index that could not be refreshed. Goes with filters, not with `sort` or `cursor`. Finds nobody by what is sensitive.", example = "jones hou"),
        ("userName" = Option<String>, Query, description = "Exact names to sign in with, comma-separated."),
        ("email" = Option<String>, Query, description = "Exact mail addresses, comma-separated."),
        ("department" = Option<String>, Query, description = "Exact departments, comma-separated.", example = "Housing"),
        ("title" = Option<String>, Query, description = "Exact titles, comma-separated."),
        ("active" = Option<bool>, Query, description = "`true` or `false`: whether the account can be used."),
        ("managerId" = Option<String>, Query, description = "Ids of managers, comma-separated: those who report to them."),
        ("orgUnitId" = Option<String>, Query, description = "Ids of units, comma-separated."),
        ("employeeNumber" = Option<String>, Query, description = "Exact numbers of personnel; only for those who may see them of everybody, 403 for others."),
        ("updatedAt.gte" = Option<String>, Query, description = "Changed at or after this instant; also `.gt`, `.lte`, `.lt`."),
        ("sort" = Option<String>, Query, description = "`displayName`, `userName`, `department`, `title`, `updatedAt`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.", example = "displayName,title,department")),
    responses((status = 200, description = "A page. `sources` says how each directory fared.", body = Page<Person>, example = json!(render::example_page())),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfPeople>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.people.list(&context, &query.request).await)?;
    Ok(reply::page("/v1/people", raw.as_deref(), listing, |found| {
        render::value(&api, found, query.fields.as_ref())
    }))
}

/// One person, as their directory has them now.
#[utoipa::path(get, path = "/v1/people/{id}", tag = "people", operation_id = "getPerson",
    params(("id" = String, Path, description = "The person."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if this is still the answer.")),
    responses((status = 200, description = "The person. Sensitive members (`employeeNumber`, `addresses`, mobile and home numbers) only for those who may see restricted things of them.", body = Person, example = json!(render::example())),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, .. }: Asked<One<OfPeople>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let found = api.people.get(&context, &id).await?;
    Ok(one(&api, found, fields.as_ref(), none_match.as_ref()))
}

/// To whom a person reports.
#[utoipa::path(get, path = "/v1/people/{id}/manager", tag = "people", operation_id = "getManager",
    params(("id" = String, Path, description = "The person whose manager is asked for."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if this is still the answer.")),
    responses((status = 200, description = "The manager.", body = Person),
              (status = 304, description = "It has not changed."),
              (status = 404, description = "The person is not there, or reports to nobody.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn manager(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, .. }: Asked<One<OfPeople>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let found = api.people.manager(&context, &id).await?;
    let address = format!("/v1/people/{}", api.seals.seal_person(&found.system, &found.record.id));
    let mut response = one(&api, found, fields.as_ref(), none_match.as_ref());
    if let Ok(address) = HeaderValue::try_from(address) {
        response.headers_mut().insert(header::CONTENT_LOCATION, address);
    }
    Ok(response)
}

fn one(api: &Api, found: FoundPerson, fields: Option<&Projection>, none_match: Option<&Tags>) -> Response {
    let person = render::person(api, found, fields);
    let body = reply::project(&person, fields);
    reply::tagged(StatusCode::OK, person.envelope.etag.as_deref(), none_match, &body)
}

/// A person's photo.
#[utoipa::path(get, path = "/v1/people/{id}/photo", tag = "people", operation_id = "readPhoto",
    params(("id" = String, Path, description = "The person."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if it is still this photo.")),
    responses((status = 200, description = "The photo, at most 1 MiB: JPEG, PNG, GIF or WebP.", content_type = "image/*"),
              (status = 304, description = "It has not changed."),
              (status = 404, description = "The person is not there, or has no photo.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn photo(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let unless = conditions::held(&api.seals, none_match.as_ref(), CONTENT);
    let photo = api.people.photo(&context, &id, unless.clone()).await?;
    let tag = match (&photo, &unless) {
        (Photo::Picture { version, .. }, _) | (Photo::NotModified, Some(version)) => {
            Some(conditions::tag(&api.seals, version, CONTENT))
        }
        (Photo::NotModified, None) => None,
    };
    let mut answer = HeaderMap::with_capacity(8);
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Some(quoted) = tag.as_ref().and_then(|tag| HeaderValue::try_from(format!("\"{tag}\"")).ok()) {
        answer.insert(header::ETAG, quoted);
    }
    let Photo::Picture { octets, media_type, .. } = photo else {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    };
    if tag.as_ref().is_some_and(|tag| conditions::holds(none_match.as_ref(), tag)) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    Ok(picture(answer, octets, media_type))
}

/// As a download, never as a page of ours, whatever its octets say.
fn picture(mut headers: HeaderMap, octets: Bytes, media_type: &'static str) -> Response {
    let name = match media_type {
        "image/png" => "attachment; filename=\"photo.png\"",
        "image/gif" => "attachment; filename=\"photo.gif\"",
        "image/webp" => "attachment; filename=\"photo.webp\"",
        "image/jpeg" => "attachment; filename=\"photo.jpg\"",
        _ => "attachment; filename=\"photo\"",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    (StatusCode::OK, headers, octets).into_response()
}
