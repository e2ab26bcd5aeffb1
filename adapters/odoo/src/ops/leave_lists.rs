//! What is around time off: types, balances, and when colleagues are away.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use portico_contract::absences::{
    AbsenceBalanceRecord, AbsenceBalances, AbsenceTypeRecord, BusyRecord, BusyTimes, GetAbsenceBalances,
    ListAbsenceTypes, ListBusyTimes,
};
use portico_contract::access::Facts;
use portico_contract::expenses::ItemLink;
use portico_contract::paging::SourcePage;
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_schemas::AbsenceUnit;
use portico_wire::rpc::Value;
use rust_decimal::Decimal;

use crate::client::{Call, Odoo};
use crate::domain::{Domain, id, id_list, ids};
use crate::links::{native, person};
use crate::map;
use crate::ops::absences::unit;
use crate::ops::lookups::{page, stamp};
use crate::ops::write_reports::no_such_employee;
use crate::wire::{Allocation, Approver, Busy, LeaveType, Taken};

/// States in which time off takes of a balance, and in which somebody is away or may be.
const COUNTED: [&str; 4] = ["draft", "confirm", "validate1", "validate"];

impl Handler<ListAbsenceTypes> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListAbsenceTypes,
    ) -> Result<SourcePage<AbsenceTypeRecord>, Error> {
        let (rows, next) = self.entries::<LeaveType>(context, &op.query, Domain::all()).await?;
        let items = rows.into_iter().map(|row| {
            (
                row.id,
                AbsenceTypeRecord {
                    id: native(row.id),
                    name: map::text(&row.name).unwrap_or_else(|| format!("#{}", row.id)),
                    units: unit(Some(&row.request_unit)),
                    needs_balance: row.requires_allocation.is_needed(),
                    approvals: match row.leave_validation_type.0.as_deref() {
                        Some("both") => 2,
                        Some("no_validation") | None => 0,
                        Some(_) => 1,
                    },
                    updated_at: stamp(&row.write_date),
                    facts: Facts::default(),
                },
            )
        });
        Ok(page(items.collect(), next))
    }
}

impl Handler<GetAbsenceBalances> for Odoo {
    async fn handle(&self, context: &CallContext, op: &GetAbsenceBalances) -> Result<AbsenceBalances, Error> {
        let employee = id(&op.employee).ok_or_else(no_such_employee)?;
        let domain = Domain::all().and("id", "=", employee);
        let found: Vec<Approver> = self
            .ask(context, Call::search(Approver::MODEL, Approver::FIELDS, domain).with_archived())
            .await?;
        if found.is_empty() {
            return Err(no_such_employee());
        }
        let granted = self.granted(context, employee).await?;
        if granted.is_empty() {
            return Ok(AbsenceBalances::default());
        }
        let kinds: Vec<i64> = granted.keys().copied().collect();
        let types = self.types(context, &kinds).await?;
        let taken = self.taken(context, employee, &kinds).await?;
        let balances = granted.into_iter().map(|(kind, grant)| {
            let units = types.get(&kind).map_or(AbsenceUnit::Days, |found| unit(Some(&found.request_unit)));
            let within = taken.iter().filter(|row| grant.covers(kind, row));
            let used: Decimal =
                within
                    .map(|row| {
                        if units == AbsenceUnit::Hours { row.number_of_hours.0 } else { row.number_of_days.0 }
                    })
                    .sum();
            AbsenceBalanceRecord {
                absence_type: ItemLink { id: native(kind), display: grant.name },
                units,
                granted: grant.amount.round_dp(2).normalize(),
                used: used.round_dp(2).normalize(),
            }
        });
        Ok(AbsenceBalances(balances.collect()))
    }
}

/// All that was granted of one type for a time that today lies in.
struct Grant {
    name: String,
    amount: Decimal,
    from: Option<jiff::civil::Date>,
    to: Option<jiff::civil::Date>,
}

impl Grant {
    fn covers(&self, kind: i64, taken: &Taken) -> bool {
        let same = taken.holiday_status_id.0.as_ref().is_some_and(|link| link.0 == kind);
        let day = taken.request_date_from.0.map(|day| day.0);
        same && day
            .is_some_and(|day| self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to))
    }
}

impl Odoo {
    async fn granted(&self, context: &CallContext, employee: i64) -> Result<BTreeMap<i64, Grant>, Error> {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date().to_string();
        let open = Domain::any(vec![
            Domain::all().and("date_to", "=", false),
            Domain::all().and("date_to", ">=", today.clone()),
        ]);
        let domain = Domain::all()
            .and("employee_id", "=", employee)
            .and("state", "=", "validate")
            .and("date_from", "<=", today)
            .and_all(open);
        let found: Vec<Allocation> =
            self.ask(context, Call::search(Allocation::MODEL, Allocation::FIELDS, domain)).await?;
        let mut granted: BTreeMap<i64, Grant> = BTreeMap::new();
        for allocation in found {
            let Some(kind) = &allocation.holiday_status_id.0 else { continue };
            let (from, to) = (allocation.date_from.0.map(|day| day.0), allocation.date_to.0.map(|day| day.0));
            let grant = granted.entry(kind.0).or_insert_with(|| Grant {
                name: kind.display(),
                amount: Decimal::ZERO,
                from,
                to,
            });
            grant.amount += allocation.max_leaves.0;
            // The time of all of them together.
            grant.from = grant.from.zip(from).map(|(a, b)| a.min(b));
            grant.to = grant.to.zip(to).map(|(a, b)| a.max(b));
        }
        Ok(granted)
    }

    async fn types(&self, context: &CallContext, kinds: &[i64]) -> Result<BTreeMap<i64, LeaveType>, Error> {
        let domain = Domain::all().and("id", "in", id_list(kinds));
        let found: Vec<LeaveType> = self
            .ask(context, Call::search(LeaveType::MODEL, LeaveType::FIELDS, domain).with_archived())
            .await?;
        Ok(found.into_iter().map(|kind| (kind.id, kind)).collect())
    }

    async fn taken(&self, context: &CallContext, employee: i64, kinds: &[i64]) -> Result<Vec<Taken>, Error> {
        let domain = Domain::all()
            .and("employee_id", "=", employee)
            .and("holiday_status_id", "in", id_list(kinds))
            .and("state", "in", Value::list(COUNTED));
        self.ask(context, Call::search(Taken::MODEL, Taken::FIELDS, domain)).await
    }
}

impl Handler<ListBusyTimes> for Odoo {
    async fn handle(&self, context: &CallContext, op: &ListBusyTimes) -> Result<BusyTimes, Error> {
        let employees = ids(op.employees.iter().map(|native| native.as_str()));
        if employees.is_empty() {
            return Ok(BusyTimes::default());
        }
        let domain = Domain::all()
            .and("employee_id", "in", id_list(&employees))
            .and("state", "in", Value::list(COUNTED))
            .and("request_date_from", "<=", op.to.to_string())
            .and("request_date_to", ">=", op.from.to_string());
        let call = Call::search(Busy::MODEL, Busy::FIELDS, domain)
            .page(BusyTimes::MAX + 1, "employee_id, date_from, id");
        let found: Vec<Busy> = self.ask(context, call).await?;
        if found.len() > BusyTimes::MAX {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                "There is more absence in this time than one answer may have; ask for fewer people or days.",
            ));
        }
        let mut times: Vec<(i64, BusyRecord)> = found.iter().filter_map(busy).collect();
        times.sort_by_key(|(employee, time)| (*employee, time.start));
        Ok(BusyTimes(times.into_iter().map(|(_, time)| time).collect()))
    }
}

/// A request that has no times yet is nobody's absence.
fn busy(row: &Busy) -> Option<(i64, BusyRecord)> {
    let employee = row.employee_id.0.as_ref()?;
    let (start, end) = (row.date_from.0?.0, row.date_to.0?.0);
    let record = BusyRecord { employee: person(employee), agreed: row.state == "validate", start, end };
    (start <= end).then_some((employee.0, record))
}
