//! What is done with expense reports: the section "Actions" of `hr_expense_sheet.py` of 18.0, and the wizards.
//!
//! `action_submit_sheet`, `action_approve_expense_sheets`, `action_reset_expense_sheets` and `action_sheet_move_post` return
//! nothing, which XML-RPC turns into a fault although everything was done.

use super::{employee, expense, sheet, window};
use crate::error::Error;
use crate::orm::{Arguments, Env, access, write};
use crate::value::Value;

const MODEL: &str = "hr.expense.sheet";
const LINE: &str = "hr.expense";

pub(super) fn call(
    env: &mut Env<'_>,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    let action = match method {
        "action_submit_sheet" => submit,
        "action_approve_expense_sheets" => approve,
        "action_refuse_expense_sheets" => refuse,
        "action_reset_expense_sheets" => reset,
        "action_sheet_move_post" => post,
        _ => return None,
    };
    let ids = arguments.ids();
    Some(present(env, &ids).and_then(|()| action(env, &ids)))
}

/// Reading a field of a record that is gone is an error.
fn present(env: &Env<'_>, ids: &[i64]) -> Result<(), Error> {
    access::model(env, MODEL, "read")?;
    match ids.iter().find(|id| !env.db.exists(MODEL, **id)) {
        Some(gone) => Err(Error::missing(MODEL, *gone, env.who.uid)),
        None => access::records(env, MODEL, ids, "read"),
    }
}

fn text(env: &Env<'_>, id: i64, key: &str) -> String {
    env.db.text(MODEL, id, key).to_owned()
}

/// `_do_submit`. Whatever the state was: the source does not ask.
fn submit(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    write::by_key(env, MODEL, ids, &Value::map([("approval_state", Value::str("submit"))]))?;
    Ok(Value::None)
}

/// `_check_can_approve` and `_check_can_refuse`.
fn allowed(env: &Env<'_>, ids: &[i64], verb: &str) -> Result<(), Error> {
    let reasons: Vec<String> = ids.iter().filter_map(|id| expense::obstacle(env.db, &env.who, *id)).collect();
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Error::user(format!("You cannot {verb}:\n {}", reasons.join("\n"))))
}

fn approve(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    allowed(env, ids, "approve")?;
    let lines = ids.iter().flat_map(|id| env.db.having(LINE, "sheet_id", *id));
    let twins = lines.flat_map(|line| expense::duplicates(env.db, &env.who, line).id_list());
    let mut twins: Vec<i64> =
        twins.filter(|twin| matches!(env.db.text(LINE, *twin, "state"), "approved" | "done")).collect();
    twins.sort_unstable();
    twins.dedup();
    if !twins.is_empty() {
        // Nothing was approved: a person is asked first.
        return Ok(window::approve_duplicate(ids, &twins));
    }
    do_approve(env, ids)
}

/// `_do_approve`. What is approved already is left alone, without a word.
fn do_approve(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    let mut waiting: Vec<i64> = ids.to_vec();
    waiting.retain(|id| matches!(env.db.text(MODEL, *id, "state"), "submit" | "draft"));
    can_create_move(env, &waiting)?;
    for id in waiting {
        let manager = env.db.link(MODEL, id, "user_id").unwrap_or(env.who.uid);
        env.db.set(MODEL, id, "_move", Value::str("draft"));
        let mut values = vec![
            ("approval_state".to_owned(), Value::str("approve")),
            ("user_id".to_owned(), Value::Int(manager)),
            // A day in a field of instants, as recorded.
            ("approval_date".to_owned(), Value::Str(env.today())),
        ];
        if env.db.get(MODEL, id, "accounting_date").is_null() {
            values.push(("accounting_date".to_owned(), Value::Str(sheet::accounting_date(env, id))));
        }
        write::by_key(env, MODEL, &[id], &Value::Map(values))?;
    }
    Ok(Value::None)
}

/// `_check_can_create_move`, and the bank account that was asked for in the recordings.
fn can_create_move(env: &Env<'_>, ids: &[i64]) -> Result<(), Error> {
    if ids.iter().any(|id| env.db.having(LINE, "sheet_id", *id).is_empty()) {
        let said = "You cannot create accounting entries for an expense report without expenses.";
        return Err(Error::user(said));
    }
    if ids.iter().any(|id| text(env, *id, "state") != "submit") {
        return Err(Error::user("You can only generate an accounting entry for approved expense(s)."));
    }
    let employees = |lacks: &dyn Fn(i64) -> bool| -> Vec<i64> {
        let mut found: Vec<i64> =
            ids.iter().filter_map(|id| env.db.link(MODEL, *id, "employee_id")).collect();
        found.retain(|employee| lacks(*employee));
        found.sort_unstable();
        found.dedup();
        found
    };
    let without_mail = employees(&|employee| env.db.text("hr.employee", employee, "work_email").is_empty());
    if !without_mail.is_empty() {
        return Err(Error::Redirect(
            "The work email of some employees is missing. Please add it on the employee form".into(),
            window::employees(&without_mail),
            "Show missing work email employees".into(),
        ));
    }
    let own: Vec<i64> = ids
        .iter()
        .copied()
        .filter(|id| {
            let mode = expense::payment_mode(env.db, &env.who, *id);
            mode.as_str() == Some("own_account")
        })
        .filter_map(|id| env.db.link(MODEL, id, "employee_id"))
        .collect();
    let without_bank =
        employees(&|employee| own.contains(&employee) && !employee::has_bank_account(env.db, employee));
    if !without_bank.is_empty() {
        return Err(Error::Redirect(
            "Employee(s) should have a bank account set.".into(),
            window::employees(&without_bank),
            "Go to Employee(s)".into(),
        ));
    }
    Ok(())
}

fn refuse(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    allowed(env, ids, "refuse")?;
    Ok(window::refuse())
}

/// `_do_refuse`.
fn do_refuse(env: &mut Env<'_>, ids: &[i64]) -> Result<(), Error> {
    if ids.iter().any(|id| text(env, *id, "_move") == "posted") {
        return Err(Error::user("You cannot cancel an expense sheet linked to a posted journal entry"));
    }
    for id in ids {
        env.db.set(MODEL, *id, "_move", Value::FALSE);
    }
    write::by_key(env, MODEL, ids, &Value::map([("approval_state", Value::str("cancel"))]))
}

/// `_check_can_reset_approval`, `_do_reverse_moves`, `_do_reset_approval`. The last is done with all rights, so that employees
/// can take back what they submitted.
fn reset(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    let decided = |id: &i64| !matches!(env.db.text(MODEL, *id, "state"), "draft" | "submit");
    if ids.iter().any(|id| decided(id) && !expense::can_reset(env.db, &env.who, *id).truthy()) {
        return Err(Error::user("Only HR Officers or the concerned employee can reset to draft."));
    }
    let cleared = Value::map([
        ("approval_state", Value::FALSE),
        ("approval_date", Value::FALSE),
        ("accounting_date", Value::FALSE),
    ]);
    env.sudo(|env| {
        for id in ids {
            env.db.set(MODEL, *id, "_move", Value::FALSE);
        }
        write::by_key(env, MODEL, ids, &cleared)
    })?;
    Ok(Value::None)
}

/// `action_sheet_move_post`: the journal entry becomes binding.
fn post(env: &mut Env<'_>, ids: &[i64]) -> Result<Value, Error> {
    let missing: Vec<i64> = ids.iter().copied().filter(|id| text(env, *id, "_move").is_empty()).collect();
    can_create_move(env, &missing)?;
    for id in ids {
        env.db.set(MODEL, *id, "_move", Value::str("posted"));
        write::by_key(env, MODEL, &[*id], &Value::Map(Vec::new()))?;
    }
    Ok(Value::None)
}

/// The wizards: `addons/hr_expense/wizard`.
pub(super) fn wizard(
    env: &mut Env<'_>,
    model: &str,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    if !matches!(
        (model, method),
        ("hr.expense.refuse.wizard", "action_refuse")
            | ("hr.expense.approve.duplicate", "action_approve" | "action_refuse")
    ) {
        return None;
    }
    let ids = arguments.ids();
    let sheets: Vec<i64> = ids.iter().flat_map(|id| env.db.get(model, *id, "sheet_ids").id_list()).collect();
    let done = if method == "action_refuse" {
        present(env, &sheets).and_then(|()| do_refuse(env, &sheets))
    } else {
        do_approve(env, &sheets).map(|_| ())
    };
    Some(done.map(|()| Value::map([("type", Value::str("ir.actions.act_window_close"))])))
}
