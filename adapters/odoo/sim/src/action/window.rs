//! Actions of the web client that some methods return instead of doing something.

use crate::value::Value;

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

/// Opens one employee, or a list of them.
pub(super) fn employees(ids: &[i64]) -> Value {
    let mut pairs = vec![
        ("type".to_owned(), Value::str("ir.actions.act_window")),
        ("res_model".to_owned(), Value::str("hr.employee")),
        ("target".to_owned(), Value::str("current")),
        ("context".to_owned(), Value::Map(Vec::new())),
    ];
    match ids {
        [one] => {
            let view = list([Value::FALSE, Value::str("form")]);
            pairs.push(("views".to_owned(), list([view])));
            pairs.push(("res_id".to_owned(), Value::Int(*one)));
        }
        several => {
            let views = [list([Value::FALSE, Value::str("list")]), list([Value::FALSE, Value::str("form")])];
            pairs.push(("views".to_owned(), list(views)));
            let leaf = list([Value::str("id"), Value::str("in"), Value::ids(several.iter().copied())]);
            pairs.push(("domain".to_owned(), list([leaf])));
        }
    }
    pairs.push(("name".to_owned(), Value::str("Employee(s)")));
    Value::Map(pairs)
}

/// `hr_expense.hr_expense_refuse_wizard_action`, with the ids of the recorded database.
pub(super) fn refuse() -> Value {
    dialogue(320, 951, "Refuse Expense", "hr_expense_refuse_wizard_action", "hr.expense.refuse.wizard")
}

/// `hr_expense.hr_expense_approve_duplicate_action`: which reports and which expenses a person is to look at.
pub(super) fn approve_duplicate(sheets: &[i64], expenses: &[i64]) -> Value {
    let name = "hr_expense_approve_duplicate_action";
    let mut action = dialogue(319, 950, "Validate Duplicate Expenses", name, "hr.expense.approve.duplicate");
    if let Value::Map(pairs) = &mut action
        && let Some((_, context)) = pairs.iter_mut().find(|(name, _)| name == "context")
    {
        *context = Value::map([
            ("default_sheet_ids", Value::ids(sheets.iter().copied())),
            ("default_expense_ids", Value::ids(expenses.iter().copied())),
        ]);
    }
    action
}

fn dialogue(id: i64, view: i64, name: &str, xml_id: &str, model: &str) -> Value {
    Value::map([
        ("id", Value::Int(id)),
        ("name", Value::str(name)),
        ("type", Value::str("ir.actions.act_window")),
        ("xml_id", Value::Str(format!("hr_expense.{xml_id}"))),
        ("path", Value::FALSE),
        ("help", Value::FALSE),
        ("binding_model_id", Value::FALSE),
        ("binding_type", Value::str("action")),
        ("binding_view_types", Value::str("list,form")),
        ("display_name", Value::str(name)),
        ("view_id", list([Value::Int(view), Value::Str(format!("{model}.form"))])),
        ("domain", Value::FALSE),
        ("context", Value::str("{'dialog_size': 'medium'}")),
        ("res_id", Value::Int(0)),
        ("res_model", Value::str(model)),
        ("target", Value::str("new")),
        ("view_mode", Value::str("form")),
        ("mobile_view_mode", Value::str("kanban")),
        ("views", list([list([Value::Int(view), Value::str("form")])])),
        ("limit", Value::Int(80)),
        ("groups_id", list([])),
        ("search_view_id", Value::FALSE),
        ("embedded_action_ids", list([])),
        ("filter", Value::FALSE),
    ])
}
