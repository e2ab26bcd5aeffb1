//! Expenses and expense reports: `addons/hr_expense/models/hr_expense.py` and `hr_expense_sheet.py` of 18.0.

use super::Model;
use super::field::{
    Field, Kind, boolean, char, date, datetime, float, integer, many2many, many2one, money, one_of, one2many,
    text,
};
use crate::action::{attachment, expense};

/// `hr.expense.state`, as recorded.
pub(crate) const STATES: &[(&str, &str)] = &[
    ("draft", "To Report"),
    ("reported", "To Submit"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("done", "Done"),
    ("refused", "Refused"),
];

/// `hr.expense.sheet.state`.
pub(crate) const SHEET_STATES: &[(&str, &str)] = &[
    ("draft", "To Submit"),
    ("submit", "Submitted"),
    ("approve", "Approved"),
    ("post", "Posted"),
    ("done", "Done"),
    ("cancel", "Refused"),
];

const PAID_BY: &[(&str, &str)] =
    &[("own_account", "Employee (to reimburse)"), ("company_account", "Company")];

const PAYMENT: &[(&str, &str)] = &[
    ("not_paid", "Not Paid"),
    ("in_payment", "In Payment"),
    ("paid", "Paid"),
    ("partial", "Partially Paid"),
    ("reversed", "Reversed"),
];

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("hr.expense", "Expense", "date desc, id desc", expense_fields()),
        Model::new("hr.expense.sheet", "Expense Report", "accounting_date desc, id desc", sheet_fields()),
        Model::new(
            "hr.expense.approve.duplicate",
            "Expense Approve Duplicate",
            "id",
            vec![
                many2many("sheet_ids", "Sheet", "hr.expense.sheet"),
                many2many("expense_ids", "Expenses", "hr.expense"),
            ],
        ),
        Model::new(
            "hr.expense.refuse.wizard",
            "Expense Refuse Reason Wizard",
            "id",
            vec![char("reason", "Reason").required(), many2many("sheet_ids", "Sheet", "hr.expense.sheet")],
        ),
    ]
}

fn expense_fields() -> Vec<Field> {
    vec![
        char("name", "Description").required(),
        date("date", "Expense Date"),
        many2one("employee_id", "Employee", "hr.employee").required().indexed(),
        many2one("department_id", "Department", "hr.department").related("employee_id", "department_id"),
        many2one("manager_id", "Manager", "res.users").computed(expense::manager),
        many2one("company_id", "Company", "res.company").required().readonly(),
        many2one("product_id", "Category", "product.product"),
        boolean("product_has_cost", "Has a cost").related("product_id", "product_has_cost"),
        boolean("product_has_tax", "Whether tax is defined on a selected product").computed(expense::has_tax),
        many2one("product_uom_id", "Unit of Measure", "uom.uom").related("product_id", "uom_id"),
        float("quantity", "Quantity").required(),
        text("description", "Internal Notes"),
        integer("nb_attachment", "Number of Attachments").computed(attachment::count),
        one2many("attachment_ids", "Attachments", "ir.attachment", "res_id"),
        one_of("state", "Status", STATES).readonly(),
        many2one("sheet_id", "Expense Report", "hr.expense.sheet").readonly().indexed(),
        many2many("duplicate_expense_ids", "Duplicate Expense", "hr.expense").computed(expense::duplicates),
        many2one("approved_by", "Approved By", "res.users").related("sheet_id", "user_id"),
        datetime("approved_on", "Approved On").related("sheet_id", "approval_date"),
        money("tax_amount_currency", "Tax amount in Currency").readonly(),
        money("tax_amount", "Tax amount").readonly(),
        money("total_amount_currency", "Total In Currency"),
        money("untaxed_amount_currency", "Total Untaxed Amount In Currency").readonly(),
        money("total_amount", "Total"),
        money("untaxed_amount", "Untaxed Amount").readonly(),
        many2one("currency_id", "Currency", "res.currency").required(),
        many2one("company_currency_id", "Report Company Currency", "res.currency")
            .related("company_id", "currency_id"),
        boolean("is_multiple_currency", "Is currency_id different from the company_currency_id")
            .computed(expense::multiple_currency),
        float("currency_rate", "Currency Rate").readonly(),
        float("price_unit", "Unit Price").required().readonly(),
        one_of("payment_mode", "Paid By", PAID_BY),
        many2one("vendor_id", "Vendor", "res.partner"),
        many2many("tax_ids", "Included taxes", "account.tax"),
        Field::new("analytic_distribution", "Analytic Distribution", Kind::Json),
        date("accounting_date", "Accounting Date").related("sheet_id", "accounting_date"),
        boolean("is_editable", "Is Editable By Current User").computed(expense::is_editable),
    ]
}

fn sheet_fields() -> Vec<Field> {
    vec![
        char("name", "Expense Report Summary").required(),
        one2many("expense_line_ids", "Expense Lines", "hr.expense", "sheet_id"),
        integer("nb_expense", "Number of Expenses").computed(expense::count),
        one_of("state", "Status", SHEET_STATES).required().readonly(),
        one_of(
            "approval_state",
            "Approval State",
            &[("submit", "Submitted"), ("approve", "Approved"), ("cancel", "Refused")],
        ),
        datetime("approval_date", "Approval Date").readonly(),
        many2one("company_id", "Company", "res.company").required().readonly(),
        many2one("employee_id", "Employee", "hr.employee").required().readonly().indexed(),
        many2one("department_id", "Department", "hr.department").related("employee_id", "department_id"),
        many2one("user_id", "Manager", "res.users").readonly(),
        many2many("product_ids", "Categories", "product.product").computed(expense::products),
        money("total_amount", "Total").readonly(),
        money("untaxed_amount", "Untaxed Amount").readonly(),
        money("total_tax_amount", "Taxes").readonly(),
        money("amount_residual", "Amount Due").readonly(),
        many2one("currency_id", "Currency", "res.currency").readonly(),
        many2one("company_currency_id", "Report Company Currency", "res.currency")
            .related("company_id", "currency_id"),
        boolean("is_multiple_currency", "Handle lines with different currencies")
            .computed(expense::sheet_multiple_currency),
        one_of("payment_state", "Payment Status", PAYMENT).readonly(),
        one_of("payment_mode", "Paid By", PAID_BY).computed(expense::payment_mode),
        one2many("attachment_ids", "Attachments of expenses", "ir.attachment", "res_id"),
        date("accounting_date", "Expense Report Date"),
        boolean("can_reset", "Can Reset").computed(expense::can_reset),
        boolean("can_approve", "Can Approve").computed(expense::can_approve),
        char("cannot_approve_reason", "Cannot Approve Reason").computed(expense::cannot_approve_reason),
        boolean("is_editable", "Expense Lines Are Editable By Current User")
            .computed(expense::sheet_is_editable),
        // Stands for the journal entry, which is accounting's: nothing, `draft` or `posted`.
        char("_move", "").readonly(),
    ]
}
