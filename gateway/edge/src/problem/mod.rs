//! The one place that turns errors into answers (RFC 9457).
//!
//! A handler returns [`ApiResult`]. What it returns is rendered at once, so that it is whole even on a bare router, and
//! rendered again by [`crate::inbound()`], which knows the trace id and the path and logs the chain of causes once.

mod pages;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use portico_contract::{Error, ErrorKind};
use portico_schemas::{Outcome, Problem, ProblemCode};

pub use pages::problem_page;

/// What a handler answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// A failure on its way out. Make one with `?` from a contract [`Error`] or a [`Problem`], or with [`ApiError::new`].
#[derive(Debug)]
pub struct ApiError(Box<Failure>);

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) problem: Problem,
    pub(crate) error: Option<Error>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    /// A problem that the edge or a route found by itself. `detail` says what happened and what to do.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        problem(code, detail).into()
    }

    /// Adds a header field to the answer, such as `Allow` or `Content-Range`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Says after how many seconds the caller may come back, and that coming back can help.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.problem.retryable = true;
        self.0.problem.retry_after = Some(seconds.max(1));
        self
    }

    /// The problem as it will be sent, but for what only the edge adds.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let problem = error.to_problem();
        Self(Box::new(Failure { problem, error: Some(error), headers: Vec::new() }))
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(Failure { problem, error: None, headers: Vec::new() }))
    }
}

impl From<ErrorKind> for ApiError {
    fn from(kind: ErrorKind) -> Self {
        Error::new(kind, kind.code().title()).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.render();
        response.extensions_mut().insert(Pending(Some(self.0)));
        response
    }
}

/// Travels in the extensions of an answer until the inbound layers finish it. The option is there only because
/// extensions want `Clone`: a clone is empty.
pub(crate) struct Pending(pub(crate) Option<Box<Failure>>);

impl Clone for Pending {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl Failure {
    /// The whole answer.
    pub(crate) fn render(&self) -> Response {
        let mut response = ProblemResponse(&self.problem).into_response();
        let headers = response.headers_mut();
        if self.problem.code == ProblemCode::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"portico\""));
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        response
    }
}

/// A problem as an answer: status, `application/problem+json`, `Retry-After` (RFC 9110, section 10.2.3), `no-store`.
#[derive(Debug)]
pub struct ProblemResponse<'a>(pub &'a Problem);

impl IntoResponse for ProblemResponse<'_> {
    fn into_response(self) -> Response {
        let problem = self.0;
        let body = serde_json::to_vec(problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The problem for an error, complete: with the trace id under which it is recorded and the path that was asked for.
pub fn problem_for(error: &Error, trace_id: Option<String>, instance: Option<String>) -> Problem {
    Problem { trace_id, instance, ..error.to_problem() }
}

/// A problem without an error underneath. Nothing was attempted; only `overloaded` and `too_many_requests` and
/// `request_timeout` may be tried again as they are.
pub fn problem(code: ProblemCode, detail: impl Into<String>) -> Problem {
    Problem {
        type_uri: format!("/docs/problems/{}", code.as_str()),
        title: code.title().to_owned(),
        status: code.status(),
        detail: detail.into(),
        instance: None,
        code,
        origin: code.origin(),
        system: None,
        outcome: Outcome::NotAttempted,
        retryable: matches!(
            code,
            ProblemCode::Overloaded | ProblemCode::TooManyRequests | ProblemCode::RequestTimeout
        ),
        retry_after: None,
        trace_id: None,
        errors: Vec::new(),
        sources: Vec::new(),
    }
}

/// The fallback for paths without a route.
pub async fn no_route() -> ApiError {
    ApiError::new(ProblemCode::NotFound, "No route has this path. The routes are listed in /v1/openapi.json.")
}

/// The fallback for methods that a route does not take. axum adds `Allow`, and runs this outside the layers of the route.
pub async fn no_method(request: Request) -> ApiError {
    crate::inbound::note_route(request.extensions());
    ApiError::new(
        ProblemCode::MethodNotAllowed,
        "The route exists but does not take this method. The header Allow lists those it takes.",
    )
}

#[cfg(test)]
mod tests;
