//! `/v1/me`: the person who is asking.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use portico_edge::{ApiResult, RequestContext};
use portico_schemas::{Me, Problem};

use crate::{Api, query, reply};

/// Who is asking, and what they may do.
#[utoipa::path(get, path = "/v1/me", tag = "me", operation_id = "getMe",
    responses((status = 200, description = "The person who is asking.", body = Me),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    RawQuery(raw): RawQuery,
    RequestContext(context): RequestContext,
) -> ApiResult<Response> {
    query::parse_single(raw.as_deref(), &[])?;
    let who = &context.principal;
    let me = Me {
        subject: who.subject.clone(),
        display_name: who.display_name.clone(),
        roles: who.roles.iter().cloned().collect(),
        units: who.units.iter().cloned().collect(),
        permissions: api.policy.permissions(who),
    };
    Ok(reply::tagged(StatusCode::OK, None, None, &reply::project(&me, None)))
}
