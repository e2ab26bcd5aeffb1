//! One person: by id, by key, and as they change.

use portico_contract::people::{FindPeople, PersonKey};
use portico_contract::{ErrorKind, NativeId};

use super::super::reference::same;
use super::super::target::KnownPerson;
use super::super::world::World;
use crate::world::{Outcome, ensure, good, refused};

/// Ids of the forms that directories use, which nobody has.
pub(super) const NEVER_GIVEN_OUT: [&str; 6] = [
    "00000000-0000-4000-8000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "nobody",
    "",
    "uid=nobody,dc=council,dc=example",
    "42",
];

pub(super) fn native(id: &str) -> Result<NativeId, String> {
    NativeId::new(id).ok_or_else(|| format!("an id of {} octets", id.len()))
}

pub(crate) async fn nobody_has_an_id_that_was_never_given_out(world: &World) -> Outcome {
    for id in NEVER_GIVEN_OUT {
        refused(&format!("getting {id:?}"), world.get(&native(id)?).await, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

pub(crate) async fn people_are_found_by_every_key(world: &World) -> Outcome {
    let listed = world.by_user_name().await?;
    for known in world.some(25) {
        let who = &known.user_name;
        let expected = listed.get(who).ok_or_else(|| format!("{who:?} is not listed"))?;
        let keys = [
            (PersonKey::UserName, Some(who)),
            (PersonKey::EmployeeNumber, known.employee_number.as_ref()),
            (PersonKey::Email, known.email.as_ref()),
        ];
        for (key, value) in keys {
            let Some(value) = value else { continue };
            let found = good(&format!("finding {who:?} by {key:?}"), world.find(key, value).await)?;
            ensure!(found.len() == 1, "{who:?} is found by {key:?} {} times", found.len());
            same(&format!("{who:?}, listed and found by {key:?}"), expected, &found[0])?;
        }
    }
    Ok(())
}

pub(crate) async fn user_names_and_addresses_are_found_whatever_the_case(world: &World) -> Outcome {
    for known in world.some(5) {
        let who = known.user_name.clone();
        let email = known.email.clone().unwrap_or_default();
        for (key, value) in [(PersonKey::UserName, &who), (PersonKey::Email, &email)] {
            if value.is_empty() {
                continue;
            }
            let found = good("finding in capitals", world.find(key, &value.to_uppercase()).await)?;
            let names: Vec<_> = found.iter().filter_map(|one| one.profile.user_name.as_deref()).collect();
            ensure!(names == [who.as_str()], "by {key:?} in capitals, instead of {who:?}: {names:?}");
        }
    }
    Ok(())
}

pub(crate) async fn nobody_is_found_by_part_of_a_key_or_nothing(world: &World) -> Outcome {
    let Some(known) = world.target.people.first() else { return Ok(()) };
    let keys = [
        (PersonKey::UserName, known.user_name.as_str()),
        (PersonKey::EmployeeNumber, known.employee_number.as_deref().unwrap_or_default()),
        (PersonKey::Email, known.email.as_deref().unwrap_or_default()),
    ];
    for (key, value) in keys {
        let part: String = value.chars().take(value.chars().count().saturating_sub(2)).collect();
        for value in [String::new(), part.clone(), format!("{part}*"), format!("{value}-not")] {
            let found = good(&format!("finding {value:?} by {key:?}"), world.find(key, &value).await)?;
            // A part may happen to be somebody else's whole.
            let strangers =
                found.iter().filter(|one| one.profile.user_name.as_deref() == Some(&*known.user_name));
            let strangers = strangers.count();
            ensure!(strangers == 0, "by {key:?}, {value:?} finds {:?}", known.user_name);
            ensure!(!value.is_empty() || found.is_empty(), "nothing finds {} people by {key:?}", found.len());
        }
    }
    Ok(())
}

pub(crate) async fn an_ambiguous_key_finds_several_but_not_all(world: &World) -> Outcome {
    for number in 0..FindPeople::MOST + 2 {
        let person = KnownPerson {
            user_name: format!("suite-twin-{number}"),
            display_name: format!("Suite Twin {number}"),
            given_name: "Suite".to_owned(),
            family_name: "Twin".to_owned(),
            employee_number: Some("S-TWINS".to_owned()),
            email: Some(format!("suite-twin-{number}@suite.example")),
            active: true,
            ..KnownPerson::default()
        };
        world.add_person(&person).await?;
        let found = good("finding twins", world.find(PersonKey::EmployeeNumber, "S-TWINS").await)?;
        let expected = (number + 1).min(FindPeople::MOST);
        ensure!(found.len() == expected, "of {} with one number, {} are found", number + 1, found.len());
    }
    Ok(())
}

pub(crate) async fn an_id_survives_a_change_of_name(world: &World) -> Outcome {
    world.add("suite-before", "Suite Before").await?;
    let before = world.person("suite-before").await?;
    world.rename("suite-before", "suite-after").await?;
    let after = good("getting who was renamed", world.get(&before.id).await)?;
    let name = after.profile.user_name.as_deref();
    ensure!(after.id == before.id && name == Some("suite-after"), "who was renamed is called {name:?}");
    let found = world.person("suite-after").await?;
    ensure!(found.id == before.id, "who was renamed has another id");
    let old = good("finding the old name", world.find(PersonKey::UserName, "suite-before").await)?;
    ensure!(old.is_empty(), "the old name still finds {} people", old.len());
    Ok(())
}

pub(crate) async fn names_of_every_kind_come_back(world: &World) -> Outcome {
    let names = [
        "O'Brien, \"Ann\" Mary",
        "Müller-Lüdenscheidt + Söhne",
        "Łukasz Żółć; jr",
        "Nguyễn Thị Minh Khai",
        "#Hash = (brackets) * <angles>",
        "back\\slash \\2C and %2C",
        "山田 太郎",
        "Zoe\u{301} decomposed",
        "🦀 crab",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let user_name = format!("suite-name-{number}");
        world.add(&user_name, name).await?;
        let found = world.person(&user_name).await?;
        let display = &found.profile.display_name;
        ensure!(display == name, "{name:?} comes back as {display:?}");
        let again = good(&format!("getting {name:?} by id"), world.get(&found.id).await)?;
        same(&format!("{name:?}, found by name and by id"), &found, &again)?;
    }
    Ok(())
}

pub(crate) async fn who_is_deleted_is_gone(world: &World) -> Outcome {
    world.add("suite-leaves", "Suite Leaves").await?;
    let person = world.person("suite-leaves").await?;
    ensure!(world.everybody().await?.contains_key(&person.id), "who was added is not listed");
    world.delete("suite-leaves").await?;
    refused("getting who was deleted", world.get(&person.id).await, &[ErrorKind::NotFound])?;
    let found = good("finding who was deleted", world.find(PersonKey::UserName, "suite-leaves").await)?;
    ensure!(found.is_empty(), "who was deleted is found");
    ensure!(!world.everybody().await?.contains_key(&person.id), "who was deleted is listed");
    Ok(())
}
