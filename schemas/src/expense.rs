//! Expense reports and what a form for one has to offer.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Envelope, Money, PersonRef};

/// Where an expense report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExpenseReportStatus {
    /// Its owner is still writing it.
    Draft,
    /// It waits for a decision.
    Submitted,
    /// Somebody has agreed to it.
    Approved,
    /// The money was paid back.
    Reimbursed,
    /// Somebody has refused it.
    Rejected,
    /// It was taken back for good.
    Voided,
}

/// A claim for money that somebody has laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpenseReport {
    /// Id, source, entity tag, times, allowed actions, owner, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The number that people quote, where the system gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// What it is for.
    pub title: String,
    /// Who laid out the money.
    pub employee: PersonRef,
    /// Where it stands.
    pub status: ExpenseReportStatus,
    /// The day of the last expense in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub transaction_date: Option<Date>,
    /// Without tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_total: Option<Money>,
    /// The tax in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tax: Option<Money>,
    /// With tax.
    pub total_amount: Money,
    /// What is paid back to the employee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reimbursable_amount: Option<Money>,
    /// Who is asked to decide, if the system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<PersonRef>,
    /// Who agreed to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<PersonRef>,
    /// The single expenses, in their order. Absent in lists: read the report for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<ExpenseLine>>,
}

/// One expense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpenseLine {
    /// Opaque; send it back to keep a line while a report is edited.
    pub id: String,
    /// From 1, in the order of the report.
    pub line_number: u32,
    /// What kind of expense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<ItemRef>,
    /// What was bought.
    pub description: String,
    /// How many; 1 where the system does not count.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = String)]
    pub quantity: Decimal,
    /// For one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
    /// For all, with tax.
    pub amount: Money,
    /// The rates of tax in it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tax_rates: Vec<ItemRef>,
    /// The tax in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_amount: Option<Money>,
    /// When the money was laid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub transaction_date: Option<Date>,
    /// The project that it is booked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ItemRef>,
    /// The cost centre that it is booked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_centre: Option<ItemRef>,
    /// Pictures or scans of the bills.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub receipts: Vec<Receipt>,
}

/// A picture or scan of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Opaque.
    pub id: String,
    /// What the file is called.
    pub name: String,
    /// Media type (RFC 6838), if the system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Octets, if the system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Where the octets are: a path on this API.
    pub href: String,
}

/// How a resource points at an entry of a look-up list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemRef {
    /// Its id in this API.
    pub id: String,
    /// The name to show.
    pub display: String,
}

/// A kind of expense that people may claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpenseCategory {
    /// Id, source, times, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What it is called.
    pub name: String,
    /// The code that the accounts department uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is counted, for example `mile`; absent where only an amount is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The fixed price of one, where there is one: the amount then follows from the quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
    /// Rates of tax that are taken unless others are given.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tax_rates: Vec<ItemRef>,
}

/// Something that costs are booked to: a project or a cost centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostObject {
    /// Id, source, times, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What it is called.
    pub name: String,
    /// The code that the accounts department uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A rate of tax on what is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaxRate {
    /// Id, source, times, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What it is called.
    pub name: String,
    /// Of the amount without tax, in per cent: `20` for one fifth. Absent where it is not a percentage.
    #[serde(with = "rust_decimal::serde::str_option", skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub percent: Option<Decimal>,
    /// Whether amounts include it.
    pub included: bool,
}

/// A report to make. It begins as a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewExpenseReport {
    /// The key of the system to make it in; needed only where several take reports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub system: Option<String>,
    /// Whose it is: the id of a person. The asking person's own where it is left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub employee_id: Option<String>,
    /// What it is for: 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// The single expenses, in their order; at most 200.
    #[schema(max_items = 200)]
    pub lines: Vec<ExpenseLineContent>,
}

/// Everything that can be changed in a draft. It replaces what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpenseReportContent {
    /// What it is for: 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// All lines, in their order; at most 200. A line that is not named here is taken out.
    #[schema(max_items = 200)]
    pub lines: Vec<ExpenseLineContent>,
}

/// One expense as somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpenseLineContent {
    /// The line that it replaces; left out for a new one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// What kind of expense: from `/v1/expense-categories`.
    pub category_id: String,
    /// What was bought: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub description: String,
    /// How many, where the category has a price of its own.
    #[serde(with = "rust_decimal::serde::str_option", skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>, pattern = r"^\d{1,12}(\.\d{1,6})?$")]
    pub quantity: Option<Decimal>,
    /// For all, with tax. Left out where the quantity and the price of the category say it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<Money>,
    /// Rates of tax: from `/v1/tax-rates`. Those of the category where they are left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tax_rate_ids: Option<Vec<String>>,
    /// When the money was laid out.
    #[schema(value_type = String, format = Date)]
    pub transaction_date: Date,
    /// The project to book it to: from `/v1/projects`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub project_id: Option<String>,
    /// The cost centre to book it to: from `/v1/cost-centres`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost_centre_id: Option<String>,
}
