//! Nobody passes without a name, except to the paths that are for everybody.

use std::sync::Arc;

use axum::body::Body;
use http::Request;

use crate::auth::Authenticator;
use crate::context::RequestScope;
use crate::problem::ApiError;

/// Puts the person into the request's facts, or answers 401.
pub(super) struct Authenticate {
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) public: PublicPaths,
}

impl Authenticate {
    pub(super) fn identify(&self, request: &mut Request<Body>) -> Result<(), ApiError> {
        if self.public.contains(request.uri().path()) {
            return Ok(());
        }
        let principal = self.authenticator.authenticate(request.headers())?;
        // Nothing further in needs the token, so nothing further in can leak it.
        request.headers_mut().remove(http::header::AUTHORIZATION);
        if let Some(scope) = request.extensions().get::<RequestScope>() {
            scope.set_principal(principal);
        }
        Ok(())
    }
}

/// Paths that need nobody: exact ones, and whole folders where the entry ends with a slash.
#[derive(Debug, Clone, Default)]
pub struct PublicPaths(pub Vec<String>);

impl PublicPaths {
    /// Whether a path is for everybody.
    pub fn contains(&self, path: &str) -> bool {
        self.0.iter().any(|public| {
            if public.ends_with('/') { path.starts_with(public.as_str()) } else { path == public }
        })
    }
}
