//! Allocations of time off and what is left of them: `addons/hr_holidays/models/hr_leave_allocation.py` and `hr_leave_type.py`.

use super::{default, employee};
use crate::Version;
use crate::database::Database;
use crate::error::Error;
use crate::orm::{Arguments, Env, Who, access, write};
use crate::seed::group;
use crate::value::{Value, float_repr};

const MODEL: &str = "hr.leave.allocation";
const LEAVE: &str = "hr.leave";
const TYPE: &str = "hr.leave.type";

pub(super) fn defaults(env: &mut Env<'_>, values: &mut Vec<(String, Value)>) {
    default(values, "employee_id", employee::of_user(env.db, &env.who, env.who.uid));
    default(values, "state", Value::str("confirm"));
    default(values, "date_from", Value::Str(env.today()));
    default(values, "allocation_type", Value::str("regular"));
    default(values, "number_of_days", Value::Float(1.0));
}

pub(crate) fn name(db: &Database, id: i64) -> String {
    let kind = db.link(MODEL, id, "holiday_status_id").unwrap_or_default();
    let days = db.get(MODEL, id, "number_of_days").as_float().unwrap_or_default();
    let days = float_repr(days);
    format!("Allocation of {}: {} day(s)", db.text(TYPE, kind, "name"), days.trim_end_matches(".0"))
}

pub(crate) fn display(db: &Database, _: &Who, id: i64) -> Value {
    let days = float_repr(db.get(MODEL, id, "number_of_days").as_float().unwrap_or_default());
    Value::Str(format!("{} days", days.trim_end_matches(".0")))
}

fn number(db: &Database, model: &str, id: i64, key: &str) -> f64 {
    db.get(model, id, key).as_float().unwrap_or_default()
}

/// Days of one type that a person was given, for a day if one is named.
fn given(db: &Database, employee: i64, kind: i64, on: Option<&str>) -> f64 {
    let all = db.having(MODEL, "employee_id", employee).into_iter();
    let valid = all.filter(|id| {
        let (from, to) = (db.text(MODEL, *id, "date_from"), db.text(MODEL, *id, "date_to"));
        let covers = on.is_none_or(|on| from <= on && (to.is_empty() || on <= to));
        db.link(MODEL, *id, "holiday_status_id") == Some(kind)
            && db.text(MODEL, *id, "state") == "validate"
            && covers
    });
    valid.map(|id| number(db, MODEL, id, "number_of_days")).sum()
}

/// Days of one type that a person took; with `open` those as well that wait for approval.
fn used(db: &Database, employee: i64, kind: i64, open: bool) -> f64 {
    let all = db.having(LEAVE, "employee_id", employee).into_iter();
    let counted = all.filter(|id| {
        let state = db.text(LEAVE, *id, "state");
        let live = db.version == Version::V18 || db.get(LEAVE, *id, "active").truthy();
        live && db.link(LEAVE, *id, "holiday_status_id") == Some(kind)
            && (state == "validate" || (open && matches!(state, "confirm" | "validate1")))
    });
    counted.map(|id| number(db, LEAVE, id, "number_of_days")).sum()
}

/// Whether there are days left for a request; `_check_validity` of `hr_leave.py`.
pub(super) fn covered(db: &Database, leave: i64) -> bool {
    let (kind, employee) = (db.link(LEAVE, leave, "holiday_status_id"), db.link(LEAVE, leave, "employee_id"));
    let (Some(kind), Some(employee)) = (kind, employee) else { return true };
    let counts = matches!(db.text(LEAVE, leave, "state"), "confirm" | "validate1" | "validate");
    if db.text(TYPE, kind, "requires_allocation") != "yes" || !counts {
        return true;
    }
    let day: String = db.text(LEAVE, leave, "date_from").chars().take(10).collect();
    let excess = if db.get(TYPE, kind, "allows_negative").truthy() {
        number(db, TYPE, kind, "max_allowed_negative")
    } else {
        0.0
    };
    given(db, employee, kind, Some(&day)) + excess + 1e-9 >= used(db, employee, kind, true)
}

/// `_get_contextual_employee`: of whom the balances are told.
fn whose(db: &Database, who: &Who) -> Option<i64> {
    let said = ["employee_id", "default_employee_id"].iter().find_map(|key| who.context.get(key)?.as_id());
    said.or_else(|| employee::employee_of(db, who.uid))
}

fn balance(db: &Database, who: &Who, work: impl Fn(i64) -> f64) -> Value {
    Value::Float(whose(db, who).map(work).unwrap_or_default())
}

pub(crate) fn maximum(db: &Database, who: &Who, id: i64) -> Value {
    let today = crate::orm::timestamp(db.now);
    balance(db, who, |employee| given(db, employee, id, today.get(..10)))
}

pub(crate) fn taken(db: &Database, who: &Who, id: i64) -> Value {
    balance(db, who, |employee| used(db, employee, id, false))
}

pub(crate) fn virtual_taken(db: &Database, who: &Who, id: i64) -> Value {
    balance(db, who, |employee| used(db, employee, id, true))
}

pub(crate) fn virtual_remaining(db: &Database, who: &Who, id: i64) -> Value {
    let today = crate::orm::timestamp(db.now);
    balance(db, who, |employee| given(db, employee, id, today.get(..10)) - used(db, employee, id, true))
}

pub(crate) fn taken_of(db: &Database, _: &Who, id: i64) -> Value {
    match (db.link(MODEL, id, "employee_id"), db.link(MODEL, id, "holiday_status_id")) {
        (Some(employee), Some(kind)) => Value::Float(used(db, employee, kind, false)),
        _ => Value::Float(0.0),
    }
}

pub(super) fn call(
    env: &mut Env<'_>,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    let to = match method {
        "action_approve" | "action_validate" => "validate",
        "action_refuse" => "refuse",
        _ => return None,
    };
    let ids = arguments.ids();
    Some(decide(env, &ids, to))
}

fn decide(env: &mut Env<'_>, ids: &[i64], to: &str) -> Result<Value, Error> {
    if !env.who.su && !access::has_group(env.db, env.who.uid, group::LEAVE_OFFICER) {
        let said = "Only a time off Officer/Responsible or Manager can approve or refuse time off requests.";
        return Err(Error::user(said));
    }
    let states: &[&str] =
        if to == "refuse" { &["confirm", "validate", "validate1"] } else { &["confirm", "validate1"] };
    if !ids.iter().all(|id| states.contains(&env.db.text(MODEL, *id, "state"))) {
        return Err(Error::user(if to == "refuse" {
            "Allocation request must be confirmed, second approval or validated in order to refuse it."
        } else {
            "Allocation must be confirmed \"To Approve\" or validated once \"Second Approval\" in order to approve it."
        }));
    }
    let approver = employee::of_user(env.db, &env.who, env.who.uid);
    let values = Value::map([("state", Value::str(to)), ("approver_id", approver)]);
    write::by_key(env, MODEL, ids, &values)?;
    Ok(Value::TRUE)
}

/// `get_allocation_data_request`: per type that is allocated, its name, the numbers, whether it needs an allocation, its id.
pub(super) fn type_call(
    env: &mut Env<'_>,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    if method != "get_allocation_data_request" {
        return None;
    }
    let _ = (arguments.take("target_date"), arguments.take("hidden_allocations"));
    let db = &*env.db;
    let Some(employee) = whose(db, &env.who) else { return Some(Ok(Value::List(Vec::new()))) };
    let kinds = db.ids(TYPE).filter(|kind| db.get(TYPE, *kind, "active").truthy());
    let rows = kinds.filter(|kind| db.text(TYPE, *kind, "requires_allocation") == "yes").map(|kind| {
        let today = env.today();
        let (all, taken) = (given(db, employee, kind, Some(&today)), used(db, employee, kind, false));
        let asked = used(db, employee, kind, true);
        let numbers = Value::map([
            ("max_leaves", Value::Float(all)),
            ("leaves_taken", Value::Float(taken)),
            ("remaining_leaves", Value::Float(all - taken)),
            ("virtual_leaves_taken", Value::Float(asked)),
            ("virtual_remaining_leaves", Value::Float(all - asked)),
            ("leaves_requested", Value::Float(asked - taken)),
            ("leaves_approved", Value::Float(taken)),
            ("request_unit", Value::str(db.text(TYPE, kind, "request_unit"))),
        ]);
        Value::List(vec![
            Value::str(db.text(TYPE, kind, "name")),
            numbers,
            Value::str(db.text(TYPE, kind, "requires_allocation")),
            Value::Int(kind),
        ])
    });
    Some(Ok(Value::List(rows.collect())))
}
