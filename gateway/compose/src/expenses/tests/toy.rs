//! A directory, and offices that keep expense reports of its people under keys of their own. Included by the tests of the
//! API too: it names `System` and `Standing` by its parent.

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
    let manager = (name == "sian").then_some("owen");
    PersonRecord {
        id: native(&format!("{prefix}-{name}")),
        version: None,
        created_at: None,
        updated_at: None,
        profile: PersonProfile {
            user_name: Some(name.to_owned()),
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
            Mood::Answers | Mood::LosesAnswers => Ok(()),
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

struct Counter(Arc<Office>, &'static [&'static str]);

impl Handler<CheckSystem> for Counter {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<PeopleChanges> for Counter {
    async fn handle(&self, _: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        tell("e", self.1, op).await
    }
}

fn value(report: &ExpenseReportRecord, field: &str) -> Scalar {
    match field {
        "status" => Scalar::Text(format!("{:?}", report.status).to_lowercase()),
        "employeeId" => Scalar::Text(report.employee.id.as_str().to_owned()),
        "title" => Scalar::Text(report.title.clone()),
        _ => Scalar::Missing,
    }
}

impl Handler<ListExpenseReports> for Counter {
    async fn handle(
        &self,
        _: &CallContext,
        op: &ListExpenseReports,
    ) -> Result<SourcePage<ExpenseReportRecord>, Error> {
        self.0.up()?;
        let reports = self.0.reports.lock();
        let shows = |query: &ListQuery, report: &ExpenseReportRecord| {
            let owner = portico_schemas::PersonRef {
                id: None,
                system: String::new(),
                native_id: report.employee.id.as_str().to_owned(),
                display: String::new(),
            };
            query.scope.shows(&Facts { owner: Some(owner), ..report.facts.clone() })
                && query.filters.iter().all(|filter| filter.matches(&value(report, &filter.field)))
        };
        let after = op.query.after.as_ref().map_or("", Position::as_str);
        let rest: Vec<_> =
            reports.values().filter(|r| r.id.as_str() > after && shows(&op.query, r)).collect();
        let items: Vec<_> = rest
            .iter()
            .take(op.query.limit)
            .map(|report| Listed {
                item: ExpenseReportRecord { lines: None, ..(*report).clone() },
                key: vec![Scalar::Text(report.id.as_str().to_owned())],
                position: Position::new(report.id.as_str()).unwrap(),
            })
            .collect();
        let next = (rest.len() > items.len()).then(|| items.last().unwrap().position.clone());
        Ok(SourcePage::new(items, next))
    }
}

impl Handler<GetExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &GetExpenseReport) -> Result<ExpenseReportRecord, Error> {
        self.0.read(&op.report)
    }
}

impl Handler<CreateExpenseReport> for Counter {
    async fn handle(
        &self,
        context: &CallContext,
        op: &CreateExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        self.0.up()?;
        self.0.writes.fetch_add(1, SeqCst);
        let id = format!("new-{}", self.0.number());
        let mut made = report(&id, "", Status::Draft);
        made.employee = PersonLink { id: op.employee.clone(), display: "somebody".to_owned() };
        made.title = op.draft.title.clone();
        made.lines = Some(self.0.lines(&op.draft, &[]));
        settle(&mut made);
        let marker = context.marker.as_ref().expect("a write is marked").as_str().to_owned();
        self.0.markers.lock().insert(marker, id.clone());
        self.0.reports.lock().insert(id, made.clone());
        self.0.answered(made)
    }
}

impl Handler<EditExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &EditExpenseReport) -> Result<ExpenseReportRecord, Error> {
        let lines = self.0.lines(&op.draft, self.0.read(&op.report)?.lines.as_deref().unwrap_or_default());
        self.0.change(&op.report, op.version.as_ref(), |report| {
            report.title = op.draft.title.clone();
            report.lines = Some(lines);
        })?;
        self.0.read(&op.report)
    }
}

impl Handler<DeleteExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &DeleteExpenseReport) -> Result<(), Error> {
        self.0.change(&op.report, op.version.as_ref(), |_| ())?;
        self.0.reports.lock().remove(op.report.as_str());
        Ok(())
    }
}

impl Handler<SubmitExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &SubmitExpenseReport) -> Result<ExpenseReportRecord, Error> {
        self.0.change(&op.report, op.version.as_ref(), |report| report.status = Status::Submitted)?;
        self.0.read(&op.report)
    }
}

impl Handler<WithdrawExpenseReport> for Counter {
    async fn handle(
        &self,
        _: &CallContext,
        op: &WithdrawExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        self.0.change(&op.report, op.version.as_ref(), |report| report.status = Status::Draft)?;
        self.0.read(&op.report)
    }
}

impl Handler<AttachReceipt> for Counter {
    async fn handle(&self, _: &CallContext, op: &AttachReceipt) -> Result<ReceiptRecord, Error> {
        let octets = op.upload.take().unwrap().collect(1 << 20).await?;
        let receipt = ReceiptRecord {
            id: native(&format!("receipt-{}", self.0.number())),
            name: op.name.clone(),
            media_type: op.upload.media_type.clone(),
            length: Some(octets.len() as u64),
        };
        self.0.octets.lock().insert(receipt.id.as_str().to_owned(), octets);
        self.0.change(&op.report, None, |report| {
            let lines = report.lines.iter_mut().flatten();
            lines.filter(|line| line.id == op.line).for_each(|line| line.receipts.push(receipt.clone()));
        })?;
        Ok(receipt)
    }
}

impl Handler<ReadReceipt> for Counter {
    async fn handle(&self, _: &CallContext, op: &ReadReceipt) -> Result<Streamed<ContentHead>, Error> {
        let octets = self.0.octets.lock().get(op.receipt.as_str()).cloned();
        let octets = octets.ok_or_else(|| Error::new(ErrorKind::NotFound, "Not here."))?;
        let head = ContentHead {
            name: None,
            media_type: None,
            length: Some(octets.len() as u64),
            range: None,
            version: Some(SourceVersion("r1".to_owned())),
            updated_at: None,
            not_modified: false,
            facts: Facts::default(),
        };
        Ok(Streamed { head, body: ByteStream::once(octets) })
    }
}

impl Handler<RemoveReceipt> for Counter {
    async fn handle(&self, _: &CallContext, op: &RemoveReceipt) -> Result<(), Error> {
        self.0.change(&op.report, None, |report| {
            let lines = report.lines.iter_mut().flatten();
            lines.for_each(|line| line.receipts.retain(|receipt| receipt.id != op.receipt));
        })
    }
}

impl Handler<ListExpenseCategories> for Counter {
    async fn handle(
        &self,
        _: &CallContext,
        _: &ListExpenseCategories,
    ) -> Result<SourcePage<ExpenseCategoryRecord>, Error> {
        self.0.up()?;
        let item = ExpenseCategoryRecord {
            id: native("travel"),
            name: "Travel".to_owned(),
            code: None,
            unit: Some("mile".to_owned()),
            unit_price: Some(money("0.45")),
            tax_rates: vec![ItemLink { id: native("vat"), display: "VAT".to_owned() }],
            updated_at: None,
            facts: Facts::default(),
        };
        Ok(SourcePage::new(vec![Listed { item, key: vec![], position: Position::new("1").unwrap() }], None))
    }
}

impl Handler<ListProjects> for Counter {
    async fn handle(&self, _: &CallContext, _: &ListProjects) -> Result<SourcePage<CostObjectRecord>, Error> {
        self.0.up()?;
        Ok(SourcePage::new(Vec::new(), None))
    }
}

impl Handler<FindByMarker> for Counter {
    async fn handle(&self, _: &CallContext, op: &FindByMarker) -> Result<MarkedWrites, Error> {
        self.0.up()?;
        let found = self.0.markers.lock().get(op.marker.as_str()).map(|id| native(id));
        Ok(MarkedWrites { found: found.into_iter().collect() })
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
    system(adapter.build())
}
