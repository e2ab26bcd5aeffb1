//! The one API that intranet front-ends call: routes, one file per resource.
//!
//! A handler reads its input strictly, asks the composition, and renders. It decides nothing about systems, retries or
//! permissions. Conventions are those of the API page: see `gateway/docs/ARCHITECTURE.md`.
#![warn(missing_docs)]

mod absences;
mod accept;
mod actions;
mod allow;
mod asked;
mod body;
mod conditions;
mod delegations;
mod docs;
mod documents;
mod download;
mod expense_reports;
mod lookups;
mod me;
mod members;
mod openapi;
mod operations;
mod org_units;
mod people;
mod query;
mod reply;
mod systems;
mod tasks;
mod writing;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};
use portico_compose::absences::Absences;
use portico_compose::delegations::Delegations;
use portico_compose::expenses::Expenses;
use portico_compose::people::{Identity, Links, People};
use portico_compose::seal::Seals;
use portico_compose::tasks::Tasks;
use portico_compose::writes::Writes;
use portico_compose::{Documents, Systems};
use portico_edge::RouteLayer;
use portico_policy::Policy;

pub use openapi::document as openapi_document;

/// The version of the API, full semantic version: the `API-Version` header.
pub const API_VERSION: &str = "1.0.0";

/// What the routes need.
#[derive(Clone)]
pub struct Api {
    /// Use cases on documents.
    pub documents: Documents,
    /// Use cases on people and units.
    pub people: People,
    /// Use cases on expense reports and what their forms offer.
    pub expenses: Expenses,
    /// Use cases on absence.
    pub absences: Absences,
    /// The inbox.
    pub tasks: Tasks,
    /// Who stands in for whom.
    pub delegations: Delegations,
    /// The one way a write goes; `None` without a store.
    pub writes: Option<Writes>,
    /// Whom other systems mean by their keys.
    pub links: Links,
    /// Which person asks; `None` without a directory of record.
    pub identity: Option<Identity>,
    /// The catalogue of systems.
    pub systems: Arc<Systems>,
    /// Sealed ids and entity tags.
    pub seals: Arc<Seals>,
    /// Who may do what.
    pub policy: Arc<dyn Policy>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("systems", &self.systems).finish_non_exhaustive()
    }
}

/// Routes for people who are signed in. The edge puts authentication in front of them.
pub fn routes(api: Api) -> Router {
    let api = Arc::new(api);
    Router::new()
        .route("/v1/documents", get(documents::list))
        .route("/v1/documents/{id}", get(documents::get).put(documents::put).delete(documents::delete))
        .route("/v1/documents/{id}/children", get(documents::children))
        .route("/v1/documents/{id}/child-ids", post(documents::child_id))
        .route("/v1/documents/{id}/content", get(documents::read_content).put(documents::write_content))
        .route("/v1/documents/{id}/location", put(documents::relocate))
        .route("/v1/people", get(people::list))
        .route("/v1/people/{id}", get(people::get))
        .route("/v1/people/{id}/manager", get(people::manager))
        .route("/v1/people/{id}/reports", get(people::reports))
        .route("/v1/people/{id}/chain", get(people::chain))
        .route("/v1/people/{id}/photo", get(people::photo))
        .route("/v1/people/{id}/free-busy", get(absences::free_busy))
        .route("/v1/org-units", get(org_units::list))
        .route("/v1/org-units/{id}", get(org_units::get))
        .route("/v1/expense-reports", get(expense_reports::list).post(expense_reports::create))
        .route(
            "/v1/expense-reports/{id}",
            get(expense_reports::get).put(expense_reports::edit).delete(expense_reports::delete),
        )
        .route("/v1/expense-reports/{id}/submission", post(expense_reports::submit))
        .route("/v1/expense-reports/{id}/withdrawal", post(expense_reports::withdraw))
        .route("/v1/expense-reports/{id}/lines/{lineId}/receipts", post(expense_reports::attach))
        .route(
            "/v1/expense-reports/{id}/receipts/{receiptId}",
            get(expense_reports::read).delete(expense_reports::remove),
        )
        .route("/v1/expense-categories", get(lookups::categories))
        .route("/v1/projects", get(lookups::projects))
        .route("/v1/cost-centres", get(lookups::cost_centres))
        .route("/v1/tax-rates", get(lookups::tax_rates))
        .route("/v1/absences", get(absences::list).post(absences::request))
        .route("/v1/absences/{id}", get(absences::get))
        .route("/v1/absences/{id}/cancellation", post(absences::cancel))
        .route("/v1/absence-types", get(absences::types))
        .route("/v1/absence-balances", get(absences::balances))
        .route("/v1/tasks", get(tasks::list))
        .route("/v1/tasks/{id}", get(tasks::get))
        .route("/v1/tasks/{id}/decisions", get(tasks::decisions).post(tasks::decide))
        .route("/v1/delegations", get(delegations::list).post(delegations::create))
        .route("/v1/delegations/{id}", get(delegations::get).delete(delegations::end))
        .route("/v1/operations/{id}", get(operations::get))
        .route("/v1/systems", get(systems::list))
        .route("/v1/systems/{id}", get(systems::get))
        .route("/v1/me", get(me::get))
        .route_layer((RouteLayer, accept::JsonLayer(Arc::clone(&api))))
        .with_state(api)
}

/// Routes for everybody: the contract and the documentation.
pub fn public_routes() -> Router {
    Router::new()
        .route("/v1/openapi.json", get(openapi::serve))
        .route("/docs", get(docs::index))
        .route("/docs/problems", get(docs::problems))
        .route("/docs/problems/{code}", get(docs::problem))
        .route_layer(RouteLayer)
}

/// The templates of all routes, for metrics.
pub const ROUTES: &[&str] = &[
    "/v1/documents",
    "/v1/documents/{id}",
    "/v1/documents/{id}/children",
    "/v1/documents/{id}/child-ids",
    "/v1/documents/{id}/content",
    "/v1/documents/{id}/location",
    "/v1/people",
    "/v1/people/{id}",
    "/v1/people/{id}/manager",
    "/v1/people/{id}/reports",
    "/v1/people/{id}/chain",
    "/v1/people/{id}/photo",
    "/v1/people/{id}/free-busy",
    "/v1/org-units",
    "/v1/org-units/{id}",
    "/v1/expense-reports",
    "/v1/expense-reports/{id}",
    "/v1/expense-reports/{id}/submission",
    "/v1/expense-reports/{id}/withdrawal",
    "/v1/expense-reports/{id}/lines/{lineId}/receipts",
    "/v1/expense-reports/{id}/receipts/{receiptId}",
    "/v1/expense-categories",
    "/v1/projects",
    "/v1/cost-centres",
    "/v1/tax-rates",
    "/v1/absences",
    "/v1/absences/{id}",
    "/v1/absences/{id}/cancellation",
    "/v1/absence-types",
    "/v1/absence-balances",
    "/v1/tasks",
    "/v1/tasks/{id}",
    "/v1/tasks/{id}/decisions",
    "/v1/delegations",
    "/v1/delegations/{id}",
    "/v1/operations/{id}",
    "/v1/systems",
    "/v1/systems/{id}",
    "/v1/me",
    "/v1/openapi.json",
    "/docs",
    "/docs/problems",
    "/docs/problems/{code}",
];

/// Paths that need nobody signed in; a slash at the end means everything below.
pub const PUBLIC: &[&str] = &["/v1/openapi.json", "/docs", "/docs/"];
