//! Who stands in for whom, until when, for what.
//!
//! A deputy sees and decides what waits for the person they stand in for, in their own name: the record of a decision has
//! both. Delegations are the gateway's own; no back office knows of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use portico_contract::access::{Facts, Principal};
use portico_contract::people::PersonLink;
use portico_contract::{CallContext, Error, ErrorKind, SystemKey};
use portico_policy::Action;
use portico_schemas::{NewDelegation, PersonRef, ResourceType};
use portico_store::{Actor, Covers, Delegation, Store, Trace};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::change::{Asking, Change, text_fault};
use crate::ground::{Ground, not_there, own};
use crate::ids::Opening;
use crate::writes::store_error;

const DELEGATION: ResourceType = ResourceType::Delegation;
/// How long a delegation may last.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);
/// How far back one may begin: the clock of the caller may be behind.
const EARLIEST: SignedDuration = SignedDuration::from_hours(24);
/// How long it may take at most until one that begins at once is on record.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(1);
/// Characters of a reason.
const REASON: usize = 500;

/// A delegation as it may be shown.
#[derive(Debug, Clone)]
pub struct FoundDelegation {
    /// What is on record.
    pub record: Delegation,
    /// Whose tasks they are.
    pub delegator: PersonRef,
    /// Who may decide them too.
    pub delegate: PersonRef,
    /// Whether the person who asks may end it now.
    pub may_end: bool,
}

/// For whom a person may decide now, besides themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct StandsInFor(Vec<Delegation>);

impl StandsInFor {
    /// The keys that those people have in a system, each with the delegations that cover it. Whoever is linked to nobody there,
    /// or to several, has nothing that waits for them there.
    pub(crate) fn natives(&self, ground: &Ground, system: &SystemKey) -> BTreeMap<String, Vec<&Delegation>> {
        let mut natives: BTreeMap<String, Vec<&Delegation>> = BTreeMap::new();
        for delegation in &self.0 {
            let systems = &delegation.covers.systems;
            if !systems.is_empty() && !systems.iter().any(|key| key == system.as_str()) {
                continue;
            }
            let opened = ground.seals.open(ResourceType::Person, &delegation.delegator, "").ok();
            let person = opened.filter(|(key, _)| ground.links.is_of_record(key));
            let there = person.and_then(|(_, person)| ground.links.all_natives(system, &person));
            if let Some([one]) = there.as_deref() {
                natives.entry(one.as_str().to_owned()).or_default().push(delegation);
            }
        }
        natives
    }
}

/// Delegations. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Delegations(Ground);

impl Delegations {
    /// Over this ground.
    pub fn new(ground: Ground) -> Self {
        Self(ground)
    }

    /// Those that the person gave, past ones included, and those that make them a deputy now.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] for somebody who is not in the directory of record; errors of the store.
    pub async fn list(&self, context: &CallContext) -> Result<Vec<FoundDelegation>, Error> {
        let me = self.person(context)?;
        let store = store(&self.0)?;
        let mut all = store.delegations_by(me).await.map_err(|error| store_error(&error))?;
        let to_me = store.delegations_to(me, Timestamp::now()).await.map_err(|error| store_error(&error))?;
        all.extend(to_me);
        all.sort_by_key(|record| std::cmp::Reverse(record.created));
        Ok(all.into_iter().map(|record| self.found(context, record)).collect())
    }

    /// One delegation.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none with this id, or it is not for this person.
    pub async fn get(&self, context: &CallContext, id: &str) -> Result<FoundDelegation, Error> {
        let record = self.record(id).await?;
        let me = context.principal.person_id.as_deref();
        let concerns = [&record.delegator, &record.delegate].iter().any(|one| Some(one.as_str()) == me);
        if concerns || self.may(context, Action::Read, &record.delegator) {
            return Ok(self.found(context, record));
        }
        self.check_known(context)?;
        Err(not_there(DELEGATION))
    }

    /// Makes somebody a deputy. The same key gives the same delegation.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with every fault of the body; [`ErrorKind::Forbidden`] when it is for somebody else and no
    /// rule on `delegations` lets the person write for them; [`ErrorKind::IdempotencyKeyReused`]; errors of the store.
    pub async fn create(
        &self,
        context: &CallContext,
        new: &NewDelegation,
        asking: Asking,
    ) -> Result<Change<FoundDelegation>, Error> {
        let delegator = match &new.delegator_id {
            Some(id) => id.clone(),
            None => self.person(context)?.to_owned(),
        };
        let now = Timestamp::now();
        let start = new.start.unwrap_or(now);
        self.check(new, &delegator, start, now)?;
        let own = Some(&delegator) == context.principal.person_id.as_ref();
        if !own && !self.may(context, Action::Write, &delegator) {
            self.check_known(context)?;
            let why = "You may not make somebody a deputy of this person.";
            return Err(Error::new(ErrorKind::Forbidden, why));
        }
        let store = store(&self.0)?;
        if asking.validate_only {
            return Ok(Change::Checked);
        }
        let id = id_of(&context.principal, &asking);
        let types = new.resource_types.iter().map(|kind| kind.plural().to_owned()).collect();
        let wanted = portico_store::NewDelegation {
            id,
            delegator,
            delegate: new.delegate_id.clone(),
            covers: Covers { resource_types: types, systems: new.systems.clone() },
            from: start,
            until: new.end,
            reason: new.reason.clone(),
            by: actor(&context.principal),
            trace: trace(context),
        };
        if let Some(known) = store.delegation(id).await.map_err(|error| store_error(&error))? {
            return if same(&known, &wanted, new.start.is_some()) {
                Ok(Change::Repeated(self.found(context, known)))
            } else {
                let why =
                    "This Idempotency-Key was used for another request. Take a new one for each request.";
                Err(Error::new(ErrorKind::IdempotencyKeyReused, why))
            };
        }
        let made = store.put_delegation(wanted).await.map_err(|error| store_error(&error))?;
        Ok(Change::Done(self.found(context, made)))
    }

    /// Ends a delegation now. One that is over already stays as it is.
    ///
    /// # Errors
    /// As [`Delegations::get`]; [`ErrorKind::Forbidden`] when it is another person's, a deputy's own included.
    pub async fn end(&self, context: &CallContext, id: &str) -> Result<FoundDelegation, Error> {
        let found = self.get(context, id).await?;
        let now = Timestamp::now();
        if found.record.until <= now {
            return Ok(found);
        }
        if !found.may_end {
            let why = "You may see this delegation and not end it.";
            return Err(Error::new(ErrorKind::Forbidden, why));
        }
        let (by, trace) = (actor(&context.principal), trace(context));
        let ended = store(&self.0)?.end_delegation(found.record.id, now, by, trace).await;
        Ok(self.found(context, ended.map_err(|error| store_error(&error))?))
    }

    /// The person who asks, in the directory of record.
    fn person<'a>(&self, context: &'a CallContext) -> Result<&'a str, Error> {
        if let Some(me) = &context.principal.person_id {
            return Ok(me);
        }
        self.check_known(context)?;
        let why =
            "Your account belongs to nobody in the directory of record, so nobody can stand in for you.";
        Err(Error::new(ErrorKind::Forbidden, why))
    }

    /// Refuses while the directory of record cannot say who the person is: what is theirs would look like nothing.
    fn check_known(&self, context: &CallContext) -> Result<(), Error> {
        let directory = self.0.systems.iter().find(|system| self.0.links.is_of_record(system.key()));
        directory.map_or(Ok(()), |directory| self.0.policy.check_known(&context.principal, directory.key()))
    }

    async fn record(&self, id: &str) -> Result<Delegation, Error> {
        let id = Uuid::parse_str(id).map_err(|_| not_there(DELEGATION))?;
        let found = store(&self.0)?.delegation(id).await.map_err(|error| store_error(&error))?;
        found.ok_or_else(|| not_there(DELEGATION))
    }

    fn found(&self, context: &CallContext, record: Delegation) -> FoundDelegation {
        let reference = |id: &str| {
            let unknown = || PersonRef {
                id: Some(id.to_owned()),
                system: String::new(),
                native_id: String::new(),
                display: String::new(),
            };
            self.0.links.of_record(id).unwrap_or_else(unknown)
        };
        let own = Some(&record.delegator) == context.principal.person_id.as_ref();
        let open = record.until > Timestamp::now();
        FoundDelegation {
            delegator: reference(&record.delegator),
            delegate: reference(&record.delegate),
            may_end: open && (own || self.may(context, Action::Write, &record.delegator)),
            record,
        }
    }

    /// Whether a rule on `delegations` in the directory of record lets the person do this with those of somebody.
    fn may(&self, context: &CallContext, action: Action, delegator: &str) -> bool {
        let Ok((key, native)) = self.0.seals.open(ResourceType::Person, delegator, "") else { return false };
        let Some(directory) = self.0.systems.get(&key).filter(|_| self.0.links.is_of_record(&key)) else {
            return false;
        };
        let mut facts = Facts::default();
        own(directory, &mut facts, &PersonLink { id: native, display: String::new() });
        self.0.allows(context, action, directory, DELEGATION, &facts)
    }

    fn check(
        &self,
        new: &NewDelegation,
        delegator: &str,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut opening = Opening::new(&self.0.seals, &self.0.systems);
        let people = [("/delegatorId", delegator), ("/delegateId", &new.delegate_id)];
        for (at, id) in people {
            match opening.any(ResourceType::Person, id, at) {
                Some((key, _)) if !self.0.links.is_of_record(&key) => {
                    opening.fault(at, "give the id that the person has in the directory of record");
                }
                Some(_) if self.0.links.of_record(id).is_some_and(|person| person.display.is_empty()) => {
                    opening.fault(at, "is nobody in the directory of record");
                }
                _ => {}
            }
        }
        if new.delegate_id == delegator {
            opening.fault("/delegateId", "is the person themselves");
        }
        if start < now - EARLIEST {
            opening.fault("/start", "is more than a day ago");
        }
        if new.end <= start || new.end <= now {
            opening.fault("/end", "has to be after `start`, and in the future");
        } else if new.end.duration_since(start) > LONGEST {
            opening.fault("/end", "is more than a year after `start`");
        }
        for (number, key) in new.systems.iter().enumerate() {
            if SystemKey::new(key).and_then(|key| self.0.systems.get(&key)).is_none() {
                opening.fault(format!("/systems/{number}"), "no system has this key");
            }
        }
        for (at, length) in [("/systems", new.systems.len()), ("/resourceTypes", new.resource_types.len())] {
            if length > portico_store::COVERS {
                opening.fault(at, format!("has more than {} entries", portico_store::COVERS));
            }
        }
        if let Some(fault) = new.reason.as_deref().and_then(|reason| text_fault(reason, REASON)) {
            opening.fault("/reason", fault);
        }
        opening.done()
    }
}

impl Ground {
    /// For whom the person who asks may decide now. Nobody where no records are kept, or the person is in no directory of
    /// record.
    ///
    /// # Errors
    /// Those of the store: what a deputy may do must not be taken for nothing.
    pub(crate) async fn stands_in_for(&self, context: &CallContext) -> Result<StandsInFor, Error> {
        let (Some(me), Some(writes)) = (&context.principal.person_id, &self.writes) else {
            return Ok(StandsInFor::default());
        };
        let delegations = writes.store().delegations_to(me, Timestamp::now()).await;
        delegations.map(StandsInFor).map_err(|error| store_error(&error))
    }

    /// Who may decide now in the place of a person of a system.
    pub(crate) async fn substitutes(
        &self,
        system: &SystemKey,
        resource: ResourceType,
        person: &PersonLink,
    ) -> Result<Vec<PersonRef>, Error> {
        let (Some(id), Some(writes)) = (self.links.link_ref(system, person).id, &self.writes) else {
            return Ok(Vec::new());
        };
        let given = writes.store().delegations_by(&id).await.map_err(|error| store_error(&error))?;
        let now = Timestamp::now();
        let holds = |one: &&Delegation| {
            one.from <= now && now < one.until && one.covers.covers(resource.plural(), system.as_str())
        };
        let deputies = given.iter().filter(holds).filter_map(|one| self.links.of_record(&one.delegate));
        Ok(deputies.collect())
    }
}

fn store(ground: &Ground) -> Result<&Store, Error> {
    let writes = ground.writes.as_ref().ok_or_else(crate::change::no_store)?;
    Ok(writes.store())
}

/// The same for the same key of the same person (UUID version 8, RFC 9562): a repeated request finds what it made.
fn id_of(who: &Principal, asking: &Asking) -> Uuid {
    let key = asking.key.as_deref().unwrap_or_default();
    let digest = Sha256::digest(format!("{}\0{}\0{key}", asking.route, who.subject));
    let mut octets = [0; 16];
    octets.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}

/// Whether a stored delegation is what is asked for again. That it was ended since is not a difference; one that is open has
/// the end that it was made with. One that was asked for without a start begins when it was made.
fn same(known: &Delegation, wanted: &portico_store::NewDelegation, has_start: bool) -> bool {
    let (until, end) = (known.until.as_millisecond(), wanted.until.as_millisecond());
    let same_start = if has_start {
        known.from.as_millisecond() == wanted.from.as_millisecond()
    } else {
        known.created.duration_since(known.from).abs() < AT_ONCE
    };
    same_start
        && (until == end || until < end && known.until <= Timestamp::now())
        && known.delegator == wanted.delegator
        && known.delegate == wanted.delegate
        && known.covers == wanted.covers
        && known.reason == wanted.reason
}

fn actor(who: &Principal) -> Actor {
    Actor { subject: who.subject.clone(), person: who.person_id.clone(), on_behalf_of: None }
}

fn trace(context: &CallContext) -> Trace {
    Trace {
        trace_id: Some(context.span.trace_id().to_hex()),
        correlation_id: Some(context.correlation_id.to_string()),
    }
}

#[cfg(test)]
mod tests;
