//! What a request carries on its way through the edge, and what a handler takes out of it.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath};
use http::HeaderMap;
use http::request::Parts;
use portico_contract::access::Principal;
use portico_contract::trace::{Span, SpanContext};
use portico_contract::{CallContext, Deadline, Error, ErrorKind};
use tokio::sync::OwnedSemaphorePermit;

use crate::problem::ApiError;

/// The header in which a caller may name its business request. Other characters than `A-Z a-z 0-9 . _ -`, or more than
/// 64 of them, and the trace id is used instead.
pub const CORRELATION_ID: &str = "x-correlation-id";

/// One request's facts, made once by the outermost layer. Cheap to clone.
#[derive(Clone)]
pub struct RequestScope(Arc<Facts>);

struct Facts {
    span: SpanContext,
    deadline: Deadline,
    principal: OnceLock<Arc<Principal>>,
    matched: OnceLock<MatchedPath>,
    permit: OnceLock<OwnedSemaphorePermit>,
}

impl RequestScope {
    /// The facts of a request that has just come in.
    pub fn new(span: SpanContext, deadline: Deadline) -> Self {
        Self(Arc::new(Facts {
            span,
            deadline,
            principal: OnceLock::new(),
            matched: OnceLock::new(),
            permit: OnceLock::new(),
        }))
    }

    /// Facts for tests of handlers: a trace that nobody takes, ten seconds, and this person.
    pub fn detached(principal: Option<Arc<Principal>>) -> Self {
        let scope =
            Self::new(Span::detached("test").context(), Deadline::after(crate::inbound::DEFAULT_DEADLINE));
        if let Some(principal) = principal {
            scope.set_principal(principal);
        }
        scope
    }

    /// Where in the trace the request stands.
    pub fn span(&self) -> &SpanContext {
        &self.0.span
    }

    /// When the head of the answer has to be out.
    pub fn deadline(&self) -> Deadline {
        self.0.deadline
    }

    /// When the request came in.
    pub fn started(&self) -> Instant {
        self.0.span.started()
    }

    /// Who asks; `None` on a route that needs nobody.
    pub fn principal(&self) -> Option<&Arc<Principal>> {
        self.0.principal.get()
    }

    /// The route template, once the router has found it.
    pub fn route(&self) -> Option<&str> {
        self.0.matched.get().map(MatchedPath::as_str)
    }

    pub(crate) fn set_principal(&self, principal: Arc<Principal>) {
        let _ = self.0.principal.set(principal);
    }

    pub(crate) fn set_matched(&self, matched: MatchedPath) {
        let _ = self.0.matched.set(matched);
    }

    /// Keeps a place until the request is over, its body included.
    pub(crate) fn keep(&self, permit: OwnedSemaphorePermit) {
        let _ = self.0.permit.set(permit);
    }

    /// The context for calls to the systems behind.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] when nobody is signed in.
    pub fn call_context(&self, headers: &HeaderMap) -> Result<CallContext, Error> {
        let principal = self.principal().cloned().ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "Send a token: Authorization: Bearer <token>.")
        })?;
        Ok(CallContext {
            principal,
            deadline: self.0.deadline,
            correlation_id: correlation_id(headers).unwrap_or_else(|| self.0.span.trace_id().to_hex().into()),
            idempotency_key: None,
            marker: None,
            span: self.0.span.clone(),
            attempt: 1,
        })
    }
}

fn correlation_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let given = headers.get(CORRELATION_ID)?.to_str().ok()?;
    let good = (1..=64).contains(&given.len())
        && given.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    good.then(|| given.into())
}

fn scope(parts: &Parts) -> Result<&RequestScope, ApiError> {
    parts.extensions.get::<RequestScope>().ok_or_else(|| {
        Error::new(ErrorKind::Internal, "The route is not behind the inbound layers; please report this.")
            .into()
    })
}

/// The person who asks. Answers 401 when nobody is signed in.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Arc<Principal>);

impl<S: Sync> FromRequestParts<S> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let principal = scope(parts)?.principal().cloned();
        principal.map(Self).ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "Send a token: Authorization: Bearer <token>.").into()
        })
    }
}

/// The context that a handler hands to the composition: person, deadline, correlation id, place in the trace.
#[derive(Debug, Clone)]
pub struct RequestContext(pub CallContext);

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Ok(Self(scope(parts)?.call_context(&parts.headers)?))
    }
}
