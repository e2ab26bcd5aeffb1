//! The routes over one toy office, from a request to its answer.

mod contract;
mod reading;
#[path = "../../../compose/src/expenses/tests/toy.rs"]
#[allow(dead_code, reason = "the tests of the composition look at more of it")]
pub(crate) mod toy;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Request, StatusCode, header};
use portico_compose::absences::Absences;
use portico_compose::delegations::Delegations;
use portico_compose::expenses::Expenses;
use portico_compose::people::{
    Identity, IdentityConfig, IndexOptions, Indexes, LinkRule, LinkSystems, Links, People,
};
use portico_compose::seal::{CURSOR_KEY_LEN, ID_KEY_LEN, Seals};
use portico_compose::tasks::Tasks;
use portico_compose::writes::Writes;
use portico_compose::{Documents, Ground, Standing, System, Systems};
use portico_contract::CallContext;
use portico_contract::access::Principal;
use portico_contract::people::PersonKey;
use portico_edge::RequestScope;
use portico_policy::{Action, BuiltinPolicy, Policy, Rule, Who};
use portico_schemas::{Classification, ExpenseReportStatus as Status, ResourceType};
use portico_store::{Store, StoreConfig};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{Api, routes};
use toy::{Mood, Office, key, native};

pub(crate) const STAFF: &[&str] = &["owen", "sian", "bo"];
pub(crate) const KEY: &str = "\"8e03978e-40d5-43e9-bc93-6a894a57f324\"";

pub(crate) struct World {
    pub(crate) api: Api,
    pub(crate) office: Arc<Office>,
    folder: TempDir,
}

/// People read and write what is their own, and read what their reports have; they decide what waits for them.
fn policy() -> Arc<dyn Policy> {
    let rule = |who, actions: &[Action]| Rule {
        name: None,
        resource: None,
        systems: None,
        actions: actions.iter().copied().collect(),
        who,
        up_to: Classification::Internal,
    };
    Arc::new(BuiltinPolicy::new(vec![
        rule(Who::Owner, &[Action::Read, Action::Write]),
        rule(Who::Manager, &[Action::Read]),
        rule(Who::Assignee, &[Action::Read, Action::Decide]),
    ]))
}

/// An office with a draft of Siân's, `one`, and a submitted report of Owen's, `two`.
pub(crate) async fn world() -> World {
    world_that(true).await
}

/// The same, where the office may be one that cannot be written to.
async fn world_that(takes: bool) -> World {
    let office = Office::new();
    office.put("one", "sian", Status::Draft);
    office.put("two", "owen", Status::Submitted);
    let (_, directory) = toy::directory();
    let systems = Arc::new(Systems::new(vec![directory, toy::office("claims", &office, STAFF, takes)]));
    let (policy, seals) = (policy(), Arc::new(Seals::new([1; ID_KEY_LEN], [2; CURSOR_KEY_LEN])));
    let indexes = Indexes::new(&systems, IndexOptions::default());
    for system in systems.iter() {
        let context = CallContext::internal("test", Duration::from_secs(5));
        indexes.refresh(system.key(), context).await.unwrap();
    }
    let by_name = LinkRule { key: PersonKey::UserName, systems: LinkSystems::All };
    let record = key("directory");
    let links = Links::new(Some(record.clone()), vec![by_name], indexes.clone(), Arc::clone(&seals));
    links.rebuild().await;
    let identity = Identity::new(
        Arc::clone(&systems),
        indexes.clone(),
        links.clone(),
        Arc::clone(&seals),
        IdentityConfig::new(record),
    );
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreConfig::sqlite(folder.path().join("store.db"))).await.unwrap();
    let writes = Writes::new(store, Arc::clone(&systems), Arc::clone(&policy), Arc::clone(&seals));
    let ground = Ground::new(
        Arc::clone(&systems),
        Arc::clone(&policy),
        Some(identity.clone()),
        links.clone(),
        Arc::clone(&seals),
        Some(writes.clone()),
    );
    let people = People::new(
        Arc::clone(&systems),
        Arc::clone(&policy),
        Arc::clone(&seals),
        indexes,
        Some(identity.clone()),
    );
    let documents = Documents::new(Arc::clone(&systems), Arc::clone(&policy), Arc::clone(&seals));
    let api = Api {
        documents,
        people,
        expenses: Expenses::new(ground.clone()),
        absences: Absences::new(ground.clone()),
        tasks: Tasks::new(ground.clone()),
        delegations: Delegations::new(ground),
        writes: Some(writes),
        links,
        identity: Some(identity),
        systems,
        seals,
        policy,
    };
    World { api, office, folder }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    octets: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.octets).unwrap()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default())
    }

    /// Where something is wrong.
    pub(crate) fn faults(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

impl World {
    /// From now on the store can be neither read nor written.
    pub(crate) async fn lose_records(&self) {
        self.api.writes.as_ref().unwrap().store().close().await;
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            std::fs::write(file.unwrap().path(), "This is no database. ".repeat(1_000)).unwrap();
        }
    }

    pub(crate) fn seal(&self, resource: ResourceType, id: &str) -> String {
        self.api.seals.seal(resource, &key("claims"), &native(id))
    }

    pub(crate) fn person(&self, name: &str) -> String {
        self.api.seals.seal_person(&key("directory"), &native(&format!("d-{name}")))
    }

    fn id(&self, report: &str) -> String {
        self.seal(ResourceType::ExpenseReport, report)
    }

    fn path(&self, report: &str) -> String {
        format!("/v1/expense-reports/{}", self.id(report))
    }

    fn category(&self) -> String {
        self.api.seals.seal(ResourceType::ExpenseCategory, &key("claims"), &native("travel"))
    }

    fn content(&self) -> Value {
        json!({
            "title": "Site visits",
            "lines": [{
                "categoryId": self.category(), "description": "A train", "transactionDate": "2026-11-02",
                "amount": { "amount": "12.50", "currency": "GBP" }
            }]
        })
    }

    async fn send(&self, who: &str, request: Request<Body>) -> Answer {
        let principal = (*CallContext::internal(who, Duration::from_secs(5)).principal).clone();
        let mut request = request;
        let scope = RequestScope::detached(Some(Arc::new(Principal { ..principal })));
        request.extensions_mut().insert(scope);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let is_part = request.uri().query().is_some_and(|query| query.contains("fields="));
        let answer = routes(self.api.clone()).oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let octets = portico_edge::body::collect(body, 1 << 20).await.unwrap().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, octets };
        // A part of a thing lacks what was not asked for.
        if !is_part {
            contract::check(&method, &path, &answer);
        }
        answer
    }

    pub(crate) async fn ask(
        &self,
        who: &str,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        self.send(who, request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, Method::GET, path, &[], &Value::Null).await
    }
}

pub(crate) fn actions(report: &Value) -> Vec<&str> {
    let actions = report["allowedActions"].as_array().unwrap();
    actions.iter().map(|action| action["name"].as_str().unwrap()).collect()
}
