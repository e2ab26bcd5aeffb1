//! `/v1/operations`: writes that are under way or over, and how every write is answered.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use portico_compose::Change;
use portico_contract::{Error, ErrorKind};
use portico_edge::ApiResult;
use portico_schemas::{Operation, Problem};

use crate::asked::{Asked, NoQuery};
use crate::{Api, reply};

/// How long a front-end should wait before it asks for an operation again, in seconds.
const COME_BACK: u16 = 2;

/// What is known of a write.
#[utoipa::path(get, path = "/v1/operations/{id}", tag = "operations", operation_id = "getOperation",
    params(("id" = String, Path, description = "The operation, from `Location` of a 202.")),
    responses((status = 200, description = "The operation. `confirmed` and `refused` are final; `unknown` is being looked for, by the gateway or by a person.", body = Operation),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, .. }: Asked<NoQuery>,
) -> ApiResult<Response> {
    let Some(writes) = &api.writes else {
        let why = "There is no such operation: this gateway keeps no records of writes.";
        return Err(Error::new(ErrorKind::NotFound, why).into());
    };
    let operation = writes.operation(&context, &id).await?;
    let mut response = reply::tagged(StatusCode::OK, None, None, &operation);
    if !operation.status.is_final() {
        response.headers_mut().insert(header::RETRY_AFTER, COME_BACK.into());
    }
    Ok(response)
}

/// Answers a change: with the thing as it is now, with 202 and where to look, or with 204 for a dry run.
pub fn answer<T>(change: Change<T>, show: impl FnOnce(T, bool) -> Response) -> Response {
    match change {
        Change::Checked => no_content(),
        Change::Done(thing) => show(thing, true),
        Change::Repeated(thing) => show(thing, false),
        Change::Pending(operation) => pending(&operation),
    }
}

/// Nothing to show: a dry run in which every check passed, or something that is gone as it was asked for.
pub fn no_content() -> Response {
    (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}

/// It is under way, or nobody knows (RFC 9110, section 15.3.3).
fn pending(operation: &Operation) -> Response {
    let mut response = reply::tagged(StatusCode::ACCEPTED, None, None, operation);
    let headers = response.headers_mut();
    if let Ok(address) = HeaderValue::try_from(format!("/v1/operations/{}", operation.id)) {
        headers.insert(header::LOCATION, address);
    }
    headers.insert(header::RETRY_AFTER, COME_BACK.into());
    response
}
