//! Use cases on people and the units they work in, over every directory.
//!
//! A record always comes from its directory. Only a search (`q=`) is answered from an index in memory, which
//! [`Indexes`] keeps. [`Identity`] says which person asks; [`Links`] says which keys of other systems mean whom.

mod background;
mod identity;
mod indexes;
mod links;
mod org_units;
mod search;
mod sight;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use portico_contract::access::{Facts, Scope};
use portico_contract::documents::SourceVersion;
use portico_contract::paging::Filter;
use portico_contract::people::{
    GetPerson, ListPeople, ListReports, OrgUnitRecord, PersonRecord, Photo, ReadPhoto,
};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation, SystemKey};
use portico_policy::Policy;
use portico_schemas::ResourceType;

use crate::fan_out::{FanOut, HasFacts, readable};
use crate::ids;
use crate::listing::{ListRequest, Listing, Refusal};
use crate::seal::Seals;
use crate::systems::{System, Systems};
use crate::terms::InTerms;

pub(crate) use identity::Terms;
pub use identity::{Identity, IdentityConfig, Known, Whose};
pub use indexes::{IndexOptions, IndexState, Indexes, Reading};
pub use links::{Links, LinksReport, NativePerson};
pub use portico_directory::links::{AmbiguousLink, SharedLink};
pub use portico_directory::{PersonKeys, Rule as LinkRule, Systems as LinkSystems};

/// How far a chain is followed. A directory with more levels than this has a fault.
pub const MAX_CHAIN: usize = 64;

/// A person as they may be shown to the one who asks: what is not for them is no longer in the record.
#[derive(Debug, Clone)]
pub struct FoundPerson {
    /// The directory that holds the entry.
    pub system: SystemKey,
    /// What it said, apart from what is hidden.
    pub record: PersonRecord,
    /// Whether sensitive fields were taken out, had there been any.
    pub masked: bool,
    /// When it was read from the directory.
    pub fetched_at: Timestamp,
}

/// A unit as it may be shown.
#[derive(Debug, Clone)]
pub struct FoundOrgUnit {
    /// The directory that holds the entry.
    pub system: SystemKey,
    /// What it said.
    pub record: OrgUnitRecord,
    /// When it was read from the directory.
    pub fetched_at: Timestamp,
}

/// Why a chain ends before the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainCut {
    /// Somebody in it reports, over others, to themselves.
    Cycle,
    /// It is longer than [`MAX_CHAIN`].
    Depth,
    /// The next one is not there, or not for this person to see.
    NotShown,
}

/// Those above a person, the direct manager first.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Never more than [`MAX_CHAIN`]; nobody twice.
    pub people: Vec<FoundPerson>,
    /// `None` when the last one has no manager.
    pub cut: Option<ChainCut>,
}

impl HasFacts for PersonRecord {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl HasFacts for OrgUnitRecord {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// People of every directory, as one.
#[derive(Clone)]
pub struct People {
    systems: Arc<Systems>,
    policy: Arc<InTerms>,
    seals: Arc<Seals>,
    indexes: Indexes,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").field("systems", &self.systems).finish_non_exhaustive()
    }
}

impl People {
    /// Over these systems, under this policy. Without an identity nobody is the person of any entry, so that the rules
    /// `self` and `manager` show nothing of a directory.
    pub fn new(
        systems: Arc<Systems>,
        policy: Arc<dyn Policy>,
        seals: Arc<Seals>,
        indexes: Indexes,
        identity: Option<Identity>,
    ) -> Self {
        Self { systems, policy: Arc::new(InTerms::new(policy, identity)), seals, indexes }
    }

    fn fan_out<'a>(
        &'a self,
        systems: &'a Systems,
        route: &'a str,
        resource: ResourceType,
        operation: &'static str,
    ) -> FanOut<'a> {
        let policy = &*self.policy;
        FanOut { systems, policy, who: Some(policy), seals: &self.seals, route, resource, operation }
    }

    /// Everybody whom the person may see. With a text to search for (the filter `q`) the best matches, from the index.
    ///
    /// # Errors
    /// A bad cursor or source key; [`ErrorKind::InvalidInput`] for a search with an order or a cursor, and for ids that
    /// were not given out; [`ErrorKind::Forbidden`] for a filter by something that is hidden from the person; a
    /// [`Refusal::NoSource`] when no directory could answer.
    pub async fn list(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundPerson>, Refusal> {
        let mut request = request.clone();
        let only = self.native_filters(&mut request.filters)?;
        let only = ids::narrowed(&self.systems, only, &request)?;
        let systems = only.as_ref().unwrap_or(&self.systems);
        self.check_hidden_filters(context, systems, &request)?;
        if request.filters.iter().any(|filter| filter.field == "q") {
            return self.search(context, systems, &request);
        }
        self.fan_out(systems, "people", ResourceType::Person, ListPeople::META.id)
            .list(
                context,
                &request,
                |system, context, query| async move {
                    let mut page = system.upstream.call(context, ListPeople { query }).await?;
                    page.items.iter_mut().for_each(|listed| sight::own(&system, &mut listed.item));
                    Ok(page)
                },
                |system, record| self.shown(context, system, record, Timestamp::now()),
            )
            .await
    }

    /// Those who report to a person directly.
    ///
    /// # Errors
    /// As [`People::get`] for the person, and as [`People::list`].
    pub async fn reports(
        &self,
        context: &CallContext,
        id: &str,
        request: &ListRequest,
    ) -> Result<Listing<FoundPerson>, Refusal> {
        let (system, manager) = self.open(id)?;
        self.record(context, system, &manager).await?;
        let mut request = request.clone();
        let other = self.native_filters(&mut request.filters)?.filter(|key| key != system.key());
        if other.is_some() {
            return Err(ids::elsewhere("?orgUnitId").into());
        }
        let only = Systems::new(vec![system.clone()]);
        self.check_hidden_filters(context, &only, &request)?;
        let route = format!("people/{id}/reports");
        self.fan_out(&only, &route, ResourceType::Person, ListReports::META.id)
            .list(
                context,
                &request,
                |system, context, query| {
                    let manager = manager.clone();
                    async move {
                        let mut page = system.upstream.call(context, ListReports { manager, query }).await?;
                        page.items.iter_mut().for_each(|listed| sight::own(&system, &mut listed.item));
                        Ok(page)
                    }
                },
                |system, record| self.shown(context, system, record, Timestamp::now()),
            )
            .await
    }

    /// One person, as the directory has them now.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an id that was not given out; [`ErrorKind::Forbidden`] when the person may see
    /// nobody in that directory; [`ErrorKind::NotFound`] when there is no such person, or not for this one.
    pub async fn get(&self, context: &CallContext, id: &str) -> Result<FoundPerson, Error> {
        let (system, person) = self.open(id)?;
        let record = self.record(context, system, &person).await?;
        Ok(self.shown(context, system, record, Timestamp::now()))
    }

    /// To whom a person reports.
    ///
    /// # Errors
    /// As [`People::get`], for both; [`ErrorKind::NotFound`] when the person reports to nobody.
    pub async fn manager(&self, context: &CallContext, id: &str) -> Result<FoundPerson, Error> {
        let (system, person) = self.open(id)?;
        let record = self.record(context, system, &person).await?;
        // One answer for both, so that it does not tell that there is somebody.
        let nobody = || Error::new(ErrorKind::NotFound, "This person reports to nobody whom you may see.");
        let manager = record.manager.ok_or_else(nobody)?;
        let record = match self.record(context, system, &manager.id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(nobody()),
            answer => answer?,
        };
        Ok(self.shown(context, system, record, Timestamp::now()))
    }

    /// Everybody above a person, up to the top. The directory is asked for each, so that nobody is shown by an old
    /// record.
    ///
    /// # Errors
    /// As [`People::get`], for the person.
    pub async fn chain(&self, context: &CallContext, id: &str) -> Result<Chain, Error> {
        let (system, person) = self.open(id)?;
        let mut below = self.record(context, system, &person).await?;
        let mut seen = BTreeSet::from([below.id.clone()]);
        let mut people = Vec::new();
        let cut = loop {
            let Some(manager) = below.manager.take() else { break None };
            if people.len() == MAX_CHAIN {
                break Some(ChainCut::Depth);
            }
            if !seen.insert(manager.id.clone()) {
                break Some(ChainCut::Cycle);
            }
            let record = match self.record(context, system, &manager.id).await {
                Ok(record) => record,
                Err(error) if error.kind() == ErrorKind::NotFound => break Some(ChainCut::NotShown),
                Err(error) => return Err(error),
            };
            below = record.clone();
            people.push(self.shown(context, system, record, Timestamp::now()));
        };
        Ok(Chain { people, cut })
    }

    /// A person's photo.
    ///
    /// # Errors
    /// As [`People::get`]; [`ErrorKind::NotFound`] when there is no photo.
    pub async fn photo(
        &self,
        context: &CallContext,
        id: &str,
        unless: Option<SourceVersion>,
    ) -> Result<Photo, Error> {
        let (system, person) = self.open(id)?;
        if system.upstream.profile.uniform_facts {
            self.may_be_shown(context, system, ResourceType::Person)?;
        } else {
            self.record(context, system, &person).await?;
        }
        system.upstream.call(context.clone(), ReadPhoto { person, unless }).await
    }

    /// Puts native ids in the place of sealed ones.
    fn native_filters(&self, filters: &mut [Filter]) -> Result<Option<SystemKey>, Error> {
        ids::native_filters(&self.seals, &self.systems, filters, |field| match field {
            "managerId" => Some(ResourceType::Person),
            "orgUnitId" | "parentId" => Some(ResourceType::OrgUnit),
            _ => None,
        })
    }

    fn open(&self, id: &str) -> Result<(&System, NativeId), Error> {
        let (key, person) = self.seals.open_person(id, "/id")?;
        let system = self.systems.get(&key).ok_or_else(nobody)?;
        Ok((system, person))
    }

    /// The whole record of a person whom the one who asks may see.
    async fn record(
        &self,
        context: &CallContext,
        system: &System,
        person: &NativeId,
    ) -> Result<PersonRecord, Error> {
        self.may_be_shown(context, system, ResourceType::Person)?;
        let operation = GetPerson { person: person.clone() };
        let mut record = system.upstream.call(context.clone(), operation).await?;
        sight::own(system, &mut record);
        if self.sees(context, system, ResourceType::Person, &record.facts) {
            Ok(record)
        } else {
            Err(nobody())
        }
    }

    /// Refuses before anything is asked when the person may see nothing of the directory at all.
    fn may_be_shown(
        &self,
        context: &CallContext,
        system: &System,
        resource: ResourceType,
    ) -> Result<(), Error> {
        match readable(&*self.policy, context, resource, system) {
            Scope::None => {
                Err(Error::new(ErrorKind::Forbidden, "You may not see this part of the directory."))
            }
            _ => Ok(()),
        }
    }
}

fn nobody() -> Error {
    Error::new(ErrorKind::NotFound, "There is no such person, or they are not for you to see.")
}

#[cfg(test)]
mod tests;
