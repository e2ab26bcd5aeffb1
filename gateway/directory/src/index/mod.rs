//! The search index over one directory's people.
//!
//! A snapshot is a list of segments: some thousand people each, packed into a few arrays, with their words sorted beside
//! them. Segments are immutable and shared between snapshots; a snapshot only adds which of their people are gone. A few
//! changes make one more small segment, and small ones are merged now and then, so that neither time nor memory of an
//! update depends on how many people there are.
//!
//! # How matches rank
//!
//! Every word of a query has to match. A word counts as its best match: a whole word before the beginning of one, before a
//! piece of at least three letters inside one, before a misspelt one; for the same kind a name before a user name, mail
//! address or telephone number, before a title, department or division. People are ordered by the kind of their weakest
//! word, then by all words together; then who has an account in use comes first, then the display name decides, then the id.
//!
//! Misspelt words are looked for in names alone, from four letters on (two steps from eight), and only when the list is not
//! full without them. Only when there is nobody at all, the last word may also be the beginning of a name with one letter
//! wrong or swapped with its neighbour (from five letters on also missing or too many): it is still being typed.

mod builder;
mod compact;
mod dictionary;
mod entry;
mod fold;
mod fuzzy;
mod inside;
mod merge;
mod pace;
mod phone;
mod query;
mod record;
mod score;
mod search;
mod segment;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use portico_contract::NativeId;
use portico_contract::people::{FindPeople, PersonKey};

pub use builder::Builder;
pub use entry::PersonEntry;
pub use query::Query;
use search::Search;
pub use search::{Hit, MatchKind};
use segment::{Order, Slot, same_case};
use table::Hashed;

/// The people of one directory at one moment: immutable, and cheap to clone and to share.
#[derive(Clone)]
pub struct PeopleIndex {
    slots: Arc<[Slot]>,
    len: usize,
}

impl PeopleIndex {
    /// Hits that one search gives at most.
    pub const MOST: usize = 1_000;
    /// Managers that [`PeopleIndex::chain`] gives at most.
    pub const LONGEST_CHAIN: usize = 100;

    /// The best `limit` people (at most [`PeopleIndex::MOST`]) who match every word and are visible, best first.
    ///
    /// `visible` is asked at most once for a person, and mostly only for those who may make the list; a person who sees
    /// nobody has it asked for every match, so it should be cheap.
    pub fn search<'a>(
        &'a self,
        query: &Query,
        limit: usize,
        mut visible: impl FnMut(&PersonEntry<'a>) -> bool,
    ) -> Vec<Hit<'a>> {
        Search::new(query, &self.slots).run(limit.min(Self::MOST), &mut visible)
    }

    /// The person with this id.
    pub fn get(&self, id: &NativeId) -> Option<PersonEntry<'_>> {
        self.by_id(id.as_str())
    }

    fn by_id(&self, id: &str) -> Option<PersonEntry<'_>> {
        let hashed = Hashed::of(id);
        self.slots.iter().find_map(|slot| Some(slot.person(slot.row_of(id, hashed)?)))
    }

    /// Those who report to this person directly: accounts in use before others, then by display name. Empty when nobody
    /// does, and for an id that nobody names. Somebody who is their own manager is among their reports.
    pub fn reports<'a>(&'a self, id: &NativeId) -> Vec<PersonEntry<'a>> {
        let hashed = Hashed::of(id.as_str());
        let all = self.slots.iter().flat_map(|slot| live(slot, slot.segment.managers.rows(hashed)));
        let mut reports: Vec<_> = all.filter(|person| person.manager_id() == Some(id.as_str())).collect();
        reports.sort_by_cached_key(|person| Order::of(*person));
        reports
    }

    /// The managers above a person, the nearest first: up to the top, to a manager who is not in the directory, to one
    /// who was met before (a ring; nobody is named twice, nor the person themselves), or to
    /// [`PeopleIndex::LONGEST_CHAIN`]. Empty for somebody unknown.
    pub fn chain(&self, id: &NativeId) -> Vec<PersonEntry<'_>> {
        let mut chain: Vec<PersonEntry<'_>> = Vec::new();
        let mut at = self.get(id);
        while let Some(manager) = at.and_then(|person| self.by_id(person.manager_id()?)) {
            let met = manager.id() == id.as_str() || chain.iter().any(|above| above.id() == manager.id());
            if met || chain.len() == Self::LONGEST_CHAIN {
                break;
            }
            chain.push(manager);
            at = Some(manager);
        }
        chain
    }

    /// The people who have this key, accounts in use before others, then by display name; at most [`FindPeople::MOST`].
    /// Nobody for an empty value. Case matters for [`PersonKey::EmployeeNumber`] alone.
    pub fn find<'a>(&'a self, key: PersonKey, value: &str) -> Vec<PersonEntry<'a>> {
        let wanted = comparable(key, value);
        let hashed = Hashed::of(&wanted);
        // Rows of a segment are in order: nobody behind its first few can be among the first few of all.
        let first = |slot: &'a Slot| {
            let table = match key {
                PersonKey::UserName => &slot.segment.user_names,
                PersonKey::EmployeeNumber => &slot.segment.employee_numbers,
                PersonKey::Email => &slot.segment.emails,
            };
            let has = |person: &PersonEntry<'_>| has_key(*person, key, &wanted);
            live(slot, table.rows(hashed)).filter(has).take(FindPeople::MOST).collect::<Vec<_>>()
        };
        let mut found: Vec<_> = self.slots.iter().flat_map(first).collect();
        found.sort_by_cached_key(|person| Order::of(*person));
        found.truncate(FindPeople::MOST);
        found
    }

    /// Whether this person has this key, as [`PeopleIndex::find`] compares them.
    pub(crate) fn has(&self, id: &NativeId, key: PersonKey, value: &str) -> bool {
        !value.is_empty() && self.get(id).is_some_and(|person| has_key(person, key, &comparable(key, value)))
    }

    /// Everybody, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = PersonEntry<'_>> {
        self.slots.iter().flat_map(Slot::people)
    }

    /// Whether this is the very snapshot that the other is: nothing has changed between them.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slots, &other.slots)
    }

    /// How many people there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Octets of heap that the snapshot holds, parts that it shares with other snapshots included. An allocator's own
    /// rounding is not counted.
    pub fn bytes(&self) -> usize {
        let list = size_of_val(&*self.slots) + 2 * size_of::<usize>();
        list + self.slots.iter().map(Slot::bytes).sum::<usize>()
    }
}

/// Those of a segment's rows who are not gone.
fn live<'a>(slot: &'a Slot, rows: impl Iterator<Item = u16>) -> impl Iterator<Item = PersonEntry<'a>> {
    rows.filter(|row| !slot.is_gone(*row)).map(|row| slot.person(row))
}

fn comparable(key: PersonKey, value: &str) -> String {
    match key {
        PersonKey::EmployeeNumber => value.to_owned(),
        PersonKey::UserName | PersonKey::Email => same_case(value),
    }
}

fn has_key(person: PersonEntry<'_>, key: PersonKey, wanted: &str) -> bool {
    match key {
        PersonKey::UserName => person.user_name().is_some_and(|name| same_case(name) == wanted),
        PersonKey::EmployeeNumber => person.record().profile.employee_number.as_deref() == Some(wanted),
        PersonKey::Email => {
            person.record().profile.emails.iter().any(|email| same_case(&email.value) == wanted)
        }
    }
}

/// Nobody.
impl Default for PeopleIndex {
    fn default() -> Self {
        Self { slots: Arc::from([]), len: 0 }
    }
}

/// Who is in it, is personal: only its size is shown.
impl fmt::Debug for PeopleIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeopleIndex({} people in {} segments)", self.len, self.slots.len())
    }
}
