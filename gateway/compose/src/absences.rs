//! Use cases on absence: leave that people ask for, how much of it they have, and when colleagues are away.

mod busy;
mod change;
mod lists;
mod read_back;

use std::sync::Arc;

use jiff::Timestamp;
use portico_contract::absences::{AbsenceRecord, AbsenceTypeRecord, CancelAbsence, GetAbsence};
use portico_contract::access::Facts;
use portico_contract::{CallContext, Error, NativeId, Operation, SystemKey};
use portico_policy::Action;
use portico_schemas::{Classification, ResourceType};

use crate::fan_out::HasFacts;
use crate::ground::{Ground, claims, own};
use crate::systems::System;
use crate::writes::ReadBack;

pub use busy::FoundBusy;
pub use lists::FoundBalance;

/// The kind of thing that rules are asked about.
const ABSENCE: ResourceType = ResourceType::Absence;

/// An absence as it may be shown.
#[derive(Debug, Clone)]
pub struct FoundAbsence {
    /// The system that holds it.
    pub system: SystemKey,
    /// What it said, without the note where that is not for the person who asks.
    pub record: AbsenceRecord,
    /// Whether the note was taken out, had there been one.
    pub masked: bool,
    /// Whether the person may take it back now.
    pub may_cancel: bool,
    /// When it was read.
    pub fetched_at: Timestamp,
}

/// A kind of absence.
#[derive(Debug, Clone)]
pub struct FoundAbsenceType {
    /// The system that holds it.
    pub system: SystemKey,
    /// What it said.
    pub record: AbsenceTypeRecord,
    /// When it was read.
    pub fetched_at: Timestamp,
}

impl HasFacts for AbsenceRecord {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl HasFacts for AbsenceTypeRecord {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Absence in every system, as one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Absences(Ground);

impl Absences {
    /// Over this ground.
    pub fn new(ground: Ground) -> Self {
        Self(ground)
    }

    /// How the reconciler sees whether writes of this domain happened.
    pub fn read_backs() -> Vec<Arc<dyn ReadBack>> {
        vec![Arc::new(read_back::Cancellations)]
    }

    /// One absence.
    ///
    /// # Errors
    /// [`portico_contract::ErrorKind::InvalidInput`] for an id that was not given out;
    /// [`portico_contract::ErrorKind::Forbidden`] when the person may see no absence in that system;
    /// [`portico_contract::ErrorKind::NotFound`] when there is no such absence, or not for this person;
    /// [`portico_contract::ErrorKind::ConnectionLost`] when it cannot be said now who they are there.
    pub async fn get(&self, context: &CallContext, id: &str) -> Result<FoundAbsence, Error> {
        let (system, absence) = self.0.open(ABSENCE, id)?;
        let record = self.record(context, system, &absence).await?;
        Ok(self.found(context, system, record))
    }

    /// An absence that the person may see.
    async fn record(
        &self,
        context: &CallContext,
        system: &System,
        absence: &NativeId,
    ) -> Result<AbsenceRecord, Error> {
        self.0.may_be_shown(context, system, ABSENCE)?;
        let operation = GetAbsence { absence: absence.clone() };
        let mut record = system.upstream.call(context.clone(), operation).await?;
        owned(system, &mut record);
        self.0.check_shown(context, system, ABSENCE, &record.facts)?;
        Ok(record)
    }

    /// What is shown of an absence that the person may see. The note may say why somebody is away, so it is as sensitive as
    /// confidential things.
    fn found(&self, context: &CallContext, system: &System, mut record: AbsenceRecord) -> FoundAbsence {
        owned(system, &mut record);
        record.facts.classification.get_or_insert(system.upstream.profile.classification);
        let classification = record.facts.classification.max(Some(Classification::Confidential));
        let confidential = Facts { classification, ..record.facts.clone() };
        let masked = !self.0.allows(context, Action::Read, system, ABSENCE, &confidential);
        if masked {
            record.note = None;
        }
        let may_cancel = record.cancellable
            && claims(system, &CancelAbsence::META)
            && self.0.allows(context, Action::Write, system, ABSENCE, &record.facts);
        FoundAbsence {
            system: system.key().clone(),
            record,
            masked,
            may_cancel,
            fetched_at: Timestamp::now(),
        }
    }
}

/// The owner of an absence is the employee.
fn owned(system: &System, record: &mut AbsenceRecord) {
    own(system, &mut record.facts, &record.employee);
}

/// The owner of a balance, and of times away, is the employee.
fn owned_by(system: &System, employee: &NativeId) -> Facts {
    let mut facts = Facts::default();
    let link = portico_contract::people::PersonLink { id: employee.clone(), display: String::new() };
    own(system, &mut facts, &link);
    facts
}

#[cfg(test)]
mod tests;
