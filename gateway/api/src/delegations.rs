//! `/v1/delegations`: who stands in for whom, until when, for what.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_compose::delegations::FoundDelegation;
use portico_edge::ApiResult;
use portico_schemas::{Delegation, NewDelegation, Problem, ResourceType};

use crate::asked::{Asked, NoQuery};
use crate::writing::{Write, keyed};
use crate::{Api, body, operations, reply};

/// The delegations that the person gave, past ones included, and those that make them a deputy now.
#[utoipa::path(get, path = "/v1/delegations", tag = "tasks", operation_id = "listDelegations",
    responses((status = 200, description = "The delegations, the latest first.", body = Vec<Delegation>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(api): State<Arc<Api>>, Asked { context, .. }: Asked<NoQuery>) -> ApiResult<Response> {
    let all: Vec<Delegation> = api.delegations.list(&context).await?.into_iter().map(shown).collect();
    Ok(reply::tagged(StatusCode::OK, None, None, &all))
}

/// Makes somebody a deputy: they see and decide what waits for the delegator, in their own name.
#[utoipa::path(post, path = "/v1/delegations", tag = "tasks", operation_id = "createDelegation",
    params(("Idempotency-Key" = String, Header, description = "A UUID in quotes, a new one for each new request. Send the same one again when no answer came: it is never done twice."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = NewDelegation,
    responses((status = 201, description = "Made; `Location` says where it is.", body = Delegation),
              (status = 200, description = "This key made it before: the delegation as it is now.", body = Delegation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 403, description = "It is for somebody else, and no rule lets you.", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "The key belongs to another request.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(api): State<Arc<Api>>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let new: NewDelegation = body::json(&headers, body).await?;
    let asking = keyed(&headers, query, "POST /v1/delegations", &[], &new)?;
    let change = api.delegations.create(&context, &new, asking).await?;
    Ok(operations::answer(change, |found, is_new| {
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        let delegation = shown(found);
        let mut response = reply::tagged(status, None, None, &delegation);
        if let Ok(address) = HeaderValue::try_from(format!("/v1/delegations/{}", delegation.id)) {
            response.headers_mut().insert(header::LOCATION, address);
        }
        response
    }))
}

/// One delegation.
#[utoipa::path(get, path = "/v1/delegations/{id}", tag = "tasks", operation_id = "getDelegation",
    params(("id" = String, Path, description = "The delegation.")),
    responses((status = 200, description = "The delegation.", body = Delegation),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, .. }: Asked<NoQuery>,
) -> ApiResult<Response> {
    let found = api.delegations.get(&context, &id).await?;
    Ok(reply::tagged(StatusCode::OK, None, None, &shown(found)))
}

/// Ends a delegation now. It stays on record; one that is over stays as it is.
#[utoipa::path(delete, path = "/v1/delegations/{id}", tag = "tasks", operation_id = "endDelegation",
    params(("id" = String, Path, description = "The delegation.")),
    responses((status = 200, description = "The delegation, which is over.", body = Delegation),
              (status = 403, description = "It is another person's.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn end(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, .. }: Asked<NoQuery>,
) -> ApiResult<Response> {
    let found = api.delegations.end(&context, &id).await?;
    Ok(reply::tagged(StatusCode::OK, None, None, &shown(found)))
}

fn shown(found: FoundDelegation) -> Delegation {
    let record = found.record;
    let kind = |word: &String| ResourceType::GOVERNED.iter().copied().find(|kind| kind.plural() == word);
    Delegation {
        id: record.id.to_string(),
        delegator: found.delegator,
        delegate: found.delegate,
        start: record.from,
        end: record.until,
        resource_types: record.covers.resource_types.iter().filter_map(kind).collect(),
        systems: record.covers.systems,
        reason: record.reason,
        created_at: record.created,
    }
}

#[cfg(test)]
mod tests;
