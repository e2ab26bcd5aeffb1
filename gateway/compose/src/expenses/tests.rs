//! Expense reports over toy offices that answer, fail or lose their answers, and a directory whose people they know.

mod lists;
mod lost;
mod receipts;
pub(crate) mod toy;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use portico_contract::access::Principal;
use portico_contract::paging::{Comparison, Filter, Scalar};
use portico_contract::trace::Span;
use portico_contract::{CallContext, Error, ErrorKind, SystemKey};
use portico_policy::{Action, BuiltinPolicy, Policy, Rule, Who};
use portico_schemas::{
    Classification, Declaration, ExpenseLineContent, ExpenseReportContent, ExpenseReportStatus as Status,
    NewExpenseReport, SourceStatus, Withdrawal,
};
use portico_store::{IntentId, IntentState, Store, StoreConfig};
use tempfile::TempDir;

use super::*;
use crate::absences::Absences;
use crate::change::{Asking, Change, Expected};
use crate::delegations::Delegations;
use crate::listing::{ListRequest, Listing, Refusal};
use crate::people::{Identity, IdentityConfig, IndexOptions, Indexes, LinkRule, LinkSystems, Links};
use crate::seal::{CURSOR_KEY_LEN, ID_KEY_LEN, Kind, Seals};
use crate::systems::{Standing, Systems};
use crate::tasks::Tasks;
use crate::writes::{Pace, Reconciler, Writes, digest};
use toy::{Mood, Office, key, money, native};

pub(crate) const STAFF: &[&str] = &["owen", "sian", "bo"];

pub(crate) fn rule(who: Who, actions: &[Action]) -> Rule {
    Rule {
        name: None,
        resource: None,
        systems: None,
        actions: actions.iter().copied().collect(),
        who,
        up_to: Classification::Internal,
    }
}

/// One's own: read and write; those who report to one: read; finance: read all; clerks: read and write all.
fn rules() -> Vec<Rule> {
    vec![
        rule(Who::Owner, &[Action::Read, Action::Write]),
        rule(Who::Manager, &[Action::Read]),
        rule(Who::Role("finance".to_owned()), &[Action::Read]),
        rule(Who::Role("clerk".to_owned()), &[Action::Read, Action::Write]),
    ]
}

pub(crate) struct World {
    pub(crate) expenses: Expenses,
    pub(crate) absences: Absences,
    pub(crate) tasks: Tasks,
    pub(crate) delegations: Delegations,
    identity: Identity,
    pub(crate) seals: Arc<Seals>,
    pub(crate) directory: Arc<toy::Directory>,
    pub(crate) writes: Writes,
    folder: TempDir,
}

/// A gateway over a directory and these offices: with their staff, and whether they can be written to.
async fn world(offices: &[Staffed<'_>]) -> World {
    world_under(rules(), offices).await
}

/// An office by its key, with its staff, and whether it can be written to.
pub(crate) type Staffed<'a> = (&'a str, &'a Arc<Office>, &'static [&'static str], bool);

/// The same, under these rules.
pub(crate) async fn world_under(rules: Vec<Rule>, offices: &[Staffed<'_>]) -> World {
    let (directory, people) = toy::directory();
    let mut all = vec![people];
    all.extend(offices.iter().map(|(name, office, staff, takes)| toy::office(name, office, staff, *takes)));
    let systems = Arc::new(Systems::new(all));
    let seals = Arc::new(Seals::new([1; ID_KEY_LEN], [2; CURSOR_KEY_LEN]));
    let indexes = Indexes::new(&systems, IndexOptions::default());
    for system in systems.iter() {
        let context = CallContext::internal("test", Duration::from_secs(5));
        indexes.refresh(system.key(), context).await.unwrap();
    }
    let by_name = LinkRule { key: portico_contract::people::PersonKey::UserName, systems: LinkSystems::All };
    let links = Links::new(Some(key("directory")), vec![by_name], indexes.clone(), Arc::clone(&seals));
    links.rebuild().await;
    let identity = Identity::new(
        Arc::clone(&systems),
        indexes,
        links.clone(),
        Arc::clone(&seals),
        IdentityConfig::new(key("directory")),
    );
    let policy: Arc<dyn Policy> = Arc::new(BuiltinPolicy::new(rules));
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreConfig::sqlite(folder.path().join("store.db"))).await.unwrap();
    let quick = Pace {
        first_look: Duration::from_millis(5),
        longest_pause: Duration::from_millis(20),
        ..Pace::default()
    };
    let writes =
        Writes::new(store, Arc::clone(&systems), Arc::clone(&policy), Arc::clone(&seals)).paced(quick);
    let ground =
        Ground::new(systems, policy, Some(identity.clone()), links, Arc::clone(&seals), Some(writes.clone()));
    World {
        expenses: Expenses::new(ground.clone()),
        absences: Absences::new(ground.clone()),
        tasks: Tasks::new(ground.clone()),
        delegations: Delegations::new(ground),
        identity,
        seals,
        directory,
        writes,
        folder,
    }
}

/// One office with a draft of Siân's, `one`, and a submitted report of Owen's, `two`.
async fn small() -> (World, Arc<Office>) {
    let office = Office::new();
    office.put("one", "sian", Status::Draft);
    office.put("two", "owen", Status::Submitted);
    (world(&[("claims", &office, STAFF, true)]).await, office)
}

impl World {
    /// From now on the store can be neither read nor written.
    pub(crate) async fn lose_records(&self) {
        self.writes.store().close().await;
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            std::fs::write(file.unwrap().path(), "This is no database. ".repeat(1_000)).unwrap();
        }
    }

    /// A request of somebody, after it was found out who it is.
    pub(crate) async fn by(&self, subject: &str) -> CallContext {
        self.with_role(subject, &[]).await
    }

    pub(crate) async fn with_role(&self, subject: &str, roles: &[&str]) -> CallContext {
        let mut context = CallContext::internal(subject, Duration::from_secs(10));
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        context.principal = Arc::new(Principal { roles, ..(*context.principal).clone() });
        context.principal = Arc::clone(&self.identity.resolve(&context).await.principal);
        context
    }

    fn id(&self, report: &str) -> String {
        self.id_in("claims", report)
    }

    pub(crate) fn id_in(&self, system: &str, report: &str) -> String {
        self.seal(REPORT, system, report)
    }

    pub(crate) fn seal(&self, resource: ResourceType, system: &str, id: &str) -> String {
        self.seals.seal(resource, &key(system), &native(id))
    }

    pub(crate) fn person(&self, name: &str) -> String {
        self.seals.seal_person(&key("directory"), &native(&format!("d-{name}")))
    }

    fn category(&self, system: &str) -> String {
        self.seals.seal(ResourceType::ExpenseCategory, &key(system), &native("travel"))
    }

    fn line(&self, amount: &str) -> ExpenseLineContent {
        ExpenseLineContent {
            id: None,
            category_id: self.category("claims"),
            description: "A train".to_owned(),
            quantity: None,
            amount: Some(money(amount)),
            tax_rate_ids: None,
            transaction_date: "2026-11-02".parse().unwrap(),
            project_id: None,
            cost_centre_id: None,
        }
    }

    fn new_report(&self) -> NewExpenseReport {
        NewExpenseReport {
            system: None,
            employee_id: None,
            title: "Site visits".to_owned(),
            lines: vec![self.line("12.50")],
        }
    }
}

pub(crate) const KEY: &str = "8e03978e-40d5-43e9-bc93-6a894a57f324";

/// A request with a key of its own, for this body.
pub(crate) fn keyed(uuid: &str, body: &str) -> Asking {
    let route = "POST /v1/expense-reports";
    Asking {
        key: Some(uuid.into()),
        route,
        digest: digest(route, &[], body.as_bytes()),
        validate_only: false,
    }
}

pub(crate) fn unkeyed() -> Asking {
    Asking { key: None, ..keyed(KEY, "") }
}

pub(crate) fn dry(asking: Asking) -> Asking {
    Asking { validate_only: true, ..asking }
}

fn declared() -> Declaration {
    Declaration { declaration: "All of this is true.".to_owned(), comment: None }
}

pub(crate) fn request(filters: Vec<Filter>) -> ListRequest {
    ListRequest { limit: 25, filters, ..ListRequest::default() }
}

pub(crate) fn by(field: &'static str, comparison: Comparison, value: &str) -> Filter {
    Filter { field: field.into(), comparison, values: vec![Scalar::Text(value.to_owned())] }
}

fn ids(listing: &Listing<FoundReport>) -> Vec<&str> {
    listing.items.iter().map(|found| found.record.id.as_str()).collect()
}

pub(crate) fn done<T: std::fmt::Debug>(change: Result<Change<T>, Error>) -> T {
    match change {
        Ok(Change::Done(value)) => value,
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) fn kind<T: std::fmt::Debug>(answer: Result<T, Error>) -> ErrorKind {
    answer.unwrap_err().kind()
}

pub(crate) fn places(error: &Error) -> Vec<&str> {
    error.fields().iter().map(|fault| &*fault.pointer).collect()
}

fn look(key: &SystemKey, time: Duration) -> (Span, CallContext) {
    let span = Span::detached("look");
    let context = CallContext { span: span.context(), ..CallContext::internal(key.as_str(), time) };
    (span, context)
}

/// Looks until this write is settled, and says how.
pub(crate) async fn settled(
    world: &World,
    read_backs: Vec<Arc<dyn ReadBack>>,
    operation: &portico_schemas::Operation,
) -> (IntentState, Option<String>) {
    let reconciler = Reconciler::new(world.writes.clone(), read_backs);
    let id: IntentId = operation.id.parse().unwrap();
    for _ in 0..500 {
        reconciler.round(&look).await.unwrap();
        let intent = world.writes.store().intent(id).await.unwrap().unwrap();
        if intent.state.is_final() {
            return (intent.state, intent.result);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it stays open");
}
