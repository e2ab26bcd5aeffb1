//! `/v1/org-units`: the parts of the organisation.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use portico_compose::people::FoundOrgUnit;
use portico_edge::ApiResult;
use portico_schemas::{AllowedAction, Envelope, Method, OrgUnit, Page, Problem, Source};

use crate::asked::{Asked, List, One, Shape};
use crate::members::{Members, Projection};
use crate::people::reference;
use crate::query::{FieldType, ListSpec};
use crate::reply::Shown;
use crate::{Api, conditions, reply};

const MEMBERS: Members = Members::resource(&["name", "description", "parentId"], &["manager"]);

/// What lists of units take.
#[derive(Debug)]
pub struct OfOrgUnits;

impl Shape for OfOrgUnits {
    const LIST: ListSpec = ListSpec {
        filters: &[("name", FieldType::Text), ("parentId", FieldType::Text)],
        sorts: &["name"],
        search: false,
        members: MEMBERS,
    };
}

/// The units of every directory, merged into one list.
#[utoipa::path(get, path = "/v1/org-units", tag = "people", operation_id = "listOrgUnits",
    params(
        ("name" = Option<String>, Query, description = "Exact names, comma-separated.", example = "Housing"),
        ("parentId" = Option<String>, Query, description = "Ids of units, comma-separated: those that lie directly in them."),
        ("sort" = Option<String>, Query, description = "`name`; `-name` for last first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each directory fared.", body = Page<OrgUnit>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfOrgUnits>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.people.org_units(&context, &query.request).await)?;
    Ok(reply::page("/v1/org-units", raw.as_deref(), listing, |found| {
        value(&api, &found, query.fields.as_ref())
    }))
}

/// One unit, as its directory has it now.
#[utoipa::path(get, path = "/v1/org-units/{id}", tag = "people", operation_id = "getOrgUnit",
    params(("id" = String, Path, description = "The unit."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if this is still the answer.")),
    responses((status = 200, description = "The unit.", body = OrgUnit),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, .. }: Asked<One<OfOrgUnits>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let found = api.people.org_unit(&context, &id).await?;
    let etag = etag(&api, &found, &Projection::shape(fields.as_ref()));
    let body = value(&api, &found, fields.as_ref());
    Ok(reply::tagged(StatusCode::OK, etag.as_deref(), none_match.as_ref(), &body))
}

fn value(api: &Api, found: &FoundOrgUnit, fields: Option<&Projection>) -> Shown<OrgUnit> {
    let record = &found.record;
    let id = api.seals.seal_org_unit(&found.system, &record.id);
    let seal = |unit| api.seals.seal_org_unit(&found.system, unit);
    let members = AllowedAction {
        name: "listPeople".to_owned(),
        method: Method::Get,
        href: format!("/v1/people?orgUnitId={id}"),
        input_schema: None,
    };
    let unit = OrgUnit {
        envelope: Envelope {
            source: Source { system: found.system.as_str().to_owned(), id: None, url: None },
            etag: etag(api, found, &Projection::shape(fields)),
            created_at: record.created_at,
            updated_at: record.updated_at,
            fetched_at: found.fetched_at,
            allowed_actions: vec![members],
            native_status: None,
            owner: record.facts.owner.clone(),
            classification: record.facts.classification.unwrap_or_default(),
            extensions: Default::default(),
            id,
        },
        name: record.name.clone(),
        description: record.description.clone(),
        parent_id: record.parent.as_ref().map(seal),
        manager: record.manager.as_ref().map(|link| reference(&api.seals, &found.system, link)),
    };
    reply::project(unit, fields)
}

/// As for a person: the name of whoever leads the unit changes without a new version of it.
fn etag(api: &Api, found: &FoundOrgUnit, shape: &str) -> Option<String> {
    let version = found.record.version.as_ref()?;
    let manager = found.record.manager.as_ref().map(|link| (link.id.as_str(), &link.display));
    Some(conditions::tag(&api.seals, version, &format!("{shape};{manager:?}")))
}
