//! From one person to others: those below and those above.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use portico_compose::people::ChainCut as Cut;
use portico_edge::ApiResult;
use portico_schemas::{Page, Person, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::{OfPeople, OfReports, render};
use crate::asked::{Asked, List, One};
use crate::reply::Shown;
use crate::{Api, reply};

/// Why a chain ends before the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChainCut {
    /// Somebody in it reports, over others, to themselves: the directory has a fault.
    Cycle,
    /// It is longer than 64.
    Depth,
    /// The next one is not there, or not for this person to see.
    NotShown,
}

impl From<Cut> for ChainCut {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Cycle => Self::Cycle,
            Cut::Depth => Self::Depth,
            Cut::NotShown => Self::NotShown,
        }
    }
}

/// Everybody above a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonChain {
    /// The direct manager first; at most 64. Empty for somebody who reports to nobody.
    #[schema(value_type = Vec<Person>)]
    pub items: Vec<Shown<Person>>,
    /// This chain again.
    #[serde(rename = "self")]
    pub this: String,
    /// Whether the last one is at the top.
    pub complete: bool,
    /// Why not, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<ChainCut>,
}

/// Those who report to a person directly.
#[utoipa::path(get, path = "/v1/people/{id}/reports", tag = "people", operation_id = "listReports",
    params(
        ("id" = String, Path, description = "The person to whom they report."),
        ("department" = Option<String>, Query, description = "Exact departments, comma-separated."),
        ("title" = Option<String>, Query, description = "Exact titles, comma-separated."),
        ("active" = Option<bool>, Query, description = "`true` or `false`: whether the account can be used."),
        ("sort" = Option<String>, Query, description = "`displayName`, `userName`, `department`, `title`, `updatedAt`; `-` in front for largest first."),
        ("limit" = Option<u16>, Query, description = "Items at most, 1 to 200; 25 when left out."),
        ("cursor" = Option<String>, Query, description = "From `next` of the page before."),
        ("fields" = Option<String>, Query, description = "Members to show, comma-separated.")),
    responses((status = 200, description = "A page.", body = Page<Person>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn reports(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query, raw, .. }: Asked<List<OfReports>>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.people.reports(&context, &id, &query.request).await)?;
    let path = format!("/v1/people/{id}/reports");
    Ok(reply::page(&path, raw.as_deref(), listing, |found| render::value(&api, found, query.fields.as_ref())))
}

/// Everybody above a person, from the direct manager up to the top.
#[utoipa::path(get, path = "/v1/people/{id}/chain", tag = "people", operation_id = "getChain",
    params(("id" = String, Path, description = "The person at the lower end, who is not in the chain."),
           ("fields" = Option<String>, Query, description = "Members of each person to show, comma-separated.", example = "displayName,title")),
    responses((status = 200, description = "The chain.", body = PersonChain),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn chain(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: fields, raw, .. }: Asked<One<OfPeople>>,
) -> ApiResult<Response> {
    let chain = api.people.chain(&context, &id).await?;
    let path = format!("/v1/people/{id}/chain");
    let body = PersonChain {
        items: chain.people.into_iter().map(|found| render::value(&api, found, fields.as_ref())).collect(),
        this: raw.filter(|query| !query.is_empty()).map_or_else(|| path.clone(), |q| format!("{path}?{q}")),
        complete: chain.cut.is_none(),
        cut: chain.cut.map(ChainCut::from),
    };
    Ok(reply::tagged(StatusCode::OK, None, None, &reply::project(&body, None)))
}
