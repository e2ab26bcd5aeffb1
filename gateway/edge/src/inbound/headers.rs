//! Header fields that every answer carries.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, Response, header};

use super::gate::Gate;
use crate::problem::ApiError;

/// The full version of the API (Dutch API Design Rules, API-57).
pub(super) const API_VERSION: HeaderName = HeaderName::from_static("api-version");

/// Adds `X-Content-Type-Options`, `API-Version`, and `Cache-Control: no-store` where the route said nothing.
pub(super) struct AnswerHeaders {
    pub(super) api_version: HeaderValue,
}

impl Gate for AnswerHeaders {
    type Pass = ();

    fn enter(&self, _request: &mut Request<Body>) -> Result<(), ApiError> {
        Ok(())
    }

    fn leave(&self, _pass: &(), response: &mut Response<Body>) {
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(API_VERSION, self.api_version.clone());
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}
