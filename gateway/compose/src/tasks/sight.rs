//! For whom a task waits, in the eyes of the person who asks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use portico_contract::access::{Facts, Principal, Scope};
use portico_contract::tasks::TaskRecord;
use portico_contract::{CallContext, Error, SystemKey};
use portico_policy::{Action, Policy, Target};
use portico_store::Delegation;

use crate::delegations::StandsInFor;
use crate::ground::{Ground, own};
use crate::systems::System;

/// The policy for one request, with those whom the person stands in for.
///
/// A list is narrowed to what waits for the person or for any of those; on each task it is then looked whether a delegation
/// covers just that kind of thing. Only where one does, the task waits for the person too.
pub(super) struct Sight {
    ground: Ground,
    who: Arc<Principal>,
    stands_in_for: StandsInFor,
    natives: Mutex<HashMap<SystemKey, BTreeMap<String, Vec<Delegation>>>>,
}

impl Sight {
    /// Of the person who asks.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn of(ground: &Ground, context: &CallContext) -> Result<Self, Error> {
        let stands_in_for = ground.stands_in_for(context).await?;
        let (ground, who) = (ground.clone(), Arc::clone(&context.principal));
        Ok(Self { ground, who, stands_in_for, natives: Mutex::default() })
    }

    /// Puts the owner of what a task is about, and those for whom it waits, into its facts, whatever the adapter said.
    pub(super) fn waits_for(&self, system: &System, record: &mut TaskRecord) {
        let created_by = record.created_by.clone();
        own(system, &mut record.facts, &created_by);
        record.facts.assignees =
            record.potential_owners.iter().map(|person| person.id.as_str().to_owned()).collect();
        if self.represented(system, record).is_some() {
            let there = self.ground.policy.terms(&self.who, system.key());
            record.facts.assignees.insert(there.subject.clone());
        }
    }

    /// The delegation by which the person may decide a task that does not wait for themselves. Not that of somebody whose own it
    /// is about: nobody has others decide it in their name.
    pub(super) fn represented(&self, system: &System, record: &TaskRecord) -> Option<Delegation> {
        let there = self.ground.policy.terms(&self.who, system.key());
        let owners = || record.potential_owners.iter().map(|person| person.id.as_str());
        // While it cannot be said who they are there, they stand in for nobody.
        let is_known = self.ground.policy.check_known(&self.who, system.key()).is_ok();
        if !is_known || owners().any(|owner| owner == there.subject) {
            return None;
        }
        let (kind, key) = (record.subject.resource.plural(), system.key().as_str());
        let asks = self.ground.links.link_ref(system.key(), &record.created_by).id;
        self.with_natives(system.key(), |natives| {
            let given = owners().filter_map(|owner| natives.get(owner)).flatten();
            let mut for_another = given.filter(|delegation| Some(&delegation.delegator) != asks.as_ref());
            for_another.find(|delegation| delegation.covers.covers(kind, key)).cloned()
        })
    }

    /// Whether what a task is about is the person's own.
    pub(super) fn is_own(&self, system: &System, record: &TaskRecord) -> bool {
        let there = self.ground.policy.terms(&self.who, system.key());
        if record.created_by.id.as_str() == there.subject {
            return true;
        }
        // Who has several entries in a system is nobody there, and what any of them asks for is still their own.
        let asks = self.ground.links.link_ref(system.key(), &record.created_by).id;
        asks.is_some() && asks == self.who.person_id
    }

    fn with_natives<T>(
        &self,
        system: &SystemKey,
        read: impl FnOnce(&BTreeMap<String, Vec<Delegation>>) -> T,
    ) -> T {
        let mut all = self.natives.lock();
        let natives = all.entry(system.clone()).or_insert_with(|| {
            let natives = self.stands_in_for.natives(&self.ground, system);
            natives.into_iter().map(|(key, given)| (key, given.into_iter().cloned().collect())).collect()
        });
        read(natives)
    }
}

impl Policy for Sight {
    fn scope(&self, who: &Principal, action: Action, target: &Target<'_>) -> Scope {
        let represented = self.with_natives(target.system, |natives| natives.keys().cloned().collect());
        let with_them = Principal { stands_in_for: represented, ..who.clone() };
        self.ground.policy.scope(&with_them, action, target)
    }

    fn allows(&self, who: &Principal, action: Action, target: &Target<'_>, facts: &Facts) -> bool {
        self.ground.policy.allows(who, action, target, facts)
    }

    fn permissions(&self, who: &Principal) -> Vec<String> {
        self.ground.policy.permissions(who)
    }
}
