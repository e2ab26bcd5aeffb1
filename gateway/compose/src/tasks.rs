//! The inbox: what waits for somebody's decision, from every system, and deciding it.
//!
//! A task waits for its potential owners, and for whoever stands in for one of them now. Nobody decides about what is their own,
//! whatever the rules say.

mod decide;
mod read_back;
mod sight;

use std::sync::Arc;

use jiff::Timestamp;
use portico_contract::access::Facts;
use portico_contract::tasks::{DecideTask, GetTask, ListTasks, TaskRecord};
use portico_contract::{CallContext, Error, NativeId, Operation, SystemKey};
use portico_policy::Action;
use portico_schemas::{PersonRef, ResourceType};
use portico_store::DecisionQuery;

use crate::fan_out::{FanOut, HasFacts};
use crate::ground::{Ground, claims};
use crate::listing::{ListRequest, Listing, Refusal};
use crate::systems::System;
use crate::writes::{ReadBack, store_error, word};

pub use portico_store::{DecisionRecord, IntentState};

use sight::Sight;

/// The kind of thing that rules are asked about.
const TASK: ResourceType = ResourceType::Task;
/// Decisions that are shown of one task: the last ones.
const DECISIONS: u32 = 100;

/// A task as it may be shown.
#[derive(Debug, Clone)]
pub struct FoundTask {
    /// The system that holds it.
    pub system: SystemKey,
    /// What it said.
    pub record: TaskRecord,
    /// Whether the person may decide it now.
    pub may_decide: bool,
    /// Who may decide it in the place of one of its potential owners; only of a task that is read alone.
    pub substitutes: Vec<PersonRef>,
    /// When it was read.
    pub fetched_at: Timestamp,
}

impl HasFacts for TaskRecord {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Tasks of every system, as one inbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tasks(Ground);

impl Tasks {
    /// Over this ground.
    pub fn new(ground: Ground) -> Self {
        Self(ground)
    }

    /// How the reconciler sees whether writes of this domain happened.
    pub fn read_backs() -> Vec<Arc<dyn ReadBack>> {
        vec![Arc::new(read_back::Decisions)]
    }

    /// What waits in every system, as far as the person may see it: for most that is what waits for them, and for those whom
    /// they stand in for.
    ///
    /// # Errors
    /// A bad cursor, source key or id; a [`Refusal::NoSource`] when no system could answer; errors of the store: what a deputy
    /// has to do must not be left out in silence.
    pub async fn list(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundTask>, Refusal> {
        let sight = &Sight::of(&self.0, context).await?;
        let fan_out = FanOut {
            systems: &self.0.systems,
            policy: sight,
            who: Some(&self.0.policy),
            seals: &self.0.seals,
            route: "tasks",
            resource: TASK,
            operation: ListTasks::META.id,
        };
        fan_out
            .list(
                context,
                request,
                |system, context, query| async move {
                    let mut page = system.upstream.call(context, ListTasks { query }).await?;
                    page.items.iter_mut().for_each(|listed| sight.waits_for(&system, &mut listed.item));
                    Ok(page)
                },
                |system, record| self.found(context, sight, system, record),
            )
            .await
    }

    /// One task, decided or not.
    ///
    /// # Errors
    /// [`portico_contract::ErrorKind::InvalidInput`] for an id that was not given out;
    /// [`portico_contract::ErrorKind::NotFound`] when there is no such task, or not for this person;
    /// [`portico_contract::ErrorKind::ConnectionLost`] when it cannot be said now who they are there; errors of the store.
    pub async fn get(&self, context: &CallContext, id: &str) -> Result<FoundTask, Error> {
        let sight = Sight::of(&self.0, context).await?;
        let (system, task) = self.0.open(TASK, id)?;
        let record = self.record(context, &sight, system, &task).await?;
        let mut found = self.found(context, &sight, system, record);
        found.substitutes = self.substitutes(system, &found.record).await?;
        Ok(found)
    }

    /// Who may decide a task in the place of one of its potential owners, each once. Whoever asks for the decision neither has
    /// a deputy for it nor is one.
    async fn substitutes(&self, system: &System, record: &TaskRecord) -> Result<Vec<PersonRef>, Error> {
        let asks = self.0.links.link_ref(system.key(), &record.created_by).id;
        let mut all: Vec<PersonRef> = Vec::new();
        for owner in record.potential_owners.iter().filter(|owner| owner.id != record.created_by.id) {
            for one in self.0.substitutes(system.key(), record.subject.resource, owner).await? {
                if (one.id != asks || asks.is_none()) && !all.contains(&one) {
                    all.push(one);
                }
            }
        }
        Ok(all)
    }

    /// What was decided about a task through this gateway, oldest first, with what became of each decision.
    ///
    /// # Errors
    /// As [`Tasks::get`].
    pub async fn decisions(
        &self,
        context: &CallContext,
        id: &str,
    ) -> Result<(FoundTask, Vec<DecisionRecord>), Error> {
        let found = self.get(context, id).await?;
        let writes = self.0.writes.as_ref().ok_or_else(crate::change::no_store)?;
        let query = DecisionQuery {
            system: Some(found.system.as_str().to_owned()),
            resource_type: Some(word(&TASK)),
            native_id: Some(found.record.id.as_str().to_owned()),
            limit: DECISIONS,
            ..DecisionQuery::default()
        };
        let page = writes.store().decision_records(&query).await.map_err(|error| store_error(&error))?;
        Ok((found, page.items))
    }

    /// A task that the person may see.
    async fn record(
        &self,
        context: &CallContext,
        sight: &Sight,
        system: &System,
        task: &NativeId,
    ) -> Result<TaskRecord, Error> {
        self.0.may_be_shown(context, system, TASK)?;
        let mut record = system.upstream.call(context.clone(), GetTask { task: task.clone() }).await?;
        sight.waits_for(system, &mut record);
        self.0.check_shown(context, system, TASK, &record.facts)?;
        Ok(record)
    }

    /// What is shown of a task that the person may see.
    fn found(
        &self,
        context: &CallContext,
        sight: &Sight,
        system: &System,
        mut record: TaskRecord,
    ) -> FoundTask {
        record.facts.classification.get_or_insert(system.upstream.profile.classification);
        let may_decide = !record.choices.is_empty()
            && claims(system, &DecideTask::META)
            && self.0.allows(context, Action::Decide, system, TASK, &record.facts)
            && !sight.is_own(system, &record);
        FoundTask {
            system: system.key().clone(),
            record,
            may_decide,
            substitutes: Vec::new(),
            fetched_at: Timestamp::now(),
        }
    }
}

#[cfg(test)]
mod tests;
