//! The route template of a request: known only inside the router, wanted by the layers around it.

use std::collections::HashMap;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::MatchedPath;
use http::{Extensions, Request};
use parking_lot::RwLock;
use tower::{Layer, Service};

use crate::context::RequestScope;

/// Routes times methods that are remembered. The program has far fewer; the bound is there so that nothing can grow.
const MOST: usize = 2_048;

/// The words for one method of one route.
#[derive(Clone, Copy)]
pub(super) struct Names {
    /// `/v1/documents/{id}`
    pub(super) route: &'static str,
    /// `GET /v1/documents/{id}`
    pub(super) span: &'static str,
}

/// Makes each name once for the life of the process, so that no request pays for it.
#[derive(Default)]
pub(super) struct RouteNames(RwLock<HashMap<&'static str, Vec<(&'static str, Names)>>>);

impl RouteNames {
    pub(super) fn names(&self, method: &'static str, route: &str) -> Option<Names> {
        let find = |known: &[(&'static str, Names)]| {
            known.iter().find(|(name, _)| *name == method).map(|(_, names)| *names)
        };
        if let Some(names) = self.0.read().get(route).and_then(|known| find(known)) {
            return Some(names);
        }
        let mut map = self.0.write();
        if let Some(names) = map.get(route).and_then(|known| find(known)) {
            return Some(names);
        }
        if map.len() >= MOST {
            return None;
        }
        // Leaked on purpose: routes are part of the program, and there are at most `MOST` of them.
        let route: &'static str = match map.get_key_value(route) {
            Some((known, _)) => known,
            None => String::leak(route.to_owned()),
        };
        let names = Names { route, span: String::leak(format!("{method} {route}")) };
        map.entry(route).or_default().push((method, names));
        Some(names)
    }
}

/// Goes inside the router (`Router::route_layer`), where the route is known. Without it the traces and metrics of a
/// request do not name its route. Whoever has a layer of their own there puts both in at once, as a pair: the router boxes
/// and clones for every `route_layer`, on every request.
#[derive(Debug, Clone, Copy)]
pub struct RouteLayer;

impl<S> Layer<S> for RouteLayer {
    type Service = NoteRoute<S>;

    fn layer(&self, inner: S) -> NoteRoute<S> {
        NoteRoute(inner)
    }
}

/// Notes the route in the facts of a request that has found one.
pub(crate) fn note(extensions: &Extensions) {
    if let (Some(scope), Some(matched)) = (extensions.get::<RequestScope>(), extensions.get::<MatchedPath>())
    {
        scope.set_matched(matched.clone());
    }
}

/// The service of [`RouteLayer`].
#[derive(Debug, Clone)]
pub struct NoteRoute<S>(S);

impl<S: Service<Request<Body>>> Service<Request<Body>> for NoteRoute<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        note(request.extensions());
        self.0.call(request)
    }
}
