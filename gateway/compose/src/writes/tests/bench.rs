//! What the tests work with: a store in a folder of its own, an office, and a person.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use portico_contract::access::Principal;
use portico_contract::expenses::{CreateExpenseReport, SubmitExpenseReport};
use portico_contract::trace::Span;
use portico_contract::{CallContext, Deadline, Error, NativeId, Operation as _};
use portico_policy::{BuiltinPolicy, Rule};
use portico_schemas::Operation;
use portico_store::{IntentState, Store, StoreConfig};
use tempfile::TempDir;

use super::office::{Office, draft, key, system};
use crate::seal::{CURSOR_KEY_LEN, ID_KEY_LEN, Seals};
use crate::systems::Systems;
use crate::writes::{Pace, Plan, ReadBack, Reconciler, WriteRequest, Writes, Written, digest};

pub const ROUTE: &str = "POST /v1/expense-reports";

pub const QUICK: Pace = Pace {
    grace: Duration::from_millis(100),
    first_look: Duration::from_millis(30),
    longest_pause: Duration::from_millis(120),
    settling: Duration::from_millis(200),
    every: Duration::from_millis(20),
    idle: Duration::from_millis(60),
    look: Duration::from_millis(500),
};

pub struct Bench {
    pub office: Arc<Office>,
    pub writes: Writes,
    /// The store's folder; last, so that the store is closed first.
    pub _folder: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    pub async fn with(rules: Vec<Rule>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::new();
        let writes = writes(open(&folder).await, &office, rules);
        Self { office, writes, _folder: folder }
    }

    /// Hands in a report under a key.
    pub async fn create(&self, key: &str, title: &str) -> Result<Written<String>, Error> {
        create(&self.writes, &context("anna", Duration::from_secs(10)), key, title).await
    }

    /// Submits a report.
    pub async fn submit(&self, id: &str) -> Result<Written<()>, Error> {
        let report = NativeId::new(id).unwrap();
        let plan = Plan::new(key(), &SubmitExpenseReport::META).on(report.clone());
        let asked = WriteRequest { key: None, route: "POST …/submission", digest: digest("s", &[id], b"") };
        let context = context("anna", Duration::from_secs(10));
        self.writes
            .run(&context, asked, plan, |office, context| async move {
                office.call(context, SubmitExpenseReport { report, version: None }).await?;
                Ok((None, ()))
            })
            .await
    }

    /// Looks for open writes until dropped.
    pub fn reconcile(&self, read_backs: Vec<Arc<dyn ReadBack>>) -> tokio::task::JoinHandle<()> {
        let reconciler = Reconciler::new(self.writes.clone(), read_backs);
        tokio::spawn(
            reconciler
                .keep(|_, time| (Span::detached("look"), CallContext::internal("portico", time)), pending()),
        )
    }

    /// The states of all writes, oldest first.
    pub async fn states(&self) -> Vec<IntentState> {
        let mut intents = self.writes.store().intents(&Default::default()).await.unwrap().items;
        intents.reverse();
        intents.into_iter().map(|intent| intent.state).collect()
    }

    /// Waits for a state of the only write.
    pub async fn until(&self, wanted: IntentState) {
        let reached = async {
            while self.states().await != [wanted] {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), reached).await.is_err() {
            panic!("the write is {:?} and not {wanted}", self.states().await);
        }
    }
}

pub async fn open(folder: &TempDir) -> Store {
    Store::open(&StoreConfig::sqlite(folder.path().join("store.sqlite"))).await.unwrap()
}

pub fn writes(store: Store, office: &Arc<Office>, rules: Vec<Rule>) -> Writes {
    let systems = Arc::new(Systems::new(vec![system(office)]));
    let seals = Arc::new(Seals::new([3; ID_KEY_LEN], [4; CURSOR_KEY_LEN]));
    Writes::new(store, systems, Arc::new(BuiltinPolicy::new(rules)), seals).paced(QUICK)
}

pub async fn create(
    writes: &Writes,
    context: &CallContext,
    idempotency: &str,
    title: &str,
) -> Result<Written<String>, Error> {
    let asked = WriteRequest {
        key: Some(idempotency.into()),
        route: ROUTE,
        digest: digest(ROUTE, &[], title.as_bytes()),
    };
    let (plan, draft) = (Plan::new(key(), &CreateExpenseReport::META), draft(title));
    writes
        .run(context, asked, plan, |office, context| async move {
            let record = office.call(context, draft).await?;
            Ok((Some(record.id.clone()), record.id.as_str().to_owned()))
        })
        .await
}

pub fn context(subject: &str, time: Duration) -> CallContext {
    let principal = Principal {
        subject: subject.to_owned(),
        display_name: String::new(),
        person_id: None,
        roles: BTreeSet::from([format!("role-of-{subject}")]),
        units: BTreeSet::new(),
        reports: BTreeSet::new(),
        stands_in_for: BTreeSet::new(),
    };
    CallContext {
        principal: Arc::new(principal),
        deadline: Deadline::after(time),
        ..CallContext::internal("x", time)
    }
}

pub fn fresh<T>(answer: Result<Written<T>, Error>) -> T {
    match answer.unwrap() {
        Written::Fresh(value) => value,
        Written::Repeated(_) => panic!("repeated"),
        Written::Pending(operation) => panic!("{operation:?}"),
    }
}

pub fn pending_of<T: std::fmt::Debug>(answer: Result<Written<T>, Error>) -> Operation {
    match answer.unwrap() {
        Written::Pending(operation) => *operation,
        other => panic!("{other:?}"),
    }
}
