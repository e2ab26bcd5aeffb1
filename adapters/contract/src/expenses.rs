//! Operations on expense reports, and on the look-up lists that a form for them needs.
//!
//! People are named by the key that the system has for employees, the same in every operation and in
//! [`crate::people::PeopleChanges`], so that they can be linked to the directory of record.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use portico_schemas::{ExpenseReportStatus, Money};
use rust_decimal::Decimal;

use crate::access::Facts;
use crate::documents::{ContentHead, SourceVersion};
use crate::operation::operation;
use crate::paging::{ListQuery, SourcePage};
use crate::people::PersonLink;
use crate::{NativeId, Operation, OperationMeta, Output, Streamed, Upload};

/// An entry of a look-up list that a record points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemLink {
    /// The system's key for it.
    pub id: NativeId,
    /// The name to show.
    pub display: String,
}

/// What the state of a report allows, as far as the system says. Whether this person may is decided by the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReportAction {
    /// [`EditExpenseReport`], [`AttachReceipt`], [`RemoveReceipt`].
    Edit,
    /// [`DeleteExpenseReport`].
    Delete,
    /// [`SubmitExpenseReport`].
    Submit,
    /// [`WithdrawExpenseReport`].
    Withdraw,
}

/// An expense report as a system gives it. Ids are native; the API seals them.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpenseReportRecord {
    /// The system's key.
    pub id: NativeId,
    /// Which version this is. Changes with every change of the report or of one of its lines, if the system can tell.
    pub version: Option<SourceVersion>,
    /// When it was made, if the system says.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// A page in the system's own user interface, where there is one.
    pub url: Option<String>,
    /// The number that people quote, where the system gives one.
    pub number: Option<String>,
    /// What it is for.
    pub title: String,
    /// Where it stands.
    pub status: ExpenseReportStatus,
    /// The system's own word for that.
    pub native_status: String,
    /// Who laid out the money.
    pub employee: PersonLink,
    /// Who is asked to decide, if the system says.
    pub approver: Option<PersonLink>,
    /// Who agreed to it.
    pub approved_by: Option<PersonLink>,
    /// The day of the last expense in it.
    pub transaction_date: Option<Date>,
    /// Without tax, if the system says.
    pub sub_total: Option<Money>,
    /// The tax in it, if the system says.
    pub total_tax: Option<Money>,
    /// With tax.
    pub total_amount: Money,
    /// What is paid back, if the system says.
    pub reimbursable_amount: Option<Money>,
    /// The single expenses in their order; `None` in lists.
    pub lines: Option<Vec<ExpenseLineRecord>>,
    /// What its state allows.
    pub actions: BTreeSet<ReportAction>,
    /// Facts for authorisation. The owner is the employee.
    pub facts: Facts,
}
impl Output for ExpenseReportRecord {}

/// One expense as a system gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpenseLineRecord {
    /// The system's key.
    pub id: NativeId,
    /// What kind of expense.
    pub category: Option<ItemLink>,
    /// What was bought.
    pub description: String,
    /// How many; 1 where the system does not count.
    pub quantity: Decimal,
    /// For one, if the system says.
    pub unit_price: Option<Money>,
    /// For all, with tax.
    pub amount: Money,
    /// The rates of tax in it.
    pub tax_rates: Vec<ItemLink>,
    /// The tax in it, if the system says.
    pub tax_amount: Option<Money>,
    /// When the money was laid out.
    pub transaction_date: Option<Date>,
    /// The project that it is booked to.
    pub project: Option<ItemLink>,
    /// The cost centre that it is booked to.
    pub cost_centre: Option<ItemLink>,
    /// Pictures or scans of the bills.
    pub receipts: Vec<ReceiptRecord>,
}

/// A picture or scan of a bill as a system gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRecord {
    /// The system's key.
    pub id: NativeId,
    /// What the file is called.
    pub name: String,
    /// Media type, if the system says.
    pub media_type: Option<String>,
    /// Octets, if the system says.
    pub length: Option<u64>,
}
impl Output for ReceiptRecord {}

/// A report as somebody writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpenseReportDraft {
    /// What it is for. Never empty.
    pub title: String,
    /// All lines, in their order. Lines that the report has and that are not named here are taken out.
    pub lines: Vec<ExpenseLineDraft>,
}

/// One expense as somebody writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpenseLineDraft {
    /// The line that it replaces; `None` for a new one.
    pub line: Option<NativeId>,
    /// What kind of expense.
    pub category: NativeId,
    /// What was bought. Never empty.
    pub description: String,
    /// How many, where the category has a price of its own.
    pub quantity: Option<Decimal>,
    /// For all, with tax; `None` where quantity and the price of the category say it.
    pub amount: Option<Money>,
    /// Rates of tax; `None` for those of the category.
    pub tax_rates: Option<Vec<NativeId>>,
    /// When the money was laid out.
    pub transaction_date: Date,
    /// The project to book it to.
    pub project: Option<NativeId>,
    /// The cost centre to book it to.
    pub cost_centre: Option<NativeId>,
}

/// Expense reports, those of the scope. Filters and sorts go by `status`, `employeeId` (native), `title`, `updatedAt`,
/// `createdAt`; what an adapter can is in its capability.
#[derive(Debug, Clone)]
pub struct ListExpenseReports {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListExpenseReports -> SourcePage<ExpenseReportRecord>, "expenses list_reports", ExpenseReport);

/// One report with its lines. [`crate::ErrorKind::NotFound`] when there is no such report.
#[derive(Debug, Clone)]
pub struct GetExpenseReport {
    /// Which.
    pub report: NativeId,
}
operation!(GetExpenseReport -> ExpenseReportRecord, "expenses get_report", ExpenseReport);

/// Makes a report in [`ExpenseReportStatus::Draft`], with all its lines or not at all. Carries the marker of the call where
/// the profile says so. [`crate::ErrorKind::InvalidInput`] names every line that the system cannot take
/// (`/lines/0/amount`).
#[derive(Debug, Clone)]
pub struct CreateExpenseReport {
    /// Whose.
    pub employee: NativeId,
    /// What is in it.
    pub draft: ExpenseReportDraft,
}
operation!(CreateExpenseReport -> ExpenseReportRecord, "expenses create_report", ExpenseReport, Write);

/// Replaces the title and all lines of a draft. [`crate::ErrorKind::Conflict`] when its state does not allow it;
/// [`crate::ErrorKind::PreconditionFailed`] when it is no longer in this version.
#[derive(Debug, Clone)]
pub struct EditExpenseReport {
    /// Which.
    pub report: NativeId,
    /// The version that was read; `None` for whatever version there is.
    pub version: Option<SourceVersion>,
    /// What is to be in it.
    pub draft: ExpenseReportDraft,
}
operation!(EditExpenseReport -> ExpenseReportRecord, "expenses edit_report", ExpenseReport, Write);

/// Deletes a draft with its lines and receipts. Errors as [`EditExpenseReport`].
#[derive(Debug, Clone)]
pub struct DeleteExpenseReport {
    /// Which.
    pub report: NativeId,
    /// The version that was read; `None` for whatever version there is.
    pub version: Option<SourceVersion>,
}
operation!(DeleteExpenseReport -> (), "expenses delete_report", ExpenseReport, Write);

/// Hands a draft in for decision. [`crate::ErrorKind::Conflict`] when it is no draft, or lacks something that the system
/// wants; a report that is submitted already is given as it is.
#[derive(Debug, Clone)]
pub struct SubmitExpenseReport {
    /// Which.
    pub report: NativeId,
    /// The version that was read; `None` for whatever version there is.
    pub version: Option<SourceVersion>,
}
operation!(SubmitExpenseReport -> ExpenseReportRecord, "expenses submit_report", ExpenseReport, Write);

/// Takes a submitted report back, so that it is a draft again. [`crate::ErrorKind::Conflict`] when it was decided; a draft is
/// given as it is.
#[derive(Debug, Clone)]
pub struct WithdrawExpenseReport {
    /// Which.
    pub report: NativeId,
    /// The version that was read; `None` for whatever version there is.
    pub version: Option<SourceVersion>,
}
operation!(WithdrawExpenseReport -> ExpenseReportRecord, "expenses withdraw_report", ExpenseReport, Write);

/// Adds a receipt to a line of a draft. The body is taken once and never replayed. Carries the marker of the call where the
/// profile says so.
#[derive(Debug, Clone)]
pub struct AttachReceipt {
    /// Which report.
    pub report: NativeId,
    /// Which line.
    pub line: NativeId,
    /// What the file is called.
    pub name: String,
    /// The octets, at most [`AttachReceipt::MAX`].
    pub upload: Upload,
}
operation!(AttachReceipt -> ReceiptRecord, "expenses attach_receipt", ExpenseReport, Write, Request);

impl AttachReceipt {
    /// Octets that a receipt may have. More is [`crate::ErrorKind::ContentTooLarge`], before the system is asked.
    pub const MAX: u64 = 16 * 1024 * 1024;
}

/// The octets of a receipt. [`crate::ErrorKind::NotFound`] when the report has no such receipt.
#[derive(Debug, Clone)]
pub struct ReadReceipt {
    /// Which report.
    pub report: NativeId,
    /// Which receipt.
    pub receipt: NativeId,
}
operation!(ReadReceipt -> Streamed<ContentHead>, "expenses read_receipt", ExpenseReport, Read, Reply);

/// Takes a receipt out of a draft. [`crate::ErrorKind::NotFound`] when the report has no such receipt.
#[derive(Debug, Clone)]
pub struct RemoveReceipt {
    /// Which report.
    pub report: NativeId,
    /// Which receipt.
    pub receipt: NativeId,
}
operation!(RemoveReceipt -> (), "expenses remove_receipt", ExpenseReport, Write);

/// A kind of expense as a system gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpenseCategoryRecord {
    /// The system's key.
    pub id: NativeId,
    /// What it is called.
    pub name: String,
    /// The code that the accounts department uses.
    pub code: Option<String>,
    /// What is counted; `None` where only an amount is given.
    pub unit: Option<String>,
    /// The fixed price of one, where there is one.
    pub unit_price: Option<Money>,
    /// Rates of tax that are taken unless others are given.
    pub tax_rates: Vec<ItemLink>,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// Facts for authorisation.
    pub facts: Facts,
}

/// Kinds of expense that can be claimed now. Filters and sorts go by `name`.
#[derive(Debug, Clone)]
pub struct ListExpenseCategories {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListExpenseCategories -> SourcePage<ExpenseCategoryRecord>, "expenses list_categories", ExpenseCategory);

/// A project or a cost centre as a system gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct CostObjectRecord {
    /// The system's key.
    pub id: NativeId,
    /// What it is called.
    pub name: String,
    /// The code that the accounts department uses.
    pub code: Option<String>,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// Facts for authorisation.
    pub facts: Facts,
}

/// Projects that costs can be booked to now. Filters and sorts go by `name` and `code`.
#[derive(Debug, Clone)]
pub struct ListProjects {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListProjects -> SourcePage<CostObjectRecord>, "expenses list_projects", Project);

/// Cost centres that costs can be booked to now. Filters and sorts go by `name` and `code`.
#[derive(Debug, Clone)]
pub struct ListCostCentres {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListCostCentres -> SourcePage<CostObjectRecord>, "expenses list_cost_centres", CostCentre);

/// A rate of tax as a system gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaxRateRecord {
    /// The system's key.
    pub id: NativeId,
    /// What it is called.
    pub name: String,
    /// In per cent of the amount without tax; `None` where it is not a percentage.
    pub percent: Option<Decimal>,
    /// Whether amounts include it.
    pub included: bool,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// Facts for authorisation.
    pub facts: Facts,
}

/// Rates of tax on what is bought. Filters and sorts go by `name`.
#[derive(Debug, Clone)]
pub struct ListTaxRates {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListTaxRates -> SourcePage<TaxRateRecord>, "expenses list_tax_rates", TaxRate);

/// Every operation of this domain, for catalogues.
pub const ALL: &[&OperationMeta] = &[
    &ListExpenseReports::META,
    &GetExpenseReport::META,
    &CreateExpenseReport::META,
    &EditExpenseReport::META,
    &DeleteExpenseReport::META,
    &SubmitExpenseReport::META,
    &WithdrawExpenseReport::META,
    &AttachReceipt::META,
    &ReadReceipt::META,
    &RemoveReceipt::META,
    &ListExpenseCategories::META,
    &ListProjects::META,
    &ListCostCentres::META,
    &ListTaxRates::META,
];
