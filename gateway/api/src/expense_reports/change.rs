//! Making, editing, handing in, taking back and deleting reports.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_compose::expenses::FoundReport;
use portico_edge::ApiResult;
use portico_schemas::{
    Declaration, ExpenseReport, ExpenseReportContent, NewExpenseReport, Operation, Problem, Withdrawal,
};

use super::render;
use crate::asked::Asked;
use crate::writing::{Write, expected, keyed, unkeyed};
use crate::{Api, body, operations, reply};

/// Makes a report, as a draft.
#[utoipa::path(post, path = "/v1/expense-reports", tag = "expense reports", operation_id = "createExpenseReport",
    params(("Idempotency-Key" = String, Header, description = "A UUID in quotes, a new one for each new report. Send the same one again when no answer came: never are there two."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = NewExpenseReport,
    responses((status = 201, description = "Made; `Location` says where it is.", body = ExpenseReport),
              (status = 200, description = "This key made it before: the report as it is now.", body = ExpenseReport),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 403, description = "You may not, or your account is linked to nobody in the system.", body = Problem, content_type = "application/problem+json"),
              (status = 422, description = "The key belongs to another request.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(api): State<Arc<Api>>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let new: NewExpenseReport = body::json(&headers, body).await?;
    let asking = keyed(&headers, query, "POST /v1/expense-reports", &[], &new)?;
    let change = api.expenses.create(&context, &new, asking).await?;
    Ok(operations::answer(change, |found, is_new| {
        shown(&api, &found, if is_new { StatusCode::CREATED } else { StatusCode::OK })
    }))
}

/// Replaces the title and all lines of a draft.
#[utoipa::path(put, path = "/v1/expense-reports/{id}", tag = "expense reports", operation_id = "editExpenseReport",
    params(("id" = String, Path, description = "The report."),
           ("If-Match" = String, Header, description = "The entity tag that you read."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = ExpenseReportContent,
    responses((status = 200, description = "The report as it is now.", body = ExpenseReport),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 409, description = "It is no draft.", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "It has changed since you read it.", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "`If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn edit(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let expected = expected(&headers, &api.seals)?;
    let content: ExpenseReportContent = body::json(&headers, body).await?;
    let asking = unkeyed(query, "PUT /v1/expense-reports/{id}", &[&id], &content);
    let change = api.expenses.edit(&context, &id, &content, &expected, asking).await?;
    Ok(operations::answer(change, |found, _| shown(&api, &found, StatusCode::OK)))
}

/// Hands a draft in for decision. The declaration goes on record word for word, with who, when and which version.
#[utoipa::path(post, path = "/v1/expense-reports/{id}/submission", tag = "expense reports", operation_id = "submitExpenseReport",
    params(("id" = String, Path, description = "The report."),
           ("If-Match" = String, Header, description = "The entity tag of what was declared to be right."),
           ("Idempotency-Key" = String, Header, description = "A UUID in quotes."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = Declaration,
    responses((status = 200, description = "The report as it is now.", body = ExpenseReport),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 409, description = "It is no draft, or lacks something that the system wants.", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "It has changed since you read it.", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "`If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn submit(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let expected = expected(&headers, &api.seals)?;
    let words: Declaration = body::json(&headers, body).await?;
    let asking = keyed(&headers, query, "POST /v1/expense-reports/{id}/submission", &[&id], &words)?;
    let change = api.expenses.submit(&context, &id, &words, &expected, asking).await?;
    Ok(operations::answer(change, |found, _| shown(&api, &found, StatusCode::OK)))
}

/// Takes a submitted report back, so that it is a draft again.
#[utoipa::path(post, path = "/v1/expense-reports/{id}/withdrawal", tag = "expense reports", operation_id = "withdrawExpenseReport",
    params(("id" = String, Path, description = "The report."),
           ("If-Match" = String, Header, description = "The entity tag that you read."),
           ("Idempotency-Key" = String, Header, description = "A UUID in quotes."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    request_body = Withdrawal,
    responses((status = 200, description = "The report as it is now.", body = ExpenseReport),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 409, description = "It was decided, or never handed in.", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "It has changed since you read it.", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "`If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn withdraw(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let expected = expected(&headers, &api.seals)?;
    let words: Withdrawal = body::json(&headers, body).await?;
    let asking = keyed(&headers, query, "POST /v1/expense-reports/{id}/withdrawal", &[&id], &words)?;
    let change = api.expenses.withdraw(&context, &id, &words, &expected, asking).await?;
    Ok(operations::answer(change, |found, _| shown(&api, &found, StatusCode::OK)))
}

/// Deletes a draft with its lines and receipts.
#[utoipa::path(delete, path = "/v1/expense-reports/{id}", tag = "expense reports", operation_id = "deleteExpenseReport",
    params(("id" = String, Path, description = "The report."),
           ("If-Match" = String, Header, description = "The entity tag that you read."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    responses((status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Deleted; or only tried, and every check passed."),
              (status = 409, description = "It is no draft.", body = Problem, content_type = "application/problem+json"),
              (status = 412, description = "It has changed since you read it.", body = Problem, content_type = "application/problem+json"),
              (status = 428, description = "`If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn delete(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, .. }: Asked<Write>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let expected = expected(&headers, &api.seals)?;
    let asking = unkeyed(query, "DELETE /v1/expense-reports/{id}", &[&id], &());
    let change = api.expenses.delete(&context, &id, &expected, asking).await?;
    Ok(operations::answer(change, |(), _| operations::no_content()))
}

/// The report as it is now, with its address.
fn shown(api: &Api, found: &FoundReport, status: StatusCode) -> Response {
    let report = render::report(api, found, None, render::Depth::Whole);
    let mut response = reply::tagged(status, report.envelope.etag.as_deref(), None, &report);
    if let Ok(address) = HeaderValue::try_from(render::address(&report.envelope.id)) {
        let name = if status == StatusCode::CREATED { header::LOCATION } else { header::CONTENT_LOCATION };
        response.headers_mut().insert(name, address);
    }
    response
}
