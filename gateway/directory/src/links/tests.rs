//! Rules, what is ambiguous, and the table.

use portico_contract::SystemKey;
use portico_contract::access::Facts;
use portico_contract::people::{PersonChange, PersonKey, PersonRecord};
use portico_contract::{NativeId, people::FindPeople};
use portico_schemas::{ContactType, Email, PersonProfile};

use super::*;
use crate::{Builder, PeopleIndex};

fn native(id: &str) -> NativeId {
    NativeId::new(id).unwrap()
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn keys(user: &str, emails: &[&str], number: &str) -> PersonKeys {
    let emails = emails.iter().map(|&email| email.to_owned()).collect();
    PersonKeys { user_name: text(user), emails, employee_number: text(number) }
}

fn person(id: &str, keys: &PersonKeys, active: bool) -> PersonRecord {
    let email = |value: &String| Email { value: value.clone(), kind: ContactType::Work, primary: false };
    PersonRecord {
        id: native(id),
        version: None,
        created_at: None,
        updated_at: None,
        profile: PersonProfile {
            display_name: id.to_owned(),
            user_name: keys.user_name.clone(),
            emails: keys.emails.iter().map(email).collect(),
            employee_number: keys.employee_number.clone(),
            active,
            ..PersonProfile::default()
        },
        native_status: None,
        has_photo: false,
        manager: None,
        org_unit: None,
        facts: Facts::default(),
    }
}

/// The directory of record.
fn record() -> PeopleIndex {
    let mut builder = Builder::new();
    for (id, keys, active) in [
        ("ann", keys("ann", &["ann@x.example", "office@x.example"], "E1"), true),
        ("bea", keys("Bea", &["bea@x.example", "office@x.example"], "E2"), true),
        ("cat", keys("cat", &["cat@x.example"], "E3"), false),
        ("cat-new", keys("cat2", &["cat@x.example"], "E4"), true),
        ("dan-1", keys("dan", &["dan@x.example"], "E5"), true),
        ("dan-2", keys("dan2", &["dan2@x.example"], "E5"), true),
    ] {
        builder.apply(PersonChange::Put(Box::new(person(id, &keys, active))));
    }
    builder.build()
}

fn rules(keys: &[PersonKey]) -> Vec<Rule> {
    keys.iter().map(|&key| Rule { key, systems: Systems::All }).collect()
}

const ALL: [PersonKey; 3] = [PersonKey::EmployeeNumber, PersonKey::UserName, PersonKey::Email];

#[track_caller]
fn check(keys: &PersonKeys, expected: &str) {
    let record = record();
    let linker = Linker::new(&record, &rules(&ALL), &SystemKey::new("payroll").unwrap());
    let shown = match linker.link(keys) {
        Link::Linked { id, by } => format!("{} by {by:?}", id.as_str()),
        Link::Ambiguous { candidates, rule } => {
            let ids: Vec<&str> = candidates.iter().map(NativeId::as_str).collect();
            format!("{} by {rule:?}?", ids.join(" or "))
        }
        Link::Unlinked => "nobody".to_owned(),
    };
    assert_eq!(shown, expected);
}

#[test]
fn the_first_rule_that_finds_somebody_links() {
    check(&keys("ann", &["ann@x.example"], "E1"), "ann by EmployeeNumber");
    check(&keys("ANN", &[], ""), "ann by UserName");
    check(&keys("ann", &[], "E999"), "ann by UserName");
    check(&keys("", &["nobody@x.example", "Bea@X.Example"], ""), "bea by Email");
    check(&keys("", &[], ""), "nobody");
    check(&keys("eve", &["eve@x.example"], "E9"), "nobody");
}

#[test]
fn numbers_are_exact() {
    check(&keys("", &[], "e1"), "nobody");
    check(&keys("", &[], " E1"), "nobody");
}

#[test]
fn several_are_ambiguous_and_no_later_rule_settles_it() {
    check(&keys("dan", &["dan@x.example"], "E5"), "dan-1 or dan-2 by EmployeeNumber?");
    check(&keys("", &["office@x.example"], ""), "ann or bea by Email?");
    check(&keys("", &["ann@x.example", "bea@x.example"], ""), "ann or bea by Email?");
}

#[test]
fn an_account_in_use_is_not_preferred_silently() {
    check(&keys("", &["cat@x.example"], ""), "cat or cat-new by Email?");
    check(&keys("cat", &[], ""), "cat by UserName");
}

#[test]
fn rules_that_disagree_are_ambiguous_and_one_that_finds_more_does_not_disagree() {
    check(&keys("bea", &[], "E1"), "ann or bea by UserName?");
    check(&keys("", &["bea@x.example"], "E1"), "ann or bea by Email?");
    check(&keys("", &["cat@x.example"], "E1"), "ann or cat or cat-new by Email?");
    check(&keys("", &["office@x.example"], "E1"), "ann by EmployeeNumber");
}

#[test]
fn rules_hold_for_the_systems_that_they_name() {
    let record = record();
    let payroll = SystemKey::new("payroll").unwrap();
    let rules = [
        Rule { key: PersonKey::Email, systems: Systems::Only([payroll.clone()].into()) },
        Rule { key: PersonKey::EmployeeNumber, systems: Systems::Only([].into()) },
    ];
    let keys = keys("ann", &["ann@x.example"], "E1");
    let linked = Link::Linked { id: native("ann"), by: PersonKey::Email };
    assert_eq!(Linker::new(&record, &rules, &payroll).link(&keys), linked);
    assert_eq!(Linker::new(&record, &rules, &SystemKey::new("other").unwrap()).link(&keys), Link::Unlinked);
}

#[test]
fn candidates_are_bounded() {
    let mut builder = Builder::new();
    for at in 0..30 {
        builder.apply(PersonChange::Put(Box::new(person(&format!("p{at}"), &keys("same", &[], ""), true))));
    }
    let record = builder.build();
    let linker = Linker::new(&record, &rules(&ALL), &SystemKey::new("payroll").unwrap());
    let Link::Ambiguous { candidates, .. } = linker.link(&keys("same", &[], "")) else { panic!("ambiguous") };
    assert_eq!(candidates.len(), FindPeople::MOST);
}

#[test]
fn an_address_shared_by_many_does_not_disagree_with_any_of_them() {
    let mut builder = Builder::new();
    for at in 10..40 {
        let keys = keys("", &["office@x.example"], &format!("E{at}"));
        builder.apply(PersonChange::Put(Box::new(person(&format!("p{at}"), &keys, true))));
    }
    let record = builder.build();
    let linker = Linker::new(&record, &rules(&ALL), &SystemKey::new("payroll").unwrap());
    let linked = Link::Linked { id: native("p39"), by: PersonKey::EmployeeNumber };
    assert_eq!(linker.link(&keys("", &["office@x.example"], "E39")), linked);
}

#[test]
fn the_table_counts_reports_and_finds_both_ways() {
    let record = record();
    let linker = Linker::new(&record, &rules(&ALL), &SystemKey::new("payroll").unwrap());
    let people = [
        ("7", keys("", &[], "E5")),
        ("3", keys("ann", &[], "")),
        ("1", keys("nobody", &[], "")),
        ("2", keys("", &[], "E1")),
        ("5", keys("bea", &[], "")),
        ("1", keys("cat", &[], "")),
        ("8", keys("eve", &[], "")),
    ];
    let links = Links::build(&linker, people.into_iter().map(|(id, keys)| (native(id), keys)));
    assert_eq!((links.linked(), links.ambiguous(), links.unlinked()), (4, 1, 1));
    assert_eq!(links.record_of(&native("2")), Some((native("ann"), PersonKey::EmployeeNumber)));
    assert_eq!(
        links.record_of(&native("1")),
        Some((native("cat"), PersonKey::UserName)),
        "the later keys hold"
    );
    for nobody in ["7", "8", "4", "", "9"] {
        assert_eq!(links.record_of(&native(nobody)), None, "{nobody}");
    }
    assert_eq!(links.natives_of(&native("ann")), [native("2"), native("3")]);
    assert_eq!(links.natives_of(&native("bea")), [native("5")]);
    assert!(links.natives_of(&native("dan-1")).is_empty());
    assert_eq!(
        links.shared_links(),
        [SharedLink { record: native("ann"), natives: vec![native("2"), native("3")] }]
    );
    assert_eq!(links.unlinked_people(), [native("8")]);
    assert_eq!(
        links.ambiguous_links(),
        [AmbiguousLink {
            native: native("7"),
            candidates: vec![native("dan-1"), native("dan-2")],
            rule: PersonKey::EmployeeNumber,
        }]
    );
    assert_eq!(links.iter().count(), 4);
}

#[test]
fn reports_are_bounded_and_counts_are_not() {
    let record = PeopleIndex::default();
    let linker = Linker::new(&record, &rules(&ALL), &SystemKey::new("payroll").unwrap());
    let people = (0..Links::REPORTED + 5).map(|at| (native(&at.to_string()), keys("x", &[], "")));
    let links = Links::build(&linker, people);
    assert_eq!((links.unlinked(), links.unlinked_people().len()), (Links::REPORTED + 5, Links::REPORTED));
}

#[test]
fn keys_come_from_a_record_and_are_not_shown() {
    let told = keys("ann", &["ann@x.example"], "E1");
    assert_eq!(PersonKeys::from(&person("ann", &told, true)), told);
    assert!(!format!("{told:?}").contains("ann"));
}
