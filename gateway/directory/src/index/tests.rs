//! The index against a plain scan, and snapshots made step by step against one made at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use portico_contract::access::Facts;
use portico_contract::documents::SourceVersion;
use portico_contract::people::{PersonChange, PersonLink, PersonRecord};
use portico_schemas::{
    Address, Classification, ContactType, Email, PersonName, PersonProfile, PersonRef, PhoneNumber,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::segment::MAX_ROWS;
use super::*;

mod model;
mod ranking;

fn native(id: &str) -> NativeId {
    NativeId::new(id).unwrap()
}

/// A person with a name, and nothing else.
fn person(id: &str, display: &str) -> PersonRecord {
    PersonRecord {
        id: native(id),
        version: None,
        created_at: None,
        updated_at: None,
        profile: PersonProfile { display_name: display.to_owned(), active: true, ..PersonProfile::default() },
        native_status: None,
        has_photo: false,
        manager: None,
        org_unit: None,
        facts: Facts::default(),
    }
}

fn put(person: &PersonRecord) -> PersonChange {
    PersonChange::Put(Box::new(person.clone()))
}

fn index_of<'a>(people: impl IntoIterator<Item = &'a PersonRecord>) -> PeopleIndex {
    let mut builder = Builder::new();
    people.into_iter().for_each(|person| builder.apply(put(person)));
    builder.build()
}

fn ids<'a>(people: impl IntoIterator<Item = PersonEntry<'a>>) -> Vec<&'a str> {
    people.into_iter().map(PersonEntry::id).collect()
}

fn found<'a>(index: &'a PeopleIndex, typed: &str) -> Vec<&'a str> {
    ids(index.search(&Query::parse(typed), 100, |_| true).into_iter().map(|hit| hit.person))
}

fn full() -> PersonRecord {
    let text = |text: &str| Some(text.to_owned());
    let mut full = person("id-1", "Siân Davies");
    full.version = Some(SourceVersion("v1".to_owned()));
    full.created_at = "1961-04-12T06:07:00.000000001Z".parse().ok();
    full.updated_at = "2026-11-22T12:00:00.25Z".parse().ok();
    full.native_status = text("locked");
    full.has_photo = true;
    full.manager = Some(PersonLink { id: native("id-2"), display: "Ó Briain".to_owned() });
    full.org_unit = Some(native("ou"));
    full.profile = PersonProfile {
        user_name: text("sdavies"),
        display_name: "Siân Davies".to_owned(),
        name: PersonName {
            formatted: text("Siân Davies"), given_name: text("Siân"), family_name: text("")
        },
        title: text("Buyer"),
        active: false,
        emails: vec![
            Email { value: "a@b@council.example".to_owned(), kind: ContactType::Work, primary: true },
            Email { value: "no address".to_owned(), kind: ContactType::Other, primary: false },
        ],
        phone_numbers: vec![PhoneNumber { value: "1234".to_owned(), kind: ContactType::Fax }],
        addresses: vec![Address {
            formatted: text("1 High Street\nTown"),
            country: text("GB"),
            ..Address::default()
        }],
        employee_number: text("E1"),
        cost_center: text("C1"),
        organization: text("O1"),
        division: text("D1"),
        department: text("D2"),
        office: text("R1"),
        preferred_language: text("cy"),
        timezone: text("Europe/London"),
    };
    full.facts = Facts {
        owner: Some(PersonRef {
            id: text("x"),
            system: "ad".to_owned(),
            native_id: "other".to_owned(),
            display: "Other".to_owned(),
        }),
        unit: text("D2"),
        classification: Some(Classification::Restricted),
        ..Facts::default()
    };
    full
}

#[test]
fn a_record_comes_back_as_it_was_told() {
    let full = full();
    let bare = person("", "");
    let mut own = person("id-3", "Own");
    own.facts.owner = Some(PersonRef {
        id: None,
        system: "ad".to_owned(),
        native_id: "id-3".to_owned(),
        display: "Own".to_owned(),
    });
    own.profile.name.formatted = Some("Formatted".to_owned());
    own.profile.phone_numbers =
        [ContactType::Work, ContactType::Home, ContactType::Mobile, ContactType::Other]
            .map(|kind| PhoneNumber { value: String::new(), kind })
            .into();
    own.facts.classification = Some(Classification::Public);
    let index = index_of([&full, &bare, &own]);
    for told in [&full, &own] {
        let entry = index.get(&told.id).unwrap();
        assert_eq!(entry.record(), *told);
        assert_eq!(entry.facts(), told.facts);
        assert_eq!(entry.owner_native_id(), told.facts.owner.as_ref().map(|owner| owner.native_id.as_str()));
        assert_eq!(entry.unit(), told.facts.unit.as_deref());
        assert_eq!(entry.classification(), told.facts.classification);
        assert_eq!(entry.user_name(), told.profile.user_name.as_deref());
        assert_eq!((entry.native_id(), entry.active()), (told.id.clone(), told.profile.active));
    }
    assert_eq!(index.iter().filter(|entry| entry.record() == bare).count(), 1);
}

#[test]
fn debug_shows_nobody() {
    let index = index_of([&full()]);
    let entry = index.get(&native("id-1")).unwrap();
    let shown = format!("{index:?} {entry:?} {:?}", Query::parse("Davies"));
    assert!(!shown.contains("Davies") && !shown.contains("id-1"), "{shown}");
}

#[test]
fn reports_chains_and_rings() {
    let below = |id: &str, manager: &str| {
        let mut person = person(id, &format!("Name {id}"));
        person.manager = Some(PersonLink { id: native(manager), display: String::new() });
        person
    };
    let mut people =
        vec![person("top", "Top"), below("a", "top"), below("b", "a"), below("c", "a"), below("d", "away")];
    people.extend([
        below("r1", "r2"),
        below("r2", "r3"),
        below("r3", "r1"),
        below("self", "self"),
        below("x", "r1"),
    ]);
    people[2].profile.active = false;
    let index = index_of(&people);
    assert_eq!(ids(index.reports(&native("a"))), ["c", "b"]);
    assert_eq!(ids(index.chain(&native("b"))), ["a", "top"]);
    for (id, chain) in [("top", &[][..]), ("d", &[]), ("nobody", &[]), ("self", &[]), ("r1", &["r2", "r3"])] {
        assert_eq!(ids(index.chain(&native(id))), chain, "{id}");
    }
    assert_eq!(ids(index.chain(&native("x"))), ["r1", "r2", "r3"]);
    assert_eq!(ids(index.reports(&native("self"))), ["self"]);
    assert!(index.reports(&native("nobody")).is_empty());
    let long: Vec<_> = (0..300).map(|at| below(&format!("l{at}"), &format!("l{}", at + 1))).collect();
    assert_eq!(index_of(&long).chain(&native("l0")).len(), PeopleIndex::LONGEST_CHAIN);
}

#[test]
fn keys_are_found_whatever_their_case_but_numbers_exactly() {
    let mut one = full();
    one.profile.employee_number = Some("e1".to_owned());
    let mut two = person("id-2", "Two");
    two.profile.user_name = Some("SDavies".to_owned());
    two.profile.employee_number = Some("E1".to_owned());
    let index = index_of([&one, &two]);
    assert_eq!(ids(index.find(PersonKey::UserName, "sDAVIES")), ["id-2", "id-1"]);
    assert_eq!(ids(index.find(PersonKey::EmployeeNumber, "E1")), ["id-2"]);
    assert_eq!(ids(index.find(PersonKey::Email, "A@B@Council.Example")), ["id-1"]);
    for key in [PersonKey::UserName, PersonKey::EmployeeNumber, PersonKey::Email] {
        assert!(index.find(key, "").is_empty());
        assert!(index.find(key, "nobody").is_empty());
    }
    let many: Vec<_> = (0..30)
        .map(|at| {
            let mut person = person(&format!("m{at}"), "Many");
            person.profile.user_name = Some("many".to_owned());
            person
        })
        .collect();
    assert_eq!(index_of(&many).find(PersonKey::UserName, "MANY").len(), FindPeople::MOST);
}

#[test]
fn an_empty_index_answers() {
    let index = PeopleIndex::default();
    assert!(index.is_empty() && found(&index, "davies").is_empty() && index.get(&native("x")).is_none());
    assert_eq!(Builder::new().build().len(), 0);
}

#[test]
fn whoever_is_not_told_again_is_gone_and_a_second_begin_forgets_the_first() {
    let (a, b, c) = (person("a", "Ann"), person("b", "Bea"), person("c", "Cat"));
    let first = index_of([&a, &b]);
    let mut builder = Builder::from(&first);
    for change in [PersonChange::Begin { whole: true }, put(&c), PersonChange::Begin { whole: true }, put(&b)]
    {
        builder.apply(change);
    }
    let second = builder.build();
    assert_eq!(ids(second.iter()), ["b"]);
    assert_eq!(first.len(), 2, "a snapshot does not change");
    let mut builder = Builder::from(&first);
    for change in [PersonChange::Begin { whole: true }, put(&c), PersonChange::Begin { whole: false }] {
        builder.apply(change);
    }
    assert_eq!(builder.build().len(), 2);
}

#[test]
fn many_segments_and_small_changes_stay_few_segments() {
    let name = |at: usize| format!("Person {}", char::from(b'a' + (at % 26) as u8));
    let people: Vec<_> = (0..2 * MAX_ROWS + 10).map(|at| person(&format!("p{at}"), &name(at))).collect();
    let mut index = index_of(&people);
    assert_eq!(index.slots.len(), 3);
    for round in 0..100 {
        let mut builder = Builder::from(&index);
        for at in 0..50 {
            let mut changed = people[(round * 331 + at * 97) % people.len()].clone();
            changed.profile.title = Some(format!("Title {round}"));
            builder.apply(put(&changed));
        }
        index = builder.build();
        assert_eq!(index.len(), people.len());
        assert_eq!(index.iter().count(), people.len());
        assert!(index.slots.len() < 20, "{index:?}");
    }
    assert_eq!(index.search(&Query::parse("title 99"), 1_000, |_| true).len(), 50);
    let gone: usize = index.slots.iter().map(|slot| slot.segment.len() - slot.live).sum();
    assert!(gone * 3 < people.len(), "{gone} gone are still kept");
}

/// An index over five large parts, and how often work on it pauses.
fn counted() -> (Vec<PersonRecord>, PeopleIndex) {
    let name = |at: usize| format!("Person {} {}", char::from(b'a' + (at % 26) as u8), at % 1_000);
    let people: Vec<_> = (0..5 * MAX_ROWS).map(|at| person(&format!("p{at}"), &name(at))).collect();
    let index = index_of(&people);
    (people, index)
}

/// The next snapshot, and how often making it paused.
fn next(index: &PeopleIndex, changes: impl IntoIterator<Item = PersonChange>) -> (PeopleIndex, usize) {
    let pauses = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pauses);
    let mut builder = Builder::from(index).pausing(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    changes.into_iter().for_each(|change| builder.apply(change));
    (builder.build(), pauses.load(Ordering::Relaxed))
}

/// People in the parts of a snapshot that the one before did not have.
fn written(before: &PeopleIndex, after: &PeopleIndex) -> usize {
    let is_new = |slot: &&Slot| !before.slots.iter().any(|old| Arc::ptr_eq(&old.segment, &slot.segment));
    after.slots.iter().filter(is_new).map(|slot| slot.segment.len()).sum()
}

#[test]
fn a_refresh_without_changes_builds_nothing() {
    let (people, index) = counted();
    let nothing = [Vec::new(), vec![PersonChange::Begin { whole: false }], vec![put(&people[7])]];
    let gone_already = vec![PersonChange::Gone(native("stranger"))];
    for changes in nothing.into_iter().chain([gone_already]) {
        let (after, pauses) = next(&index, changes);
        assert!(after.is(&index) && pauses == 0, "{pauses} pauses");
    }
    // Nor does telling everybody again, whom it has to compare.
    let everybody = people.iter().map(put);
    let (after, pauses) = next(&index, std::iter::once(PersonChange::Begin { whole: true }).chain(everybody));
    assert!(after.is(&index));
    assert_eq!(pauses, people.len() / 16, "it pauses while it compares, and does nothing else");
    assert!(!next(&index, [PersonChange::Gone(native("p7"))]).0.is(&index));
}

#[test]
fn a_refresh_costs_what_changed_and_not_what_there_is() {
    let (people, mut index) = counted();
    const CHANGES: usize = 20;
    let (mut all, mut pauses_in_all) = (0, 0);
    for round in 0..500 {
        let changed = (0..CHANGES).map(|at| {
            let mut changed = people[(round * 331 + at * 97) % people.len()].clone();
            changed.profile.title = Some(format!("Title {round}"));
            put(&changed)
        });
        let (after, pauses) = next(&index, changed.collect::<Vec<_>>());
        let wrote = written(&index, &after);
        let bound = CHANGES..=2 * MAX_ROWS + CHANGES;
        assert!(bound.contains(&wrote), "{wrote} people written in round {round}");
        (all, pauses_in_all) = (all + wrote, pauses_in_all + pauses);
        index = after;
    }
    // Each who changed is written again a few times, when parts are merged; those who did not, next to never.
    assert!(all < 12 * 500 * CHANGES, "{all} people written for {} changes", 500 * CHANGES);
    assert!(pauses_in_all > all / 32, "{pauses_in_all} pauses for {all} people: long work without a pause");
}
