//! Making, editing, handing in, taking back and deleting reports.

use portico_contract::expenses::{
    CreateExpenseReport, DeleteExpenseReport, EditExpenseReport, ExpenseReportRecord, ReportAction,
    SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation, OperationMeta};
use portico_schemas::{Declaration, ExpenseReportContent, NewExpenseReport, Outcome, Withdrawal};

use super::{Expenses, FoundReport, REPORT, draft, read_back};
use crate::change::{Asking, Change, Expected, carry_out, check_words, shown_as};
use crate::for_whom::Making;
use crate::ground::not_there;
use crate::systems::System;
use crate::writes::{NewDecision, Plan};

const CREATE: Making = Making { operation: &CreateExpenseReport::META, pointer: "/employeeId" };

/// A report to make.
pub type NewReport = NewExpenseReport;

impl Expenses {
    /// Makes a report. Its employee is the person who asks, or another one for whom a rule lets them write.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with every fault of the body; [`ErrorKind::Forbidden`] for somebody who is linked to nobody
    /// in the system, or may not write there; those of [`crate::writes::Writes::run`].
    pub async fn create(
        &self,
        context: &CallContext,
        new: &NewExpenseReport,
        asking: Asking,
    ) -> Result<Change<FoundReport>, Error> {
        let system = self.0.taking(CREATE, new.system.as_deref())?;
        let employee = self.0.for_whom(context, system, CREATE, new.employee_id.as_deref())?;
        let draft = draft::read(&self.0, system, &new.title, &new.lines, &[])?;
        let plan = Plan::new(system.key().clone(), &CreateExpenseReport::META);
        let operation = CreateExpenseReport { employee, draft };
        let change = carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            plan,
            Ok(()),
            |upstream, context| async move {
                let record = upstream.call(context, operation).await?;
                Ok((Some(record.id.clone()), record))
            },
            |made| self.again(context, system, made),
        );
        Ok(change.await?.map(|record| self.found(context, system, record)))
    }

    /// Replaces title and lines of a draft.
    ///
    /// # Errors
    /// As [`Expenses::get`]; [`ErrorKind::Forbidden`] when the person may not change it; [`ErrorKind::PreconditionFailed`];
    /// [`ErrorKind::Conflict`] when it is no draft; [`ErrorKind::InvalidInput`] with every fault of the body.
    pub async fn edit(
        &self,
        context: &CallContext,
        id: &str,
        content: &ExpenseReportContent,
        expected: &Expected,
        asking: Asking,
    ) -> Result<Change<FoundReport>, Error> {
        let (system, report, record) = self.changed(context, id, &EditExpenseReport::META).await?;
        // First: whoever edits an old version hears of that, and not of lines that are gone.
        standing(&record, ReportAction::Edit, expected)?;
        let lines_there = record.lines.as_deref().unwrap_or_default();
        let draft = draft::read(&self.0, system, &content.title, &content.lines, lines_there)?;
        let plan = Plan::new(system.key().clone(), &EditExpenseReport::META)
            .on(report.clone())
            .expecting(read_back::edited(&draft, record.version.as_ref()));
        let version = record.version.clone();
        let operation = EditExpenseReport { report: report.clone(), version, draft };
        self.carry_out_on(context, system, report, asking, plan, Ok(()), operation).await
    }

    /// Hands a draft in for decision. What the person declares goes on record word for word.
    ///
    /// # Errors
    /// As [`Expenses::edit`].
    pub async fn submit(
        &self,
        context: &CallContext,
        id: &str,
        words: &Declaration,
        expected: &Expected,
        asking: Asking,
    ) -> Result<Change<FoundReport>, Error> {
        check_words(Some(&words.declaration), words.comment.as_deref())?;
        let (system, report, record) = self.changed(context, id, &SubmitExpenseReport::META).await?;
        let standing = standing(&record, ReportAction::Submit, expected);
        let decision = NewDecision {
            declaration: Some(words.declaration.clone()),
            ..decision("submit", &record, words.comment.clone())
        };
        let plan =
            Plan::new(system.key().clone(), &SubmitExpenseReport::META).on(report.clone()).deciding(decision);
        let operation = SubmitExpenseReport { report: report.clone(), version: record.version };
        self.carry_out_on(context, system, report, asking, plan, standing, operation).await
    }

    /// Takes a submitted report back, so that it is a draft again.
    ///
    /// # Errors
    /// As [`Expenses::edit`]; [`ErrorKind::Conflict`] when it was decided.
    pub async fn withdraw(
        &self,
        context: &CallContext,
        id: &str,
        words: &Withdrawal,
        expected: &Expected,
        asking: Asking,
    ) -> Result<Change<FoundReport>, Error> {
        check_words(None, words.comment.as_deref())?;
        let (system, report, record) = self.changed(context, id, &WithdrawExpenseReport::META).await?;
        let standing = standing(&record, ReportAction::Withdraw, expected);
        let plan = Plan::new(system.key().clone(), &WithdrawExpenseReport::META)
            .on(report.clone())
            .deciding(decision("withdraw", &record, words.comment.clone()));
        let operation = WithdrawExpenseReport { report: report.clone(), version: record.version };
        self.carry_out_on(context, system, report, asking, plan, standing, operation).await
    }

    /// Deletes a draft with its lines and receipts.
    ///
    /// # Errors
    /// As [`Expenses::edit`].
    pub async fn delete(
        &self,
        context: &CallContext,
        id: &str,
        expected: &Expected,
        asking: Asking,
    ) -> Result<Change<()>, Error> {
        let (system, report, record) = self.changed(context, id, &DeleteExpenseReport::META).await?;
        let standing = standing(&record, ReportAction::Delete, expected);
        let plan = Plan::new(system.key().clone(), &DeleteExpenseReport::META).on(report.clone());
        let operation = DeleteExpenseReport { report, version: record.version };
        carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            plan,
            standing,
            |upstream, context| async move { Ok((None, upstream.call(context, operation).await?)) },
            |_| async { Ok(()) },
        )
        .await
    }

    /// The way of a change whose answer is the report.
    #[allow(clippy::too_many_arguments, reason = "each is a step of one way, and there is no second caller")]
    async fn carry_out_on<O>(
        &self,
        context: &CallContext,
        system: &System,
        report: NativeId,
        asking: Asking,
        plan: Plan,
        standing: Result<(), Error>,
        operation: O,
    ) -> Result<Change<FoundReport>, Error>
    where
        O: Operation<Output = ExpenseReportRecord>,
    {
        let change = carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            plan,
            standing,
            |upstream, context| async move { Ok((None, upstream.call(context, operation).await?)) },
            |_| self.again(context, system, Some(report)),
        );
        Ok(change.await?.map(|record| self.found(context, system, record)))
    }

    /// The report as it is now, whose write happened before.
    async fn again(
        &self,
        context: &CallContext,
        system: &System,
        report: Option<NativeId>,
    ) -> Result<ExpenseReportRecord, Error> {
        let report = report.ok_or_else(|| not_there(REPORT))?;
        self.record(context, system, &report).await
    }

    /// A report that the person may change, by rules; its state is another matter.
    pub(super) async fn changed(
        &self,
        context: &CallContext,
        id: &str,
        operation: &'static OperationMeta,
    ) -> Result<(&System, NativeId, ExpenseReportRecord), Error> {
        let (system, report) = self.0.open(REPORT, id)?;
        let record = self.record(context, system, &report).await?;
        self.0.check_changed(context, system, REPORT, &record.facts)?;
        self.0.check_claims(system, operation)?;
        Ok((system, report, record))
    }
}

/// Whether version and state of a report allow something.
pub(super) fn standing(
    record: &ExpenseReportRecord,
    action: ReportAction,
    expected: &Expected,
) -> Result<(), Error> {
    expected.check(record.version.as_ref())?;
    if record.actions.contains(&action) {
        return Ok(());
    }
    let why = match action {
        ReportAction::Edit => {
            "Only a draft can be edited. Withdraw the report first, if that is still possible."
        }
        ReportAction::Delete => "Only a draft can be deleted.",
        ReportAction::Submit => "Only a draft can be handed in, and not without lines.",
        ReportAction::Withdraw => "Only a report that waits for its decision can be taken back.",
    };
    Err(Error::new(ErrorKind::Conflict, why).with_outcome(Outcome::NotAttempted))
}

fn decision(what: &str, record: &ExpenseReportRecord, comment: Option<String>) -> NewDecision {
    NewDecision {
        decision: what.to_owned(),
        shown_as: Some(shown_as(record.number.as_ref().unwrap_or(&record.title))),
        version: record.version.as_ref().map(|version| version.0.clone()),
        declaration: None,
        comment,
    }
}
