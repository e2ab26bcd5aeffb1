//! Decisions. As with every step, the state that is read afterwards decides whether it was done.

use portico_contract::tasks::{DecideTask, TaskRecord};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_schemas::{FieldError, Outcome, TaskStatus};
use portico_wire::rpc::{Fault, Value};
use serde::de::IgnoredAny;

use crate::client::{Call, Odoo};
use crate::domain::id_list;
use crate::ops::tasks::{APPROVE, REFUSE, Subject, VALIDATE, no_such_task};
use crate::ops::transitions::undone;
use crate::ops::write_reports::in_version;
use crate::wire::{Leave, Sheet};

/// The wizard that asks why a claim is refused; the method behind it is private.
const WIZARD: &str = "hr.expense.refuse.wizard";

impl Handler<DecideTask> for Odoo {
    async fn handle(&self, context: &CallContext, op: &DecideTask) -> Result<TaskRecord, Error> {
        let subject = Subject::parse(&op.task).ok_or_else(no_such_task)?;
        let task = self.task(context, subject).await?;
        if is_done(&task, &op.decision) {
            return Ok(task);
        }
        if task.status != TaskStatus::Ready {
            return Err(Error::new(
                ErrorKind::Conflict,
                "This was decided otherwise already; read it again.",
            ));
        }
        if let (Some(found), wanted) = (&task.version, op.version.as_ref()) {
            in_version(found, wanted)?;
        }
        let choice = task.choices.iter().find(|choice| choice.key == op.decision).ok_or_else(|| {
            invalid("/decision", "This decision is not open; read the task for those that are.")
        })?;
        let comment = op.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty());
        if choice.comment_mandatory && comment.is_none() {
            return Err(invalid("/comment", "Say why; Odoo passes it on to the one who asked."));
        }
        let said = match (subject, choice.key) {
            (Subject::Report(id), REFUSE) => {
                self.refuse_report(context, id, comment.unwrap_or_default()).await?
            }
            (Subject::Report(id), _) => {
                self.act(context, Sheet::MODEL, "action_approve_expense_sheets", id).await?
            }
            (Subject::Absence(id), REFUSE) => self.act(context, Leave::MODEL, "action_refuse", id).await?,
            (Subject::Absence(id), VALIDATE) => {
                self.act(context, Leave::MODEL, "action_validate", id).await?
            }
            (Subject::Absence(id), _) => self.act(context, Leave::MODEL, "action_approve", id).await?,
        };
        let after =
            self.task(context, subject).await.map_err(|error| error.with_outcome(Outcome::Unknown))?;
        // A first approval of two leaves it ready, in another state.
        let moved = after.status == TaskStatus::Ready && after.native_status != task.native_status;
        if is_done(&after, &op.decision) || (moved && op.decision == APPROVE) {
            if let (Subject::Absence(id), Some(comment)) = (subject, comment) {
                self.tell(context, id, comment).await;
            }
            return Ok(after);
        }
        Err(undone(said.as_ref()))
    }
}

/// Whether it was decided so. The second approval of two is an approval too.
fn is_done(task: &TaskRecord, decision: &str) -> bool {
    let agreed = [APPROVE, VALIDATE];
    task.status == TaskStatus::Completed
        && task
            .decision
            .is_some_and(|made| made == decision || (agreed.contains(&made) && agreed.contains(&decision)))
}

impl Odoo {
    /// Calls a method of one record, and gives the fault if there was one: it says nothing about what was done.
    async fn act(
        &self,
        context: &CallContext,
        model: &'static str,
        method: &'static str,
        id: i64,
    ) -> Result<Option<Fault>, Error> {
        let call = Call::write(model, method).argument(id_list(&[id]));
        let answered: Result<IgnoredAny, Fault> = self.call(context, call).await?;
        Ok(answered.err())
    }

    /// Refuses a claim with a reason, as its wizard does: Odoo writes the reason where the employee reads it.
    async fn refuse_report(
        &self,
        context: &CallContext,
        report: i64,
        reason: &str,
    ) -> Result<Option<Fault>, Error> {
        let sheets = Value::Array(vec![6_i64.into(), 0_i64.into(), id_list(&[report])]);
        let values =
            Value::members([("reason", reason.to_owned().into()), ("sheet_ids", Value::Array(vec![sheets]))]);
        let wizard: Result<i64, Fault> =
            self.call(context, Call::write(WIZARD, "create").argument(values)).await?;
        match wizard {
            Ok(wizard) => self.act(context, WIZARD, "action_refuse", wizard).await,
            Err(fault) => Ok(Some(fault)),
        }
    }

    /// Writes a comment to a request, where the employee reads it. The decision stands without it.
    async fn tell(&self, context: &CallContext, leave: i64, comment: &str) {
        let call = Call::write(Leave::MODEL, "message_post")
            .argument(id_list(&[leave]))
            .keyword("body", comment.to_owned())
            .keyword("message_type", "comment");
        let told: Result<Result<IgnoredAny, Fault>, Error> = self.call(context, call).await;
        if !matches!(told, Ok(Ok(_))) {
            tracing::warn!("a comment on a decision was not taken");
        }
    }
}

fn invalid(pointer: &str, detail: &'static str) -> Error {
    let fields = vec![FieldError { detail: detail.to_owned(), pointer: pointer.to_owned() }];
    Error::new(ErrorKind::InvalidInput, detail).with_fields(fields)
}
