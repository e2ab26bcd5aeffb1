//! Rendering: JSON with an entity tag, projected members, partial results.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use portico_compose::{Listing, Refusal};
use portico_edge::{ApiError, ApiResult};
use portico_schemas::{Page, SourceReport};
use serde::Serialize;
use serde_json::Value;

use crate::conditions::{self, Tags};
use crate::members::Projection;

const PARTIAL: &str = "portico-partial";

/// A JSON answer; 304 without a body when the caller holds it already.
pub fn tagged(
    status: StatusCode,
    etag: Option<&str>,
    none_match: Option<&Tags>,
    body: &impl Serialize,
) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(quoted) = etag.and_then(|tag| HeaderValue::try_from(format!("\"{tag}\"")).ok()) {
        headers.insert(header::ETAG, quoted);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if status == StatusCode::OK && etag.is_some_and(|tag| conditions::holds(none_match, tag)) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
    }
    (status, headers, axum::Json(body)).into_response()
}

/// An item as it is shown. Most are shown whole: those are written once, without a tree of values in between.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Shown<T> {
    /// As the model has it.
    Whole(T),
    /// With the wanted members.
    Part(Value),
}

/// Keeps the wanted members, in the order of the model. `a.b` keeps `b` inside `a`; the id always stays.
pub fn project<T: Serialize>(item: T, wanted: Option<&Projection>) -> Shown<T> {
    let Some(Projection(wanted)) = wanted else { return Shown::Whole(item) };
    let value = serde_json::to_value(item).unwrap_or_default();
    let paths = wanted.iter().map(String::as_str).chain(["id"]).map(|path| path.split('.').collect());
    Shown::Part(keep(value, &paths.collect::<Vec<_>>()))
}

fn keep(value: Value, paths: &[Vec<&str>]) -> Value {
    let Value::Object(members) = value else { return value };
    let kept = members.into_iter().filter_map(|(name, member)| {
        let mine: Vec<&Vec<&str>> =
            paths.iter().filter(|path| path.first() == Some(&name.as_str())).collect();
        if mine.is_empty() {
            return None;
        }
        let deeper: Vec<Vec<&str>> = mine.iter().filter(|p| p.len() > 1).map(|p| p[1..].to_vec()).collect();
        let whole = deeper.len() < mine.len();
        Some((name, if whole { member } else { keep(member, &deeper) }))
    });
    Value::Object(kept.collect())
}

/// A page of a list, with its addresses and, when a source is missing, the `Portico-Partial` header.
pub fn page<T, R: Serialize>(
    path: &str,
    raw_query: Option<&str>,
    listing: Listing<T>,
    render: impl FnMut(T) -> R,
) -> Response {
    let page = Page {
        items: listing.items.into_iter().map(render).collect(),
        this: raw_query.filter(|q| !q.is_empty()).map_or_else(|| path.to_owned(), |q| format!("{path}?{q}")),
        next: listing.next.map(|cursor| with_cursor(path, raw_query, &cursor)),
        sources: listing.sources,
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    partial(&mut headers, &page.sources);
    (headers, axum::Json(page)).into_response()
}

fn with_cursor(path: &str, raw_query: Option<&str>, cursor: &str) -> String {
    let kept = raw_query.unwrap_or_default().split('&').filter(|p| !p.is_empty() && !is_cursor(p));
    let mut parts: Vec<&str> = kept.collect();
    let cursor = format!("cursor={cursor}");
    parts.push(&cursor);
    format!("{path}?{}", parts.join("&"))
}

/// `Portico-Partial: odoo;status=timeout` for every source of which something is missing (RFC 9651 list of tokens).
fn partial(headers: &mut HeaderMap, sources: &[SourceReport]) {
    let missing: Vec<String> = sources
        .iter()
        .filter(|source| !source.status.is_whole())
        .map(|source| format!("{};status={}", source.system, source.status.as_str()))
        .collect();
    if let Some(value) =
        (!missing.is_empty()).then(|| HeaderValue::try_from(missing.join(", ")).ok()).flatten()
    {
        headers.insert(PARTIAL, value);
    }
}

/// Gives a list's failure to the edge.
pub fn listed<T>(result: Result<T, Refusal>) -> ApiResult<T> {
    result.map_err(|refusal| match refusal {
        Refusal::Error(error) => ApiError::from(error),
        Refusal::NoSource(problem) => ApiError::from(*problem),
    })
}

/// Whether a part of a raw query is the cursor, however its key is escaped.
fn is_cursor(part: &str) -> bool {
    let key = part.split('=').next().unwrap_or_default();
    percent_decode_str(key).eq(*b"cursor")
}
