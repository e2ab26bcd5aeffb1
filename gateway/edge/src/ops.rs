//! The guard of the operations surface: no DNS rebinding, no token guessing.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::{Either, Ready, ready};
use http::{HeaderMap, Request, header};
use portico_schemas::ProblemCode;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tower::{Layer, Service};

use crate::inbound::PublicPaths;
use crate::problem::ApiError;

/// What the guard of the operations surface is told.
pub struct OpsGuardConfig {
    /// Host names and addresses, without port, under which the surface may be asked. `localhost`, `127.0.0.1` and `[::1]`
    /// are always among them.
    pub hosts: Vec<String>,
    /// Paths that need no token: probes and metrics. An entry that ends with a slash is a whole folder.
    pub open: PublicPaths,
    /// The token for everything else; `None` keeps everything else shut.
    pub token: Option<SecretString>,
}

/// Checks `Host`, `Origin` and the token of every request.
///
/// A page in somebody's browser can make a name of its own point at a loopback address (DNS rebinding); it cannot choose
/// the `Host` and `Origin` that the browser then sends.
#[derive(Clone)]
pub struct OpsGuard(Arc<Guard>);

struct Guard {
    hosts: BTreeSet<String>,
    open: PublicPaths,
    /// SHA-256, so that all comparisons have one length.
    token: Option<[u8; 32]>,
}

impl OpsGuard {
    /// A guard. An empty token counts as none.
    pub fn new(config: OpsGuardConfig) -> Self {
        let always = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let hosts = config.hosts.iter().map(|host| host.to_ascii_lowercase()).chain(always).collect();
        let token = config.token.as_ref().map(SecretString::expose_secret).filter(|token| !token.is_empty());
        let token = token.map(|token| Sha256::digest(token.as_bytes()).into());
        Self(Arc::new(Guard { hosts, open: config.open, token }))
    }
}

impl fmt::Debug for OpsGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpsGuard").field("hosts", &self.0.hosts).field("open", &self.0.open).finish()
    }
}

impl Guard {
    fn check(&self, request: &Request<Body>) -> Result<(), ApiError> {
        let headers = request.headers();
        let authority = request.uri().authority().map(http::uri::Authority::as_str);
        let host = authority.or_else(|| headers.get(header::HOST)?.to_str().ok());
        if !host.is_some_and(|host| self.knows(host)) {
            let detail =
                "The operations surface does not go by this host name; list it in the configuration.";
            return Err(ApiError::new(ProblemCode::Forbidden, detail));
        }
        let foreign = headers.get_all(header::ORIGIN).iter().any(|origin| {
            let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
            !host.is_some_and(|host| self.knows(host))
        });
        if foreign {
            let detail = "The operations surface does not answer pages of other origins.";
            return Err(ApiError::new(ProblemCode::Forbidden, detail));
        }
        if self.open.contains(request.uri().path()) || self.admits(headers) {
            return Ok(());
        }
        let detail = "Send the operations token: Authorization: Bearer <token>.";
        Err(ApiError::new(ProblemCode::Unauthenticated, detail))
    }

    /// Compares a host with or without port.
    fn knows(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        self.hosts.contains(&name.to_ascii_lowercase())
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &self.token else { return false };
        let mut fields = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return false };
        let Some(token) = field.as_bytes().strip_prefix(b"Bearer ") else { return false };
        let given: [u8; 32] = Sha256::digest(token).into();
        bool::from(given.ct_eq(expected))
    }
}

impl<S> Layer<S> for OpsGuard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: Arc::clone(&self.0), inner }
    }
}

/// A service behind an [`OpsGuard`].
#[derive(Clone)]
pub struct Guarded<S> {
    guard: Arc<Guard>,
    inner: S,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.guard.check(&request) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(error) => Either::Right(ready(Ok(error.into_response()))),
        }
    }
}

#[cfg(test)]
mod tests;
