//! Which person of the directory of record asks, and what follows from it: roles by groups, units, reports.
//!
//! What a directory said is used for as long as configured and not a moment longer. When it cannot be asked again by
//! then, the roles that came from groups are gone until it can, and [`Whose`] says so.

mod resolve;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use moka::sync::Cache;
use parking_lot::RwLock;
use portico_contract::access::Principal;
use portico_contract::people::PersonKey;
use portico_contract::{CallContext, NativeId, SystemKey};
use portico_schemas::PersonRef;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::links::{self, There};
use super::{Indexes, Links};
use crate::seal::Seals;
use crate::systems::Systems;

/// Persons that are remembered at most.
const CAPACITY: u64 = 20_000;
/// How long a directory that could not say who asks is left alone, for one person.
const LEAVE_ALONE: Duration = Duration::from_secs(5);
/// How long a request waits at most to find out who asks.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a token and a person come together.
#[derive(Debug, Clone)]
pub struct IdentityConfig {
    /// The directory of record: it owns `Person.id`.
    pub directory: SystemKey,
    /// What the subject of a token is in that directory.
    pub key: PersonKey,
    /// Roles that groups give: the role, and the names of the groups whose members have it, whatever the case.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// How long what the directory said is used; 5 minutes unless configured.
    pub ttl: Duration,
}

impl IdentityConfig {
    /// The subject is the user name in this directory; groups give no roles.
    pub fn new(directory: SystemKey) -> Self {
        Self { directory, key: PersonKey::UserName, roles: BTreeMap::new(), ttl: Duration::from_secs(300) }
    }
}

/// How far it is known who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The person is in the directory of record, and the groups are known.
    Known,
    /// Nobody in the directory has this subject.
    Nobody,
    /// Several people in the directory have this subject: none of them is taken for the one who asks.
    Ambiguous,
    /// The person's account in the directory cannot be used: groups give no roles.
    Inactive,
    /// The directory could not be asked within the time that an answer may be kept: roles from groups are left out.
    Unavailable,
}

/// Who asks, as far as it is known.
#[derive(Debug, Clone)]
pub struct Known {
    /// The person with everything that the directory adds.
    pub principal: Arc<Principal>,
    /// The person in the directory of record, where they are linked.
    pub person: Option<PersonRef>,
    /// How far it is known.
    pub whose: Whose,
}

/// What a directory said about one subject.
struct Answer {
    whose: Whose,
    person: Option<PersonRef>,
    native: Option<NativeId>,
    roles: BTreeSet<String>,
    units: BTreeSet<String>,
    /// Subjects of those who report to the person.
    reports: BTreeSet<String>,
    /// Their keys in the directory of record.
    native_reports: BTreeSet<String>,
    good_until: Instant,
}

/// An answer joined with a token, kept because the same token comes again and again.
struct Joined {
    token: Arc<Principal>,
    known: Arc<Known>,
    /// In the terms of the directory of record; `None` when the person is not in it.
    native: Option<Arc<Principal>>,
    /// In the terms of linked systems, with the links that this follows from.
    elsewhere: RwLock<Elsewhere>,
    good_until: Instant,
}

type Elsewhere = HashMap<SystemKey, (Arc<portico_directory::Links>, Option<Arc<Principal>>)>;

#[derive(Default)]
struct Slot {
    joined: ArcSwapOption<Joined>,
    /// Held while the directory is asked, so that one request asks for all that wait.
    answer: Mutex<Option<Arc<Answer>>>,
}

/// Resolves subjects. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Parts>);

struct Parts {
    systems: Arc<Systems>,
    indexes: Indexes,
    links: Links,
    seals: Arc<Seals>,
    config: IdentityConfig,
    slots: Cache<String, Arc<Slot>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Identity {
    /// Over the directory of record.
    pub fn new(
        systems: Arc<Systems>,
        indexes: Indexes,
        links: Links,
        seals: Arc<Seals>,
        config: IdentityConfig,
    ) -> Self {
        let slots = Cache::builder().max_capacity(CAPACITY).build();
        Self(Arc::new(Parts { systems, indexes, links, seals, config, slots }))
    }

    /// Finds out who asks. Never fails: what cannot be found out is left out, and `whose` says so.
    pub async fn resolve(&self, context: &CallContext) -> Arc<Known> {
        let token = &context.principal;
        let slot = self
            .0
            .slots
            .get(&token.subject)
            .unwrap_or_else(|| self.0.slots.get_with_by_ref(&token.subject, Arc::default));
        if let Some(joined) = slot.joined.load().as_ref().filter(|joined| joined.fits(token)) {
            return Arc::clone(&joined.known);
        }
        let mut answer = slot.answer.lock().await;
        let current = match answer.as_ref().filter(|answer| answer.good_until > Instant::now()) {
            Some(answer) => Arc::clone(answer),
            None => {
                let new = Arc::new(resolve::ask(&self.0, context).await);
                *answer = Some(Arc::clone(&new));
                new
            }
        };
        let joined = Arc::new(join(token, &current));
        slot.joined.store(Some(Arc::clone(&joined)));
        Arc::clone(&joined.known)
    }

    /// The person who asks in the terms of a system: `subject` is their key there, `reports` the keys there of those who
    /// report to them.
    pub(crate) fn terms(&self, who: &Principal, system: &SystemKey) -> Terms {
        let slot = self.0.slots.get(&who.subject);
        let joined = slot.and_then(|slot| slot.joined.load_full());
        let Some(joined) = joined.filter(|joined| joined.good_until > Instant::now()) else {
            return Terms::Unknown;
        };
        let Some(native) = joined.native.as_ref() else {
            return match joined.known.whose {
                Whose::Unavailable => Terms::Unknown,
                _ => Terms::Nobody,
            };
        };
        let there = if *system == self.0.config.directory {
            Arc::clone(native)
        } else {
            match self.0.links.there(system) {
                None => return Terms::Unknown,
                Some(There::Nobody) => return Terms::Nobody,
                Some(There::Table(table)) => match joined.elsewhere(system, native, &table) {
                    Some(there) => there,
                    None => return Terms::Nobody,
                },
            }
        };
        // Another token of the same person may have come in between, and it may give other roles; and a deputy stands in
        // for others only where a request says so.
        if std::ptr::eq(who, &*joined.known.principal) {
            return Terms::Known(there);
        }
        Terms::Known(Arc::new(Principal {
            subject: there.subject.clone(),
            display_name: who.display_name.clone(),
            person_id: who.person_id.clone(),
            roles: who.roles.clone(),
            units: who.units.clone(),
            reports: there.reports.clone(),
            stands_in_for: who.stands_in_for.clone(),
        }))
    }
}

/// The person who asks, as far as a system knows them.
pub(crate) enum Terms {
    /// In its terms.
    Known(Arc<Principal>),
    /// They are nobody there.
    Nobody,
    /// That cannot be said now.
    Unknown,
}

impl Joined {
    /// In the terms of a linked system: worked out once for each reading of its links, because every row asks.
    fn elsewhere(
        &self,
        system: &SystemKey,
        native: &Arc<Principal>,
        table: &Arc<portico_directory::Links>,
    ) -> Option<Arc<Principal>> {
        if let Some((known, there)) = self.elsewhere.read().get(system)
            && Arc::ptr_eq(known, table)
        {
            return there.clone();
        }
        let linked = |id: &str| links::only_native(table, &NativeId::new(id)?);
        let there = linked(&native.subject).map(|subject| {
            let reports = native.reports.iter().filter_map(|report| linked(report));
            Arc::new(Principal {
                subject: subject.as_str().to_owned(),
                reports: reports.map(|report| report.as_str().to_owned()).collect(),
                ..(**native).clone()
            })
        });
        self.elsewhere.write().insert(system.clone(), (Arc::clone(table), there.clone()));
        there
    }

    fn fits(&self, token: &Arc<Principal>) -> bool {
        self.good_until > Instant::now() && (Arc::ptr_eq(&self.token, token) || self.token == *token)
    }
}

/// Adds what the directory said to what the token says.
fn join(token: &Arc<Principal>, answer: &Answer) -> Joined {
    let mut principal = (**token).clone();
    principal.person_id = answer.person.as_ref().and_then(|person| person.id.clone());
    principal.roles.extend(answer.roles.iter().cloned());
    principal.units.extend(answer.units.iter().cloned());
    principal.reports.extend(answer.reports.iter().cloned());
    let native = answer.native.as_ref().map(|native| {
        Arc::new(Principal {
            subject: native.as_str().to_owned(),
            reports: answer.native_reports.clone(),
            ..principal.clone()
        })
    });
    let known = Arc::new(Known {
        principal: Arc::new(principal),
        person: answer.person.clone(),
        whose: answer.whose,
    });
    let elsewhere = RwLock::default();
    Joined { token: Arc::clone(token), known, native, elsewhere, good_until: answer.good_until }
}
