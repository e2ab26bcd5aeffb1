//! What every domain whose things have owners stands on: the systems, who asks in their terms, ids, links, writes.

use std::fmt;
use std::sync::Arc;

use portico_contract::access::{Facts, Scope};
use portico_contract::paging::{Filter, ListQuery, Scalar};
use portico_contract::people::PersonLink;
use portico_contract::{CallContext, Error, ErrorKind, NativeId, OperationMeta, SystemKey};
use portico_policy::{Action, Policy};
use portico_schemas::{PersonRef, ResourceType};

use crate::fan_out::{FanOut, readable, target};
use crate::ids::Opening;
use crate::people::{Identity, Links};
use crate::seal::Seals;
use crate::systems::{System, Systems};
use crate::terms::{InTerms, unknown};
use crate::writes::Writes;

/// The common ground of claims, absence and tasks. Cheap to clone.
#[derive(Clone)]
pub struct Ground {
    pub(crate) systems: Arc<Systems>,
    pub(crate) policy: Arc<InTerms>,
    pub(crate) links: Links,
    pub(crate) seals: Arc<Seals>,
    pub(crate) writes: Option<Writes>,
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").field("systems", &self.systems).finish_non_exhaustive()
    }
}

impl Ground {
    /// Over these systems, under this policy. Without an identity nobody is the person of anything; without writes nothing
    /// can be changed.
    pub fn new(
        systems: Arc<Systems>,
        policy: Arc<dyn Policy>,
        identity: Option<Identity>,
        links: Links,
        seals: Arc<Seals>,
        writes: Option<Writes>,
    ) -> Self {
        Self { systems, policy: Arc::new(InTerms::new(policy, identity)), links, seals, writes }
    }

    pub(crate) fn fan_out<'a>(
        &'a self,
        systems: &'a Systems,
        route: &'a str,
        resource: ResourceType,
        operation: &'static str,
    ) -> FanOut<'a> {
        let policy = &*self.policy;
        FanOut { systems, policy, who: Some(policy), seals: &self.seals, route, resource, operation }
    }

    /// The system and the thing behind an id in a path.
    pub(crate) fn open(&self, resource: ResourceType, id: &str) -> Result<(&System, NativeId), Error> {
        let (key, native) = self.seals.open(resource, id, "/id")?;
        let system = self.systems.get(&key).ok_or_else(|| not_there(resource))?;
        Ok((system, native))
    }

    /// Refuses before anything is asked when the person may see nothing of the kind in a system at all.
    pub(crate) fn may_be_shown(
        &self,
        context: &CallContext,
        system: &System,
        resource: ResourceType,
    ) -> Result<(), Error> {
        match readable(&*self.policy, context, resource, system) {
            Scope::None => {
                let why = format!("You may not see {} of this system.", words(resource));
                Err(Error::new(ErrorKind::Forbidden, why))
            }
            _ => Ok(()),
        }
    }

    /// Whether a rule lets the person do this to a thing with these facts.
    pub(crate) fn allows(
        &self,
        context: &CallContext,
        action: Action,
        system: &System,
        resource: ResourceType,
        facts: &Facts,
    ) -> bool {
        self.policy.allows(&context.principal, action, &target(resource, system), facts)
    }

    /// The second look, on the facts of the thing itself: what is not for this person is not there. Where it cannot be said
    /// now who they are in the system, that is said instead.
    pub(crate) fn check_shown(
        &self,
        context: &CallContext,
        system: &System,
        resource: ResourceType,
        facts: &Facts,
    ) -> Result<(), Error> {
        if self.allows(context, Action::Read, system, resource, facts) {
            return Ok(());
        }
        self.policy.check_known(&context.principal, system.key())?;
        Err(not_there(resource))
    }

    /// Whether the person may change a thing that they may see.
    pub(crate) fn check_changed(
        &self,
        context: &CallContext,
        system: &System,
        resource: ResourceType,
        facts: &Facts,
    ) -> Result<(), Error> {
        if self.allows(context, Action::Write, system, resource, facts) {
            return Ok(());
        }
        self.policy.check_known(&context.principal, system.key())?;
        let why = "You may see this and not change it.";
        Err(Error::new(ErrorKind::Forbidden, why))
    }

    /// Whether a system can do something at all, before anything else is asked of it.
    pub(crate) fn check_claims(&self, system: &System, operation: &OperationMeta) -> Result<(), Error> {
        if claims(system, operation) {
            return Ok(());
        }
        let why = "The system behind this resource cannot do that; see its entry under /v1/systems.";
        Err(Error::new(ErrorKind::Unsupported, why).with_call(system.key(), operation.id))
    }

    /// Checks ids of people in filters by a field. They are those of the directory of record.
    pub(crate) fn check_people(&self, filters: &[Filter], field: &str) -> Result<(), Error> {
        let mut opening = Opening::new(&self.seals, &self.systems);
        let at = format!("?{field}");
        for id in people_in(filters, field) {
            if let Some((key, _)) = opening.any(ResourceType::Person, id, &at)
                && !self.links.is_of_record(&key)
            {
                opening.fault(&*at, "give the id that the person has in the directory of record");
            }
        }
        opening.done()
    }

    /// Puts the keys that people have in a system in the place of their ids, which [`Ground::check_people`] has seen. `false`
    /// when none of them is anybody there: nothing of theirs can be there.
    pub(crate) fn to_natives(
        &self,
        system: &SystemKey,
        query: &mut ListQuery,
        field: &str,
    ) -> Result<bool, Error> {
        for filter in query.filters.iter_mut().filter(|filter| filter.field == field) {
            let mut natives = Vec::new();
            for id in people_in(std::slice::from_ref(filter), field) {
                let (_, record) = self.seals.open(ResourceType::Person, id, field)?;
                natives.extend(self.links.all_natives(system, &record).ok_or_else(|| unknown(system))?);
            }
            if natives.is_empty() {
                return Ok(false);
            }
            filter.values = natives.iter().map(|id| Scalar::Text(id.as_str().to_owned())).collect();
        }
        Ok(true)
    }
}

fn people_in<'a>(filters: &'a [Filter], field: &'a str) -> impl Iterator<Item = &'a str> {
    let named = filters.iter().filter(move |filter| filter.field == field);
    named.flat_map(|filter| &filter.values).filter_map(|value| match value {
        Scalar::Text(id) => Some(id.as_str()),
        _ => None,
    })
}

/// Whether a system can do something at all.
pub(crate) fn claims(system: &System, operation: &OperationMeta) -> bool {
    system.upstream.profile.operations.contains_key(operation.id)
}

/// Whose a thing is, by the key of the person in the system that holds it, whatever the adapter said: rules compare that.
pub(crate) fn own(system: &System, facts: &mut Facts, person: &PersonLink) {
    facts.owner = Some(PersonRef {
        id: None,
        system: system.key().as_str().to_owned(),
        native_id: person.id.as_str().to_owned(),
        display: person.display.clone(),
    });
}

/// One answer for what is not there and for what is not for this person.
pub(crate) fn not_there(resource: ResourceType) -> Error {
    let what = words(resource);
    Error::new(ErrorKind::NotFound, format!("There is nothing like this among the {what} that you may see."))
}

/// A kind of thing in words: `expense reports`.
pub(crate) fn words(resource: ResourceType) -> String {
    resource.plural().replace('-', " ")
}
