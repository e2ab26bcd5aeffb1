//! What is checked and done with requests for time off: `addons/hr_holidays/models/hr_leave.py` of 18.0, and of 17.0 where
//! that differs.

use super::leave::american;
use super::{allocation, employee, given};
use crate::Version;
use crate::database::Database;
use crate::error::Error;
use crate::model::Kind;
use crate::orm::{Arguments, Env, Who, access, timestamp, write};
use crate::seed::group;
use crate::value::Value;

const MODEL: &str = "hr.leave";

/// How a request is approved.
pub(super) fn validation(db: &Database, id: i64) -> &str {
    let kind = db.link(MODEL, id, "holiday_status_id").unwrap_or_default();
    db.text("hr.leave.type", kind, "leave_validation_type")
}

fn state(db: &Database, id: i64) -> &str {
    db.text(MODEL, id, "state")
}

fn label(db: &Database, id: i64) -> &'static str {
    let state = state(db, id);
    let field = db.model(MODEL).and_then(|model| model.keyed("state"));
    match field.map(|(_, field)| field.kind) {
        Some(Kind::Selection(list)) => {
            list.iter().find(|(value, _)| *value == state).map_or("", |(_, label)| label)
        }
        _ => "",
    }
}

/// `_check_approval_update`: whether the user may bring a request into a state.
pub(super) fn may(db: &Database, who: &Who, id: i64, to: &str) -> Result<(), Error> {
    let has = |group| who.su || access::has_group(db, who.uid, group);
    if has(group::LEAVE_MANAGER) {
        return Ok(());
    }
    let officer = has(group::LEAVE_OFFICER);
    let employee = db.link(MODEL, id, "employee_id").unwrap_or_default();
    let own = employee::employee_of(db, who.uid) == Some(employee);
    let manager = db.link("hr.employee", employee, "leave_manager_id") == Some(who.uid);
    let name = db.text("hr.employee", employee, "name");
    let kind = validation(db, id);
    let today = timestamp(db.now);
    let started = db.text(MODEL, id, "date_from").get(..10) <= today.get(..10);
    let said = match to {
        _ if state(db, id) == "cancel" && to != "confirm" => {
            "A cancelled leave cannot be modified.".to_owned()
        }
        "confirm" if state(db, id) == "refuse" => {
            "Only a Time Off Manager can reset a refused leave.".to_owned()
        }
        "confirm" if started => "Only a Time Off Manager can reset a started leave.".to_owned(),
        "confirm" if !own => "Only a Time Off Manager can reset other people leaves.".to_owned(),
        "confirm" => return Ok(()),
        _ if own && !manager && !officer => {
            "Only a Time Off Officer or Manager can approve/refuse its own requests.".to_owned()
        }
        "validate1" if kind == "both" && !officer && !manager => {
            format!("You must be either {name}'s manager or Time off Manager to approve this leave")
        }
        "validate" if kind == "manager" && !manager && !officer => {
            format!("You must be {name}'s Manager to approve this leave")
        }
        "validate" if kind == "hr" && !officer => {
            "You must either be a Time off Officer or Time off Manager to approve this leave".to_owned()
        }
        // `_check_double_validation_rules`
        "validate" if kind == "both" && !officer => {
            let said = "You don't have the rights to apply second approval on a time off request";
            return Err(Error::Access(said.into()));
        }
        _ => return Ok(()),
    };
    Err(Error::user(said))
}

/// `write`.
pub(super) fn writing(env: &mut Env<'_>, ids: &[i64], values: &[(String, Value)]) -> Result<(), Error> {
    let officer = env.who.su || access::has_group(env.db, env.who.uid, group::LEAVE_OFFICER);
    let today = timestamp(env.db.now);
    for id in ids {
        let employee = env.db.link(MODEL, *id, "employee_id").unwrap_or_default();
        let manager = env.db.link("hr.employee", employee, "leave_manager_id") == Some(env.who.uid);
        if !officer && !manager && env.db.text(MODEL, *id, "date_from").get(..10) < today.get(..10) {
            let said = "You must have manager rights to modify/validate a time off that already begun";
            return Err(Error::user(said));
        }
        if !officer && state(env.db, *id) == "cancel" {
            return Err(Error::user("Only a manager can modify a canceled leave."));
        }
        if let Some(to) = given(values, "state").and_then(Value::as_str).filter(|_| !env.who.su) {
            may(env.db, &env.who, *id, to)?;
        }
        let dates = ["date_from", "date_to", "request_date_from", "request_date_to", "employee_id"];
        let moved = dates.iter().any(|key| given(values, key).is_some());
        // `_check_date_state`
        if moved && matches!(state(env.db, *id), "validate1" | "validate") {
            return Err(Error::Validation("This modification is not allowed in the current state.".into()));
        }
    }
    Ok(())
}

/// The constraints: `_check_date`, `date_check2`, `_check_validity`.
pub(super) fn check(env: &mut Env<'_>, id: i64, keys: &[&str]) -> Result<(), Error> {
    let about = [
        "request_date_from",
        "request_date_to",
        "date_from",
        "date_to",
        "holiday_status_id",
        "employee_id",
        "state",
    ];
    if !keys.iter().any(|key| about.contains(key)) {
        return Ok(());
    }
    let (from, to) = (env.db.text(MODEL, id, "date_from"), env.db.text(MODEL, id, "date_to"));
    if from > to {
        return Err(Error::Validation(
            "The operation cannot be completed: The start date must be before or equal to the end date."
                .into(),
        ));
    }
    if !matches!(state(env.db, id), "cancel" | "refuse") {
        overlap(env, id)?;
    }
    if !allocation::covered(env.db, id) {
        return Err(Error::Validation("There is no valid allocation to cover that request.".into()));
    }
    // `create` approves what nobody has to approve.
    if validation(env.db, id) == "no_validation" && state(env.db, id) == "confirm" {
        env.db.set(MODEL, id, "state", Value::str("validate"));
    }
    Ok(())
}

fn overlap(env: &Env<'_>, id: i64) -> Result<(), Error> {
    let db = &*env.db;
    let employee = db.link(MODEL, id, "employee_id").unwrap_or_default();
    let (from, to) = (db.text(MODEL, id, "date_from"), db.text(MODEL, id, "date_to"));
    let others: Vec<i64> = db
        .having(MODEL, "employee_id", employee)
        .into_iter()
        .filter(|other| *other != id && !matches!(state(db, *other), "cancel" | "refuse"))
        .filter(|other| db.version == Version::V18 || db.get(MODEL, *other, "active").truthy())
        .filter(|other| db.text(MODEL, *other, "date_from") < to && db.text(MODEL, *other, "date_to") > from)
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let line = |other: &i64| {
        let day = |key| american(db.text(MODEL, *other, key));
        format!("from {} to {} - {}", day("date_from"), day("date_to"), label(db, *other))
    };
    let own = employee::user_of(db, Some(employee)) == Some(env.who.uid);
    Err(Error::Validation(if own {
        let lines: Vec<String> = others.iter().map(line).collect();
        format!(
            "You've already booked time off which overlaps with this period:\n{}\nAttempting to double-book your time off \
             won't magically make your vacation 2x better!\n",
            lines.join("\n")
        )
    } else {
        let name = db.text("hr.employee", employee, "name");
        let lines = others.iter().map(|other| format!("\n{name} - {}", line(other)));
        format!(
            "An employee already booked time off which overlaps with this period:{}",
            lines.collect::<String>()
        )
    }))
}

/// `_unlink_if_correct_states`.
pub(super) fn unlinking(env: &mut Env<'_>, ids: &[i64]) -> Result<(), Error> {
    let officer = env.who.su || access::has_group(env.db, env.who.uid, group::LEAVE_OFFICER);
    let old = env.db.version == Version::V17;
    let states: &[&str] = match (old, officer) {
        (false, true) => &["cancel", "confirm"],
        (false, false) => &["confirm", "validate1", "cancel"],
        (true, true) => &["draft", "cancel", "confirm"],
        (true, false) => &["draft", "confirm"],
    };
    let today = timestamp(env.db.now);
    for id in ids {
        if !states.contains(&state(env.db, *id)) {
            let said = format!("You cannot delete a time off which is in {} state", label(env.db, *id));
            return Err(Error::user(said));
        }
        if !officer && env.db.text(MODEL, *id, "date_from").get(..10) < today.get(..10) {
            return Err(Error::user("You cannot delete a time off which is in the past"));
        }
    }
    Ok(())
}

pub(super) fn call(
    env: &mut Env<'_>,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    let old = env.db.version == Version::V17;
    let action: fn(&mut Env<'_>, &[i64]) -> Result<Value, Error> = match method {
        "action_approve" => approve,
        "action_validate" => validate,
        "action_refuse" => refuse,
        "action_reset_confirm" if !old => reset,
        "action_draft" if old => draft,
        "action_confirm" if old => confirm,
        "action_cancel" => cancel,
        _ => return None,
    };
    let ids = arguments.ids();
    // `check_state`, which the dashboard passes.
    let _ = arguments.take("check_state");
    let missing = ids.iter().find(|id| !env.db.exists(MODEL, **id));
    if let Some(gone) = missing {
        return Some(Err(Error::missing(MODEL, *gone, env.who.uid)));
    }
    Some(access::records(env, MODEL, &ids, "read").and_then(|()| action(env, &ids)))
}

fn current(env: &Env<'_>) -> Value {
    employee::of_user(env.db, &env.who, env.who.uid)
}

fn set(env: &mut Env<'_>, id: i64, pairs: &[(&str, Value)]) -> Result<(), Error> {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    write::by_key(env, MODEL, &[id], &Value::Map(pairs))
}

fn approve(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    if ids.iter().any(|id| state(env.db, *id) != "confirm") {
        let said = "Time off request must be confirmed (\"To Approve\") in order to approve it.";
        return Err(Error::user(said));
    }
    let (both, others): (Vec<i64>, Vec<i64>) = ids.iter().partition(|id| validation(env.db, **id) == "both");
    let approver = current(env);
    for id in both {
        set(env, id, &[("state", Value::str("validate1")), ("first_approver_id", approver.clone())])?;
    }
    if others.is_empty() { Ok(Value::TRUE) } else { validate(env, &others) }
}

fn validate(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    let name = |id: &i64| {
        let employee = env.db.link(MODEL, *id, "employee_id").unwrap_or_default();
        env.db.text("hr.employee", employee, "name").to_owned()
    };
    let idle: Vec<String> =
        ids.iter().filter(|id| !env.db.get(MODEL, **id, "number_of_days").truthy()).map(name).collect();
    if !idle.is_empty() {
        return Err(Error::Validation(format!(
            "The following employees are not supposed to work during that period:\n {}",
            idle.join(",")
        )));
    }
    let open = |id: &i64| {
        matches!(state(env.db, *id), "confirm" | "validate1") || validation(env.db, *id) == "no_validation"
    };
    if !ids.iter().all(open) {
        return Err(Error::user("Time off request must be confirmed in order to approve it."));
    }
    let approver = current(env);
    for id in ids {
        let by = if validation(env.db, *id) == "both" { "second_approver_id" } else { "first_approver_id" };
        set(env, *id, &[("state", Value::str("validate"))])?;
        env.db.set(MODEL, *id, by, approver.clone());
    }
    Ok(Value::TRUE)
}

fn refuse(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    if !ids.iter().all(|id| matches!(state(env.db, *id), "confirm" | "validate" | "validate1")) {
        let said = "Time off request must be confirmed or validated in order to refuse it.";
        return Err(Error::user(said));
    }
    let approver = current(env);
    for id in ids {
        let by = if state(env.db, *id) == "validate1" { "first_approver_id" } else { "second_approver_id" };
        set(env, *id, &[("state", Value::str("refuse")), (by, approver.clone())])?;
    }
    Ok(Value::TRUE)
}

fn reset(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    if !ids.iter().all(|id| matches!(state(env.db, *id), "cancel" | "refuse")) {
        return Err(Error::user(
            "Time off request state must be \"Refused\" or \"Cancelled\" in order to be reset to \"Confirmed\".",
        ));
    }
    for id in ids {
        let none = ("first_approver_id", Value::FALSE);
        set(env, *id, &[("state", Value::str("confirm")), none, ("second_approver_id", Value::FALSE)])?;
    }
    Ok(Value::TRUE)
}

/// 17.0: back to before the request.
fn draft(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    if !ids.iter().all(|id| matches!(state(env.db, *id), "confirm" | "refuse")) {
        return Err(Error::user(
            "Time off request state must be \"Refused\" or \"To Approve\" in order to be reset to draft.",
        ));
    }
    for id in ids {
        let none = ("first_approver_id", Value::FALSE);
        set(env, *id, &[("state", Value::str("draft")), none, ("second_approver_id", Value::FALSE)])?;
    }
    Ok(Value::TRUE)
}

/// 17.0: from a draft to a request.
fn confirm(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    if ids.iter().any(|id| state(env.db, *id) != "draft") {
        let said = "Time off request must be in Draft state (\"To Submit\") in order to confirm it.";
        return Err(Error::user(said));
    }
    for id in ids {
        set(env, *id, &[("state", Value::str("confirm"))])?;
    }
    Ok(Value::TRUE)
}

/// A person is asked why.
fn cancel(_: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    let [id] = ids else {
        return Err(Error::python("ValueError", &format!("Expected singleton: hr.leave{ids:?}")));
    };
    let view = Value::List(vec![Value::FALSE, Value::str("form")]);
    Ok(Value::map([
        ("name", Value::str("Cancel Time Off")),
        ("type", Value::str("ir.actions.act_window")),
        ("target", Value::str("new")),
        ("res_model", Value::str("hr.holidays.cancel.leave")),
        ("view_mode", Value::str("form")),
        ("views", Value::List(vec![view])),
        ("context", Value::map([("default_leave_id", Value::Int(*id))])),
    ]))
}

/// `hr.holidays.cancel.leave`: `_action_user_cancel`, which only the person themselves may.
pub(super) fn wizard(
    env: &mut Env<'_>,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    if method != "action_cancel_leave" {
        return None;
    }
    let ids = arguments.ids();
    let leaves = ids.iter().filter_map(|id| env.db.link("hr.holidays.cancel.leave", *id, "leave_id"));
    Some(user_cancel(env, leaves.collect()))
}

fn user_cancel(env: &mut Env<'_>, leaves: Vec<i64>) -> Result<Value, Error> {
    for id in leaves {
        if !super::leave::can_cancel(env.db, &env.who, id).truthy() {
            return Err(Error::Validation("This time off cannot be cancelled.".into()));
        }
        let gone = if env.db.version == Version::V17 {
            Value::map([("active", Value::FALSE)])
        } else {
            Value::map([("state", Value::str("cancel"))])
        };
        env.sudo(|env| write::by_key(env, MODEL, &[id], &gone))?;
    }
    let close = Value::map([("type", Value::str("ir.actions.act_window_close"))]);
    Ok(Value::map([
        ("type", Value::str("ir.actions.client")),
        ("tag", Value::str("display_notification")),
        (
            "params",
            Value::map([
                ("type", Value::str("success")),
                ("message", Value::str("Your time off has been canceled.")),
                ("next", close),
            ]),
        ),
    ]))
}
