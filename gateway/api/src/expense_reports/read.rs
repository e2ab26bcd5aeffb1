//! Lists, and one report.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use portico_edge::ApiResult;
use portico_schemas::{ExpenseReport, Page, Problem};

use super::{OfReports, render};
use crate::asked::{Asked, List, One};
use crate::{Api, conditions, reply};

/// Expense reports of every system, merged into one list, without their lines.
#[utoipa::path(get, path = "/v1/expense-reports", tag = "expense reports", operation_id = "listExpenseReports",
    params(
        ("q" = Option<String>, Query, description = "Text that the title contains, whatever the case."),
        ("status" = Option<String>, Query, description = "`draft`, `submitted`, `approved`, `reimbursed`, `rejected`, `voided`; several comma-separated."),
        ("employeeId" = Option<String>, Query, description = "Ids of people, comma-separated: their reports."),
        ("createdAt.gte" = Option<String>, Query, description = "Made at or after this instant; also `.gt`, `.lte`, `.lt`."),
        ("updatedAt.gte" = Option<String>, Query, description = "Changed at or after this instant; also `.gt`, `.lte`, `.lt`."),
        ("sort" = Option<String>, Query, description = "`updatedAt`, `createdAt`, `title`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.", example = "title,status,totalAmount")),
    responses((status = 200, description = "A page. `sources` says how each system fared. The actions are without their schemas: read the report for them.", body = Page<ExpenseReport>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfReports>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.expenses.list(&context, &query.request).await)?;
    Ok(reply::page("/v1/expense-reports", raw.as_deref(), listing, |found| {
        let fields = query.fields.as_ref();
        reply::project(render::report(&api, &found, fields, render::Depth::Row), fields)
    }))
}

/// One report with its lines.
#[utoipa::path(get, path = "/v1/expense-reports/{id}", tag = "expense reports", operation_id = "getExpenseReport",
    params(("id" = String, Path, description = "The report."),
           ("fields" = Option<String>, Query, description = "Members to show, comma-separated."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if this is still the answer.")),
    responses((status = 200, description = "The report.", body = ExpenseReport, example = json!(render::example())),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, .. }: Asked<One<OfReports>>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let found = api.expenses.get(&context, &id).await?;
    let report = render::report(&api, &found, fields.as_ref(), render::Depth::Whole);
    let etag = report.envelope.etag.clone();
    let body = reply::project(report, fields.as_ref());
    Ok(reply::tagged(StatusCode::OK, etag.as_deref(), none_match.as_ref(), &body))
}
