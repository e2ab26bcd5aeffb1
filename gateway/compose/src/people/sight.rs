//! Who sees what of a person.
//!
//! Rules compare the owner of a thing with the person who asks by a system's own key: see [`crate::terms`].

use jiff::Timestamp;
use portico_contract::access::Facts;
use portico_contract::people::{ListPeople, PersonLink, PersonRecord};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation};
use portico_directory::PersonEntry;
use portico_policy::{Action, Policy};
use portico_schemas::{
    Classification, ContactType, FieldError, PersonProfile, PersonRef, PhoneNumber, ResourceType,
};

use super::{FoundPerson, People};
use crate::fan_out::target;
use crate::listing::ListRequest;
use crate::systems::{System, Systems};

/// Filters by what is hidden from most.
const HIDDEN_FILTERS: &[&str] = &["employeeNumber"];

/// The owner of a person's entry is that person, by the key of the entry, whatever the directory says.
pub(super) fn own(system: &System, record: &mut PersonRecord) {
    record.facts.owner = Some(owner(system, &record.id, record.profile.display_name.clone()));
}

pub(super) fn owner(system: &System, id: &NativeId, display: String) -> PersonRef {
    PersonRef {
        id: None,
        system: system.key().as_str().to_owned(),
        native_id: id.as_str().to_owned(),
        display,
    }
}

/// What a policy decides by about an entry of a directory, put into facts that were used before: of who is not in the
/// index only the key is known.
pub(super) fn fill(facts: &mut Facts, system: &System, id: &str, entry: Option<&PersonEntry<'_>>) {
    let owner = facts.owner.get_or_insert_with(|| PersonRef {
        id: None,
        system: system.key().as_str().to_owned(),
        native_id: String::new(),
        display: String::new(),
    });
    owner.native_id.clear();
    owner.native_id.push_str(id);
    facts.unit = entry.and_then(|entry| entry.unit()).map(str::to_owned);
    facts.classification = entry.and_then(|entry| entry.classification());
}

/// What a search shows of a person who may be seen: nothing sensitive to anybody, because the index does not have all
/// of it.
pub(super) fn without_private(
    system: &System,
    mut record: PersonRecord,
    fetched_at: Timestamp,
) -> FoundPerson {
    mask(&mut record.profile);
    FoundPerson { system: system.key().clone(), record, masked: true, fetched_at }
}

impl People {
    /// Whether the person may see a thing with these facts at all.
    pub(super) fn sees(
        &self,
        context: &CallContext,
        system: &System,
        resource: ResourceType,
        facts: &Facts,
    ) -> bool {
        self.policy.allows(&context.principal, Action::Read, &target(resource, system), facts)
    }

    /// Whether the person may see what is sensitive about the owner of these facts.
    fn sees_hidden(&self, context: &CallContext, system: &System, facts: &Facts) -> bool {
        let restricted = Facts { classification: Some(Classification::Restricted), ..facts.clone() };
        self.sees(context, system, ResourceType::Person, &restricted)
    }

    /// What is shown of a person who may be seen.
    pub(super) fn shown(
        &self,
        context: &CallContext,
        system: &System,
        mut record: PersonRecord,
        fetched_at: Timestamp,
    ) -> FoundPerson {
        record.facts.classification.get_or_insert(system.upstream.profile.classification);
        let masked = !self.sees_hidden(context, system, &record.facts);
        if masked {
            mask(&mut record.profile);
        }
        record.manager = record.manager.take().filter(|link| self.sees_link(context, system, link));
        FoundPerson { system: system.key().clone(), record, masked, fetched_at }
    }

    /// Whether the name of somebody may be shown of whom only the key is known, or what the index knows.
    pub(super) fn sees_link(&self, context: &CallContext, system: &System, link: &PersonLink) -> bool {
        let known = self.indexes.facts(system.key(), &link.id);
        let mut facts = known.unwrap_or_default();
        facts.owner = Some(owner(system, &link.id, String::new()));
        self.sees(context, system, ResourceType::Person, &facts)
    }

    /// Refuses a filter by something that is hidden from the person for anybody in a directory that is asked: what is
    /// not shown must not be found out by guessing.
    pub(super) fn check_hidden_filters(
        &self,
        context: &CallContext,
        systems: &Systems,
        request: &ListRequest,
    ) -> Result<(), Error> {
        let names = request.filters.iter().map(|filter| &filter.field);
        let sorts = request.sort.iter().map(|term| &term.field);
        let hidden: Vec<_> = names.chain(sorts).filter(|name| HIDDEN_FILTERS.contains(&&***name)).collect();
        if hidden.is_empty() {
            return Ok(());
        }
        let asked = systems.iter().filter(|system| {
            system.upstream.profile.operations.contains_key(ListPeople::META.id)
                && request.sources.as_ref().is_none_or(|sources| sources.contains(system.key()))
        });
        // No owner and no unit: only a rule that holds for everybody in the directory allows this.
        let closed = |system: &&System| !self.sees_hidden(context, system, &Facts::default());
        let Some(system) = asked.into_iter().find(closed) else { return Ok(()) };
        let fault = |name: &&std::borrow::Cow<'static, str>| FieldError {
            detail: format!(
                "you may not see `{name}` of everybody in `{}`, so you cannot look for it",
                system.key()
            ),
            pointer: format!("?{name}"),
        };
        Err(Error::new(ErrorKind::Forbidden, "You may not search by a field that is hidden from you.")
            .with_fields(hidden.iter().map(fault).collect()))
    }
}

/// Takes out what only those may see who may see restricted things.
fn mask(profile: &mut PersonProfile) {
    profile.employee_number = None;
    profile.addresses.clear();
    profile.phone_numbers.retain(|number| !is_private(number));
}

/// Takes out what an index must not hold. The number that personnel uses stays: people are linked by it.
pub(super) fn leave_out_private(profile: &mut PersonProfile) {
    profile.addresses = Vec::new();
    profile.phone_numbers.retain(|number| !is_private(number));
}

/// Whether a number is somebody's own.
fn is_private(number: &PhoneNumber) -> bool {
    matches!(number.kind, ContactType::Home | ContactType::Mobile)
}
