//! What waits for somebody's decision: claims that were handed in, and time off that was asked for.

use jiff::Timestamp;
use portico_contract::paging::{Filter, ListQuery, SourcePage};
use portico_contract::people::PersonLink;
use portico_contract::tasks::{DecisionChoice, GetTask, ListTasks, SubjectRecord, TaskRecord};
use portico_contract::{CallContext, Error, FilterCapability, Handler, NativeId};
use portico_schemas::{DecisionNature, ResourceType, TaskStatus};
use portico_wire::rpc::Value;

use crate::client::Odoo;
use crate::domain::{Domain, id_list, scope};
use crate::fault;
use crate::filters::{self, ONE_OF, RANGES, by};
use crate::keyset::{Cut, Keyset, Order, Row};
use crate::links::{native, numbered};
use crate::ops::absences::{Approvers, waiting_for, waits_for_manager};
use crate::ops::reports::{Around, Summary};
use crate::wire::{Leave, Sheet};

/// What waits longest comes first.
const NATURAL: Order = Order { name: "createdAt", field: "create_date", descending: false };

pub(crate) const APPROVE: &str = "approve";
pub(crate) const VALIDATE: &str = "validate";
pub(crate) const REFUSE: &str = "refuse";

pub(crate) fn filters() -> Vec<FilterCapability> {
    vec![by("status", ONE_OF), by("subjectType", ONE_OF), by("createdAt", RANGES)]
}

/// What a task is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Report(i64),
    Absence(i64),
}

impl Subject {
    pub(crate) fn parse(native: &NativeId) -> Option<Self> {
        let (kind, number) = native.as_str().split_once(':')?;
        let number = number.parse().ok().filter(|id: &i64| *id > 0)?;
        match kind {
            "report" => Some(Self::Report(number)),
            "absence" => Some(Self::Absence(number)),
            _ => None,
        }
    }

    fn native(self) -> NativeId {
        match self {
            Self::Report(id) => numbered("report:", id),
            Self::Absence(id) => numbered("absence:", id),
        }
    }
}

/// Either, in one list.
enum Either {
    Report(Box<Sheet>),
    Absence(Box<Leave>),
}

impl Row for Either {
    fn id(&self) -> i64 {
        match self {
            Self::Report(sheet) => sheet.id,
            Self::Absence(leave) => leave.id,
        }
    }

    fn time(&self, field: &str) -> Timestamp {
        match self {
            Self::Report(sheet) => sheet.time(field),
            Self::Absence(leave) => leave.time(field),
        }
    }
}

/// Time off that nobody has to agree to.
const NO_VALIDATION: &str = "no_validation";

/// The kinds of record in the list, in their order within a second.
const REPORTS: usize = 0;
const ABSENCES: usize = 1;

impl Handler<ListTasks> for Odoo {
    async fn handle(&self, context: &CallContext, op: &ListTasks) -> Result<SourcePage<TaskRecord>, Error> {
        let keyset = Keyset::new(&op.query, NATURAL, 2)?;
        let domains = self.task_domains(context, &op.query).await?;
        let mut batches = Vec::with_capacity(2);
        for (kind, domain) in domains.iter().enumerate() {
            let domain = domain.clone().map(|domain| domain.and_all(keyset.after(kind)));
            batches.push(self.waiting(context, kind, domain, keyset.batch(), keyset.order_text()).await?);
        }
        let (rows, next) = match keyset.cut(batches) {
            Cut::Page(rows, next) => (rows, next),
            Cut::Dense(second) => {
                let mut batches = Vec::with_capacity(2);
                for (kind, domain) in domains.into_iter().enumerate() {
                    let domain = domain.map(|domain| domain.and_all(keyset.within(second, kind)));
                    batches
                        .push(self.waiting(context, kind, domain, keyset.batch(), keyset.id_order()).await?);
                }
                keyset.cut_second(second, batches)
            }
        };
        let items = self.task_records(context, &rows).await?;
        Ok(keyset.page(&rows, items, next))
    }
}

impl Handler<GetTask> for Odoo {
    async fn handle(&self, context: &CallContext, op: &GetTask) -> Result<TaskRecord, Error> {
        self.task(context, Subject::parse(&op.task).ok_or_else(no_such_task)?).await
    }
}

pub(crate) fn no_such_task() -> Error {
    fault::not_found("There is no such task in Odoo.")
}

/// States by the status of a task: of claims, and of time off. Drafts never asked for a decision.
const STATES: [&[(&str, &str)]; 2] = [
    &[
        ("submit", "ready"),
        ("approve", "completed"),
        ("post", "completed"),
        ("done", "completed"),
        ("cancel", "completed"),
    ],
    &[
        ("confirm", "ready"),
        ("validate1", "ready"),
        ("validate", "completed"),
        ("refuse", "completed"),
        ("cancel", "obsolete"),
    ],
];

impl Odoo {
    /// What of each kind is asked for; `None` for a kind that the query leaves out.
    async fn task_domains(
        &self,
        context: &CallContext,
        query: &ListQuery,
    ) -> Result<[Option<Domain>; 2], Error> {
        let users = self.assignees(context, &query.scope).await?;
        let reports =
            |_: &[i64]| Domain::all().and("state", "=", "submit").and("user_id", "in", id_list(&users));
        let absences = |_: &[i64]| waiting_for(&users);
        let mut domains = [
            Some(scope(&query.scope, "employee_id", "department_id", &reports)),
            // What nobody has to agree to is no task either.
            Some(scope(&query.scope, "employee_id", "department_id", &absences).and(
                "holiday_status_id.leave_validation_type",
                "!=",
                NO_VALIDATION,
            )),
        ];
        let ready = Filter {
            field: "status".into(),
            comparison: portico_contract::paging::Comparison::In,
            values: vec![portico_contract::paging::Scalar::Text("ready".to_owned())],
        };
        let asked = query.filters.iter().any(|filter| filter.field == "status");
        let filters = query.filters.iter().chain((!asked).then_some(&ready));
        for filter in filters {
            for (kind, domain) in domains.iter_mut().enumerate() {
                let Some(so_far) = domain.take() else { continue };
                *domain = match &*filter.field {
                    "status" => Some(so_far.and_all(filters::states(filter, STATES[kind])?)),
                    "createdAt" => Some(so_far.and_all(filters::time(filter, "create_date")?)),
                    "subjectType" => {
                        let wanted = if kind == REPORTS { "expenseReport" } else { "absence" };
                        filters::texts(filter)?.contains(&wanted).then_some(so_far)
                    }
                    _ => return Err(filters::unsupported()),
                };
            }
        }
        Ok(domains)
    }

    async fn waiting(
        &self,
        context: &CallContext,
        kind: usize,
        domain: Option<Domain>,
        limit: usize,
        order: Value,
    ) -> Result<Vec<Either>, Error> {
        let Some(domain) = domain else { return Ok(Vec::new()) };
        Ok(match kind {
            ABSENCES => {
                let leaves = self.leaves(context, domain, limit, order).await?;
                leaves.into_iter().map(|leave| Either::Absence(Box::new(leave))).collect()
            }
            _ => {
                let sheets = self.sheets(context, domain, limit, order).await?;
                sheets.into_iter().map(|sheet| Either::Report(Box::new(sheet))).collect()
            }
        })
    }

    async fn task_records(
        &self,
        context: &CallContext,
        rows: &[(usize, Either)],
    ) -> Result<Vec<TaskRecord>, Error> {
        let sheets: Vec<&Sheet> = rows
            .iter()
            .filter_map(|(_, row)| match row {
                Either::Report(sheet) => Some(&**sheet),
                Either::Absence(_) => None,
            })
            .collect();
        let leaves = rows.iter().filter_map(|(_, row)| match row {
            Either::Absence(leave) => Some(&**leave),
            Either::Report(_) => None,
        });
        let leaves: Vec<&Leave> = leaves.collect();
        let around = self.around(context, sheets.iter().copied()).await?;
        let summaries = self.summaries(context, sheets.iter().map(|sheet| sheet.id)).await?;
        let approvers = self.leave_approvers(context, leaves.iter().copied()).await?;
        let mut records = Vec::with_capacity(rows.len());
        for (_, row) in rows {
            records.push(match row {
                Either::Report(sheet) => {
                    let summary = summaries.get(&sheet.id).copied().unwrap_or_default();
                    self.report_task(context, sheet, &summary, &around).await?
                }
                Either::Absence(leave) => self.absence_task(context, leave, &approvers).await?,
            });
        }
        Ok(records)
    }

    /// A task, decided or not.
    pub(crate) async fn task(&self, context: &CallContext, subject: Subject) -> Result<TaskRecord, Error> {
        let row = match subject {
            Subject::Report(id) => Either::Report(Box::new(self.sheet(context, id).await.map_err(as_task)?)),
            Subject::Absence(id) => {
                Either::Absence(Box::new(self.leave(context, id).await.map_err(as_task)?))
            }
        };
        let never = match &row {
            Either::Report(sheet) => sheet.state == "draft",
            Either::Absence(leave) => {
                leave.state == "draft" || leave.validation_type.0.as_deref() == Some(NO_VALIDATION)
            }
        };
        if never {
            return Err(no_such_task());
        }
        let rows = [(0, row)];
        self.task_records(context, &rows).await?.pop().ok_or_else(no_such_task)
    }

    async fn report_task(
        &self,
        context: &CallContext,
        sheet: &Sheet,
        summary: &Summary,
        around: &Around,
    ) -> Result<TaskRecord, Error> {
        let report = self.report(context, sheet, summary, around).await?;
        let (status, choices, decision): (_, &[DecisionChoice], _) = match sheet.state.as_str() {
            "submit" => (TaskStatus::Ready, &[AGREE, DECLINE], None),
            "approve" | "post" | "done" => (TaskStatus::Completed, &[], Some(APPROVE)),
            "cancel" => (TaskStatus::Completed, &[], Some(REFUSE)),
            _ => (TaskStatus::Obsolete, &[], None),
        };
        Ok(TaskRecord {
            id: Subject::Report(sheet.id).native(),
            version: report.version,
            created_at: report.created_at,
            updated_at: report.updated_at,
            url: report.url,
            title: report.title.clone(),
            status,
            native_status: report.native_status,
            created_by: report.employee,
            // Odoo keeps as approver whoever was to decide, not who did.
            actual_owner: report.approved_by,
            potential_owners: report.approver.into_iter().collect(),
            due_at: None,
            subject: SubjectRecord {
                resource: ResourceType::ExpenseReport,
                id: native(sheet.id),
                display: report.title,
                amount: Some(report.total_amount),
            },
            choices: choices.to_vec(),
            decision,
            facts: report.facts,
        })
    }

    async fn absence_task(
        &self,
        context: &CallContext,
        leave: &Leave,
        approvers: &Approvers,
    ) -> Result<TaskRecord, Error> {
        let absence = self.absence(context, leave, approvers).await?;
        let both = leave.validation_type.0.as_deref() == Some("both");
        let (status, choices, decision): (_, &[DecisionChoice], _) = match leave.state.as_str() {
            "confirm" => (TaskStatus::Ready, &[AGREE, DECLINE_ABSENCE], None),
            "validate1" => (TaskStatus::Ready, &[AGREE_TOO, DECLINE_ABSENCE], None),
            "validate" => (TaskStatus::Completed, &[], Some(if both { VALIDATE } else { APPROVE })),
            "refuse" => (TaskStatus::Completed, &[], Some(REFUSE)),
            _ => (TaskStatus::Obsolete, &[], None),
        };
        let decided = leave.second_approver_id.0.as_ref().or(leave.first_approver_id.0.as_ref());
        let kind = absence.absence_type.as_ref().map_or("Absence", |kind| kind.display.as_str());
        let title = format!("{kind}, {} to {}", absence.start_date, absence.end_date);
        let waits: Vec<PersonLink> =
            if waits_for_manager(leave) { absence.approver.into_iter().collect() } else { Vec::new() };
        Ok(TaskRecord {
            id: Subject::Absence(leave.id).native(),
            version: absence.version,
            created_at: absence.created_at,
            updated_at: absence.updated_at,
            url: absence.url,
            title: title.clone(),
            status,
            native_status: absence.native_status,
            created_by: absence.employee,
            actual_owner: decided.filter(|_| status == TaskStatus::Completed).map(crate::links::person),
            potential_owners: waits,
            due_at: None,
            subject: SubjectRecord {
                resource: ResourceType::Absence,
                id: native(leave.id),
                display: title,
                amount: None,
            },
            choices: choices.to_vec(),
            decision,
            facts: absence.facts,
        })
    }
}

fn as_task(error: Error) -> Error {
    if error.kind() == portico_contract::ErrorKind::NotFound { no_such_task() } else { error }
}

const AGREE: DecisionChoice = DecisionChoice {
    key: APPROVE,
    text: "Approve",
    nature: DecisionNature::Positive,
    comment_mandatory: false,
};
const AGREE_TOO: DecisionChoice = DecisionChoice {
    key: VALIDATE,
    text: "Validate",
    nature: DecisionNature::Positive,
    comment_mandatory: false,
};
/// The wizard of Odoo wants a reason.
const DECLINE: DecisionChoice =
    DecisionChoice { key: REFUSE, text: "Refuse", nature: DecisionNature::Negative, comment_mandatory: true };
const DECLINE_ABSENCE: DecisionChoice = DecisionChoice { comment_mandatory: false, ..DECLINE };
