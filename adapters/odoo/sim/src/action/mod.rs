//! The rules of each model: what is filled in, worked out, checked and done by its actions.

pub(crate) mod allocation;
pub(crate) mod attachment;
pub(crate) mod employee;
pub(crate) mod expense;
pub(crate) mod leave;
mod leave_action;
mod leave_rule;
pub(crate) mod money;
pub(crate) mod product;
mod purchase;
pub(crate) mod sheet;
mod sheet_action;
pub(crate) mod window;

use crate::error::Error;
use crate::orm::{Arguments, Env};
use crate::value::Value;

/// The one company.
pub(crate) const COMPANY: i64 = 1;

/// Sets what was not given.
pub(crate) fn default(values: &mut Vec<(String, Value)>, key: &str, value: Value) {
    if !values.iter().any(|(known, _)| known == key) {
        values.push((key.to_owned(), value));
    }
}

/// What was given under a key.
pub(crate) fn given<'a>(values: &'a [(String, Value)], key: &str) -> Option<&'a Value> {
    values.iter().find(|(known, _)| known == key).map(|(_, value)| value)
}

/// Fills in defaults before a record is made; `default_get` and the defaults of fields.
pub(crate) fn defaults(
    env: &mut Env<'_>,
    model: &str,
    values: &mut Vec<(String, Value)>,
) -> Result<(), Error> {
    let known = env.model(model)?;
    let (archives, company) =
        (known.archives(), known.keyed("company_id").is_some_and(|(_, field)| field.required));
    if archives {
        default(values, "active", Value::TRUE);
    }
    if company {
        default(values, "company_id", Value::Int(COMPANY));
    }
    match model {
        "hr.expense" => expense::defaults(env, values),
        "hr.expense.sheet" => sheet::defaults(env, values),
        "hr.expense.refuse.wizard" => {
            // `default_get`: the reports that were chosen in the list.
            let chosen = env.who.context.get("active_ids").map(Value::id_list).unwrap_or_default();
            let link = Value::List(vec![Value::Int(6), Value::Int(0), Value::ids(chosen)]);
            default(values, "sheet_ids", Value::List(vec![link]));
        }
        "hr.leave" => leave::defaults(env, values),
        "hr.leave.allocation" => allocation::defaults(env, values),
        "hr.employee" | "res.users" => employee::defaults(env, model, values)?,
        "ir.attachment" => attachment::defaults(values),
        "purchase.order" => purchase::defaults(env, values),
        _ => {}
    }
    Ok(())
}

/// After a record was made, before what is required is checked.
pub(crate) fn created(env: &mut Env<'_>, model: &str, id: i64, keys: &[&str]) -> Result<(), Error> {
    match model {
        "hr.expense" => expense::changed(env, id, keys),
        "hr.expense.sheet" => {
            sheet::recompute(env, id);
            Ok(())
        }
        "hr.leave" => leave::changed(env, id, keys),
        "ir.attachment" => attachment::created(env, id),
        "purchase.order" | "purchase.order.line" => {
            purchase::recompute(env, model, id);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Before records are changed.
pub(crate) fn writing(
    env: &mut Env<'_>,
    model: &str,
    ids: &[i64],
    values: &[(String, Value)],
) -> Result<(), Error> {
    match model {
        "hr.expense" => expense::writing(env, ids, values),
        "hr.leave" => leave_rule::writing(env, ids, values),
        _ => Ok(()),
    }
}

/// After a record was changed.
pub(crate) fn written(env: &mut Env<'_>, model: &str, id: i64, keys: &[&str]) -> Result<(), Error> {
    match model {
        "hr.expense" => expense::changed(env, id, keys),
        "hr.expense.sheet" => sheet::written(env, id, keys),
        "hr.leave" => leave::changed(env, id, keys),
        "ir.attachment" if keys.contains(&"datas") => attachment::created(env, id),
        "purchase.order.line" => {
            purchase::recompute(env, model, id);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The constraints of a model.
pub(crate) fn check(env: &mut Env<'_>, model: &str, id: i64, keys: &[&str]) -> Result<(), Error> {
    match model {
        "hr.expense" => match env.db.link("hr.expense", id, "sheet_id") {
            Some(of) => sheet::check(env, of),
            None => Ok(()),
        },
        "hr.expense.sheet" => sheet::check(env, id),
        "hr.leave" => leave_rule::check(env, id, keys),
        _ => Ok(()),
    }
}

/// Before records are deleted.
pub(crate) fn unlinking(env: &mut Env<'_>, model: &str, ids: &[i64]) -> Result<(), Error> {
    match model {
        "hr.expense" => expense::unlinking(env, ids),
        "hr.expense.sheet" => sheet::unlinking(env, ids),
        "hr.leave" => leave_rule::unlinking(env, ids),
        "ir.attachment" => attachment::unlinking(env, ids),
        "purchase.order" => purchase::unlinking(env, ids),
        _ => Ok(()),
    }
}

/// After a record was deleted.
pub(crate) fn unlinked(env: &mut Env<'_>, model: &str, id: i64) {
    match model {
        "hr.expense" => sheet::recompute_pending(env),
        "hr.expense.sheet" => sheet::released(env, id),
        _ => {}
    }
}

/// A method of a model other than those of every model; `None` where there is none.
pub(crate) fn call(
    env: &mut Env<'_>,
    model: &str,
    method: &str,
    arguments: &mut Arguments,
) -> Option<Result<Value, Error>> {
    match model {
        "hr.expense.sheet" => sheet_action::call(env, method, arguments),
        "hr.expense.refuse.wizard" | "hr.expense.approve.duplicate" => {
            sheet_action::wizard(env, model, method, arguments)
        }
        "hr.leave" => leave_action::call(env, method, arguments),
        "hr.holidays.cancel.leave" => leave_action::wizard(env, method, arguments),
        "hr.leave.allocation" => allocation::call(env, method, arguments),
        "hr.leave.type" => allocation::type_call(env, method, arguments),
        "purchase.order" => purchase::call(env, method, arguments),
        "res.users" if method == "context_get" => Some(Ok(Value::map([
            ("lang", Value::str("en_US")),
            ("tz", Value::FALSE),
            ("uid", Value::Int(env.who.uid)),
        ]))),
        _ => None,
    }
}
