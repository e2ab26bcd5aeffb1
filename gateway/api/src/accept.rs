//! Content negotiation (RFC 9110 section 12.5.1): there is one form of every answer, so a caller that refuses it is told.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri, header};
use pin_project_lite::pin_project;
use portico_contract::{Error, ErrorKind};
use portico_edge::ApiError;
use tower::{Layer, Service};

use crate::{Api, allow};

/// Refuses callers that accept no JSON, and completes a 405. A plain service, because axum's layers of functions box and
/// clone for every request.
#[derive(Clone)]
pub struct JsonLayer(pub Arc<Api>);

impl<S> Layer<S> for JsonLayer {
    type Service = Json<S>;

    fn layer(&self, inner: S) -> Json<S> {
        Json { api: Arc::clone(&self.0), inner }
    }
}

/// The service of [`JsonLayer`].
#[derive(Clone)]
pub struct Json<S> {
    api: Arc<Api>,
    inner: S,
}

impl<S> Service<Request> for Json<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !acceptable(&request) {
            return Answer::Refused;
        }
        let (api, uri) = (Arc::clone(&self.api), request.uri().clone());
        Answer::Inside { inner: self.inner.call(request), api, uri }
    }
}

pin_project! {
    /// The answer of [`Json`].
    #[project = AnswerProjection]
    pub enum Answer<F> {
        /// The route answers.
        Inside { #[pin] inner: F, api: Arc<Api>, uri: Uri },
        /// The caller accepts no JSON.
        Refused,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answer<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let AnswerProjection::Inside { inner, api, uri } = self.project() else {
            let why =
                "This API answers in `application/json`; send an `Accept` field that allows it, or none.";
            return Poll::Ready(
                Ok(ApiError::from(Error::new(ErrorKind::NotAcceptable, why)).into_response()),
            );
        };
        let Ok(mut response) = ready!(inner.poll(cx));
        // Here and not in a layer of its own, because every layer costs every request.
        allow::fill(api, uri, &mut response);
        Poll::Ready(Ok(response))
    }
}

/// Content, photos and receipts have a media type of their own, whatever was asked for: a front-end cannot know it beforehand.
fn acceptable(request: &Request) -> bool {
    let path = request.uri().path();
    path.ends_with("/content")
        || path.ends_with("/photo")
        || path.contains("/receipts/")
        || takes_json(request.headers())
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
