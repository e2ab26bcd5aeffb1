//! Whom a directory holds that was filled with a council, and what the adapter should make of them.

use std::collections::BTreeSet;

use portico_contract_suite::{KnownPerson, KnownPhoto};
use portico_simkit::council::ldif::{self, Schema};
use portico_simkit::council::{Council, Person};

/// Everybody as the council knows them. `seen` changes what a directory knows differently.
pub fn people(
    council: &Council,
    schema: Schema,
    seen: impl Fn(&Person, KnownPerson) -> KnownPerson,
) -> Vec<KnownPerson> {
    let known = |person: &Person| {
        let photo = ldif::photo(person).map_or(KnownPhoto::None, KnownPhoto::Octets);
        let unit = match schema {
            Schema::OpenLdap => "people",
            Schema::ActiveDirectory => person.team,
        };
        let known = KnownPerson {
            user_name: person.username.clone(),
            display_name: person.display_name.clone(),
            given_name: person.given_name.clone(),
            family_name: person.family_name.clone(),
            title: Some(person.title.clone()),
            department: Some(person.department.to_owned()),
            employee_number: Some(person.employee_number.clone()),
            email: Some(person.mail.clone()),
            telephone: Some(ldif::telephone(person)),
            active: ldif::active(council, schema, person),
            manager: person.manager.map(|manager| council.people[manager].username.clone()),
            photo,
            groups: ldif::groups_of(council, schema, person),
            unit: Some(unit.to_owned()),
        };
        seen(person, known)
    };
    council.people.iter().map(known).collect()
}

/// All units below the place where the adapter looks for them: in OpenLDAP everything, in Active Directory the staff.
pub fn units(council: &Council, schema: Schema) -> Vec<(String, Option<String>)> {
    let mut units = ldif::units(council, schema);
    match schema {
        Schema::OpenLdap => units.push(("services".to_owned(), None)),
        Schema::ActiveDirectory => {
            let mut below = BTreeSet::from(["Staff".to_owned()]);
            units.retain(|(name, above)| {
                let inside = name == "Staff" || above.as_ref().is_some_and(|above| below.contains(above));
                if inside {
                    below.insert(name.clone());
                }
                inside
            });
        }
    }
    units
}
