//! Expense reports: `addons/hr_expense/models/hr_expense_sheet.py` of 18.0.

use rust_decimal::Decimal;

use super::{COMPANY, default, employee, expense, money};
use crate::error::Error;
use crate::orm::write::store;
use crate::orm::{Env, access};
use crate::seed::group;
use crate::value::Value;

const MODEL: &str = "hr.expense.sheet";
const LINE: &str = "hr.expense";

/// The defaults of the fields, and who is to approve (`_compute_from_employee_id`).
pub(super) fn defaults(env: &mut Env<'_>, values: &mut Vec<(String, Value)>) {
    default(values, "employee_id", employee::of_user(env.db, &env.who, env.who.uid));
    default(values, "state", Value::str("draft"));
    default(values, "payment_state", Value::str("not_paid"));
    default(values, "currency_id", env.db.get("res.company", COMPANY, "currency_id").clone());
    let employee = super::given(values, "employee_id").and_then(Value::as_id).unwrap_or_default();
    let named = env.db.link("hr.employee", employee, "expense_manager_id");
    let manager =
        named.or_else(|| employee::user_of(env.db, env.db.link("hr.employee", employee, "parent_id")));
    default(values, "user_id", manager.map_or(Value::FALSE, Value::Int));
}

/// Works out sums and state, and the states of the lines; all of them are stored.
pub(crate) fn recompute(env: &mut Env<'_>, id: i64) {
    if !env.db.exists(MODEL, id) {
        return;
    }
    let lines = env.db.having(LINE, "sheet_id", id);
    let sum = |env: &Env<'_>, key: &str| -> Decimal {
        let amounts = lines.iter().map(|line| env.db.get(LINE, *line, key).as_float().unwrap_or_default());
        amounts.map(money::exact).sum()
    };
    let (total, tax) = (sum(env, "total_amount"), sum(env, "tax_amount"));
    for (key, amount) in [("total_amount", total), ("total_tax_amount", tax), ("untaxed_amount", total - tax)]
    {
        store(env, MODEL, id, key, Value::Float(money::float(amount)));
    }
    let state = state(env, id);
    store(env, MODEL, id, "state", Value::str(state));
    for line in lines {
        let state = expense::state(env.db, line);
        store(env, LINE, line, "state", Value::str(state));
    }
}

/// [`recompute`] for the reports that lost a line.
pub(super) fn recompute_pending(env: &mut Env<'_>) {
    for id in std::mem::take(&mut env.db.pending) {
        recompute(env, id);
    }
}

/// `_compute_state`.
fn state(env: &Env<'_>, id: i64) -> &'static str {
    let text = |key| env.db.text(MODEL, id, key);
    match (text("approval_state"), text("_move")) {
        ("cancel", _) => "cancel",
        ("submit", "") => "submit",
        ("approve", "") => "approve",
        ("submit" | "approve", entry) => match (text("payment_state"), entry) {
            ("not_paid", "draft") => "approve",
            ("not_paid", _) => "post",
            _ => "done",
        },
        _ => "draft",
    }
}

/// `write`: who may change the lines, and when a report may be empty.
pub(super) fn written(env: &mut Env<'_>, id: i64, keys: &[&str]) -> Result<(), Error> {
    let before = env.db.text(MODEL, id, "state").to_owned();
    recompute(env, id);
    let lines = keys.contains(&"expense_line_ids");
    let accountant = env.who.su || access::has_group(env.db, env.who.uid, group::ACCOUNTANT);
    if lines && !accountant && !matches!(before.as_str(), "draft" | "submit") {
        return Err(Error::Access(
            "You do not have the rights to add or remove any expenses on an approved or paid expense report."
                .into(),
        ));
    }
    let empty = env.db.having(LINE, "sheet_id", id).is_empty();
    let state = env.db.text(MODEL, id, "state");
    if (lines || keys.contains(&"state") || keys.contains(&"approval_state"))
        && empty
        && matches!(state, "submit" | "approve" | "post" | "done")
    {
        return Err(Error::user(if lines {
            "You cannot remove all expenses from a submitted, approved or paid expense report."
        } else {
            "This expense report is empty. You cannot submit or approve an empty expense report."
        }));
    }
    Ok(())
}

/// `_check_payment_mode` and `_check_employee`.
pub(super) fn check(env: &Env<'_>, id: i64) -> Result<(), Error> {
    let lines = env.db.having(LINE, "sheet_id", id);
    let mode = |line: &i64| env.db.get(LINE, *line, "payment_mode").clone();
    if lines.iter().any(|line| mode(line) != mode(&lines[0])) {
        return Err(Error::Validation(
            "All expenses in an expense report must have the same \"paid by\" criteria.".into(),
        ));
    }
    let employee = env.db.link(MODEL, id, "employee_id");
    if lines.iter().any(|line| env.db.link(LINE, *line, "employee_id") != employee) {
        return Err(Error::Validation("You cannot add expenses of another employee.".into()));
    }
    Ok(())
}

/// `_unlink_except_posted_or_paid`.
pub(super) fn unlinking(env: &mut Env<'_>, ids: &[i64]) -> Result<(), Error> {
    if ids.iter().any(|id| matches!(env.db.text(MODEL, *id, "state"), "post" | "done")) {
        return Err(Error::user("You cannot delete a posted or paid expense."));
    }
    Ok(())
}

/// The expenses of a report that is gone are on their own again.
pub(super) fn released(env: &mut Env<'_>, id: i64) {
    for line in env.db.having(LINE, "sheet_id", id) {
        store(env, LINE, line, "sheet_id", Value::FALSE);
        store(env, LINE, line, "state", Value::str("draft"));
    }
}

/// `_calculate_default_accounting_date`, without lock dates.
pub(super) fn accounting_date(env: &Env<'_>, id: i64) -> String {
    let today = env.today();
    let lines = env.db.having(LINE, "sheet_id", id).into_iter();
    let latest =
        lines.map(|line| env.db.text(LINE, line, "date").to_owned()).filter(|date| !date.is_empty()).max();
    let latest = latest.unwrap_or_else(|| today.clone());
    let month = |date: &str| date.chars().take(7).collect::<String>();
    match month(&latest).cmp(&month(&today)) {
        std::cmp::Ordering::Greater => latest,
        std::cmp::Ordering::Equal => today,
        std::cmp::Ordering::Less => {
            let end = latest.parse::<jiff::civil::Date>().map(jiff::civil::Date::last_of_month);
            end.map_or(today, |end| end.to_string())
        }
    }
}
