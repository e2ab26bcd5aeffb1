//! Time off: lists, single requests, asking and taking back.

use std::collections::HashMap;

use jiff::Timestamp;
use portico_contract::absences::{AbsenceRecord, CancelAbsence, GetAbsence, ListAbsences, RequestAbsence};
use portico_contract::documents::SourceVersion;
use portico_contract::paging::{ListQuery, SourcePage};
use portico_contract::{CallContext, Error, ErrorKind, FilterCapability, Handler, NativeId};
use portico_schemas::{AbsenceStatus, AbsenceUnit, DayPart, FieldError, Outcome};
use portico_wire::rpc::{Fault, Value};
use serde::de::IgnoredAny;

use crate::cache::Known;
use crate::client::{Call, Odoo};
use crate::domain::{Domain, id, id_list, scope};
use crate::filters::{self, DAYS, ONE_OF, RANGES, by};
use crate::keyset::{Cut, Keyset, Order, Row};
use crate::links::{item, known_person, native, person};
use crate::ops::transitions::undone;
use crate::ops::write_reports::{in_version, no_such_employee};
use crate::wire::Leave;
use crate::{fault, map, marker};

const NATURAL: Order = Order { name: "createdAt", field: "create_date", descending: true };

/// Odoo's states and ours; `draft` is of 17 alone.
const STATES: &[(&str, &str)] = &[
    ("draft", "requested"),
    ("confirm", "requested"),
    ("validate1", "requested"),
    ("validate", "approved"),
    ("refuse", "declined"),
    ("cancel", "cancelled"),
];

pub(crate) fn filters() -> Vec<FilterCapability> {
    vec![
        by("status", ONE_OF),
        by("employeeId", ONE_OF),
        by("startDate", DAYS),
        by("endDate", DAYS),
        by("updatedAt", RANGES),
        by("createdAt", RANGES),
    ]
}

impl Row for Leave {
    fn id(&self) -> i64 {
        self.id
    }

    fn time(&self, field: &str) -> Timestamp {
        if field == "write_date" { self.write_date.0 } else { self.create_date.0 }
    }
}

pub(crate) fn version(leave: &Leave) -> SourceVersion {
    SourceVersion(format!("{}-{}", leave.state, leave.write_date.0.as_second()))
}

fn status(state: &str) -> Result<AbsenceStatus, Error> {
    Ok(match state {
        "draft" | "confirm" | "validate1" => AbsenceStatus::Requested,
        "validate" => AbsenceStatus::Approved,
        "refuse" => AbsenceStatus::Declined,
        "cancel" => AbsenceStatus::Cancelled,
        _ => return Err(map::unknown_state("hr.leave")),
    })
}

pub(crate) fn unit(word: Option<&str>) -> AbsenceUnit {
    match word {
        Some("hour") => AbsenceUnit::Hours,
        Some("half_day") => AbsenceUnit::HalfDays,
        _ => AbsenceUnit::Days,
    }
}

/// Whether it waits for the employee's own approver; otherwise it waits for the officers, whoever they are.
pub(crate) fn waits_for_manager(leave: &Leave) -> bool {
    leave.state == "confirm" && matches!(leave.validation_type.0.as_deref(), Some("manager" | "both"))
}

/// What waits for the approver of an employee, as a domain.
pub(crate) fn waiting_for(users: &[i64]) -> Domain {
    Domain::all()
        .and("state", "=", "confirm")
        .and("validation_type", "in", Value::list(["manager", "both"]))
        .and("employee_id.leave_manager_id", "in", id_list(users))
}

impl Handler<ListAbsences> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListAbsences,
    ) -> Result<SourcePage<AbsenceRecord>, Error> {
        let keyset = Keyset::new(&op.query, NATURAL, 1)?;
        let domain = self.absence_domain(context, &op.query).await?;
        let after = domain.clone().and_all(keyset.after(0));
        let rows = self.leaves(context, after, keyset.batch(), keyset.order_text()).await?;
        let (rows, next) = match keyset.cut(vec![rows]) {
            Cut::Page(rows, next) => (rows, next),
            Cut::Dense(second) => {
                let within = domain.and_all(keyset.within(second, 0));
                let rows = self.leaves(context, within, keyset.batch(), keyset.id_order()).await?;
                keyset.cut_second(second, vec![rows])
            }
        };
        let approvers = self.leave_approvers(context, rows.iter().map(|(_, leave)| leave)).await?;
        let mut items = Vec::with_capacity(rows.len());
        for (_, leave) in &rows {
            items.push(self.absence(context, leave, &approvers).await?);
        }
        Ok(keyset.page(&rows, items, next))
    }
}

impl Handler<GetAbsence> for Odoo {
    async fn handle(&self, context: &CallContext, op: &GetAbsence) -> Result<AbsenceRecord, Error> {
        self.one_absence(context, absence_id(&op.absence)?).await
    }
}

impl Handler<RequestAbsence> for Odoo {
    async fn handle(&self, context: &CallContext, op: &RequestAbsence) -> Result<AbsenceRecord, Error> {
        let employee = id(&op.employee).ok_or_else(no_such_employee)?;
        let draft = &op.draft;
        let kind = id(&draft.absence_type)
            .ok_or_else(|| invalid("/policyId", "There is no such type of absence in Odoo."))?;
        if draft.end_date < draft.start_date {
            return Err(invalid("/endDate", "The last day does not lie before the first."));
        }
        if draft.day_part.is_some() && draft.start_date != draft.end_date {
            return Err(invalid("/dayPart", "Half a day begins and ends on the same day."));
        }
        let mut cells: Vec<(&'static str, Value)> = vec![
            ("employee_id/.id", employee.to_string().into()),
            ("holiday_status_id/.id", kind.to_string().into()),
            ("request_date_from", draft.start_date.to_string().into()),
            ("request_date_to", draft.end_date.to_string().into()),
        ];
        if let Some(part) = draft.day_part {
            let period = if part == DayPart::Morning { "am" } else { "pm" };
            cells.extend([("request_unit_half", "1".into()), ("request_date_from_period", period.into())]);
        }
        if let Some(note) = draft.note.as_deref().map(str::trim).filter(|note| !note.is_empty()) {
            cells.push(("name", note.to_owned().into()));
        }
        if let Some(marker) = &context.marker {
            cells.push(("id", marker::external_id(marker).into()));
        }
        let (columns, row): (Vec<Value>, Vec<Value>) =
            cells.into_iter().map(|(column, cell)| (Value::from(column), cell)).unzip();
        let made = self.load(context, Leave::MODEL, columns, vec![Value::Array(row)]).await?;
        let made = made.map_err(|(error, _)| error)?;
        self.one_absence(context, made).await.map_err(|error| error.with_outcome(Outcome::Unknown))
    }
}

impl Handler<CancelAbsence> for Odoo {
    async fn handle(&self, context: &CallContext, op: &CancelAbsence) -> Result<AbsenceRecord, Error> {
        let absence = absence_id(&op.absence)?;
        let leave = self.leave(context, absence).await?;
        if status(&leave.state)? == AbsenceStatus::Cancelled {
            return self.one_absence(context, absence).await;
        }
        in_version(&version(&leave), op.version.as_ref())?;
        if !self.is_cancellable(context, &leave).await? {
            return Err(Error::new(
                ErrorKind::Conflict,
                "Odoo lets only the employee take this back once it is agreed, and nobody in this state; do it there.",
            ));
        }
        // The wizard of 18 cancels for the employee alone; officers write the state. Before it is agreed nothing else
        // depends on it: calendar entries are made with the last approval.
        let values = Value::members([("state", "cancel".into())]);
        let call = Call::write(Leave::MODEL, "write").argument(id_list(&[absence])).argument(values);
        let answered: Result<IgnoredAny, Fault> = self.call(context, call).await?;
        let after =
            self.one_absence(context, absence).await.map_err(|error| error.with_outcome(Outcome::Unknown))?;
        match after.status {
            AbsenceStatus::Cancelled => Ok(after),
            _ => Err(undone(answered.err().as_ref())),
        }
    }
}

fn invalid(pointer: &str, detail: &'static str) -> Error {
    let fields = vec![FieldError { detail: detail.to_owned(), pointer: pointer.to_owned() }];
    Error::new(ErrorKind::InvalidInput, detail).with_fields(fields)
}

pub(crate) fn absence_id(native: &NativeId) -> Result<i64, Error> {
    id(native).ok_or_else(no_such_absence)
}

pub(crate) fn no_such_absence() -> Error {
    fault::not_found("There is no such absence in Odoo; it may have been deleted.")
}

/// By employee: who decides about their time off.
pub(crate) type Approvers = HashMap<i64, Known>;

impl Odoo {
    async fn absence_domain(&self, context: &CallContext, query: &ListQuery) -> Result<Domain, Error> {
        let users = self.assignees(context, &query.scope).await?;
        let mut domain =
            scope(&query.scope, "employee_id", "department_id", &|_: &[i64]| waiting_for(&users));
        for filter in &query.filters {
            domain = domain.and_all(match &*filter.field {
                "status" => filters::states(filter, STATES)?,
                "employeeId" => filters::link(filter, "employee_id")?,
                "startDate" => filters::day(filter, "request_date_from")?,
                "endDate" => filters::day(filter, "request_date_to")?,
                "createdAt" => filters::time(filter, "create_date")?,
                "updatedAt" => filters::time(filter, "write_date")?,
                _ => return Err(filters::unsupported()),
            });
        }
        Ok(domain)
    }

    pub(crate) async fn leaves(
        &self,
        context: &CallContext,
        domain: Domain,
        limit: usize,
        order: Value,
    ) -> Result<Vec<Leave>, Error> {
        self.ask(context, Call::search(Leave::MODEL, Leave::FIELDS, domain).page(limit, order)).await
    }

    pub(crate) async fn leave(&self, context: &CallContext, id: i64) -> Result<Leave, Error> {
        let found = self.leaves(context, Domain::all().and("id", "=", id), 1, "id".into()).await?;
        found.into_iter().next().ok_or_else(no_such_absence)
    }

    pub(crate) async fn one_absence(&self, context: &CallContext, id: i64) -> Result<AbsenceRecord, Error> {
        let leave = self.leave(context, id).await?;
        let approvers = self.leave_approvers(context, [&leave]).await?;
        self.absence(context, &leave, &approvers).await
    }

    /// Who decides about these requests, where Odoo names somebody.
    pub(crate) async fn leave_approvers(
        &self,
        context: &CallContext,
        leaves: impl IntoIterator<Item = &Leave> + Send,
    ) -> Result<Approvers, Error> {
        let employees: std::collections::BTreeSet<i64> =
            leaves.into_iter().filter_map(|leave| Some(leave.employee_id.0.as_ref()?.0)).collect();
        let by_employee = self.approvers_of(context, employees).await?;
        let users: std::collections::BTreeSet<i64> =
            by_employee.values().filter_map(|(_, decides)| *decides).collect();
        let by_user = self.employees_of(context, users).await?;
        let named = by_employee.into_iter();
        Ok(named
            .filter_map(|(employee, (_, decides))| Some((employee, by_user.get(&decides?)?.clone())))
            .collect())
    }

    /// 17 has no such state: there a request is archived by its employee.
    async fn is_cancellable(&self, context: &CallContext, leave: &Leave) -> Result<bool, Error> {
        let session = self.session(context).await?;
        Ok(session.major >= 18 && matches!(leave.state.as_str(), "confirm" | "validate1"))
    }

    pub(crate) async fn absence(
        &self,
        context: &CallContext,
        leave: &Leave,
        approvers: &Approvers,
    ) -> Result<AbsenceRecord, Error> {
        let employee = leave.employee_id.0.as_ref().ok_or_else(|| map::missing("hr.leave.employee_id"))?;
        let units = unit(leave.leave_type_request_unit.0.as_deref());
        let amount = if units == AbsenceUnit::Hours { leave.number_of_hours } else { leave.number_of_days };
        let part = match leave.request_date_from_period.0.as_deref() {
            Some("pm") => DayPart::Afternoon,
            _ => DayPart::Morning,
        };
        let approver = approvers.get(&employee.0);
        let mut facts = self.facts(&leave.employee_id.0, &leave.department_id.0);
        if waits_for_manager(leave) {
            facts.assignees = approver.map(|known| known.id.to_string()).into_iter().collect();
        }
        Ok(AbsenceRecord {
            id: native(leave.id),
            version: Some(version(leave)),
            created_at: Some(leave.create_date.0),
            updated_at: Some(leave.write_date.0),
            url: self.url(context, Leave::MODEL, leave.id).await,
            employee: person(employee),
            approver: approver.map(known_person),
            absence_type: leave.holiday_status_id.0.as_ref().map(item),
            status: status(&leave.state)?,
            native_status: leave.state.clone(),
            start_date: map::day(&leave.request_date_from, "hr.leave.request_date_from")?,
            end_date: map::day(&leave.request_date_to, "hr.leave.request_date_to")?,
            day_part: leave.request_unit_half.then_some(part),
            units,
            // Odoo computes with binary floats; two places are what it shows.
            amount: Some(amount.0.round_dp(2).normalize()),
            note: map::text(&leave.name),
            cancellable: self.is_cancellable(context, leave).await?,
            facts,
        })
    }
}
