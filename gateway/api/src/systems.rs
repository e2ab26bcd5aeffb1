//! `/v1/systems`: what is behind the gateway, what it can do, how it is doing, and whom to ring.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use portico_compose::{Listing, System as Configured};
use portico_contract::documents::{DocumentRef, GetDocument};
use portico_contract::{Effect, Error, ErrorKind, Operation, SystemKey};
use portico_edge::ApiResult;
use portico_schemas::{
    OperationInfo, Page, Problem, ResourceType, SourceReport, SourceStatus, System, SystemState,
};

use crate::asked::{Asked, One, Shape};
use crate::members::Members;
use crate::query::ListSpec;
use crate::{Api, reply};

const MEMBERS: Members = Members::bare(&[
    "id",
    "title",
    "adapter",
    "owner",
    "owner.team",
    "owner.contact",
    "owner.hours",
    "state",
    "lastSuccessAt",
    "report",
    "operations",
    "rootDocumentId",
    "changeDetection",
    "idFollowsPath",
    "quirks",
]);

/// What the catalogue takes.
#[derive(Debug)]
pub struct OfSystems;

impl Shape for OfSystems {
    const LIST: ListSpec = ListSpec { filters: &[], sorts: &[], search: false, members: MEMBERS };
}

/// All systems, in their configured order. There are never more than fit on one page.
#[utoipa::path(get, path = "/v1/systems", tag = "systems", operation_id = "listSystems",
    params(("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "The catalogue.", body = Page<System>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(api): State<Arc<Api>>,
    Asked { query: fields, raw, .. }: Asked<One<OfSystems>>,
) -> ApiResult<Response> {
    let items: Vec<System> = api.systems.iter().map(|system| describe(&api, system)).collect();
    let listing = Listing { items, next: None, sources: Vec::new() };
    Ok(reply::page("/v1/systems", raw.as_deref(), listing, |system| reply::project(system, fields.as_ref())))
}

/// One system, by its configured key.
#[utoipa::path(get, path = "/v1/systems/{id}", tag = "systems", operation_id = "getSystem",
    params(("id" = String, Path, description = "The configured key."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "The system.", body = System),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { query: fields, .. }: Asked<One<OfSystems>>,
) -> ApiResult<Response> {
    let system = SystemKey::new(&id).and_then(|key| api.systems.get(&key));
    let system = system
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "No system has this key; /v1/systems lists them."))?;
    let body = reply::project(describe(&api, system), fields.as_ref());
    Ok(reply::tagged(StatusCode::OK, None, None, &body))
}

fn describe(api: &Api, system: &Configured) -> System {
    let profile = &system.upstream.profile;
    let state = system.standing.state();
    let is_store = profile.operations.contains_key(GetDocument::META.id);
    System {
        id: system.key().as_str().to_owned(),
        title: system.title.clone(),
        adapter: profile.adapter.to_owned(),
        owner: system.owner.clone(),
        state,
        last_success_at: system.standing.last_success(),
        report: report(system, state),
        operations: profile.operations.iter().map(|(id, capability)| operation(id, capability)).collect(),
        root_document_id: is_store.then(|| api.seals.seal_document(system.key(), &DocumentRef::Root)),
        change_detection: profile.change_detection,
        id_follows_path: profile.id_follows_path,
        quirks: profile.quirks.iter().map(|quirk| quirk.to_string()).collect(),
    }
}

fn operation(id: &str, capability: &portico_contract::Capability) -> OperationInfo {
    let meta = portico_contract::catalogue().find(|meta| meta.id == id);
    OperationInfo {
        id: id.to_owned(),
        resource: meta.map_or(ResourceType::System, |meta| meta.resource),
        writes: meta.is_some_and(|meta| meta.effect == Effect::Write),
        filters: capability.filters.iter().map(|filter| filter.field.to_owned()).collect(),
        sorts: capability.sorts.iter().map(|sort| (*sort).to_owned()).collect(),
        deadline_ms: capability.deadline.as_millis().try_into().unwrap_or(u64::MAX),
    }
}

fn report(system: &Configured, state: SystemState) -> Option<SourceReport> {
    if matches!(state, SystemState::Up | SystemState::Unknown) {
        return None;
    }
    let kind = system.standing.last_failure()?;
    let mut problem = Error::new(kind, "The last calls to this system failed in this way.").to_problem();
    problem.system = Some(system.key().as_str().to_owned());
    let status = match state {
        SystemState::Misconfigured => SourceStatus::Misconfigured,
        _ => kind.source_status(),
    };
    Some(SourceReport {
        system: system.key().as_str().to_owned(),
        status,
        fetched_at: Some(Timestamp::now()),
        retry_after: None,
        problem: Some(Box::new(problem)),
    })
}
