//! Employees, departments and users: `addons/hr/models/hr_employee.py`.

use super::{default, given};
use crate::database::Database;
use crate::error::Error;
use crate::orm::{Env, Who};
use crate::value::Value;

/// `res.users.employee_id`.
pub(crate) fn of_user(db: &Database, _: &Who, id: i64) -> Value {
    employee_of(db, id).map_or(Value::FALSE, Value::Int)
}

/// The employee of a user: the first active one.
pub(crate) fn employee_of(db: &Database, user: i64) -> Option<i64> {
    let found = db.having("hr.employee", "user_id", user).into_iter();
    found.into_iter().find(|id| db.get("hr.employee", *id, "active").truthy())
}

/// The user of an employee.
pub(crate) fn user_of(db: &Database, employee: Option<i64>) -> Option<i64> {
    db.link("hr.employee", employee?, "user_id")
}

/// Who is over an employee in matters of expenses: by name, as manager, and as manager of the department.
pub(crate) fn expense_managers(db: &Database, employee: i64) -> Vec<i64> {
    let by_name = db.link("hr.employee", employee, "expense_manager_id");
    let manager = user_of(db, db.link("hr.employee", employee, "parent_id"));
    let department = db.link("hr.employee", employee, "department_id");
    let head = department.and_then(|department| db.link("hr.department", department, "manager_id"));
    [by_name, manager, user_of(db, head)].into_iter().flatten().collect()
}

/// Whether money can be sent to an employee: a bank account of theirs or of their contact.
pub(crate) fn has_bank_account(db: &Database, employee: i64) -> bool {
    let contact = db.link("hr.employee", employee, "work_contact_id");
    db.link("hr.employee", employee, "bank_account_id").is_some()
        || contact.is_some_and(|contact| !db.having("res.partner.bank", "partner_id", contact).is_empty())
}

/// `hr.department._compute_complete_name`.
pub(crate) fn department_name(db: &Database, _: &Who, id: i64) -> Value {
    let name = |id| db.text("hr.department", id, "name").to_owned();
    let mut full = name(id);
    let mut at = id;
    // A department below itself is refused by the product; this bounds it anyway.
    for _ in 0..20 {
        let Some(above) = db.link("hr.department", at, "parent_id") else { break };
        full = format!("{} / {full}", name(above));
        at = above;
    }
    Value::Str(full)
}

/// An employee and a user each have a contact.
pub(super) fn defaults(
    env: &mut Env<'_>,
    model: &str,
    values: &mut Vec<(String, Value)>,
) -> Result<(), Error> {
    let link = if model == "hr.employee" { "work_contact_id" } else { "partner_id" };
    if given(values, link).is_some() {
        return Ok(());
    }
    let mail = if model == "hr.employee" { "work_email" } else { "login" };
    let contact = Value::map([
        ("name", given(values, "name").cloned().unwrap_or(Value::FALSE)),
        ("email", given(values, mail).cloned().unwrap_or(Value::FALSE)),
    ]);
    let contact = env.sudo(|env| crate::orm::write::create_one(env, "res.partner", contact))?;
    default(values, link, Value::Int(contact));
    Ok(())
}
