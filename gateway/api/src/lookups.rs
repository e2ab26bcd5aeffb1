//! What a form for an expense report has to offer: kinds of expense, projects, cost centres, rates of tax.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use portico_compose::expenses::FoundItem;
use portico_contract::NativeId;
use portico_contract::access::Facts;
use portico_contract::expenses::{CostObjectRecord, ExpenseCategoryRecord, TaxRateRecord};
use portico_edge::ApiResult;
use portico_schemas::{CostObject, Envelope, ExpenseCategory, Page, Problem, ResourceType, Source, TaxRate};

use crate::asked::{Asked, List, Shape};
use crate::members::Members;
use crate::query::{FieldType, ListSpec};
use crate::{Api, reply};

/// What lists of kinds of expense take.
#[derive(Debug)]
pub struct OfCategories;

impl Shape for OfCategories {
    const LIST: ListSpec = ListSpec {
        filters: &[("name", FieldType::Text)],
        sorts: &["name"],
        search: true,
        members: Members::resource(&["name", "code", "unit", "unitPrice", "taxRates"], &[]),
    };
}

/// What lists of projects and cost centres take.
#[derive(Debug)]
pub struct OfCostObjects;

impl Shape for OfCostObjects {
    const LIST: ListSpec = ListSpec {
        filters: &[("name", FieldType::Text), ("code", FieldType::Text)],
        sorts: &["name", "code"],
        search: true,
        members: Members::resource(&["name", "code"], &[]),
    };
}

/// What lists of rates of tax take.
#[derive(Debug)]
pub struct OfTaxRates;

impl Shape for OfTaxRates {
    const LIST: ListSpec = ListSpec {
        filters: &[("name", FieldType::Text)],
        sorts: &["name"],
        search: true,
        members: Members::resource(&["name", "percent", "included"], &[]),
    };
}

/// Kinds of expense that can be claimed now.
#[utoipa::path(get, path = "/v1/expense-categories", tag = "expense reports", operation_id = "listExpenseCategories",
    params(
        ("q" = Option<String>, Query, description = "Text that the name contains, whatever the case."),
        ("name" = Option<String>, Query, description = "Exact names, comma-separated."),
        ("sort" = Option<String>, Query, description = "`name`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared.", body = Page<ExpenseCategory>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn categories(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfCategories>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.expenses.categories(&context, &query.request).await)?;
    Ok(reply::page("/v1/expense-categories", raw.as_deref(), listing, |found| {
        reply::project(category(&api, found), query.fields.as_ref())
    }))
}

/// Projects that costs can be booked to now.
#[utoipa::path(get, path = "/v1/projects", tag = "expense reports", operation_id = "listProjects",
    params(
        ("q" = Option<String>, Query, description = "Text that the name contains, whatever the case."),
        ("name" = Option<String>, Query, description = "Exact names, comma-separated."),
        ("code" = Option<String>, Query, description = "Exact codes, comma-separated."),
        ("sort" = Option<String>, Query, description = "`name`, `code`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared.", body = Page<CostObject>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn projects(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfCostObjects>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.expenses.projects(&context, &query.request).await)?;
    Ok(reply::page("/v1/projects", raw.as_deref(), listing, |found| {
        reply::project(cost_object(&api, ResourceType::Project, found), query.fields.as_ref())
    }))
}

/// Cost centres that costs can be booked to now.
#[utoipa::path(get, path = "/v1/cost-centres", tag = "expense reports", operation_id = "listCostCentres",
    params(
        ("q" = Option<String>, Query, description = "Text that the name contains, whatever the case."),
        ("name" = Option<String>, Query, description = "Exact names, comma-separated."),
        ("code" = Option<String>, Query, description = "Exact codes, comma-separated."),
        ("sort" = Option<String>, Query, description = "`name`, `code`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared.", body = Page<CostObject>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn cost_centres(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfCostObjects>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.expenses.cost_centres(&context, &query.request).await)?;
    Ok(reply::page("/v1/cost-centres", raw.as_deref(), listing, |found| {
        reply::project(cost_object(&api, ResourceType::CostCentre, found), query.fields.as_ref())
    }))
}

/// Rates of tax on what is bought.
#[utoipa::path(get, path = "/v1/tax-rates", tag = "expense reports", operation_id = "listTaxRates",
    params(
        ("q" = Option<String>, Query, description = "Text that the name contains, whatever the case."),
        ("name" = Option<String>, Query, description = "Exact names, comma-separated."),
        ("sort" = Option<String>, Query, description = "`name`; `-` in front for largest first."),
        ("source" = Option<String>, Query, description = "Only these systems, comma-separated."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page. `sources` says how each system fared.", body = Page<TaxRate>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn tax_rates(
    State(api): State<Arc<Api>>,
    Asked { context, query, raw, .. }: Asked<List<OfTaxRates>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.expenses.tax_rates(&context, &query.request).await)?;
    Ok(reply::page("/v1/tax-rates", raw.as_deref(), listing, |found| {
        reply::project(tax_rate(&api, found), query.fields.as_ref())
    }))
}

/// An entry has no route of its own and no tag: the list is read again.
fn envelope<T>(
    api: &Api,
    kind: ResourceType,
    found: &FoundItem<T>,
    (id, facts, updated_at): (&NativeId, &Facts, Option<Timestamp>),
) -> Envelope {
    Envelope {
        id: api.seals.seal(kind, &found.system, id),
        source: Source { system: found.system.as_str().to_owned(), id: None, url: None },
        etag: None,
        created_at: None,
        updated_at,
        fetched_at: found.fetched_at,
        allowed_actions: Vec::new(),
        native_status: None,
        owner: None,
        classification: facts.classification.unwrap_or_default(),
        extensions: Default::default(),
    }
}

fn category(api: &Api, found: FoundItem<ExpenseCategoryRecord>) -> ExpenseCategory {
    let record = &found.record;
    let rates = record.tax_rates.iter().map(|link| portico_schemas::ItemRef {
        id: api.seals.seal(ResourceType::TaxRate, &found.system, &link.id),
        display: link.display.clone(),
    });
    let tax_rates = rates.collect();
    let own = (&record.id, &record.facts, record.updated_at);
    let envelope = envelope(api, ResourceType::ExpenseCategory, &found, own);
    let ExpenseCategoryRecord { name, code, unit, unit_price, .. } = found.record;
    ExpenseCategory { envelope, name, code, unit, unit_price, tax_rates }
}

fn cost_object(api: &Api, kind: ResourceType, found: FoundItem<CostObjectRecord>) -> CostObject {
    let own = (&found.record.id, &found.record.facts, found.record.updated_at);
    let envelope = envelope(api, kind, &found, own);
    let CostObjectRecord { name, code, .. } = found.record;
    CostObject { envelope, name, code }
}

fn tax_rate(api: &Api, found: FoundItem<TaxRateRecord>) -> TaxRate {
    let own = (&found.record.id, &found.record.facts, found.record.updated_at);
    let envelope = envelope(api, ResourceType::TaxRate, &found, own);
    let TaxRateRecord { name, percent, included, .. } = found.record;
    TaxRate { envelope, name, percent, included }
}
