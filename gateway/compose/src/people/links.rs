//! Whom the people of other systems are, in the directory of record (design D5). A link is made by a rule or not at
//! all: where several people may be meant, an operator is told.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use portico_contract::people::PersonLink;
use portico_contract::{NativeId, SystemKey};
use portico_directory::links::{AmbiguousLink, Link, Linker, SharedLink};
use portico_directory::{PeopleIndex, PersonKeys, Rule};
use portico_schemas::{PersonRef, ResourceType};

use super::{Indexes, background};
use crate::seal::Seals;

/// A person as another system knows them.
#[derive(Debug, Clone)]
pub struct NativePerson {
    /// The system's own key for them.
    pub native: NativeId,
    /// The name to show.
    pub display: String,
    /// What they may be linked by.
    pub keys: PersonKeys,
}

/// How the people of one directory are linked to the directory of record.
#[derive(Debug, Clone)]
pub struct LinksReport {
    /// The directory.
    pub system: SystemKey,
    /// How many are linked.
    pub linked: usize,
    /// How many could be several people.
    pub ambiguous: usize,
    /// How many are nobody of the directory of record.
    pub unlinked: usize,
    /// Who is ambiguous, with whom they may be; the first thousand.
    pub ambiguous_links: Vec<AmbiguousLink>,
    /// Who is linked to nobody; the first thousand.
    pub unlinked_people: Vec<NativeId>,
    /// People of record to whom several are linked; the first thousand.
    pub shared_links: Vec<SharedLink>,
}

/// What is known of the links of one system.
#[derive(Clone)]
pub(crate) enum There {
    /// These.
    Table(Arc<portico_directory::Links>),
    /// Nobody of that system is ever linked: it does not tell its people, or there is no directory of record.
    Nobody,
}

/// The one entry that is linked to a person of record: none when there are several, because one of them may be somebody
/// else's.
pub(super) fn only_native(table: &portico_directory::Links, record: &NativeId) -> Option<NativeId> {
    match table.natives_of(record).as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// Whether these are the same snapshots.
pub(super) fn same(all: &[Option<PeopleIndex>], others: &[Option<PeopleIndex>]) -> bool {
    let one = |pair: (&Option<PeopleIndex>, &Option<PeopleIndex>)| match pair {
        (Some(index), Some(other)) => index.is(other),
        (index, other) => index.is_none() && other.is_none(),
    };
    all.len() == others.len() && all.iter().zip(others).all(one)
}

type Tables = HashMap<SystemKey, Arc<portico_directory::Links>>;

/// The links to one directory of record. Cheap to clone.
#[derive(Clone)]
pub struct Links(Arc<Parts>);

struct Parts {
    record: Option<SystemKey>,
    rules: Vec<Rule>,
    indexes: Indexes,
    seals: Arc<Seals>,
    tables: ArcSwap<Tables>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("record", &self.0.record).finish_non_exhaustive()
    }
}

impl Links {
    /// To this directory of record, by these rules, the first that finds somebody wins. Without a directory of record
    /// nobody is linked.
    pub fn new(record: Option<SystemKey>, rules: Vec<Rule>, indexes: Indexes, seals: Arc<Seals>) -> Self {
        Self(Arc::new(Parts { record, rules, indexes, seals, tables: ArcSwap::default() }))
    }

    /// A reference to somebody whom a system names, with the id in the directory of record where they are linked.
    pub fn person_ref(&self, system: &SystemKey, person: &NativePerson) -> PersonRef {
        PersonRef {
            id: self.record_id(system, person),
            system: system.as_str().to_owned(),
            native_id: person.native.as_str().to_owned(),
            display: person.display.clone(),
        }
    }

    fn record_id(&self, system: &SystemKey, person: &NativePerson) -> Option<String> {
        let record = self.0.record.as_ref()?;
        if system == record {
            return Some(self.0.seals.seal_person(record, &person.native));
        }
        let id = match self.0.tables.load().get(system).and_then(|table| table.record_of(&person.native)) {
            Some((id, _)) => id,
            None => {
                let (held, _) = self.0.indexes.held(record)?;
                match Linker::new(&held.index, &self.0.rules, system).link(&person.keys) {
                    Link::Linked { id, .. } => id,
                    Link::Ambiguous { .. } | Link::Unlinked => return None,
                }
            }
        };
        Some(self.0.seals.seal_person(record, &id))
    }

    /// A reference to somebody whom a record of a system names by the system's key.
    pub fn link_ref(&self, system: &SystemKey, link: &PersonLink) -> PersonRef {
        let (native, display) = (link.id.clone(), link.display.clone());
        self.person_ref(system, &NativePerson { native, display, keys: PersonKeys::default() })
    }

    /// How the people of a system are linked, at this moment. `None` when that is not known now: the people of the system,
    /// or those of the directory of record, have not been read yet.
    pub(crate) fn there(&self, system: &SystemKey) -> Option<There> {
        if let Some(table) = self.0.tables.load().get(system) {
            return Some(There::Table(Arc::clone(table)));
        }
        (self.0.record.is_none() || !self.0.indexes.covers(system)).then_some(There::Nobody)
    }

    /// Whether this is the directory of record.
    pub(crate) fn is_of_record(&self, system: &SystemKey) -> bool {
        self.0.record.as_ref() == Some(system)
    }

    /// Everybody in a system who is linked to a person of record; as [`Links::there`].
    pub(crate) fn all_natives(&self, system: &SystemKey, record: &NativeId) -> Option<Vec<NativeId>> {
        if self.is_of_record(system) {
            return Some(vec![record.clone()]);
        }
        Some(match self.there(system)? {
            There::Table(table) => table.natives_of(record),
            There::Nobody => Vec::new(),
        })
    }

    /// A reference to a person by their id in the directory of record, with the name that its index has; `None` for an id of
    /// something else.
    pub fn of_record(&self, id: &str) -> Option<PersonRef> {
        let record = self.0.record.as_ref()?;
        let (_, native) =
            self.0.seals.open(ResourceType::Person, id, "").ok().filter(|(key, _)| key == record)?;
        Some(PersonRef {
            id: Some(id.to_owned()),
            system: record.as_str().to_owned(),
            display: self.0.indexes.display_name(record, &native).unwrap_or_default(),
            native_id: native.as_str().to_owned(),
        })
    }

    /// Links everybody of every other directory anew, from the indexes as they are now.
    pub async fn rebuild(&self) {
        let links = self.clone();
        // A defect in there leaves the links as they were.
        let _ = background::start(move || links.build()).await;
    }

    fn build(&self) {
        let Some((record, (of_record, _))) =
            self.0.record.as_ref().and_then(|key| Some((key, self.0.indexes.held(key)?)))
        else {
            return;
        };
        let mut tables = Tables::new();
        let mut pause = background::pauses();
        for system in self.0.indexes.keys().filter(|key| *key != record) {
            let Some((held, _)) = self.0.indexes.held(system) else { continue };
            let linker = Linker::new(&of_record.index, &self.0.rules, system);
            let people = held.index.iter().map(|entry| {
                pause();
                (entry.native_id(), PersonKeys::from(&entry.record()))
            });
            tables.insert(system.clone(), Arc::new(portico_directory::Links::build(&linker, people)));
        }
        self.0.tables.store(Arc::new(tables));
    }

    /// Links anew whenever an index has changed, until `shutdown`. Most readings find that nothing has.
    pub async fn keep(self, shutdown: impl Future<Output = ()>) {
        let mut changed = self.0.indexes.changed();
        changed.mark_changed();
        let mut linked: Vec<Option<PeopleIndex>> = Vec::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                alive = changed.changed() => if alive.is_err() { return },
            }
            let now = self.0.indexes.snapshots();
            if now.len() > 1 && !same(&now, &linked) {
                linked = now;
                self.rebuild().await;
            }
        }
    }

    /// How the people of every other directory are linked, in the configured order: for an operator.
    pub fn links_report(&self) -> Vec<LinksReport> {
        let tables = self.0.tables.load();
        let report = |key: &SystemKey| {
            let table = tables.get(key)?;
            Some(LinksReport {
                system: key.clone(),
                linked: table.linked(),
                ambiguous: table.ambiguous(),
                unlinked: table.unlinked(),
                ambiguous_links: table.ambiguous_links().to_vec(),
                unlinked_people: table.unlinked_people().to_vec(),
                shared_links: table.shared_links(),
            })
        };
        self.0.indexes.keys().filter_map(report).collect()
    }
}
