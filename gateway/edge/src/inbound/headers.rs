//! Header fields that every answer carries.

use http::{HeaderName, HeaderValue, Response, header};

/// The full version of the API (Dutch API Design Rules, API-57).
pub(super) const API_VERSION: HeaderName = HeaderName::from_static("api-version");

/// Adds `X-Content-Type-Options`, `API-Version`, and `Cache-Control: no-store` where the route said nothing.
pub(super) fn complete<B>(response: &mut Response<B>, api_version: &HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(API_VERSION, api_version.clone());
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
