//! How much leave somebody has, and when colleagues are away.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use portico_contract::{Error, ErrorKind};
use portico_edge::ApiResult;
use portico_schemas::{AbsenceBalance, FieldError, FreeBusy, Page, Problem};

use super::render;
use crate::asked::{Asked, Grammar};
use crate::{Api, query, reply};

/// Takes `employeeId`.
#[derive(Debug)]
pub struct Whose;

impl Grammar for Whose {
    type Parsed = Option<String>;

    fn parse(raw: Option<&str>) -> Result<Option<String>, Error> {
        let mut employee = None;
        query::parse_named(raw, &["employeeId"], |_, value| {
            employee = Some(value);
            Ok(())
        })?;
        Ok(employee)
    }
}

/// Takes `from` and `to`, and needs both.
#[derive(Debug)]
pub struct Days;

impl Grammar for Days {
    type Parsed = (Date, Date);

    fn parse(raw: Option<&str>) -> Result<(Date, Date), Error> {
        let (mut from, mut to) = (None, None);
        query::parse_named(raw, &["from", "to"], |key, value| {
            let day = value.parse::<Date>().map_err(|_| "must be a day, such as `2026-12-21`".to_owned())?;
            if key == "from" {
                from = Some(day);
            } else {
                to = Some(day);
            }
            Ok(())
        })?;
        let missing = |key: &str| FieldError { detail: "is missing".to_owned(), pointer: format!("?{key}") };
        match (from, to) {
            (Some(from), Some(to)) => Ok((from, to)),
            (from, to) => {
                let faults = [("from", from), ("to", to)];
                let faults = faults.iter().filter(|(_, day)| day.is_none()).map(|(key, _)| missing(key));
                Err(Error::new(
                    ErrorKind::InvalidInput,
                    "The query cannot be used; `errors` names every fault.",
                )
                .with_fields(faults.collect()))
            }
        }
    }
}

/// How much leave somebody has, by type, in every system that counts it. All of it, on one page.
#[utoipa::path(get, path = "/v1/absence-balances", tag = "absence", operation_id = "listAbsenceBalances",
    params(("employeeId" = Option<String>, Query, description = "The id of a person; the one who asks when left out.")),
    responses((status = 200, description = "The balances. `sources` says how each system fared.", body = Page<AbsenceBalance>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn balances(
    State(api): State<Arc<Api>>,
    Asked { context, query: employee, raw, .. }: Asked<Whose>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.absences.balances(&context, employee.as_deref()).await)?;
    Ok(reply::page("/v1/absence-balances", raw.as_deref(), listing, |found| render::balance(&api, &found)))
}

/// When a colleague is away, without why: iCalendar's free and busy (RFC 5545, section 3.2.9).
#[utoipa::path(get, path = "/v1/people/{id}/free-busy", tag = "absence", operation_id = "getFreeBusy",
    params(("id" = String, Path, description = "The person."),
           ("from" = String, Query, description = "The first day.", example = "2026-12-21"),
           ("to" = String, Query, description = "The last day, at most a year later.", example = "2026-12-31")),
    responses((status = 200, description = "The times, by their start. A person is free at every other time only where every source in `sources` is `ok`.", body = Page<FreeBusy>),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn free_busy(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Asked { context, query: days, raw, .. }: Asked<Days>,
) -> ApiResult<Response> {
    let listing = reply::listed(api.absences.free_busy(&context, &id, days).await)?;
    let path = format!("/v1/people/{id}/free-busy");
    Ok(reply::page(&path, raw.as_deref(), listing, |found| render::busy(&api, &found)))
}
