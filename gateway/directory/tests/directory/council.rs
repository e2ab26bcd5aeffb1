//! People of the made-up council as a directory would give them.

use jiff::Timestamp;
use portico_contract::NativeId;
use portico_contract::access::Facts;
use portico_contract::documents::SourceVersion;
use portico_contract::people::{PersonChange, PersonLink, PersonRecord};
use portico_directory::{Builder, PeopleIndex};
use portico_schemas::{ContactType, Email, PersonName, PersonProfile, PersonRef, PhoneNumber};
use portico_simkit::council::{Council, Person};

/// The record of one member of staff.
fn record(council: &Council, person: &Person) -> PersonRecord {
    let native = |id: &str| NativeId::new(id).expect("a UUID is short");
    let manager = person.manager.map(|at| &council.people[at]);
    PersonRecord {
        id: native(&person.id),
        version: Some(SourceVersion(format!("20261101120000.{:06}Z", person.index))),
        created_at: Some(Timestamp::from_second(1_500_000_000 + person.index as i64).expect("in range")),
        updated_at: Some(Timestamp::from_second(1_750_000_000 + person.index as i64).expect("in range")),
        profile: PersonProfile {
            user_name: Some(person.username.clone()),
            display_name: person.display_name.clone(),
            name: PersonName {
                formatted: Some(person.display_name.clone()),
                given_name: Some(person.given_name.clone()),
                family_name: Some(person.family_name.clone()),
            },
            title: Some(person.title.clone()),
            active: person.index % 25 != 24,
            emails: vec![Email { value: person.mail.clone(), kind: ContactType::Work, primary: true }],
            phone_numbers: vec![PhoneNumber {
                value: format!("+44 1632 960000 ext. {}", person.extension),
                kind: ContactType::Work,
            }],
            employee_number: Some(person.employee_number.clone()),
            organization: Some("Council".to_owned()),
            division: Some(person.department.to_owned()),
            department: Some(person.team.to_owned()),
            preferred_language: Some(person.language.to_owned()),
            ..PersonProfile::default()
        },
        native_status: (person.index % 25 == 24).then(|| "disabled".to_owned()),
        has_photo: person.index.is_multiple_of(3),
        manager: manager
            .map(|manager| PersonLink { id: native(&manager.id), display: manager.display_name.clone() }),
        org_unit: Some(native(person.department)),
        facts: Facts {
            owner: Some(PersonRef {
                id: None,
                system: "directory".to_owned(),
                native_id: person.id.clone(),
                display: person.display_name.clone(),
            }),
            unit: Some(person.department.to_owned()),
            ..Facts::default()
        },
    }
}

/// Everybody's record.
pub fn records(council: &Council) -> Vec<PersonRecord> {
    council.people.iter().map(|person| record(council, person)).collect()
}

/// An index of people, told as a directory tells everybody.
pub fn index(people: &[PersonRecord]) -> PeopleIndex {
    let mut builder = Builder::new();
    builder.apply(PersonChange::Begin { whole: true });
    people.iter().for_each(|person| builder.apply(PersonChange::Put(Box::new(person.clone()))));
    builder.build()
}
