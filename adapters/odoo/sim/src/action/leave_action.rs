//! What is done with requests for time off: the actions of `addons/hr_holidays/models/hr_leave.py` of 18.0, and of 17.0 where
//! that differs, and the wizard that cancels.

use super::{employee, leave_rule};
use crate::Version;
use crate::error::Error;
use crate::orm::{Arguments, Env, access, write};
use crate::value::Value;

const MODEL: &str = "hr.leave";

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
    if ids.iter().any(|id| leave_rule::state(env.db, *id) != "confirm") {
        let said = "Time off request must be confirmed (\"To Approve\") in order to approve it.";
        return Err(Error::user(said));
    }
    let (both, others): (Vec<i64>, Vec<i64>) =
        ids.iter().partition(|id| leave_rule::validation(env.db, **id) == "both");
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
        matches!(leave_rule::state(env.db, *id), "confirm" | "validate1")
            || leave_rule::validation(env.db, *id) == "no_validation"
    };
    if !ids.iter().all(open) {
        return Err(Error::user("Time off request must be confirmed in order to approve it."));
    }
    let approver = current(env);
    for id in ids {
        let by = if leave_rule::validation(env.db, *id) == "both" {
            "second_approver_id"
        } else {
            "first_approver_id"
        };
        set(env, *id, &[("state", Value::str("validate"))])?;
        env.db.set(MODEL, *id, by, approver.clone());
    }
    Ok(Value::TRUE)
}

fn refuse(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    if !ids.iter().all(|id| matches!(leave_rule::state(env.db, *id), "confirm" | "validate" | "validate1")) {
        let said = "Time off request must be confirmed or validated in order to refuse it.";
        return Err(Error::user(said));
    }
    let approver = current(env);
    for id in ids {
        let by = if leave_rule::state(env.db, *id) == "validate1" {
            "first_approver_id"
        } else {
            "second_approver_id"
        };
        set(env, *id, &[("state", Value::str("refuse")), (by, approver.clone())])?;
    }
    Ok(Value::TRUE)
}

fn reset(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    if !ids.iter().all(|id| matches!(leave_rule::state(env.db, *id), "cancel" | "refuse")) {
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
    if !ids.iter().all(|id| matches!(leave_rule::state(env.db, *id), "confirm" | "refuse")) {
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
    if ids.iter().any(|id| leave_rule::state(env.db, *id) != "draft") {
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
