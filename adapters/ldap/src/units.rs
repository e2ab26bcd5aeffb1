//! The parts of the organisation. There are few of them: all are read at once and remembered for a while.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use portico_contract::{CallContext, Error};
use portico_wire::ldap::{AttributeName, Dn, Entry, Scope};
use tokio::time::{Duration, Instant};

use crate::directory::Directory;
use crate::fault;
use crate::id::Id;
use crate::map;
use crate::settings::Place;
use crate::time;
use crate::walk::Walk;

/// Units that a directory may have; a list of more is limited.
const MOST: usize = 20_000;
/// A place that is no unit may have become one: looked at again after this long at the earliest.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Places that are known to be no units.
const MOST_OTHERS: usize = 10_000;

/// A unit as its entry says.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) id: Id,
    pub(crate) dn: Dn,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) manager: Option<Dn>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) updated: Option<Timestamp>,
}

/// All units at one moment.
pub(crate) struct UnitTable {
    pub(crate) units: Vec<Unit>,
    by_dn: HashMap<String, usize>,
    others: HashSet<String>,
    pub(crate) limited: Option<String>,
    read: Instant,
}

impl UnitTable {
    /// The unit that an entry lies in: the nearest one above it.
    pub(crate) fn around(&self, dn: &Dn) -> Option<&Unit> {
        let unit = dn.above().find_map(|name| self.by_dn.get(name))?;
        self.units.get(*unit)
    }

    pub(crate) fn by_id(&self, id: Id) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == id)
    }

    fn knows(&self, place: &str) -> bool {
        self.by_dn.contains_key(place) || self.others.contains(place)
    }
}

/// The units that were read last, and the turn to read them: many calls that miss them wait for one reading.
#[derive(Default)]
pub(crate) struct Units {
    last: Mutex<Option<Arc<UnitTable>>>,
    turn: tokio::sync::Mutex<()>,
}

impl Directory {
    /// The units, good for placing these entries. `None` where the settings name none.
    pub(crate) async fn units_around(
        &self,
        context: &CallContext,
        entries: impl Iterator<Item = &Dn>,
    ) -> Result<Option<Arc<UnitTable>>, Error> {
        let Some(place) = &self.settings.org_units else { return Ok(None) };
        let places: HashSet<&str> = entries.filter_map(|dn| dn.above().next()).collect();
        if let Some(table) = self.usable(&places) {
            return Ok(Some(table));
        }
        let _turn = self.units.turn.lock().await;
        if let Some(table) = self.usable(&places) {
            return Ok(Some(table));
        }
        self.read_units(context, place, &places).await.map(Some)
    }

    fn usable(&self, places: &HashSet<&str>) -> Option<Arc<UnitTable>> {
        let table = self.units.last.lock().clone()?;
        let age = table.read.elapsed();
        let good = age < self.settings.names_ttl
            && (age < LOOK_AGAIN || places.iter().all(|place| table.knows(place)));
        good.then_some(table)
    }

    /// All units, as they are now.
    pub(crate) async fn fresh_units(&self, context: &CallContext) -> Result<Option<Arc<UnitTable>>, Error> {
        match &self.settings.org_units {
            None => Ok(None),
            Some(place) => self.read_units(context, place, &HashSet::new()).await.map(Some),
        }
    }

    async fn read_units(
        &self,
        context: &CallContext,
        place: &Place,
        places: &HashSet<&str>,
    ) -> Result<Arc<UnitTable>, Error> {
        let read = Instant::now();
        let mut search = self.search("org_units", &place.base, Scope::Subtree, place.filter.clone());
        search.attributes = self.unit_attributes();
        let mut walk = Walk::start(self, context, search).await?;
        let mut units = Vec::new();
        let mut limited = None;
        while let Some(entries) = walk.next().await.map_err(base_is_missing)? {
            for entry in &entries {
                units.push(self.unit(entry)?);
            }
            if units.len() > MOST {
                units.truncate(MOST);
                limited =
                    Some(format!("The directory has more than the {MOST} units that the gateway takes."));
                break;
            }
        }
        let by_dn: HashMap<String, usize> =
            units.iter().enumerate().map(|(at, unit)| (unit.dn.normal().to_owned(), at)).collect();
        let mut others: HashSet<String> =
            self.units.last.lock().as_ref().map(|last| last.others.clone()).unwrap_or_default();
        others.extend(places.iter().map(|place| (*place).to_owned()));
        others.retain(|other| !by_dn.contains_key(other));
        if others.len() > MOST_OTHERS {
            others.clear();
        }
        let limited = limited.or_else(|| walk.limited());
        let table = Arc::new(UnitTable { units, by_dn, others, limited, read });
        *self.units.last.lock() = Some(Arc::clone(&table));
        Ok(table)
    }

    pub(crate) fn unit_attributes(&self) -> Vec<AttributeName> {
        let names = &self.settings.attributes;
        let dialect = self.dialect();
        let mut all = vec![dialect.id(), dialect.created(), dialect.updated()];
        let mapped = [&names.org_unit_name, &names.org_unit_description, &names.org_unit_manager];
        all.extend(mapped.into_iter().flatten().cloned());
        all
    }

    /// Reads a unit's entry. The top is called as the settings say; a unit without a name, by the name of its entry.
    pub(crate) fn unit(&self, entry: &Entry) -> Result<Unit, Error> {
        let names = &self.settings.attributes;
        let dialect = self.dialect();
        let at = |name: AttributeName| entry.first_text(name.as_str()).and_then(time::generalized);
        let is_top = self.settings.org_units.as_ref().is_some_and(|place| place.base == entry.dn);
        let top = self.settings.top_unit_name.clone().filter(|_| is_top);
        let name = top.or_else(|| map::first(entry, &names.org_unit_name));
        let manager = map::first(entry, &names.org_unit_manager).and_then(|text| Dn::parse(&text).ok());
        Ok(Unit {
            id: map::id(entry, dialect)?,
            dn: entry.dn.clone(),
            name: name.or_else(|| entry.dn.rdn_value()).unwrap_or_else(|| "No name".to_owned()),
            description: map::first(entry, &names.org_unit_description),
            manager,
            created: at(dialect.created()),
            updated: at(dialect.updated()),
        })
    }
}

pub(crate) fn base_is_missing(error: Error) -> Error {
    fault::no_base(error, "org_units.base")
}
