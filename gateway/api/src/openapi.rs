//! The published contract: OpenAPI 3.1, generated from the routes and the model.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::{
    API_VERSION, absences, delegations, documents, expense_reports, lookups, me, operations, org_units,
    people, systems, tasks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Portico",
        description = "One API over the back-office systems that a public body already owns.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        documents::list, documents::get, documents::put, documents::delete, documents::children,
        documents::child_id, documents::read_content, documents::write_content, documents::relocate,
        people::list, people::get, people::manager, people::reports, people::chain, people::photo,
        org_units::list, org_units::get,
        expense_reports::list, expense_reports::create, expense_reports::get, expense_reports::edit,
        expense_reports::delete, expense_reports::submit, expense_reports::withdraw, expense_reports::attach,
        expense_reports::read, expense_reports::remove,
        lookups::categories, lookups::projects, lookups::cost_centres, lookups::tax_rates,
        absences::list, absences::request, absences::get, absences::cancel, absences::types, absences::balances,
        absences::free_busy,
        tasks::list, tasks::get, tasks::decide, tasks::decisions,
        delegations::list, delegations::create, delegations::get, delegations::end,
        operations::get,
        systems::list, systems::get, me::get
    ),
    tags(
        (name = "documents", description = "Files and folders of every store."),
        (name = "people", description = "Everybody in every directory, and the units they work in."),
        (name = "expense reports", description = "Claims for money that people have laid out, and what a form for one has to offer."),
        (name = "absence", description = "Leave that people ask for, how much of it they have, and when colleagues are away."),
        (name = "tasks", description = "What waits for somebody's decision, in any system, and who stands in for whom."),
        (name = "operations", description = "Writes that are under way or over."),
        (name = "systems", description = "What is behind the gateway, and how it is doing."),
        (name = "me", description = "The person who is asking.")
    ),
    modifiers(&Security)
)]
struct Contract;

struct Security;

impl Modify for Security {
    fn modify(&self, contract: &mut utoipa::openapi::OpenApi) {
        contract.info.version = API_VERSION.to_owned();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = contract.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        contract.security =
            Some(vec![utoipa::openapi::SecurityRequirement::new("bearer", Vec::<String>::new())]);
    }
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut text = Contract::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
});

/// The contract as pretty-printed JSON, with a line end.
pub fn document() -> &'static str {
    &DOCUMENT
}

/// `/v1/openapi.json`: open to everybody, from any origin.
pub async fn serve() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, document()).into_response()
}
