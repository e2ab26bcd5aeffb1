//! Who may do what: `ir.model.access`, `ir.rule`, and the groups of fields, by `security/ir.model.access.csv` and
//! `ir_rule.xml` of the modules.

use super::{Arguments, Env, Who};
use crate::database::Database;
use crate::error::Error;
use crate::model::{Field, hr};
use crate::seed::group;
use crate::value::Value;

/// Whether a user is in a group; groups imply others when they are given out.
pub(crate) fn has_group(db: &Database, uid: i64, group: i64) -> bool {
    matches!(db.get("res.users", uid, "groups_id"), Value::List(groups) if groups.contains(&Value::Int(group)))
}

fn mode(operation: &str) -> usize {
    match operation {
        "read" => 0,
        "write" => 1,
        "create" => 2,
        _ => 3,
    }
}

/// The groups that may do each of read, write, create, unlink.
fn allowed(model: &str) -> [&'static [i64]; 4] {
    use group::{ACCOUNTANT, EXPENSE_MANAGER, HR, LEAVE_MANAGER, LEAVE_OFFICER, SYSTEM, USER};
    const ALL: &[i64] = &[USER];
    const NOBODY: &[i64] = &[];
    let kept = |by: &'static [i64]| [ALL, by, by, by];
    match model {
        "hr.expense" | "hr.expense.sheet" | "hr.leave" | "hr.leave.allocation" | "ir.attachment" => [ALL; 4],
        "hr.expense.refuse.wizard" | "hr.expense.approve.duplicate" => [&[group::EXPENSE_TEAM][..]; 4],
        "hr.holidays.cancel.leave" => [ALL; 4],
        "hr.employee" | "hr.department" => kept(&[HR, SYSTEM]),
        "hr.leave.type" => kept(&[LEAVE_MANAGER]),
        "product.product" => kept(&[EXPENSE_MANAGER, ACCOUNTANT]),
        "res.partner.bank" => [ALL, &[HR, ACCOUNTANT], &[HR, ACCOUNTANT], &[HR, ACCOUNTANT]],
        "account.tax" | "account.analytic.account" | "account.analytic.plan" => kept(&[ACCOUNTANT]),
        "purchase.order" | "purchase.order.line" => [&[SYSTEM]; 4],
        "ir.model.data" => {
            [ALL, &[SYSTEM, EXPENSE_MANAGER, LEAVE_OFFICER], &[SYSTEM, EXPENSE_MANAGER], &[SYSTEM]]
        }
        "ir.model" | "ir.module.module" => [&[SYSTEM, EXPENSE_MANAGER], NOBODY, NOBODY, NOBODY],
        _ => kept(&[SYSTEM]),
    }
}

/// Whether the model is open to the user at all; `ir.model.access.check`.
pub(crate) fn model(env: &Env<'_>, model: &str, operation: &str) -> Result<(), Error> {
    if env.who.su
        || allowed(model)[mode(operation)].iter().any(|group| has_group(env.db, env.who.uid, *group))
    {
        return Ok(());
    }
    let label = env.model(model)?.label;
    let verb = match operation {
        "read" => "access",
        "write" => "modify",
        "create" => "create",
        _ => "delete",
    };
    // `_make_access_error`.
    Err(Error::Access(format!(
        "You are not allowed to {verb} '{label}' ({model}) records.\n\nNo group currently allows this \
         operation.\n\nContact your administrator to request access if necessary."
    )))
}

/// `check_access_rights(operation, raise_exception=True)`.
pub(super) fn check_access_rights(
    env: &mut Env<'_>,
    name: &str,
    arguments: &mut Arguments,
) -> Result<Value, Error> {
    let operation = arguments.text("operation");
    let loud = arguments.take("raise_exception").is_none_or(|given| given.truthy());
    if !["read", "write", "create", "unlink"].contains(&operation.as_str()) {
        let error = Error::python("AssertionError", "Invalid access mode");
        return Err(error
            .within(crate::trace::access())
            .after(&crate::trace::cache_miss(env.who.uid, &operation)));
    }
    match model(env, name, &operation) {
        Ok(()) => Ok(Value::TRUE),
        Err(_) if !loud => Ok(Value::FALSE),
        Err(error) => Err(error),
    }
}

/// Whether the user may read the field; the `groups` of fields, and the public profile of `hr.employee`.
pub(crate) fn field(env: &Env<'_>, model: &str, field: &Field) -> Result<(), Error> {
    let closed = model == "hr.employee" && hr::FOR_OFFICERS.contains(&field.key);
    if !closed || env.who.su || has_group(env.db, env.who.uid, group::HR) {
        return Ok(());
    }
    // `HrEmployeePrivate._check_private_fields`.
    Err(Error::Access(format!(
        "The fields \u{201c}{}\u{201d}, which you are trying to read, are not available for employee public profiles.",
        field.name
    )))
}

/// The record rules of a model for a user; `None` where there is none or the user is above them.
pub(crate) fn rule(env: &Env<'_>, model: &str) -> Option<Rule> {
    if env.who.su {
        return None;
    }
    let uid = env.who.uid;
    let has = |group| has_group(env.db, uid, group);
    match model {
        "hr.expense" | "hr.expense.sheet" if has(group::EXPENSE_USER) || has(group::ACCOUNTANT) => None,
        "hr.expense" => Some(Rule::Expense { approver: has(group::EXPENSE_TEAM) }),
        "hr.expense.sheet" => Some(Rule::Sheet { approver: has(group::EXPENSE_TEAM) }),
        "hr.leave" | "hr.leave.allocation" if has(group::LEAVE_OFFICER) => None,
        "hr.leave" | "hr.leave.allocation" => Some(Rule::Leave),
        "ir.attachment" => Some(Rule::Attachment),
        _ => None,
    }
}

/// A set of record rules.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    Expense { approver: bool },
    Sheet { approver: bool },
    Leave,
    Attachment,
}

impl Rule {
    pub fn allows(self, db: &Database, who: &Who, model: &str, id: i64, operation: &str) -> bool {
        let uid = who.uid;
        let employee = db.link(model, id, "employee_id").unwrap_or_default();
        let own = db.link("hr.employee", employee, "user_id") == Some(uid);
        match self {
            // `ir_rule_hr_expense_employee`, `…_employee_not_draft`, `…_approver`
            Self::Expense { approver } => {
                let sheet = db.link(model, id, "sheet_id");
                let decides = sheet.and_then(|sheet| db.link("hr.expense.sheet", sheet, "user_id"));
                let draft = matches!(db.text(model, id, "state"), "draft" | "reported");
                (own && (draft || operation == "read"))
                    || (approver && (own || manages(db, uid, employee) || decides == Some(uid)))
            }
            // `ir_rule_hr_expense_sheet_employee`, `…_employee_not_draft`, `…_approver`
            Self::Sheet { approver } => {
                let draft = db.text(model, id, "state") == "draft";
                let decides = db.link(model, id, "user_id") == Some(uid);
                (own && (draft || operation == "read"))
                    || (approver && (own || manages(db, uid, employee) || decides))
            }
            // `hr_leave_rule_employee`, `…_employee_update`, `…_responsible_read`, `…_responsible_update`
            Self::Leave => {
                let manager = db.link("hr.employee", employee, "leave_manager_id") == Some(uid);
                let open =
                    db.text(model, id, "state") != "validate" && db.text(model, id, "state") != "validate1";
                (own && (operation == "read" || open)) || manager
            }
            // An attachment goes by the record that it belongs to: `ir.attachment.check`.
            Self::Attachment => {
                let (of, record) = (db.text(model, id, "res_model"), db.link(model, id, "res_id"));
                let Some(record) = record.filter(|_| !of.is_empty()) else {
                    return db.link(model, id, "create_uid") == Some(uid)
                        || db.get(model, id, "public").truthy();
                };
                let rule = match of {
                    "hr.expense" => Self::Expense { approver: has_group(db, uid, group::EXPENSE_TEAM) },
                    "hr.expense.sheet" => Self::Sheet { approver: has_group(db, uid, group::EXPENSE_TEAM) },
                    "hr.leave" => Self::Leave,
                    _ => return true,
                };
                let all = has_group(db, uid, group::EXPENSE_USER) && of != "hr.leave"
                    || has_group(db, uid, group::LEAVE_OFFICER) && of == "hr.leave";
                all || rule.allows(db, who, of, record, if operation == "read" { "read" } else { "write" })
            }
        }
    }
}

/// Whether the user is over this employee in matters of expenses.
fn manages(db: &Database, uid: i64, employee: i64) -> bool {
    crate::action::employee::expense_managers(db, employee).contains(&uid)
}

/// Whether the user may do this to all these records; `ir.rule._make_access_error` if not.
pub(crate) fn records(env: &Env<'_>, model: &str, ids: &[i64], operation: &str) -> Result<(), Error> {
    let Some(rule) = rule(env, model) else { return Ok(()) };
    let denied = ids.iter().find(|id| !rule.allows(env.db, &env.who, model, **id, operation));
    let Some(_) = denied else { return Ok(()) };
    let user = env.db.by_key(&env.who.sudo(), "res.users", env.who.uid, "name");
    let label = env.model(model)?.label;
    Err(Error::Access(format!(
        "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, {} (id={}) doesn't have '{operation}' \
         access to:\n- {label} ({model})\n\nIf you really, really need access, perhaps you can win over your friendly \
         administrator with a batch of freshly baked cookies.",
        user.as_str().unwrap_or_default(),
        env.who.uid
    )))
}
