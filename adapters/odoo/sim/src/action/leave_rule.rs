//! What is checked of requests for time off: `addons/hr_holidays/models/hr_leave.py` of 18.0, and of 17.0 where
//! that differs.

use super::leave::american;
use super::{allocation, employee, given};
use crate::Version;
use crate::database::Database;
use crate::error::Error;
use crate::model::Kind;
use crate::orm::{Env, Who, access, timestamp};
use crate::seed::group;
use crate::value::Value;

const MODEL: &str = "hr.leave";

/// How a request is approved.
pub(super) fn validation(db: &Database, id: i64) -> &str {
    let kind = db.link(MODEL, id, "holiday_status_id").unwrap_or_default();
    db.text("hr.leave.type", kind, "leave_validation_type")
}

pub(super) fn state(db: &Database, id: i64) -> &str {
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
