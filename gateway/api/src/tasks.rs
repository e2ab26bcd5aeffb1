//! `/v1/tasks`: the inbox, and deciding what is in it.

mod render;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use portico_edge::ApiResult;
use portico_schemas::{Decision, DecisionRecord, Operation, Page, Problem, Task};

use crate::asked::{Asked, List, NoQuery, One, Shape};
use crate::members::Members;
use crate::query::{FieldType, ListSpec};
use crate::writing::{Write, expected, keyed};
use crate::{Api, body, conditions, operations, reply};

/// What lists of tasks take. Each system says which of these it can do.
#[derive(Debug)]
pub struct OfTasks;

impl Shape for OfTasks {
    const LIST: ListSpec = ListSpec {
        filters: &[
            ("status", FieldType::Word(&["ready", "reserved", "inProgress", "completed", "obsolete"])),
            ("subjectType", FieldType::Word(&["expenseReport", "absence"])),
        ],
        sorts: &["createdAt"],
        search: false,
        members: Members::resource(
            &[
                "title",
                "description",
                "priority",
                "status",
                "potentialOwners",
                "substitutes",
                "dueAt",
                "subject",
                "decisionOptions",
                "decision",
            ],
            &["createdBy", "actualOwner"],
        ),
    };
}

/// What waits for the person who asks, and for those whom they stand in for, in every system. Whoever may see more by the
/// rules sees more.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", operation_id = "listTasks",
    params(
        ("status" = Option<String>, Query, description = "`ready` (when left out), `reserved`, `inProgress`, `completed`, `obsolete`; several comma-separated."),
        ("subjectType" = Option<String>, Query, description = "`expenseReport`, `absence`; several comma-separated."),
        ("sort" = Option<String>, Query, description = "`createdAt`; `-createdAt` for last first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared. `allowedActions` are without their schemas: read the task for them.", body = Page<Task>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfTasks>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.tasks.list(&context, &query.request).await)?;
    Ok(reply::page("/v1/tasks", raw.as_deref(), listing, |found| {
        let fields = query.fields.as_ref();
        reply::project(render::task(&api, &found, fields, render::Depth::Row), fields)
    }))
}

/// One task, decided or not.
#[utoipa::path(get, path = "/v1/tasks/{id}", tag = "tasks", operation_id = "getTask",
    params(("id" = String, Path, description = "The task."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if this is still the answer.")),
    responses((status = 200, description = "The task.", body = Task),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, .. }: Asked<One<OfTasks>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let found = api.tasks.get(&context, &id).await?;
    let task = render::task(&api, &found, fields.as_ref(), render::Depth::Whole);
    let etag = task.envelope.etag.clone();
    let body = reply::project(task, fields.as_ref());
    Ok(reply::tagged(StatusCode::OK, etag.as_deref(), none_match.as_ref(), &body))
}

/// Decides. What is declared goes on record word for word, with who, in whose place, when and on which version: it is the
/// signature. Nobody decides about what is their own.
#[utoipa::path(post, path = "/v1/tasks/{id}/decisions", tag = "tasks", operation_id = "decideTask",
    params(("id" = String, Path, description = "The task."),
           ("If-Match" = String, Header, description = "The entity tag of what was decided on."),
           ("Idempotency-Key" = String, Header, description = "A UUID in quotes, a new one for each new request. Send the same one again when no answer came: it is never done twice."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = Decision,
    responses((status = 200, description = "The task as it is now: completed, or waiting for a second person.", body = Task),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 409, description = "It is decided already.", body = Problem, content_type = "application/problem+json"),
              (status = 403, description = "No rule lets you, or it is your own.", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "It has changed since you read it.", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "`If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let expected = expected(&headers, &api.seals)?;
    let decision: Decision = body::json(&headers, body).await?;
    let asking = keyed(&headers, query, "POST /v1/tasks/{id}/decisions", &[&id], &decision)?;
    let change = api.tasks.decide(&context, &id, &decision, &expected, asking).await?;
    Ok(operations::answer(change, |found, _| {
        let task = render::task(&api, &found, None, render::Depth::Whole);
        reply::tagged(StatusCode::OK, task.envelope.etag.as_deref(), None, &task)
    }))
}

/// What was decided about a task through this API, oldest first, with what became of each decision.
#[utoipa::path(get, path = "/v1/tasks/{id}/decisions", tag = "tasks", operation_id = "listDecisions",
    params(("id" = String, Path, description = "The task.")),
    responses((status = 200, description = "The records; at most 100.", body = Vec<DecisionRecord>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn decisions(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, .. }: Asked<NoQuery>,
) -> ApiResult<Response> {
    let (found, records) = api.tasks.decisions(&context, &id).await?;
    let records: Vec<DecisionRecord> =
        records.iter().map(|record| render::decision(&api, &id, &found, record)).collect();
    Ok(reply::tagged(StatusCode::OK, None, None, &records))
}

#[cfg(test)]
mod tests;
