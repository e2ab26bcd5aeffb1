//! A directory in memory with an adapter over it: right in everything, or wrong in one thing, to show that the suite fails.

mod handlers;
mod lists;
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use portico_contract::access::Facts;
use portico_contract::documents::SourceVersion;
use portico_contract::paging::Comparison;
use portico_contract::people::{
    FindPeople, GetOrgUnit, GetPerson, GroupsOf, ListOrgUnits, ListPeople, ListReports, OrgUnitRecord,
    PeopleChanges, PersonLink, PersonRecord, ReadPhoto,
};
use portico_contract::{
    AdapterBuilder, CallService, Capability, Error, ErrorKind, FilterCapability, ListOrder, NativeId,
    SystemKey, Upstream,
};
use portico_schemas::{
    ChangeDetection, ContactType, Email, PersonName, PersonProfile, PersonRef, PhoneNumber,
};

use super::target::{KnownPerson, KnownPhoto, NativeDirectory, PeopleTarget};
use crate::Hooked;

/// One thing that an adapter can get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    SkipsSomebodyOnPageTwo,
    RepeatsThePageBoundary,
    StopsAtASizeLimit,
    EndsAtALimitOfItsOwn,
    CountsInsteadOfKeys,
    PositionsEndThePage,
    IgnoresFilters,
    SortsWithoutCase,
    IgnoresScope,
    ListsLessThanItGives,
    TakesEverybodyForActive,
    ShowsTheManagersKey,
    KeysOnTheName,
    TakesWildcards,
    MindsTheCase,
    FindsEverybodyWithAKey,
    InventsWhoIsNotThere,
    RefusesOddTexts,
    ReportsOfReportsToo,
    NoReportsOfNobody,
    OnlyDirectGroups,
    PhotosEveryTime,
    EmptyPhotos,
    UnitsAreFlat,
    PeopleLieAnywhere,
    MixesUpCalls,
    StaysBusyWhenGivenUp,
    EscapesTwice,
    ForgetsDeletes,
    MissesEdits,
    TellsEverybodyAgain,
    TellsOnlyADelta,
    TalksToNobody,
    NamesNoVersion,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub person: KnownPerson,
    /// When it was last changed.
    pub changed: u64,
}

/// Everybody by a key that never changes.
#[derive(Default)]
pub(super) struct Directory {
    pub entries: BTreeMap<u64, Entry>,
    /// When somebody was deleted.
    pub deleted: BTreeMap<u64, u64>,
    clock: u64,
    /// Calls that were given up and whose answers nobody took.
    pub given_up: usize,
    /// Who was asked for last.
    pub last: Option<NativeId>,
}

#[derive(Clone)]
pub(super) struct Memory {
    pub directory: Arc<Mutex<Directory>>,
    pub units: Arc<Vec<(String, Option<String>)>>,
    pub defect: Option<Defect>,
}

pub(super) fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "The directory in memory refuses this.")
}

impl Memory {
    pub fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    pub fn id(&self, key: u64, entry: &Entry) -> NativeId {
        let id = match self.is(Defect::KeysOnTheName) {
            true => entry.person.user_name.clone(),
            false => format!("key-{key}"),
        };
        NativeId::new(&id).expect("short")
    }

    pub fn record(&self, directory: &Directory, key: u64, entry: &Entry) -> PersonRecord {
        let person = &entry.person;
        let manager = person.manager.as_ref().and_then(|manager| {
            let named = directory.entries.iter().find(|(_, entry)| entry.person.user_name == *manager);
            named.map(|(key, entry)| {
                let shown = self.is(Defect::ShowsTheManagersKey);
                let display = if shown { format!("key-{key}") } else { entry.person.display_name.clone() };
                PersonLink { id: self.id(*key, entry), display }
            })
        });
        let display = match self.is(Defect::EscapesTwice) {
            true => person.display_name.replace(',', "\\2C"),
            false => person.display_name.clone(),
        };
        let email = person.email.iter();
        let number = person.telephone.iter();
        let profile = PersonProfile {
            user_name: Some(person.user_name.clone()),
            display_name: display.clone(),
            name: PersonName {
                formatted: None,
                given_name: Some(person.given_name.clone()),
                family_name: Some(person.family_name.clone()),
            },
            title: person.title.clone(),
            active: person.active || self.is(Defect::TakesEverybodyForActive),
            emails: email
                .map(|value| Email { value: value.clone(), kind: ContactType::Work, primary: true })
                .collect(),
            phone_numbers: number
                .map(|value| PhoneNumber { value: value.clone(), kind: ContactType::Work })
                .collect(),
            employee_number: person.employee_number.clone(),
            department: person.department.clone(),
            ..PersonProfile::default()
        };
        let id = self.id(key, entry);
        let owner =
            PersonRef { id: None, system: "memory".into(), native_id: id.as_str().to_owned(), display };
        PersonRecord {
            version: Some(SourceVersion(entry.changed.to_string())),
            created_at: None,
            updated_at: Timestamp::from_second(entry.changed as i64).ok(),
            profile,
            native_status: None,
            has_photo: person.photo != KnownPhoto::None,
            manager,
            org_unit: match self.is(Defect::PeopleLieAnywhere) {
                true => self.units.first().map(|(name, _)| unit_id(name)),
                false => person.unit.as_deref().map(unit_id),
            },
            facts: Facts { owner: Some(owner), unit: person.department.clone(), ..Facts::default() },
            id,
        }
    }

    pub fn unit(&self, name: &str, parent: Option<&str>) -> OrgUnitRecord {
        OrgUnitRecord {
            id: unit_id(name),
            version: None,
            created_at: None,
            updated_at: None,
            name: name.to_owned(),
            description: None,
            parent: parent.filter(|_| !self.is(Defect::UnitsAreFlat)).map(unit_id),
            manager: None,
            facts: Facts::default(),
        }
    }

    fn change(&self, user_name: &str, change: impl FnOnce(&mut KnownPerson)) -> Result<(), String> {
        let mut directory = self.directory.lock();
        directory.clock += 1;
        let clock = directory.clock;
        let found = directory.entries.values_mut().find(|entry| entry.person.user_name == user_name);
        let entry = found.ok_or("nobody is called so")?;
        change(&mut entry.person);
        // What refers to a person is not touched when they are renamed; nobody here refers to those who are.
        entry.changed = clock;
        Ok(())
    }
}

fn unit_id(name: &str) -> NativeId {
    NativeId::new(&format!("unit-{name}")).expect("short")
}

impl NativeDirectory for Memory {
    fn add<'a>(&'a self, person: &'a KnownPerson) -> Hooked<'a, ()> {
        let mut directory = self.directory.lock();
        directory.clock += 1;
        let clock = directory.clock;
        directory.entries.insert(clock, Entry { person: person.clone(), changed: clock });
        Box::pin(async { Ok(()) })
    }

    fn edit_title<'a>(&'a self, user_name: &'a str, title: &'a str) -> Hooked<'a, ()> {
        let done = self.change(user_name, |person| person.title = Some(title.to_owned()));
        Box::pin(async { done })
    }

    fn rename<'a>(&'a self, user_name: &'a str, to: &'a str) -> Hooked<'a, ()> {
        let done = self.change(user_name, |person| to.clone_into(&mut person.user_name));
        Box::pin(async { done })
    }

    fn delete<'a>(&'a self, user_name: &'a str) -> Hooked<'a, ()> {
        let mut directory = self.directory.lock();
        let found = directory.entries.iter().find(|(_, entry)| entry.person.user_name == user_name);
        let done = match found.map(|(key, _)| *key) {
            Some(key) => {
                directory.clock += 1;
                let clock = directory.clock;
                directory.deleted.insert(key, clock);
                directory.entries.remove(&key);
                Ok(())
            }
            None => Err("nobody is called so".to_owned()),
        };
        Box::pin(async { done })
    }
}

/// A small council: a chief, two heads, and people below them.
fn people() -> Vec<KnownPerson> {
    let person = |number: usize| {
        let manager = (number > 0).then(|| format!("user{}", (number - 1) / 4));
        let department = ["Housing", "Finance", "legal"][number % 3];
        let mut groups = BTreeSet::from(["all staff".to_owned(), format!("{department} group")]);
        groups.extend((number == 0).then(|| "chiefs".to_owned()));
        KnownPerson {
            user_name: format!("user{number}"),
            display_name: ["Ann, Smith", "ärger Zwo", "Bob O'Hara", "zoe Small"][number % 4].to_owned(),
            given_name: format!("Given{number}"),
            family_name: format!("Family{}", number % 7),
            title: (!number.is_multiple_of(5)).then(|| format!("Title {}", number % 6)),
            department: Some(department.to_owned()),
            employee_number: Some(format!("E{:04}", number * 7)),
            email: Some(format!("User{number}@Example.org")),
            telephone: Some(format!("+44 {number}")),
            active: number % 9 != 4,
            manager,
            photo: match number % 8 {
                0 => KnownPhoto::Octets([&[0xFF, 0xD8, 0xFF][..], &number.to_be_bytes()].concat()),
                _ => KnownPhoto::None,
            },
            groups,
            unit: Some(department.to_owned()),
        }
    };
    (0..40).map(person).collect()
}

fn units() -> Vec<(String, Option<String>)> {
    let inside = |name: &str| (name.to_owned(), Some("Everything".to_owned()));
    let mut units = vec![("Everything".to_owned(), None)];
    units.extend(["Housing", "Finance", "legal", "empty"].map(inside));
    units
}

/// The adapter with all operations, and what the suite may expect of it.
pub(super) fn system(defect: Option<Defect>) -> (Upstream, PeopleTarget) {
    let memory = Memory { directory: Arc::default(), units: Arc::new(units()), defect };
    for person in people() {
        drop(memory.add(&person));
    }
    let filter = |field, comparisons| FilterCapability { field, comparisons };
    let list = Capability {
        filters: vec![
            filter("userName", &[Comparison::In]),
            filter("displayName", &[Comparison::In, Comparison::Contains]),
            filter("department", &[Comparison::In]),
            filter("active", &[Comparison::In]),
            filter("email", &[Comparison::In]),
            filter("managerId", &[Comparison::In]),
            filter("updatedAt", &[Comparison::Gte, Comparison::Gt, Comparison::Lte, Comparison::Lt]),
        ],
        sorts: vec!["displayName", "userName", "title", "updatedAt"],
        natural_sort: Some("displayName"),
        order: ListOrder::Keyset,
        ..Capability::default()
    };
    let units = Capability {
        filters: vec![filter("name", &[Comparison::In]), filter("parentId", &[Comparison::In])],
        sorts: vec!["name", "parentId"],
        natural_sort: Some("name"),
        order: ListOrder::Keyset,
        ..Capability::default()
    };
    let target =
        PeopleTarget { people: people(), units: self::units(), native: Some(Arc::new(memory.clone())) };
    let key = SystemKey::new("memory").expect("a key");
    let adapter = AdapterBuilder::new("memory", key.clone(), memory)
        .on::<ListPeople>(list.clone())
        .on::<ListReports>(list)
        .on::<GetPerson>(Capability::default())
        .on::<FindPeople>(Capability::default())
        .on::<ReadPhoto>(Capability::default())
        .on::<GroupsOf>(Capability::default())
        .on::<ListOrgUnits>(units)
        .on::<GetOrgUnit>(Capability::default())
        .on::<PeopleChanges>(Capability::default())
        .change_detection(ChangeDetection::Native)
        .build();
    (Upstream::new(key, adapter.profile().clone(), CallService::new(adapter)), target)
}

/// The adapter with a look-up by id only.
pub(super) fn reader() -> (Upstream, PeopleTarget) {
    let memory = Memory { directory: Arc::default(), units: Arc::default(), defect: None };
    let key = SystemKey::new("reader").expect("a key");
    let adapter =
        AdapterBuilder::new("memory", key.clone(), memory).on::<GetPerson>(Capability::default()).build();
    (Upstream::new(key, adapter.profile().clone(), CallService::new(adapter)), PeopleTarget::default())
}
