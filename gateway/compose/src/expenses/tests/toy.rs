//! A directory, and offices that keep expense reports of its people under keys of their own. Included by the tests of the
//! API too: it names `System` and `Standing` by its parent.

#[path = "toy/counter.rs"]
mod counter;
#[path = "toy/leave.rs"]
pub mod leave;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::Mutex;
use portico_contract::access::Facts;
use portico_contract::documents::{ContentHead, SourceVersion};
use portico_contract::expenses::{
    AttachReceipt, CostObjectRecord, CreateExpenseReport, DeleteExpenseReport, EditExpenseReport,
    ExpenseCategoryRecord, ExpenseLineRecord, ExpenseReportDraft, ExpenseReportRecord, GetExpenseReport,
    ItemLink, ListExpenseCategories, ListExpenseReports, ListProjects, ReadReceipt, ReceiptRecord,
    RemoveReceipt, ReportAction, SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::paging::{Comparison, ListQuery, Listed, Position, Scalar, SourcePage};
use portico_contract::people::{
    ChangesTold, FindPeople, GetPerson, ListPeople, People as Several, PeopleChanges, PersonChange,
    PersonLink, PersonRecord,
};
use portico_contract::systems::{CheckReport, CheckSystem, FindByMarker, MarkedWrites};
use portico_contract::{
    AdapterBuilder, ByteStream, CallContext, CallService, Capability, Error, ErrorKind, FilterCapability,
    Handler, NativeId, Reconciliation, Streamed, SystemKey, Upstream,
};
use portico_schemas::{
    Currency, ExpenseReportStatus as Status, Money, Outcome, Owner, PersonProfile, SystemState,
};

use super::{Standing, System};
use counter::Counter;

pub fn native(id: &str) -> NativeId {
    NativeId::new(id).unwrap()
}

pub fn key(text: &str) -> SystemKey {
    SystemKey::new(text).unwrap()
}

pub fn money(amount: &str) -> Money {
    Money { amount: amount.parse().unwrap(), currency: Currency::new("GBP").unwrap() }
}

/// Somebody by their user name. In the directory their key is `d-<name>`, in an office `e-<name>`.
fn person(prefix: &str, name: &str) -> PersonRecord {
    // Of somebody whom an office has twice, the second entry is `<name>/2`.
    let user = name.split_once('/').map_or(name, |(user, _)| user);
    let manager = (user == "sian").then_some("owen");
    PersonRecord {
        id: native(&format!("{prefix}-{name}")),
        version: None,
        created_at: None,
        updated_at: None,
        profile: PersonProfile {
            user_name: Some(user.to_owned()),
            display_name: format!("{name} Example"),
            active: true,
            ..PersonProfile::default()
        },
        native_status: None,
        has_photo: false,
        manager: manager
            .map(|name| PersonLink { id: native(&format!("{prefix}-{name}")), display: name.to_owned() }),
        org_unit: None,
        facts: Facts::default(),
    }
}

async fn tell(prefix: &str, names: &[&str], op: &PeopleChanges) -> Result<ChangesTold, Error> {
    let mut told = vec![PersonChange::Begin { whole: true }];
    told.extend(names.iter().map(|name| PersonChange::Put(Box::new(person(prefix, name)))));
    op.into.send(told).await.map_err(|_| Error::new(ErrorKind::Cancelled, "Gone."))?;
    Ok(ChangesTold { next: None })
}

/// Owen leads Siân; Bo and Fin lead nobody, and Fin is in no office.
pub struct Directory {
    pub is_down: Mutex<bool>,
}

const EVERYBODY: &[&str] = &["owen", "sian", "bo", "fin"];

struct Desk(Arc<Directory>);

impl Desk {
    fn up(&self) -> Result<(), Error> {
        if *self.0.is_down.lock() {
            Err(Error::new(ErrorKind::ConnectRefused, "Nobody listens."))
        } else {
            Ok(())
        }
    }
}

impl Handler<CheckSystem> for Desk {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<ListPeople> for Desk {
    async fn handle(&self, _: &CallContext, _: &ListPeople) -> Result<SourcePage<PersonRecord>, Error> {
        self.up()?;
        let listed = |name: &&str| Listed {
            item: person("d", name),
            key: vec![],
            position: Position::new(*name).unwrap(),
        };
        Ok(SourcePage::new(EVERYBODY.iter().map(listed).collect(), None))
    }
}

impl Handler<GetPerson> for Desk {
    async fn handle(&self, _: &CallContext, op: &GetPerson) -> Result<PersonRecord, Error> {
        self.up()?;
        let name = EVERYBODY.iter().find(|name| op.person.as_str() == format!("d-{name}"));
        name.map(|name| person("d", name)).ok_or_else(|| Error::new(ErrorKind::NotFound, "Not here."))
    }
}

impl Handler<FindPeople> for Desk {
    async fn handle(&self, _: &CallContext, op: &FindPeople) -> Result<Several, Error> {
        self.up()?;
        Ok(Several(
            EVERYBODY.iter().filter(|name| **name == op.value).map(|name| person("d", name)).collect(),
        ))
    }
}

impl Handler<PeopleChanges> for Desk {
    async fn handle(&self, _: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        self.up()?;
        tell("d", EVERYBODY, op).await
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mood {
    Answers,
    /// Cannot be reached.
    Down,
    /// Does what it is asked and loses the connection before it says so.
    LosesAnswers,
}

/// An office. Tests change what it holds while it is in use.
pub struct Office {
    pub mood: Mutex<Mood>,
    pub reports: Mutex<BTreeMap<String, ExpenseReportRecord>>,
    pub markers: Mutex<BTreeMap<String, String>>,
    /// The octets of receipts.
    pub octets: Mutex<BTreeMap<String, Bytes>>,
    pub trays: leave::Trays,
    /// Writes that came.
    pub writes: AtomicUsize,
    next: AtomicUsize,
}

impl Office {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            mood: Mutex::new(Mood::Answers),
            reports: Mutex::default(),
            markers: Mutex::default(),
            octets: Mutex::default(),
            trays: leave::Trays::default(),
            writes: AtomicUsize::new(0),
            next: AtomicUsize::new(1),
        })
    }

    pub fn be(&self, mood: Mood) {
        *self.mood.lock() = mood;
    }

    pub fn written(&self) -> usize {
        self.writes.load(SeqCst)
    }

    /// Puts a report there, as if somebody had made it in the office itself.
    pub fn put(&self, id: &str, whose: &str, status: Status) {
        self.reports.lock().insert(id.to_owned(), report(id, whose, status));
    }

    pub fn get(&self, id: &str) -> Option<ExpenseReportRecord> {
        self.reports.lock().get(id).cloned()
    }

    fn up(&self) -> Result<(), Error> {
        match *self.mood.lock() {
            Mood::Down => Err(Error::new(ErrorKind::ConnectRefused, "Nobody listens.")),
            _ => Ok(()),
        }
    }

    fn number(&self) -> usize {
        self.next.fetch_add(1, SeqCst)
    }

    fn read(&self, id: &NativeId) -> Result<ExpenseReportRecord, Error> {
        self.up()?;
        self.get(id.as_str()).ok_or_else(|| Error::new(ErrorKind::NotFound, "Not here."))
    }

    /// Changes one report, if it is still in this version.
    fn change<T>(
        &self,
        id: &NativeId,
        version: Option<&SourceVersion>,
        with: impl FnOnce(&mut ExpenseReportRecord) -> T,
    ) -> Result<T, Error> {
        self.up()?;
        self.writes.fetch_add(1, SeqCst);
        let mut reports = self.reports.lock();
        let found =
            reports.get_mut(id.as_str()).ok_or_else(|| Error::new(ErrorKind::NotFound, "Not here."))?;
        if version.is_some_and(|version| Some(version) != found.version.as_ref()) {
            return Err(Error::new(ErrorKind::PreconditionFailed, "It has changed."));
        }
        let done = with(found);
        found.version = Some(SourceVersion(format!("v{}", self.number())));
        settle(found);
        drop(reports);
        self.answered(done)
    }

    fn answered<T>(&self, done: T) -> Result<T, Error> {
        match *self.mood.lock() {
            Mood::LosesAnswers => {
                Err(Error::new(ErrorKind::ConnectionLost, "The connection broke.")
                    .with_outcome(Outcome::Unknown))
            }
            Mood::Answers | Mood::Down => Ok(done),
        }
    }

    fn lines(&self, draft: &ExpenseReportDraft, before: &[ExpenseLineRecord]) -> Vec<ExpenseLineRecord> {
        let link = |id: &NativeId| ItemLink { id: id.clone(), display: format!("the {}", id.as_str()) };
        let line = |line: &portico_contract::expenses::ExpenseLineDraft| ExpenseLineRecord {
            id: line.line.clone().unwrap_or_else(|| native(&format!("line-{}", self.number()))),
            category: Some(link(&line.category)),
            description: line.description.clone(),
            quantity: line.quantity.unwrap_or(1.into()),
            unit_price: None,
            amount: line.amount.clone().unwrap_or_else(|| money("0.45")),
            tax_rates: line.tax_rates.iter().flatten().map(link).collect(),
            tax_amount: None,
            transaction_date: Some(line.transaction_date),
            project: line.project.as_ref().map(link),
            cost_centre: line.cost_centre.as_ref().map(link),
            receipts: before
                .iter()
                .find(|there| Some(&there.id) == line.line.as_ref())
                .map(|there| there.receipts.clone())
                .unwrap_or_default(),
        };
        draft.lines.iter().map(line).collect()
    }
}

/// What follows from the rest.
fn settle(report: &mut ExpenseReportRecord) {
    report.native_status = format!("{:?}", report.status);
    let lines = report.lines.as_deref().unwrap_or_default();
    let total = lines.iter().map(|line| line.amount.amount).sum();
    report.total_amount = Money { amount: total, ..money("0") };
    report.actions = match report.status {
        Status::Draft => BTreeSet::from([ReportAction::Edit, ReportAction::Delete, ReportAction::Submit]),
        Status::Submitted => BTreeSet::from([ReportAction::Withdraw]),
        _ => BTreeSet::new(),
    };
}

pub fn report(id: &str, whose: &str, status: Status) -> ExpenseReportRecord {
    let mut report = ExpenseReportRecord {
        id: native(id),
        version: Some(SourceVersion(format!("first of {id}"))),
        created_at: None,
        updated_at: None,
        url: None,
        number: None,
        title: format!("Trip {id}"),
        status,
        native_status: String::new(),
        employee: PersonLink { id: native(&format!("e-{whose}")), display: whose.to_owned() },
        approver: Some(PersonLink { id: native("e-owen"), display: "owen".to_owned() }),
        approved_by: None,
        transaction_date: None,
        sub_total: None,
        total_tax: None,
        total_amount: money("0"),
        reimbursable_amount: None,
        lines: Some(Vec::new()),
        actions: BTreeSet::new(),
        facts: Facts::default(),
    };
    settle(&mut report);
    report
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

fn system(adapter: portico_contract::Adapter) -> System {
    let (key, profile) = (adapter.system().clone(), adapter.profile().clone());
    System {
        upstream: Upstream::new(key, profile, CallService::new(adapter)),
        title: "Toy".into(),
        owner: Owner { team: "t".into(), contact: "c".into(), hours: "h".into() },
        aliases: vec![],
        standing: Arc::new(Fine),
    }
}

pub fn directory() -> (Arc<Directory>, System) {
    let directory = Arc::new(Directory { is_down: Mutex::new(false) });
    let adapter = AdapterBuilder::new("toy", key("directory"), Desk(Arc::clone(&directory)))
        .on::<ListPeople>(Capability::default())
        .on::<GetPerson>(Capability::default())
        .on::<FindPeople>(Capability::default())
        .on::<PeopleChanges>(Capability::default())
        .build();
    (directory, system(adapter))
}

/// An office that knows these people. Only one that `takes` can be written to.
pub fn office(name: &str, office: &Arc<Office>, staff: &'static [&'static str], takes: bool) -> System {
    let by = |field, comparisons| FilterCapability { field, comparisons };
    let list = Capability {
        filters: vec![
            by("status", &[Comparison::In]),
            by("employeeId", &[Comparison::In]),
            by("title", &[Comparison::Contains]),
        ],
        sorts: vec!["title"],
        ..Capability::default()
    };
    let mut adapter = AdapterBuilder::new("toy", key(name), Counter(Arc::clone(office), staff))
        .on::<PeopleChanges>(Capability::default())
        .on::<ListExpenseReports>(list)
        .on::<GetExpenseReport>(Capability::default())
        .on::<ReadReceipt>(Capability::default())
        .on::<ListExpenseCategories>(Capability::default())
        .on::<ListProjects>(Capability::default())
        .reconciliation(Reconciliation::Marker { field: "reference" });
    if takes {
        adapter = adapter
            .on::<CreateExpenseReport>(Capability::default())
            .on::<EditExpenseReport>(Capability::default())
            .on::<DeleteExpenseReport>(Capability::default())
            .on::<SubmitExpenseReport>(Capability::default())
            .on::<WithdrawExpenseReport>(Capability::default())
            .on::<AttachReceipt>(Capability::default())
            .on::<RemoveReceipt>(Capability::default())
            .on::<FindByMarker>(Capability::default());
    }
    system(leave::on(adapter, takes).build())
}
