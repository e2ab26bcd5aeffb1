//! Lists, and one absence.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use portico_edge::ApiResult;
use portico_schemas::{Absence, AbsenceType, Page, Problem};

use super::{OfAbsenceTypes, OfAbsences, render};
use crate::asked::{Asked, List, One};
use crate::{Api, conditions, reply};

/// Absences of every system, merged into one list.
#[utoipa::path(get, path = "/v1/absences", tag = "absence", operation_id = "listAbsences",
    params(
        ("status" = Option<String>, Query, description = "`requested`, `approved`, `declined`, `cancelled`; several comma-separated."),
        ("employeeId" = Option<String>, Query, description = "Ids of people, comma-separated: their absences."),
        ("startDate.gte" = Option<String>, Query, description = "Beginning on or after this day; also `.gt`, `.lte`, `.lt`, and the same for `endDate`.", example = "2026-12-01"),
        ("updatedAt.gte" = Option<String>, Query, description = "Changed at or after this instant; also `.gt`, `.lte`, `.lt`."),
        ("sort" = Option<String>, Query, description = "`startDate`, `endDate`, `updatedAt`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared.", body = Page<Absence>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfAbsences>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.absences.list(&context, &query.request).await)?;
    Ok(reply::page("/v1/absences", raw.as_deref(), listing, |found| {
        let fields = query.fields.as_ref();
        reply::project(render::absence(&api, &found, fields), fields)
    }))
}

/// One absence.
#[utoipa::path(get, path = "/v1/absences/{id}", tag = "absence", operation_id = "getAbsence",
    params(("id" = String, Path, description = "The absence."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if this is still the answer.")),
    responses((status = 200, description = "The absence. `note` only for those who may see confidential things of the employee.", body = Absence),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, .. }: Asked<One<OfAbsences>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let found = api.absences.get(&context, &id).await?;
    let absence = render::absence(&api, &found, fields.as_ref());
    let etag = absence.envelope.etag.clone();
    let body = reply::project(absence, fields.as_ref());
    Ok(reply::tagged(StatusCode::OK, etag.as_deref(), none_match.as_ref(), &body))
}

/// Kinds of absence that can be asked for, of every system.
#[utoipa::path(get, path = "/v1/absence-types", tag = "absence", operation_id = "listAbsenceTypes",
    params(
        ("sort" = Option<String>, Query, description = "`name`; `-name` for last first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared.", body = Page<AbsenceType>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn types(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfAbsenceTypes>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.absences.types(&context, &query.request).await)?;
    Ok(reply::page("/v1/absence-types", raw.as_deref(), listing, |found| {
        reply::project(render::absence_type(&api, &found), query.fields.as_ref())
    }))
}
