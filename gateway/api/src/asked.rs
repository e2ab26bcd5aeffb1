//! What every handler starts with: who asks, and a query that was checked.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use portico_compose::people::Known;
use portico_contract::{CallContext, Error};
use portico_edge::{ApiError, RequestContext};

use crate::Api;
use crate::members::{Members, Projection};
use crate::query::{self, ListSpec, ParsedList};

/// The query that a route takes.
pub trait Grammar: Send + 'static {
    /// What it says.
    type Parsed: Send;

    /// Reads it.
    ///
    /// # Errors
    /// Every fault at once.
    fn parse(raw: Option<&str>) -> Result<Self::Parsed, Error>;
}

/// A route without a query.
#[derive(Debug)]
pub struct NoQuery;

impl Grammar for NoQuery {
    type Parsed = ();

    fn parse(raw: Option<&str>) -> Result<(), Error> {
        query::parse_single(raw, &Members::NONE).map(|_| ())
    }
}

/// Names the grammar of a resource: of its lists, and of one of it.
pub trait Shape: Send + 'static {
    /// What its lists take.
    const LIST: ListSpec;
}

/// A list of a resource.
#[derive(Debug)]
pub struct List<S>(S);

impl<S: Shape> Grammar for List<S> {
    type Parsed = ParsedList;

    fn parse(raw: Option<&str>) -> Result<ParsedList, Error> {
        query::parse_list(raw, &S::LIST)
    }
}

/// One of a resource, which takes `fields`.
#[derive(Debug)]
pub struct One<S>(S);

impl<S: Shape> Grammar for One<S> {
    type Parsed = Option<Projection>;

    fn parse(raw: Option<&str>) -> Result<Option<Projection>, Error> {
        query::parse_single(raw, &S::LIST.members)
    }
}

/// A request whose person is known and whose query holds together.
pub struct Asked<G: Grammar> {
    /// Person, with what the directory of record adds; deadline, correlation id, place in the trace.
    pub context: CallContext,
    /// What the query says.
    pub query: G::Parsed,
    /// The query as it was sent, for the addresses of a page.
    pub raw: Option<String>,
    /// How far it is known who asks; `None` without a directory of record.
    pub known: Option<Arc<Known>>,
}

impl<G: Grammar> fmt::Debug for Asked<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("context", &self.context).finish_non_exhaustive()
    }
}

impl<G: Grammar> FromRequestParts<Arc<Api>> for Asked<G> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let RequestContext(context) = RequestContext::from_request_parts(parts, api).await?;
        let raw = parts.uri.query().map(str::to_owned);
        let query = G::parse(raw.as_deref())?;
        let (context, known) = match &api.identity {
            None => (context, None),
            Some(identity) => {
                let known = identity.resolve(&context).await;
                (CallContext { principal: Arc::clone(&known.principal), ..context }, Some(known))
            }
        };
        Ok(Self { context, query, raw, known })
    }
}
