//! Content negotiation (RFC 9110 section 12.5.1): there is one form of every answer, so a caller that refuses it is told.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use portico_contract::{Error, ErrorKind};
use portico_edge::ApiError;

use crate::{Api, allow};

/// Refuses callers that accept no JSON. Content and photos have a media type of their own, whatever was asked for: a
/// front-end cannot know it beforehand.
pub async fn json(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.ends_with("/content") || path.ends_with("/photo") || takes_json(request.headers()) {
        let uri = request.uri().clone();
        let mut response = next.run(request).await;
        // Here and not in a layer of its own, because every layer costs every request.
        allow::fill(&api, &uri, &mut response);
        return response;
    }
    let why = "This API answers in `application/json`; send an `Accept` field that allows it, or none.";
    ApiError::from(Error::new(ErrorKind::NotAcceptable, why)).into_response()
}

/// Whether some media range of `Accept` covers JSON with a weight above zero. Without the field everything is accepted.
fn takes_json(headers: &HeaderMap) -> bool {
    let mut ranges = headers.get_all(header::ACCEPT).iter().peekable();
    if ranges.peek().is_none() {
        return true;
    }
    ranges.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        let covers = matches!(
            name.as_str(),
            "*/*" | "application/*" | "application/json" | "application/problem+json"
        );
        covers && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_takes_no_json_is_found_out() {
        let takes =
            |accept: &str| takes_json(&[(header::ACCEPT, accept.parse().unwrap())].into_iter().collect());
        assert!(takes_json(&HeaderMap::new()));
        for good in
            ["*/*", "text/html, application/json;q=0.5", "Application/JSON; charset=utf-8", "application/*"]
        {
            assert!(takes(good), "{good}");
        }
        for bad in ["text/csv", "application/json;q=0", "text/*, image/png", ""] {
            assert!(!takes(bad), "{bad}");
        }
    }
}
