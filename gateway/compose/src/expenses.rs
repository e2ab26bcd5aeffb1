//! Use cases on expense reports and on what a form for one has to offer, over every system that holds them.

mod change;
mod draft;
mod lists;
mod read_back;
mod receipts;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use portico_contract::access::Facts;
use portico_contract::expenses::{
    AttachReceipt, DeleteExpenseReport, EditExpenseReport, ExpenseReportRecord, GetExpenseReport,
    ReceiptRecord, RemoveReceipt, ReportAction, SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::{CallContext, Error, NativeId, Operation, OperationMeta, SystemKey};
use portico_policy::Action;
use portico_schemas::ResourceType;

use crate::fan_out::HasFacts;
use crate::ground::{Ground, claims, own};
use crate::systems::System;
use crate::writes::ReadBack;

pub use change::NewReport;
pub use lists::FoundItem;
pub use receipts::ReceiptUpload;

/// The kind of thing that rules are asked about.
const REPORT: ResourceType = ResourceType::ExpenseReport;

/// What a person may do with a report now: its state allows it, a rule lets them, and the system can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MayDo {
    /// Replace title and lines.
    Edit,
    /// Delete it.
    Delete,
    /// Hand it in.
    Submit,
    /// Take it back.
    Withdraw,
    /// Add receipts.
    AttachReceipt,
    /// Take receipts out.
    RemoveReceipt,
}

impl MayDo {
    const ALL: [(Self, ReportAction, &'static OperationMeta); 6] = [
        (Self::Edit, ReportAction::Edit, &EditExpenseReport::META),
        (Self::Delete, ReportAction::Delete, &DeleteExpenseReport::META),
        (Self::Submit, ReportAction::Submit, &SubmitExpenseReport::META),
        (Self::Withdraw, ReportAction::Withdraw, &WithdrawExpenseReport::META),
        (Self::AttachReceipt, ReportAction::Edit, &AttachReceipt::META),
        (Self::RemoveReceipt, ReportAction::Edit, &RemoveReceipt::META),
    ];
}

/// A report as it may be shown.
#[derive(Debug, Clone)]
pub struct FoundReport {
    /// The system that holds it.
    pub system: SystemKey,
    /// What it said.
    pub record: ExpenseReportRecord,
    /// What the asking person may do with it now.
    pub may_do: BTreeSet<MayDo>,
    /// When it was read.
    pub fetched_at: Timestamp,
}

/// A receipt, and where it hangs.
#[derive(Debug, Clone)]
pub struct FoundReceipt {
    /// The system that holds it.
    pub system: SystemKey,
    /// The report that it belongs to.
    pub report: NativeId,
    /// What is known of it.
    pub record: ReceiptRecord,
}

impl HasFacts for ExpenseReportRecord {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Expense reports of every system, as one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Expenses(Ground);

impl Expenses {
    /// Over this ground.
    pub fn new(ground: Ground) -> Self {
        Self(ground)
    }

    /// How the reconciler sees whether writes of this domain happened.
    pub fn read_backs() -> Vec<Arc<dyn ReadBack>> {
        vec![Arc::new(read_back::Reports), Arc::new(read_back::Receipts)]
    }

    /// One report with its lines.
    ///
    /// # Errors
    /// [`portico_contract::ErrorKind::InvalidInput`] for an id that was not given out;
    /// [`portico_contract::ErrorKind::Forbidden`] when the person may see no report in that system;
    /// [`portico_contract::ErrorKind::NotFound`] when there is no such report, or not for this person;
    /// [`portico_contract::ErrorKind::ConnectionLost`] when it cannot be said now who they are there.
    pub async fn get(&self, context: &CallContext, id: &str) -> Result<FoundReport, Error> {
        let (system, report) = self.0.open(REPORT, id)?;
        let record = self.record(context, system, &report).await?;
        Ok(self.found(context, system, record))
    }

    /// A report that the person may see.
    async fn record(
        &self,
        context: &CallContext,
        system: &System,
        report: &NativeId,
    ) -> Result<ExpenseReportRecord, Error> {
        self.0.may_be_shown(context, system, REPORT)?;
        let operation = GetExpenseReport { report: report.clone() };
        let mut record = system.upstream.call(context.clone(), operation).await?;
        owned(system, &mut record);
        self.0.check_shown(context, system, REPORT, &record.facts)?;
        Ok(record)
    }

    /// What is shown of a report that the person may see.
    fn found(&self, context: &CallContext, system: &System, mut record: ExpenseReportRecord) -> FoundReport {
        owned(system, &mut record);
        record.facts.classification.get_or_insert(system.upstream.profile.classification);
        let may_write = self.0.allows(context, Action::Write, system, REPORT, &record.facts);
        let works = |(_, action, operation): &&(MayDo, ReportAction, &OperationMeta)| {
            may_write && record.actions.contains(action) && claims(system, operation)
        };
        let may_do = MayDo::ALL.iter().filter(works).map(|(may, ..)| *may).collect();
        FoundReport { system: system.key().clone(), record, may_do, fetched_at: Timestamp::now() }
    }
}

/// The owner of a report is its employee.
fn owned(system: &System, record: &mut ExpenseReportRecord) {
    own(system, &mut record.facts, &record.employee);
}

#[cfg(test)]
pub(crate) mod tests;
