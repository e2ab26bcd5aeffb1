//! Deciding: by whom, on which version, with which words.

use portico_contract::tasks::{DecideTask, DecisionChoice, TaskRecord};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation};
use portico_policy::Action;
use portico_schemas::{Decision, FieldError, Outcome};

use super::sight::Sight;
use super::{FoundTask, TASK, Tasks, read_back};
use crate::change::{Asking, Change, Expected, carry_out, check_words, shown_as};
use crate::systems::System;
use crate::writes::{NewDecision, Plan};

impl Tasks {
    /// Decides a task. Decision, declaration, version and person go on record with the write, and with what became of it: the
    /// record is the signature.
    ///
    /// # Errors
    /// As [`Tasks::get`]; [`ErrorKind::Forbidden`] when no rule lets the person decide it, and for what is their own;
    /// [`ErrorKind::InvalidInput`] for words that are missing or too long, and a choice that the task never has;
    /// [`ErrorKind::PreconditionFailed`]; [`ErrorKind::Conflict`] when it is decided already.
    pub async fn decide(
        &self,
        context: &CallContext,
        id: &str,
        decision: &Decision,
        expected: &Expected,
        asking: Asking,
    ) -> Result<Change<FoundTask>, Error> {
        check_words(Some(&decision.declaration), decision.comment.as_deref())?;
        let sight = Sight::of(&self.0, context).await?;
        let (system, task) = self.0.open(TASK, id)?;
        let record = self.record(context, &sight, system, &task).await?;
        self.check_decider(context, &sight, system, &record)?;
        self.0.check_claims(system, &DecideTask::META)?;
        let standing = standing(&record, decision, expected);
        let represented = sight.represented(system, &record);
        let mut plan = Plan::new(system.key().clone(), &DecideTask::META)
            .on(task.clone())
            .expecting(read_back::expected(&decision.decision, record.version.as_ref()))
            .deciding(on_record(&record, decision));
        plan.on_behalf_of = represented.map(|delegation| delegation.delegator);
        let there = self.0.policy.terms(&context.principal, system.key());
        let operation = DecideTask {
            task: task.clone(),
            decision: decision.decision.clone(),
            comment: decision.comment.clone(),
            version: record.version.clone(),
            decided_by: NativeId::new(&there.subject).filter(|_| there.subject != crate::terms::NOBODY),
        };
        let change = carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            plan,
            standing,
            |upstream, context| async move { Ok((None, upstream.call(context, operation).await?)) },
            |_| self.record(context, &sight, system, &task),
        );
        Ok(change.await?.map(|mut record| {
            sight.waits_for(system, &mut record);
            self.found(context, &sight, system, record)
        }))
    }

    /// Whether the person may decide this, now and ever: a rule lets them, and it is not their own.
    fn check_decider(
        &self,
        context: &CallContext,
        sight: &Sight,
        system: &System,
        record: &TaskRecord,
    ) -> Result<(), Error> {
        self.0.policy.check_known(&context.principal, system.key())?;
        let why = if sight.is_own(system, record) {
            "Nobody decides about what is their own; somebody else has to."
        } else if !self.0.allows(context, Action::Decide, system, TASK, &record.facts) {
            "You may see this and not decide it."
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Forbidden, why))
    }
}

/// Whether version and state of a task allow a decision.
fn standing(record: &TaskRecord, decision: &Decision, expected: &Expected) -> Result<(), Error> {
    expected.check(record.version.as_ref())?;
    if record.choices.is_empty() {
        let why = "This waits for no decision any more; read it again to see what was decided.";
        return Err(Error::new(ErrorKind::Conflict, why).with_outcome(Outcome::NotAttempted));
    }
    let choice = record.choices.iter().find(|choice| choice.key == decision.decision);
    let (detail, pointer) = match choice {
        None => (format!("is not open; these are: {}", keys(&record.choices)), "/decision"),
        Some(choice) if choice.comment_mandatory && decision.comment.is_none() => {
            (format!("is missing; `{}` needs one", choice.key), "/comment")
        }
        Some(_) => return Ok(()),
    };
    let field = FieldError { detail, pointer: pointer.to_owned() };
    Err(Error::new(ErrorKind::InvalidInput, "The body cannot be used; `errors` says why.")
        .with_fields(vec![field]))
}

fn keys(choices: &[DecisionChoice]) -> String {
    let keys: Vec<_> = choices.iter().map(|choice| format!("`{}`", choice.key)).collect();
    keys.join(", ")
}

fn on_record(record: &TaskRecord, decision: &Decision) -> NewDecision {
    NewDecision {
        decision: decision.decision.clone(),
        shown_as: Some(shown_as(&record.subject.display)),
        version: record.version.as_ref().map(|version| version.0.clone()),
        declaration: Some(decision.declaration.clone()),
        comment: decision.comment.clone(),
    }
}
