//! Asking for leave, and taking it back.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_compose::absences::FoundAbsence;
use portico_edge::ApiResult;
use portico_schemas::{Absence, NewAbsence, Operation, Problem, Withdrawal};

use super::render;
use crate::asked::Asked;
use crate::writing::{Write, expected, keyed};
use crate::{Api, body, operations, reply};

/// Asks for leave.
#[utoipa::path(post, path = "/v1/absences", tag = "absence", operation_id = "requestAbsence",
    params(("Idempotency-Key" = String, Header, description = "A UUID in quotes, a new one for each new request. Send the same one again when no answer came: it is never done twice."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = NewAbsence,
    responses((status = 201, description = "Asked for; `Location` says where it is.", body = Absence),
              (status = 200, description = "This key asked for it before: the absence as it is now.", body = Absence),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 409, description = "It overlaps another absence, or there is not enough left.", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "The key belongs to another request.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn request(
    State(api): State<Arc<Api>>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let new: NewAbsence = body::json(&headers, body).await?;
    let asking = keyed(&headers, query, "POST /v1/absences", &[], &new)?;
    let change = api.absences.request(&context, &new, asking).await?;
    Ok(operations::answer(change, |found, is_new| {
        shown(&api, &found, if is_new { StatusCode::CREATED } else { StatusCode::OK })
    }))
}

/// Takes an absence back.
#[utoipa::path(post, path = "/v1/absences/{id}/cancellation", tag = "absence", operation_id = "cancelAbsence",
    params(("id" = String, Path, description = "The absence."),
           ("If-Match" = String, Header, description = "The entity tag that you read."),
           ("Idempotency-Key" = String, Header, description = "A UUID in quotes, a new one for each new request. Send the same one again when no answer came: it is never done twice."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = Withdrawal,
    responses((status = 200, description = "The absence as it is now.", body = Absence),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 409, description = "It is over, refused or cancelled.", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "It has changed since you read it.", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "`If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn cancel(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let expected = expected(&headers, &api.seals)?;
    let words: Withdrawal = body::json(&headers, body).await?;
    let asking = keyed(&headers, query, "POST /v1/absences/{id}/cancellation", &[&id], &words)?;
    let change = api.absences.cancel(&context, &id, &words, &expected, asking).await?;
    Ok(operations::answer(change, |found, _| shown(&api, &found, StatusCode::OK)))
}

/// What is there now, with its address.
fn shown(api: &Api, found: &FoundAbsence, status: StatusCode) -> Response {
    let absence = render::absence(api, found, None);
    let address = HeaderValue::try_from(render::address(&absence.envelope.id));
    let mut response = reply::tagged(status, absence.envelope.etag.as_deref(), None, &absence);
    if let Ok(address) = address {
        let name = if status == StatusCode::CREATED { header::LOCATION } else { header::CONTENT_LOCATION };
        response.headers_mut().insert(name, address);
    }
    response
}
