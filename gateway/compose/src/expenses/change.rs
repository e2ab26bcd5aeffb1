//! Making, editing, handing in, taking back and deleting reports.

use portico_contract::access::Facts;
use portico_contract::expenses::{
    CreateExpenseReport, DeleteExpenseReport, EditExpenseReport, ExpenseReportRecord, ReportAction,
    SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation, OperationMeta, SystemKey};
use portico_policy::Action;
use portico_schemas::{
    Declaration, ExpenseReportContent, FieldError, NewExpenseReport, Outcome, ResourceType, Withdrawal,
};

use super::{Expenses, FoundReport, REPORT, draft, read_back};
use crate::change::{Asking, Change, Expected, carry_out, check_words, shown_as};
use crate::ground::{claims, not_there, own};
use crate::ids::Opening;
use crate::systems::System;
use crate::writes::{NewDecision, Plan};

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
        let system = self.taking(new.system.as_deref())?;
        let employee = match &new.employee_id {
            None => self.0.policy.own_key(&context.principal, system.key())?,
            Some(id) => self.other(context, system, id)?,
        };
        if !self.may_write_for(context, system, Some(&employee)) {
            let why = "You may not make expense reports for this person.";
            return Err(Error::new(ErrorKind::Forbidden, why));
        }
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

    /// The system that a new report goes to: the named one, or the only one that takes reports.
    fn taking(&self, named: Option<&str>) -> Result<&System, Error> {
        let takes = |system: &&System| claims(system, &CreateExpenseReport::META);
        let taking: Vec<&System> = self.0.systems.iter().filter(takes).collect();
        if taking.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "No configured system takes expense reports."));
        }
        let keys: Vec<_> = taking.iter().map(|system| format!("`{}`", system.key())).collect();
        let detail = match named {
            None if taking.len() == 1 => return Ok(taking[0]),
            None => format!("is missing; several systems take expense reports: {}", keys.join(", ")),
            Some(named) => {
                let key = SystemKey::new(named);
                match key.and_then(|key| self.0.systems.get(&key)).filter(takes) {
                    Some(system) => return Ok(system),
                    None => format!("takes no expense reports; these do: {}", keys.join(", ")),
                }
            }
        };
        let field = FieldError { detail, pointer: "/system".to_owned() };
        Err(Error::new(ErrorKind::InvalidInput, "The request cannot be used; `errors` names every fault.")
            .with_fields(vec![field]))
    }

    /// The key of somebody else in a system. Whether they are anybody there is only for those who may write for everybody.
    fn other(&self, context: &CallContext, system: &System, id: &str) -> Result<NativeId, Error> {
        const AT: &str = "/employeeId";
        let mut opening = Opening::new(&self.0.seals, &self.0.systems);
        let person = opening.any(ResourceType::Person, id, AT);
        let natives = match person {
            Some((key, person)) if self.0.links.is_of_record(&key) => {
                let natives = self.0.links.all_natives(system.key(), &person);
                natives.ok_or_else(|| crate::terms::unknown(system.key()))?
            }
            Some(_) => {
                opening.fault(AT, "give the id that the person has in the directory of record");
                Vec::new()
            }
            None => Vec::new(),
        };
        if opening.is_good() && natives.len() != 1 && !self.may_write_for(context, system, None) {
            let why = "You may not make expense reports for this person.";
            return Err(Error::new(ErrorKind::Forbidden, why));
        }
        let found = match natives.as_slice() {
            [one] => Some(one.clone()),
            _ => {
                if opening.is_good() {
                    let key = system.key();
                    opening.fault(AT, format!("is linked to nobody, or to several, in `{key}`"));
                }
                None
            }
        };
        opening.done()?;
        found.ok_or_else(|| not_there(ResourceType::Person))
    }

    /// Whether a rule lets the person write for this owner; for `None`, for everybody.
    fn may_write_for(&self, context: &CallContext, system: &System, owner: Option<&NativeId>) -> bool {
        let mut facts = Facts::default();
        if let Some(id) = owner {
            let link = portico_contract::people::PersonLink { id: id.clone(), display: String::new() };
            own(system, &mut facts, &link);
        }
        self.0.allows(context, Action::Write, system, REPORT, &facts)
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
