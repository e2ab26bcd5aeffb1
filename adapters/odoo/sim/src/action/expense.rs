//! Expenses: `addons/hr_expense/models/hr_expense.py` of 18.0.

use rust_decimal::Decimal;

use super::{COMPANY, default, employee, given, money, sheet};
use crate::database::Database;
use crate::error::Error;
use crate::orm::write::store;
use crate::orm::{Env, Who, access, name_of};
use crate::seed::group;
use crate::value::Value;

const MODEL: &str = "hr.expense";
const SHEET: &str = "hr.expense.sheet";

/// The defaults of the fields. The name is that of the category unless said (`_compute_name`).
pub(super) fn defaults(env: &mut Env<'_>, values: &mut Vec<(String, Value)>) {
    default(values, "employee_id", employee::of_user(env.db, &env.who, env.who.uid));
    default(values, "date", Value::Str(env.today()));
    default(values, "quantity", Value::Float(1.0));
    default(values, "payment_mode", Value::str("own_account"));
    default(values, "currency_id", env.db.get("res.company", COMPANY, "currency_id").clone());
    default(values, "state", Value::str("draft"));
    let product = given(values, "product_id").and_then(Value::as_id);
    let Some(product) = product.filter(|product| env.db.exists("product.product", *product)) else { return };
    default(values, "name", Value::Str(name_of(env.db, &env.who, "product.product", product)));
    let taxes = env.db.get("product.product", product, "supplier_taxes_id").clone();
    let taxes = Value::List(vec![Value::List(vec![Value::Int(6), Value::Int(0), taxes])]);
    default(values, "tax_ids", taxes);
}

/// Works out what depends on what was written.
pub(super) fn changed(env: &mut Env<'_>, id: i64, keys: &[&str]) -> Result<(), Error> {
    amounts(env, id, keys);
    if let Some(of) = env.db.link(MODEL, id, "sheet_id") {
        sheet::recompute(env, of);
    }
    if keys.contains(&"sheet_id") {
        sheet::recompute_pending(env);
    }
    let state = state(env.db, id);
    store(env, MODEL, id, "state", Value::str(state));
    Ok(())
}

/// `_compute_state`.
pub(super) fn state(db: &Database, id: i64) -> &'static str {
    let Some(of) = db.link(MODEL, id, "sheet_id") else { return "draft" };
    match db.text(SHEET, of, "state") {
        "draft" => "reported",
        "cancel" => "refused",
        "approve" | "post" => "approved",
        _ if db.text(SHEET, of, "_move").is_empty() => "submitted",
        _ => "done",
    }
}

/// `_compute_total_amount_currency`, `_compute_total_amount`, `_compute_tax_amount`, `_compute_price_unit`.
fn amounts(env: &mut Env<'_>, id: i64, keys: &[&str]) {
    let number = |env: &Env<'_>, key| money::exact(env.db.get(MODEL, id, key).as_float().unwrap_or_default());
    let product = env.db.link(MODEL, id, "product_id");
    let cost = product.map(|product| env.db.get("product.product", product, "standard_price").clone());
    let cost = money::exact(cost.and_then(|cost| cost.as_float()).unwrap_or_default());
    let quantity = number(env, "quantity");
    let currency = env.db.link(MODEL, id, "currency_id").unwrap_or_default();
    let own = env.db.link("res.company", COMPANY, "currency_id") == Some(currency);
    let rate = if own { Decimal::ONE } else { rate(env.db, currency) };
    // Of a category with a cost the amount is quantity times cost; of others it is what was written, in either currency.
    let in_currency = if !cost.is_zero() && !keys.contains(&"total_amount_currency") {
        money::to_cents(cost * quantity)
    } else if keys.contains(&"total_amount") && !keys.contains(&"total_amount_currency") {
        money::to_cents(number(env, "total_amount") * rate)
    } else {
        number(env, "total_amount_currency")
    };
    let total = money::to_cents(in_currency / rate);
    let taxes = env.db.get(MODEL, id, "tax_ids").id_list();
    let percentages: Vec<Decimal> = taxes
        .iter()
        .map(|tax| money::exact(env.db.get("account.tax", *tax, "amount").as_float().unwrap_or_default()))
        .collect();
    let (tax_in_currency, tax) =
        (money::included(in_currency, &percentages), money::included(total, &percentages));
    let price = if !cost.is_zero() {
        cost
    } else if quantity.is_zero() {
        total
    } else {
        money::to_cents(total / quantity)
    };
    for (key, amount) in [
        ("total_amount_currency", in_currency),
        ("tax_amount_currency", tax_in_currency),
        ("untaxed_amount_currency", in_currency - tax_in_currency),
        ("total_amount", total),
        ("tax_amount", tax),
        ("untaxed_amount", total - tax),
        ("price_unit", price),
        ("currency_rate", Decimal::ONE / rate),
    ] {
        env.db.set(MODEL, id, key, Value::Float(money::float(amount)));
    }
}

fn rate(db: &Database, currency: i64) -> Decimal {
    let rate = money::exact(db.get("res.currency", currency, "rate").as_float().unwrap_or(1.0));
    if rate.is_zero() { Decimal::ONE } else { rate }
}

/// `write`.
pub(super) fn writing(env: &mut Env<'_>, ids: &[i64], values: &[(String, Value)]) -> Result<(), Error> {
    let accounts = ["tax_ids", "analytic_distribution", "account_id"];
    if accounts.iter().any(|key| given(values, key).is_some())
        && !ids.iter().all(|id| is_editable(env.db, &env.who, *id).truthy())
    {
        return Err(Error::user("You are not authorized to edit this expense report."));
    }
    if given(values, "sheet_id").is_some() {
        let before: Vec<i64> = ids.iter().filter_map(|id| env.db.link(MODEL, *id, "sheet_id")).collect();
        env.db.pending.extend(before);
    }
    if let Some(to) = given(values, "sheet_id").and_then(Value::as_id) {
        access::records(env, SHEET, &[to], "write")?;
    }
    Ok(())
}

/// `_unlink_except_posted_or_approved`.
pub(super) fn unlinking(env: &mut Env<'_>, ids: &[i64]) -> Result<(), Error> {
    if ids.iter().any(|id| matches!(env.db.text(MODEL, *id, "state"), "done" | "approved")) {
        return Err(Error::user("You cannot delete a posted or approved expense."));
    }
    let before: Vec<i64> = ids.iter().filter_map(|id| env.db.link(MODEL, *id, "sheet_id")).collect();
    env.db.pending.extend(before);
    Ok(())
}

// Computed fields.

pub(crate) fn manager(db: &Database, _: &Who, id: i64) -> Value {
    let employee = db.link(MODEL, id, "employee_id").unwrap_or_default();
    let named = db.link("hr.employee", employee, "expense_manager_id");
    let manager = named.or_else(|| employee::user_of(db, db.link("hr.employee", employee, "parent_id")));
    manager.map_or(Value::FALSE, Value::Int)
}

pub(crate) fn has_tax(db: &Database, _: &Who, id: i64) -> Value {
    let product = db.link(MODEL, id, "product_id");
    Value::Bool(
        product.is_some_and(|product| db.get("product.product", product, "supplier_taxes_id").truthy()),
    )
}

pub(crate) fn multiple_currency(db: &Database, _: &Who, id: i64) -> Value {
    Value::Bool(db.link(MODEL, id, "currency_id") != db.link("res.company", COMPANY, "currency_id"))
}

/// `_compute_duplicate_expense_ids`: the same person, category, day, amount and currency.
pub(crate) fn duplicates(db: &Database, _: &Who, id: i64) -> Value {
    let employee = db.link(MODEL, id, "employee_id").unwrap_or_default();
    if db.link(MODEL, id, "product_id").is_none() {
        return Value::List(Vec::new());
    }
    let same = |other: &i64| {
        let keys = ["product_id", "date", "total_amount_currency", "currency_id"];
        keys.iter().all(|key| db.get(MODEL, id, key) == db.get(MODEL, *other, key))
    };
    let others = db.having(MODEL, "employee_id", employee).into_iter();
    Value::ids(others.filter(|other| *other != id).filter(same))
}

pub(crate) fn is_editable(db: &Database, who: &Who, id: i64) -> Value {
    match db.link(MODEL, id, "sheet_id") {
        Some(of) => sheet_is_editable(db, who, of),
        None => Value::TRUE,
    }
}

// Computed fields of reports.

pub(crate) fn count(db: &Database, _: &Who, id: i64) -> Value {
    Value::Int(i64::try_from(db.having(MODEL, "sheet_id", id).len()).unwrap_or_default())
}

pub(crate) fn products(db: &Database, _: &Who, id: i64) -> Value {
    let lines = db.having(MODEL, "sheet_id", id).into_iter();
    let mut products: Vec<i64> = lines.filter_map(|line| db.link(MODEL, line, "product_id")).collect();
    products.sort_unstable();
    products.dedup();
    Value::ids(products)
}

pub(crate) fn payment_mode(db: &Database, _: &Who, id: i64) -> Value {
    let first = db.having(MODEL, "sheet_id", id).into_iter().next();
    first.map_or(Value::FALSE, |line| db.get(MODEL, line, "payment_mode").clone())
}

pub(crate) fn sheet_multiple_currency(db: &Database, who: &Who, id: i64) -> Value {
    let lines = db.having(MODEL, "sheet_id", id);
    Value::Bool(lines.iter().any(|line| multiple_currency(db, who, *line).truthy()))
}

/// `_compute_can_reset`.
pub(crate) fn can_reset(db: &Database, who: &Who, id: i64) -> Value {
    let employee = db.link(SHEET, id, "employee_id");
    Value::Bool(
        who.su
            || access::has_group(db, who.uid, group::EXPENSE_TEAM)
            || employee::user_of(db, employee) == Some(who.uid),
    )
}

/// Why the user may not approve a report; `_compute_can_approve`.
pub(super) fn obstacle(db: &Database, who: &Who, id: i64) -> Option<String> {
    let has = |group| who.su || access::has_group(db, who.uid, group);
    let name = db.text(SHEET, id, "name");
    if !has(group::EXPENSE_TEAM) {
        return Some(format!("{name}: Your are not a Manager or HR Officer"));
    }
    if has(group::EXPENSE_MANAGER) {
        return None;
    }
    let employee = db.link(SHEET, id, "employee_id").unwrap_or_default();
    if db.link("hr.employee", employee, "user_id") == Some(who.uid) {
        return Some(format!("{name}: It is your own expense"));
    }
    let mut managers = employee::expense_managers(db, employee);
    managers.extend(db.link(SHEET, id, "user_id"));
    if !managers.contains(&who.uid) && !has(group::EXPENSE_USER) {
        return Some(format!("{name}: It is not from your department"));
    }
    None
}

pub(crate) fn can_approve(db: &Database, who: &Who, id: i64) -> Value {
    Value::Bool(obstacle(db, who, id).is_none())
}

pub(crate) fn cannot_approve_reason(db: &Database, who: &Who, id: i64) -> Value {
    obstacle(db, who, id).map_or(Value::FALSE, Value::Str)
}

/// `_compute_is_editable`.
pub(crate) fn sheet_is_editable(db: &Database, who: &Who, id: i64) -> Value {
    let state = db.text(SHEET, id, "state");
    if !matches!(state, "draft" | "submit" | "approve") {
        return Value::FALSE;
    }
    let has = |group| access::has_group(db, who.uid, group);
    if who.su || has(group::EXPENSE_MANAGER) || has(group::SYSTEM) {
        return Value::TRUE;
    }
    let employee = db.link(SHEET, id, "employee_id").unwrap_or_default();
    if db.link("hr.employee", employee, "user_id") == Some(who.uid) {
        return Value::Bool(state == "draft");
    }
    Value::Bool(has(group::EXPENSE_USER) || employee::expense_managers(db, employee).contains(&who.uid))
}
