//! What an office knows of leave, and what waits for somebody's decision there.

use portico_contract::absences::{
    AbsenceBalanceRecord, AbsenceBalances, AbsenceRecord, AbsenceTypeRecord, BusyRecord, BusyTimes,
    CancelAbsence, GetAbsence, GetAbsenceBalances, ListAbsenceTypes, ListAbsences, ListBusyTimes,
    RequestAbsence,
};
use portico_contract::access::Scope;
use portico_contract::tasks::{DecideTask, DecisionChoice, GetTask, ListTasks, SubjectRecord, TaskRecord};
use portico_schemas::{AbsenceStatus, AbsenceUnit, DecisionNature, PersonRef, ResourceType, TaskStatus};

use super::*;

/// What is kept of tasks and absences, and how lists and decisions were asked for.
#[derive(Default)]
pub struct Trays {
    pub tasks: Mutex<BTreeMap<String, TaskRecord>>,
    pub absences: Mutex<BTreeMap<String, AbsenceRecord>>,
    /// The scope of every list of tasks.
    pub scopes: Mutex<Vec<Scope>>,
    /// What came with every decision.
    pub decisions: Mutex<Vec<DecideTask>>,
}

pub fn link(name: &str) -> PersonLink {
    PersonLink { id: native(&format!("e-{name}")), display: name.to_owned() }
}

fn choice(key: &'static str, nature: DecisionNature, comment_mandatory: bool) -> DecisionChoice {
    DecisionChoice { key, text: key, nature, comment_mandatory }
}

/// A task about something of somebody's, which waits for these people.
pub fn task(id: &str, about: ResourceType, whose: &str, waits_for: &[&str]) -> TaskRecord {
    TaskRecord {
        id: native(id),
        version: Some(SourceVersion(format!("first of {id}"))),
        created_at: None,
        updated_at: None,
        url: None,
        title: format!("Decide {id}"),
        status: TaskStatus::Ready,
        native_status: "waits".to_owned(),
        created_by: link(whose),
        actual_owner: None,
        potential_owners: waits_for.iter().map(|name| link(name)).collect(),
        due_at: None,
        subject: SubjectRecord {
            resource: about,
            id: native(&format!("about-{id}")),
            display: format!("What {id} is about"),
            amount: None,
        },
        choices: vec![
            choice("approve", DecisionNature::Positive, false),
            choice("refuse", DecisionNature::Negative, true),
        ],
        decision: None,
        facts: Facts::default(),
    }
}

/// Three days in December, of the type `holiday`.
pub fn absence(id: &str, whose: &str, status: AbsenceStatus) -> AbsenceRecord {
    AbsenceRecord {
        id: native(id),
        version: Some(SourceVersion(format!("first of {id}"))),
        created_at: None,
        updated_at: None,
        url: None,
        employee: link(whose),
        approver: Some(link("owen")),
        absence_type: Some(holiday()),
        status,
        native_status: format!("{status:?}"),
        start_date: "2026-12-21".parse().unwrap(),
        end_date: "2026-12-23".parse().unwrap(),
        day_part: None,
        units: AbsenceUnit::Days,
        amount: Some(3.into()),
        note: Some("An operation".to_owned()),
        cancellable: matches!(status, AbsenceStatus::Requested | AbsenceStatus::Approved),
        facts: Facts::default(),
    }
}

fn holiday() -> ItemLink {
    ItemLink { id: native("holiday"), display: "Holiday".to_owned() }
}

impl Office {
    /// Puts a task there.
    pub fn wait(&self, id: &str, about: ResourceType, whose: &str, waits_for: &[&str]) {
        self.trays.tasks.lock().insert(id.to_owned(), task(id, about, whose, waits_for));
    }

    /// Puts an absence there.
    pub fn away(&self, id: &str, whose: &str, status: AbsenceStatus) {
        self.trays.absences.lock().insert(id.to_owned(), absence(id, whose, status));
    }
}

/// Adds what this file answers.
pub(super) fn on(adapter: AdapterBuilder<Counter>, takes: bool) -> AdapterBuilder<Counter> {
    let employee = FilterCapability { field: "employeeId", comparisons: &[Comparison::In] };
    let adapter = adapter
        .on::<ListTasks>(Capability::default())
        .on::<GetTask>(Capability::default())
        .on::<ListAbsences>(Capability { filters: vec![employee], ..Capability::default() })
        .on::<GetAbsence>(Capability::default())
        .on::<ListAbsenceTypes>(Capability::default())
        .on::<GetAbsenceBalances>(Capability::default())
        .on::<ListBusyTimes>(Capability::default());
    if !takes {
        return adapter;
    }
    adapter
        .on::<DecideTask>(Capability::default())
        .on::<RequestAbsence>(Capability::default())
        .on::<CancelAbsence>(Capability::default())
}

fn of(person: &PersonLink) -> Option<PersonRef> {
    let native_id = person.id.as_str().to_owned();
    Some(PersonRef { id: None, system: String::new(), native_id, display: String::new() })
}

fn not_here() -> Error {
    Error::new(ErrorKind::NotFound, "Not here.")
}

/// One page of those that are shown, by their ids.
fn page<T: Clone>(query: &ListQuery, all: &BTreeMap<String, T>, shows: impl Fn(&T) -> bool) -> SourcePage<T> {
    let after = query.after.as_ref().map_or("", Position::as_str);
    let rest: Vec<_> = all.iter().filter(|(id, item)| id.as_str() > after && shows(item)).collect();
    let listed = |(id, item): &(&String, &T)| Listed {
        item: (*item).clone(),
        key: vec![Scalar::Text((*id).clone())],
        position: Position::new(id.as_str()).unwrap(),
    };
    let items: Vec<_> = rest.iter().take(query.limit).map(listed).collect();
    let next = (rest.len() > items.len()).then(|| items.last().unwrap().position.clone());
    SourcePage::new(items, next)
}

impl Handler<ListTasks> for Counter {
    async fn handle(&self, _: &CallContext, op: &ListTasks) -> Result<SourcePage<TaskRecord>, Error> {
        self.0.up()?;
        self.0.trays.scopes.lock().push(op.query.scope.clone());
        Ok(page(&op.query, &self.0.trays.tasks.lock(), |task| {
            let assignees = task.potential_owners.iter().map(|person| person.id.as_str().to_owned());
            let (owner, assignees) = (of(&task.created_by), assignees.collect());
            task.decision.is_none() && op.query.scope.shows(&Facts { owner, assignees, ..Facts::default() })
        }))
    }
}

impl Handler<GetTask> for Counter {
    async fn handle(&self, _: &CallContext, op: &GetTask) -> Result<TaskRecord, Error> {
        self.0.up()?;
        self.0.trays.tasks.lock().get(op.task.as_str()).cloned().ok_or_else(not_here)
    }
}

impl Handler<DecideTask> for Counter {
    async fn handle(&self, _: &CallContext, op: &DecideTask) -> Result<TaskRecord, Error> {
        self.0.up()?;
        self.0.writes.fetch_add(1, SeqCst);
        self.0.trays.decisions.lock().push(op.clone());
        let mut tasks = self.0.trays.tasks.lock();
        let task = tasks.get_mut(op.task.as_str()).ok_or_else(not_here)?;
        if op.version.is_some() && op.version != task.version {
            return Err(Error::new(ErrorKind::PreconditionFailed, "It has changed."));
        }
        let choice = task.choices.iter().find(|choice| choice.key == op.decision);
        let choice = choice.ok_or_else(|| Error::new(ErrorKind::Conflict, "It is decided."))?;
        task.decision = Some(choice.key);
        task.choices.clear();
        task.status = TaskStatus::Completed;
        task.version = Some(SourceVersion(format!("v{}", self.0.number())));
        let task = task.clone();
        drop(tasks);
        self.0.answered(task)
    }
}

impl Handler<ListAbsences> for Counter {
    async fn handle(&self, _: &CallContext, op: &ListAbsences) -> Result<SourcePage<AbsenceRecord>, Error> {
        self.0.up()?;
        Ok(page(&op.query, &self.0.trays.absences.lock(), |absence| {
            let facts = Facts { owner: of(&absence.employee), ..Facts::default() };
            let employee = Scalar::Text(absence.employee.id.as_str().to_owned());
            op.query.scope.shows(&facts) && op.query.filters.iter().all(|filter| filter.matches(&employee))
        }))
    }
}

impl Handler<GetAbsence> for Counter {
    async fn handle(&self, _: &CallContext, op: &GetAbsence) -> Result<AbsenceRecord, Error> {
        self.0.up()?;
        self.0.trays.absences.lock().get(op.absence.as_str()).cloned().ok_or_else(not_here)
    }
}

impl Handler<RequestAbsence> for Counter {
    async fn handle(&self, context: &CallContext, op: &RequestAbsence) -> Result<AbsenceRecord, Error> {
        self.0.up()?;
        self.0.writes.fetch_add(1, SeqCst);
        let id = format!("new-{}", self.0.number());
        let made = AbsenceRecord {
            employee: PersonLink { id: op.employee.clone(), display: "somebody".to_owned() },
            start_date: op.draft.start_date,
            end_date: op.draft.end_date,
            day_part: op.draft.day_part,
            note: op.draft.note.clone(),
            ..absence(&id, "", AbsenceStatus::Requested)
        };
        let marker = context.marker.as_ref().expect("a write is marked").as_str().to_owned();
        self.0.markers.lock().insert(marker, id.clone());
        self.0.trays.absences.lock().insert(id, made.clone());
        self.0.answered(made)
    }
}

impl Handler<CancelAbsence> for Counter {
    async fn handle(&self, _: &CallContext, op: &CancelAbsence) -> Result<AbsenceRecord, Error> {
        self.0.up()?;
        self.0.writes.fetch_add(1, SeqCst);
        let mut absences = self.0.trays.absences.lock();
        let found = absences.get_mut(op.absence.as_str()).ok_or_else(not_here)?;
        if op.version.is_some() && op.version != found.version {
            return Err(Error::new(ErrorKind::PreconditionFailed, "It has changed."));
        }
        (found.status, found.cancellable) = (AbsenceStatus::Cancelled, false);
        found.version = Some(SourceVersion(format!("v{}", self.0.number())));
        let found = found.clone();
        drop(absences);
        self.0.answered(found)
    }
}

impl Handler<ListAbsenceTypes> for Counter {
    async fn handle(
        &self,
        _: &CallContext,
        _: &ListAbsenceTypes,
    ) -> Result<SourcePage<AbsenceTypeRecord>, Error> {
        self.0.up()?;
        let item = AbsenceTypeRecord {
            id: native("holiday"),
            name: "Holiday".to_owned(),
            units: AbsenceUnit::Days,
            needs_balance: true,
            approvals: 1,
            updated_at: None,
            facts: Facts::default(),
        };
        Ok(SourcePage::new(vec![Listed { item, key: vec![], position: Position::new("1").unwrap() }], None))
    }
}

impl Handler<GetAbsenceBalances> for Counter {
    async fn handle(&self, _: &CallContext, _: &GetAbsenceBalances) -> Result<AbsenceBalances, Error> {
        self.0.up()?;
        let (granted, used) = ("25".parse().unwrap(), "3.5".parse().unwrap());
        let units = AbsenceUnit::Days;
        Ok(AbsenceBalances(vec![AbsenceBalanceRecord { absence_type: holiday(), units, granted, used }]))
    }
}

impl Handler<ListBusyTimes> for Counter {
    async fn handle(&self, _: &CallContext, op: &ListBusyTimes) -> Result<BusyTimes, Error> {
        self.0.up()?;
        let at = |day: jiff::civil::Date| day.in_tz("UTC").unwrap().timestamp();
        let absences = self.0.trays.absences.lock();
        let busy =
            absences.values().filter(|absence| op.employees.contains(&absence.employee.id)).map(|absence| {
                BusyRecord {
                    employee: absence.employee.clone(),
                    agreed: absence.status == AbsenceStatus::Approved,
                    start: at(absence.start_date),
                    end: at(absence.end_date.tomorrow().unwrap()),
                }
            });
        Ok(BusyTimes(busy.collect()))
    }
}
