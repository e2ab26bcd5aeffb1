//! Handing claims in and taking them back.
//!
//! What a method answers is not believed: over XML-RPC these answer with a fault after they were committed. The state that is
//! read afterwards decides.

use portico_contract::documents::SourceVersion;
use portico_contract::expenses::{ExpenseReportRecord, SubmitExpenseReport, WithdrawExpenseReport};
use portico_contract::{CallContext, Effect, Error, ErrorKind, Handler};
use portico_schemas::{ExpenseReportStatus, Outcome};
use portico_wire::rpc::Fault;
use serde::de::IgnoredAny;

use crate::client::{Call, Odoo};
use crate::domain::id_list;
use crate::fault;
use crate::ops::reports::{report_id, status, version};
use crate::ops::write_reports::in_version;
use crate::wire::Sheet;

impl Handler<SubmitExpenseReport> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &SubmitExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let step = Step { method: "action_submit_sheet", from: "draft", to: ExpenseReportStatus::Submitted };
        self.step(context, report_id(&op.report)?, op.version.as_ref(), &step).await
    }
}

impl Handler<WithdrawExpenseReport> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &WithdrawExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let step =
            Step { method: "action_reset_expense_sheets", from: "submit", to: ExpenseReportStatus::Draft };
        self.step(context, report_id(&op.report)?, op.version.as_ref(), &step).await
    }
}

/// A step from one state to another.
struct Step {
    method: &'static str,
    from: &'static str,
    to: ExpenseReportStatus,
}

impl Odoo {
    async fn step(
        &self,
        context: &CallContext,
        report: i64,
        wanted: Option<&SourceVersion>,
        step: &Step,
    ) -> Result<ExpenseReportRecord, Error> {
        let sheet = self.sheet(context, report).await?;
        if status(&sheet.state)? == step.to {
            return self.whole_report(context, report).await;
        }
        let summary = self.summaries(context, [report]).await?.remove(&report).unwrap_or_default();
        in_version(&version(&sheet, &summary), wanted)?;
        if sheet.state != step.from {
            return Err(Error::new(
                ErrorKind::Conflict,
                "The state of the report does not allow this any more; read it again.",
            ));
        }
        if step.to == ExpenseReportStatus::Submitted && summary.is_empty() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "The report has no lines; add at least one expense first.",
            ));
        }
        let call = Call::write(Sheet::MODEL, step.method).argument(id_list(&[report]));
        let answered: Result<IgnoredAny, Fault> = self.call(context, call).await?;
        let after = self.after_write(context, report).await?;
        if after.status == step.to {
            return Ok(after);
        }
        Err(undone(answered.err().as_ref()))
    }
}

/// What was asked for was not done: why, as far as Odoo says.
pub(crate) fn undone(said: Option<&Fault>) -> Error {
    match said.filter(|fault| !fault::is_committed(fault)) {
        Some(fault) => fault::of(fault, Effect::Write),
        None => Error::new(
            ErrorKind::Conflict,
            "Odoo took the request but left the state as it was; it may want something that only its own screens ask for.",
        )
        .with_outcome(Outcome::Failed),
    }
}
