//! What the tests share: the adapter over a simulator, and short ways to call it.

use std::collections::BTreeMap;
use std::time::Duration;

use portico_contract::access::Scope;
use portico_contract::paging::{Comparison, Filter, ListQuery, Position, Scalar, SortTerm};
use portico_contract::people::{
    ChangesTold, FindPeople, GetPerson, ListPeople, People, PeopleChanges, PersonChange, PersonKey,
    PersonRecord,
};
use portico_contract::{CallContext, Error, Handler, NativeId, Operation, SystemKey};
use portico_ldap_sim::{Dialect, Options, Sim};
use portico_servers::Running;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::directory::Directory;

/// The adapter, and what keeps its directory alive.
pub(super) struct Place<S> {
    pub(super) directory: Directory,
    pub(super) server: S,
    _files: TempDir,
}

pub(super) fn context() -> CallContext {
    CallContext::internal("test", Duration::from_secs(30))
}

fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenLdap => "openldap",
        Dialect::ActiveDirectory => "activeDirectory",
    }
}

/// Lays one settings table over another.
fn overlay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                match value {
                    Value::Null => drop(under.remove(&key)),
                    value => overlay(under.entry(key).or_insert(Value::Null), value),
                }
            }
        }
        (under, over) => *under = over,
    }
}

/// Opens a directory with settings as a site writes them.
fn open<S>(server: S, mut settings: Value, ca: &str, password: &str, more: Value) -> Place<S> {
    let files = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).expect("a temporary file");
        path
    };
    settings["trust_roots"] = json!(file("ca.pem", ca));
    settings["password"] = json!(format!("file:{}", file("password", password).display()));
    overlay(&mut settings, more);
    let settings = crate::settings::read(settings).map_err(|faults| format!("{faults:?}"));
    let key = SystemKey::new("people").expect("a key");
    Place { directory: Directory::new(key, settings.expect("good settings")), server, _files: files }
}

/// A simulator with a few people.
pub(super) async fn simulated(product: Dialect) -> Place<Sim> {
    with(Options { people: 60, ..Options::new(product) }, json!({})).await
}

/// A simulator as it is wanted, and settings that go over the usual ones.
pub(super) async fn with(options: Options, more: Value) -> Place<Sim> {
    let (product, password) = (options.dialect, options.bind_password.clone());
    let sim = Sim::start(options).await.expect("a simulator");
    let settings = json!({
        "dialect": dialect(product),
        "urls": [sim.tls_url()],
        "bind_dn": sim.bind_dn,
        "people": { "base": sim.people_base },
        "org_units": { "base": sim.base },
        "groups": { "base": format!("ou=groups,{}", sim.base) },
    });
    let ca = sim.certificate_pem.clone();
    open(sim, settings, &ca, &password, more)
}

/// A real server with its dozen people.
pub(super) fn real(server: Running, product: Dialect, more: Value) -> Place<Running> {
    let there = server.directory();
    let base = there.base;
    let people = match product {
        Dialect::OpenLdap => format!("ou=people,{base}"),
        Dialect::ActiveDirectory => base.to_owned(),
    };
    let settings = json!({
        "dialect": dialect(product),
        "urls": [there.tls_url()],
        "bind_dn": there.account,
        "people": { "base": people },
        "org_units": { "base": people },
        "groups": { "base": base },
    });
    let ca = std::fs::read_to_string(&there.ca).expect("the authority");
    open(server, settings, &ca, portico_servers::PASSWORD, more)
}

impl<S> Place<S> {
    pub(super) async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error>
    where
        Directory: Handler<O>,
    {
        self.directory.handle(&context(), &operation).await
    }

    pub(super) async fn get(&self, id: &NativeId) -> Result<PersonRecord, Error> {
        self.call(GetPerson { person: id.clone() }).await
    }

    /// The one person with this user name.
    pub(super) async fn user(&self, name: &str) -> PersonRecord {
        let People(mut found) = self.find(PersonKey::UserName, name).await;
        assert_eq!(found.len(), 1, "people called {name}");
        found.remove(0)
    }

    pub(super) async fn find(&self, key: PersonKey, value: &str) -> People {
        self.call(FindPeople { key, value: value.to_owned() }).await.expect("people")
    }

    /// All people of a list, page by page.
    pub(super) async fn all(&self, query: ListQuery) -> Vec<PersonRecord> {
        let mut query = query;
        let mut people = Vec::new();
        loop {
            let page = self.call(ListPeople { query: query.clone() }).await.expect("a page");
            assert_eq!(page.limited, None);
            people.extend(page.items.into_iter().map(|listed| listed.item));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return people,
            }
        }
    }

    /// What changed, as a reader takes it in: who is there now (by id), out of who was there before.
    pub(super) async fn changes(
        &self,
        since: Option<&Position>,
        people: &mut BTreeMap<String, PersonRecord>,
    ) -> Told {
        let (into, mut told) = mpsc::channel::<Vec<PersonChange>>(4);
        let reader = tokio::spawn(async move {
            let mut steps = Vec::new();
            while let Some(batch) = told.recv().await {
                assert!(batch.len() <= 1_000);
                steps.extend(batch);
            }
            steps
        });
        let ChangesTold { next } =
            self.call(PeopleChanges { since: since.cloned(), into }).await.expect("changes");
        let mut result = Told { next, whole: false, put: Vec::new(), gone: Vec::new() };
        for step in reader.await.expect("a reader") {
            match step {
                PersonChange::Begin { whole } => {
                    result = Told { next: result.next, whole, put: Vec::new(), gone: Vec::new() };
                    if whole {
                        people.clear();
                    }
                }
                PersonChange::Put(record) => {
                    result.put.push(record.profile.user_name.clone().unwrap_or_default());
                    people.insert(record.id.as_str().to_owned(), *record);
                }
                PersonChange::Gone(id) => {
                    result.gone.push(id.as_str().to_owned());
                    people.remove(id.as_str());
                }
            }
        }
        result.put.sort();
        result
    }
}

/// What a call told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) next: Option<Position>,
    pub(super) whole: bool,
    pub(super) put: Vec<String>,
    pub(super) gone: Vec<String>,
}

pub(super) fn query(limit: usize) -> ListQuery {
    ListQuery::first(limit)
}

pub(super) fn filtered(field: &'static str, comparison: Comparison, value: &str) -> ListQuery {
    let filter = Filter { field: field.into(), comparison, values: vec![Scalar::Text(value.to_owned())] };
    ListQuery { filters: vec![filter], ..query(50) }
}

pub(super) fn sorted(field: &'static str, descending: bool, limit: usize) -> ListQuery {
    ListQuery { sort: vec![SortTerm { field: field.into(), descending }], ..query(limit) }
}

pub(super) fn scoped(scope: Scope) -> ListQuery {
    ListQuery { scope, ..query(50) }
}

pub(super) fn user_names(people: &[PersonRecord]) -> Vec<String> {
    people.iter().filter_map(|person| person.profile.user_name.clone()).collect()
}
