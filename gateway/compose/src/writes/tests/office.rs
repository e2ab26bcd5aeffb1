//! A back office that keeps expense reports, finds them by their marker, and fails as told.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use portico_contract::access::Facts;
use portico_contract::expenses::{
    CreateExpenseReport, ExpenseReportDraft, ExpenseReportRecord, GetExpenseReport, SubmitExpenseReport,
};
use portico_contract::people::PersonLink;
use portico_contract::systems::{CheckReport, CheckSystem, FindByMarker, MarkedWrites};
use portico_contract::{
    AdapterBuilder, CallContext, CallService, Capability, Error, ErrorKind, Handler, NativeId,
    Reconciliation, SystemKey, Upstream,
};
use portico_schemas::{ExpenseReportStatus, Outcome, Owner, SystemState};

use crate::systems::{Standing, System};

/// How long the office may take for anything.
pub const BOUND: Duration = Duration::from_millis(300);

/// What the office does with the next writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mood {
    Answers,
    /// Says no.
    Refuses,
    /// Cannot be reached.
    Down,
    /// Loses the connection before it does anything.
    LosesBefore,
    /// Loses the connection, and does it this much later.
    LosesDuring(Duration),
    /// Does it and loses the connection.
    LosesAfter,
    /// Does it after this long.
    Slow(Duration),
    /// Does it, and never answers.
    Hangs,
    Panics,
}

#[derive(Debug, Clone)]
pub struct Kept {
    pub id: String,
    pub marker: String,
    pub submitted: bool,
}

#[derive(Debug)]
pub struct Office {
    pub mood: Mutex<Mood>,
    pub kept: Mutex<Vec<Kept>>,
    pub calls: Mutex<u32>,
}

impl Office {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { mood: Mutex::new(Mood::Answers), kept: Mutex::default(), calls: Mutex::new(0) })
    }

    pub fn be(&self, mood: Mood) {
        *self.mood.lock() = mood;
    }

    pub fn calls(&self) -> u32 {
        *self.calls.lock()
    }

    pub fn count(&self) -> usize {
        self.kept.lock().len()
    }

    async fn act(self: &Arc<Self>, commit: impl FnOnce(&Self) + Send + 'static) -> Result<(), Error> {
        *self.calls.lock() += 1;
        let mood = *self.mood.lock();
        match mood {
            Mood::Answers => commit(self),
            Mood::Refuses => return Err(Error::new(ErrorKind::Conflict, "The period is closed.")),
            Mood::Down => return Err(Error::new(ErrorKind::ConnectRefused, "Nobody listens there.")),
            Mood::LosesBefore => return Err(lost()),
            Mood::LosesDuring(later) => {
                let office = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep(later).await;
                    commit(&office);
                });
                return Err(lost());
            }
            Mood::LosesAfter => {
                commit(self);
                return Err(lost());
            }
            Mood::Slow(for_so_long) => {
                tokio::time::sleep(for_so_long).await;
                commit(self);
            }
            Mood::Hangs => {
                commit(self);
                std::future::pending::<()>().await;
            }
            Mood::Panics => panic!("the adapter has a defect"),
        }
        Ok(())
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::ConnectionLost, "The connection broke.").with_outcome(Outcome::Unknown)
}

struct Desk(Arc<Office>);

impl Handler<CheckSystem> for Desk {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<CreateExpenseReport> for Desk {
    async fn handle(
        &self,
        context: &CallContext,
        operation: &CreateExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let marker = context.marker.as_ref().expect("every write is marked").as_str().to_owned();
        let id = format!("report-{}", &marker[20..]);
        let kept = Kept { id: id.clone(), marker, submitted: false };
        self.0.act(move |office| office.kept.lock().push(kept)).await?;
        Ok(record(&id, &operation.draft.title, ExpenseReportStatus::Draft))
    }
}

impl Handler<SubmitExpenseReport> for Desk {
    async fn handle(
        &self,
        _: &CallContext,
        operation: &SubmitExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let id = operation.report.as_str().to_owned();
        self.0
            .act(move |office| {
                for kept in office.kept.lock().iter_mut().filter(|kept| kept.id == id) {
                    kept.submitted = true;
                }
            })
            .await?;
        Ok(record(operation.report.as_str(), "", ExpenseReportStatus::Submitted))
    }
}

impl Handler<GetExpenseReport> for Desk {
    async fn handle(
        &self,
        _: &CallContext,
        operation: &GetExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let kept = self.0.kept.lock();
        let found = kept.iter().find(|kept| kept.id == operation.report.as_str());
        let found = found.ok_or_else(|| Error::new(ErrorKind::NotFound, "There is no such report."))?;
        let status =
            if found.submitted { ExpenseReportStatus::Submitted } else { ExpenseReportStatus::Draft };
        Ok(record(&found.id, "", status))
    }
}

impl Handler<FindByMarker> for Desk {
    async fn handle(&self, _: &CallContext, operation: &FindByMarker) -> Result<MarkedWrites, Error> {
        let kept = self.0.kept.lock();
        let marked = kept.iter().filter(|kept| kept.marker == operation.marker.as_str());
        Ok(MarkedWrites { found: marked.filter_map(|kept| NativeId::new(&kept.id)).collect() })
    }
}

struct Fine;

impl Standing for Fine {
    fn state(&self) -> SystemState {
        SystemState::Up
    }
    fn last_success(&self) -> Option<Timestamp> {
        None
    }
    fn last_failure(&self) -> Option<ErrorKind> {
        None
    }
}

pub fn key() -> SystemKey {
    SystemKey::new("office").unwrap()
}

pub fn system(office: &Arc<Office>) -> System {
    let quick =
        || Capability { deadline: BOUND, attempt_timeout: BOUND.mul_f64(0.8), ..Capability::default() };
    let adapter = AdapterBuilder::new("toy", key(), Desk(Arc::clone(office)))
        .on::<CreateExpenseReport>(quick())
        .on::<SubmitExpenseReport>(quick())
        .on::<GetExpenseReport>(quick())
        .on::<FindByMarker>(quick())
        .reconciliation(Reconciliation::Marker { field: "reference" })
        .build();
    System {
        upstream: Upstream::new(key(), adapter.profile().clone(), CallService::new(adapter)),
        title: "Office".into(),
        owner: Owner { team: "t".into(), contact: "c".into(), hours: "h".into() },
        aliases: vec![],
        standing: Arc::new(Fine),
    }
}

pub fn draft(title: &str) -> CreateExpenseReport {
    let draft = ExpenseReportDraft { title: title.to_owned(), lines: Vec::new() };
    CreateExpenseReport { employee: NativeId::new("7").unwrap(), draft }
}

fn record(id: &str, title: &str, status: ExpenseReportStatus) -> ExpenseReportRecord {
    ExpenseReportRecord {
        id: NativeId::new(id).unwrap(),
        version: None,
        created_at: None,
        updated_at: None,
        url: None,
        number: None,
        title: title.to_owned(),
        status,
        native_status: String::new(),
        employee: PersonLink { id: NativeId::new("7").unwrap(), display: String::new() },
        approver: None,
        approved_by: None,
        transaction_date: None,
        sub_total: None,
        total_tax: None,
        total_amount: serde_json::from_str(r#"{"amount": "0", "currency": "GBP"}"#).unwrap(),
        reimbursable_amount: None,
        lines: None,
        actions: BTreeSet::new(),
        facts: Facts::default(),
    }
}
