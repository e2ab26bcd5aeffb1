use std::collections::HashSet;

use super::*;

#[test]
fn the_same_seed_gives_the_same_people() {
    assert_eq!(Council::generate(7, 300), Council::generate(7, 300));
    assert_ne!(Council::generate(7, 300), Council::generate(8, 300));
    // A pinned sample: whoever changes the lists changes the demo and every recording of it, and should know.
    let chief = &Council::demo().people[0];
    assert_eq!((chief.title.as_str(), chief.manager), ("Chief Executive", None));
    // A digest of everybody, so that an accidental change of the generator shows.
    let text = format!("{:?}", Council::demo().people);
    let digest = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(digest, 3_455_320_377_718_367_950, "the demo council changed");
}

#[test]
fn identities_are_unique_and_well_formed() {
    let council = Council::demo();
    assert_eq!(council.people.len(), DEMO_SIZE);
    let unique = |field: fn(&Person) -> &str| {
        assert_eq!(council.people.iter().map(field).collect::<HashSet<_>>().len(), DEMO_SIZE);
    };
    unique(|person| &person.id);
    unique(|person| &person.username);
    unique(|person| &person.mail);
    unique(|person| &person.extension);
    unique(|person| &person.employee_number);
    for person in &council.people {
        assert!(person.username.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert!(person.mail.is_ascii() && person.id.len() == 36 && person.id.as_bytes()[14] == b'4');
    }
}

#[test]
fn management_is_a_tree_of_bearable_spans() {
    for size in [0, 1, 5, 11, 12, 40, 200, 1_000, 5_000] {
        let council = Council::generate(1, size);
        assert_eq!(council.people.len(), size);
        for person in &council.people {
            match person.manager {
                None => assert_eq!(person.index, 0),
                Some(manager) => {
                    assert!(manager < person.index);
                    let boss = &council.people[manager];
                    assert!(manager == 0 || boss.department == person.department, "{person:?}");
                }
            }
        }
    }
    let council = Council::demo();
    let widest = council.people.iter().map(|person| council.reports(person.index).count()).max();
    assert!(widest <= Some(SPAN + 1), "{widest:?}");
    let departments: HashSet<_> = council.people.iter().map(|person| person.department).collect();
    assert_eq!(departments, DEPARTMENTS.into_iter().collect());
}

#[test]
fn names_are_of_many_origins_and_fold_without_loss() {
    assert_eq!(names::lost_letters(), Vec::<char>::new());
    let council = Council::demo();
    assert!(council.people.iter().filter(|person| !person.display_name.is_ascii()).count() > 40);
    assert!(council.people.iter().filter(|person| person.language == "cy").count() > 40);
}

#[test]
fn a_council_is_written_for_both_schemas() {
    let council = Council::generate(3, 400);
    for (schema, base) in [(ldif::Schema::OpenLdap, "dc=x"), (ldif::Schema::ActiveDirectory, "DC=x,DC=y")] {
        let mut text = Vec::new();
        ldif::write(&council, schema, base, true, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let names: Vec<&str> = text.lines().filter(|line| line.starts_with("dn:")).collect();
        let units = ldif::units(&council, schema).len();
        // Ten departments' groups, everybody's, the managers' and that of the groups.
        assert_eq!(names.len(), 400 + units + 13, "{schema:?}");
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{schema:?}: a name comes twice");
        assert!(text.is_ascii() && text.contains("\\2C") && text.contains(":: "));
        let told = text.contains("memberOf: cn=all-staff");
        assert_eq!(told, schema == ldif::Schema::OpenLdap);
    }
    let chief = &council.people[0];
    let photo = ldif::photo(chief).unwrap();
    assert!(photo.starts_with(&[0xFF, 0xD8, 0xFF]) && photo.ends_with(&[0xFF, 0xD9]));
    assert!(ldif::groups_of(&council, ldif::Schema::OpenLdap, chief).contains("managers"));
}
