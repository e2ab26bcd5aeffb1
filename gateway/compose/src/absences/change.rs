//! Asking for leave and taking it back.

use portico_contract::absences::{AbsenceDraft, AbsenceRecord, CancelAbsence, RequestAbsence};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation};
use portico_schemas::{NewAbsence, Outcome, ResourceType, Withdrawal};

use super::{ABSENCE, Absences, FoundAbsence};
use crate::change::{Asking, Change, Expected, carry_out, check_words, text_fault};
use crate::for_whom::Making;
use crate::ground::not_there;
use crate::ids::Opening;
use crate::systems::System;
use crate::writes::{NewDecision, Plan};

const REQUEST: Making = Making { operation: &RequestAbsence::META, pointer: "/employeeId" };
/// Characters of a note.
const NOTE: usize = 500;
/// Days that one absence may last: a longer one is a slip of the pen.
const DAYS: i32 = 1_096;

impl Absences {
    /// Asks for leave. The employee is the person who asks, or another one for whom a rule lets them write.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with every fault of the body; [`ErrorKind::Forbidden`] for somebody who is linked to nobody
    /// in the system, or may not write there; [`ErrorKind::Conflict`] from the system, for an overlap or a balance that does
    /// not suffice; those of [`crate::writes::Writes::run`].
    pub async fn request(
        &self,
        context: &CallContext,
        new: &NewAbsence,
        asking: Asking,
    ) -> Result<Change<FoundAbsence>, Error> {
        let system = self.0.taking(REQUEST, new.system.as_deref())?;
        let employee = self.0.for_whom(context, system, REQUEST, new.employee_id.as_deref())?;
        let operation = RequestAbsence { employee, draft: self.draft(system, new)? };
        let change = carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            Plan::new(system.key().clone(), &RequestAbsence::META),
            Ok(()),
            |upstream, context| async move {
                let record = upstream.call(context, operation).await?;
                Ok((Some(record.id.clone()), record))
            },
            |made| self.again(context, system, made),
        );
        Ok(change.await?.map(|record| self.found(context, system, record)))
    }

    /// Takes an absence back.
    ///
    /// # Errors
    /// As [`Absences::get`]; [`ErrorKind::Forbidden`] when the person may not change it; [`ErrorKind::PreconditionFailed`];
    /// [`ErrorKind::Conflict`] when its state does not allow it.
    pub async fn cancel(
        &self,
        context: &CallContext,
        id: &str,
        words: &Withdrawal,
        expected: &Expected,
        asking: Asking,
    ) -> Result<Change<FoundAbsence>, Error> {
        check_words(None, words.comment.as_deref())?;
        let (system, absence) = self.0.open(ABSENCE, id)?;
        let record = self.record(context, system, &absence).await?;
        self.0.check_changed(context, system, ABSENCE, &record.facts)?;
        self.0.check_claims(system, &CancelAbsence::META)?;
        let standing = standing(&record, expected);
        let decision = NewDecision {
            decision: "cancel".to_owned(),
            // Dates say when somebody is away and not who: nothing else about it goes on record.
            shown_as: Some(format!("{} – {}", record.start_date, record.end_date)),
            version: record.version.as_ref().map(|version| version.0.clone()),
            declaration: None,
            comment: words.comment.clone(),
        };
        let plan =
            Plan::new(system.key().clone(), &CancelAbsence::META).on(absence.clone()).deciding(decision);
        let operation = CancelAbsence { absence: absence.clone(), version: record.version };
        let change = carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            plan,
            standing,
            |upstream, context| async move { Ok((None, upstream.call(context, operation).await?)) },
            |_| self.again(context, system, Some(absence)),
        );
        Ok(change.await?.map(|record| self.found(context, system, record)))
    }

    /// The absence as it is now, whose write happened before.
    async fn again(
        &self,
        context: &CallContext,
        system: &System,
        absence: Option<NativeId>,
    ) -> Result<AbsenceRecord, Error> {
        let absence = absence.ok_or_else(|| not_there(ABSENCE))?;
        self.record(context, system, &absence).await
    }

    fn draft(&self, system: &System, new: &NewAbsence) -> Result<AbsenceDraft, Error> {
        let mut opening = Opening::new(&self.0.seals, &self.0.systems);
        let absence_type = opening.of(system, ResourceType::AbsenceType, &new.policy_id, "/policyId");
        if new.end_date < new.start_date {
            opening.fault("/endDate", "is before `startDate`");
        } else if new.start_date.until(new.end_date).is_ok_and(|span| span.get_days() > DAYS) {
            opening.fault("/endDate", "is more than three years after `startDate`");
        }
        if new.day_part.is_some() && new.end_date != new.start_date {
            opening.fault("/dayPart", "is for half a day: `startDate` and `endDate` have to be the same");
        }
        if let Some(fault) = new.note.as_deref().and_then(|note| text_fault(note, NOTE)) {
            opening.fault("/note", fault);
        }
        opening.done()?;
        Ok(AbsenceDraft {
            absence_type: absence_type.ok_or_else(|| not_there(ResourceType::AbsenceType))?,
            start_date: new.start_date,
            end_date: new.end_date,
            day_part: new.day_part,
            note: new.note.clone(),
        })
    }
}

/// Whether version and state of an absence allow that it is taken back.
fn standing(record: &AbsenceRecord, expected: &Expected) -> Result<(), Error> {
    expected.check(record.version.as_ref())?;
    if record.cancellable {
        return Ok(());
    }
    let why = "This absence can no longer be taken back: it is over, refused or cancelled.";
    Err(Error::new(ErrorKind::Conflict, why).with_outcome(Outcome::NotAttempted))
}
