//! One person, found and read, over the simulator of each product.

use portico_contract::people::{GetOrgUnit, ListOrgUnits, ListReports, People, PersonKey, Photo, ReadPhoto};
use portico_contract::systems::CheckSystem;
use portico_contract::{ErrorKind, NativeId};
use portico_ldap_sim::{Account, Dialect, Options, Sim};
use portico_simkit::council::{Council, DEMO_SEED};
use serde_json::json;

use super::place::{Place, query, simulated, with};

macro_rules! on_both {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn openldap() {
                super::$name(Dialect::OpenLdap, simulated(Dialect::OpenLdap).await).await;
            }

            #[tokio::test]
            async fn active_directory() {
                super::$name(Dialect::ActiveDirectory, simulated(Dialect::ActiveDirectory).await).await;
            }
        }
    )* };
}

on_both!(people, keys, reports, photos, units, states, checks, injections);

fn council() -> Council {
    Council::generate(DEMO_SEED, 60)
}

async fn people(_: Dialect, place: Place<Sim>) {
    for expected in &council().people {
        let found = place.user(&expected.username).await;
        assert_eq!(place.get(&found.id).await.expect("a person"), found);
        let profile = &found.profile;
        assert_eq!(profile.display_name, expected.display_name);
        assert_eq!(profile.name.given_name.as_ref(), Some(&expected.given_name));
        assert_eq!(profile.name.family_name.as_ref(), Some(&expected.family_name));
        assert_eq!(profile.title.as_ref(), Some(&expected.title));
        assert_eq!(profile.employee_number.as_ref(), Some(&expected.employee_number));
        assert_eq!(profile.emails[0].value, expected.mail);
        let manager = expected.manager.map(|at| council().people[at].display_name.clone());
        assert_eq!(found.manager.as_ref().map(|link| link.display.clone()), manager);
        let owner = found.facts.owner.as_ref().expect("an owner");
        assert_eq!((owner.native_id.as_str(), owner.system.as_str()), (found.id.as_str(), "people"));
        assert_eq!(found.facts.unit, profile.department);
        assert!(found.updated_at.is_some() && found.created_at.is_some() && found.version.is_some());
    }
    let nobody = NativeId::new("00000000-0000-4000-8000-000000000000").expect("short");
    assert_eq!(place.get(&nobody).await.expect_err("nobody").kind(), ErrorKind::NotFound);
}

async fn keys(_: Dialect, place: Place<Sim>) {
    let person = &council().people[7];
    for (key, value) in [
        (PersonKey::UserName, person.username.to_uppercase()),
        (PersonKey::Email, person.mail.to_uppercase()),
        (PersonKey::EmployeeNumber, person.employee_number.clone()),
    ] {
        let People(found) = place.find(key, &value).await;
        assert_eq!(found.len(), 1, "{key:?}");
        assert_eq!(found[0].profile.user_name.as_ref(), Some(&person.username));
    }
    for key in [PersonKey::UserName, PersonKey::Email, PersonKey::EmployeeNumber] {
        for value in ["", " ", "*", "nobody", "a*", ")(uid=*"] {
            assert_eq!(place.find(key, value).await, People::default(), "{key:?} {value}");
        }
    }
    // The number is exact: what only compares alike is another.
    let People(found) = place.find(PersonKey::EmployeeNumber, &person.employee_number.to_lowercase()).await;
    assert_eq!(found, []);
}

async fn reports(_: Dialect, place: Place<Sim>) {
    let council = council();
    for index in [0, 1, 59] {
        let manager = place.user(&council.people[index].username).await;
        let page = place.call(ListReports { manager: manager.id.clone(), query: query(200) }).await;
        let mut found: Vec<_> = page
            .expect("reports")
            .items
            .into_iter()
            .map(|listed| {
                assert_eq!(listed.item.manager.as_ref().map(|link| &link.id), Some(&manager.id));
                listed.item.profile.user_name.expect("a name")
            })
            .collect();
        let mut expected: Vec<_> = council
            .people
            .iter()
            .filter(|person| person.manager == Some(index))
            .map(|person| person.username.clone())
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
    let nobody = NativeId::new("00000000-0000-4000-8000-000000000000").expect("short");
    let missing = place.call(ListReports { manager: nobody, query: query(10) }).await;
    assert_eq!(missing.expect_err("nobody").kind(), ErrorKind::NotFound);
}

async fn photos(_: Dialect, place: Place<Sim>) {
    let (mut with, mut without) = (0, 0);
    for expected in &council().people {
        let person = place.user(&expected.username).await;
        let read = place.call(ReadPhoto { person: person.id.clone(), unless: None }).await;
        if !person.has_photo {
            without += 1;
            assert_eq!(read.expect_err("no photo").kind(), ErrorKind::NotFound);
            continue;
        }
        with += 1;
        let Photo::Picture { octets, media_type, version } = read.expect("a photo") else {
            panic!("a picture")
        };
        assert!(!octets.is_empty() && media_type.starts_with("image/"));
        let again = ReadPhoto { person: person.id, unless: Some(version) };
        assert_eq!(place.call(again).await.expect("an answer"), Photo::NotModified);
    }
    assert!(with > 0 && without > 0, "{with} with, {without} without");
}

async fn units(dialect: Dialect, place: Place<Sim>) {
    let mut query = query(3);
    let mut units = Vec::new();
    loop {
        let page = place.call(ListOrgUnits { query: query.clone() }).await.expect("a page");
        units.extend(page.items.into_iter().map(|listed| listed.item));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert!(units.len() > 4);
    assert!(units.windows(2).all(|pair| pair[0].name.as_bytes() <= pair[1].name.as_bytes()));
    assert!(units.iter().any(|unit| unit.parent.is_none()) && units.iter().any(|unit| unit.parent.is_some()));
    for unit in &units {
        assert_eq!(&place.call(GetOrgUnit { unit: unit.id.clone() }).await.expect("a unit"), unit);
        if let Some(parent) = &unit.parent {
            assert!(units.iter().any(|other| other.id == *parent));
        }
    }
    let person = place.user(&council().people[9].username).await;
    let unit = units.iter().find(|unit| Some(&unit.id) == person.org_unit.as_ref()).expect("a unit");
    match dialect {
        Dialect::OpenLdap => assert_eq!(unit.name, "people"),
        Dialect::ActiveDirectory => assert_eq!(unit.name, council().people[9].team),
    }
    let missing = place.call(GetOrgUnit { unit: person.id }).await;
    assert_eq!(missing.expect_err("a person is no unit").kind(), ErrorKind::NotFound);
}

async fn states(dialect: Dialect, place: Place<Sim>) {
    for (index, expected) in council().people.iter().enumerate() {
        let person = place.user(&expected.username).await;
        let state = (person.profile.active, person.native_status.as_deref());
        match (place.server.account(index), dialect) {
            (Account::Enabled, _) => assert_eq!(state, (true, None)),
            (Account::Disabled, _) => assert_eq!(state, (false, Some("disabled"))),
            (Account::Locked, Dialect::ActiveDirectory) => assert_eq!(state, (true, Some("locked"))),
            (Account::Expired, Dialect::ActiveDirectory) => assert_eq!(state, (false, Some("expired"))),
            // The simulated OpenLDAP tells neither.
            (Account::Locked | Account::Expired, Dialect::OpenLdap) => assert_eq!(state, (true, None)),
        }
    }
}

async fn checks(dialect: Dialect, place: Place<Sim>) {
    let report = place.call(CheckSystem).await.expect("a report");
    assert!(report.version.is_some(), "{report:?}");
    assert!(report.passed.iter().any(|line| line.contains("people were found (60 read)")), "{report:?}");
    assert!(report.passed.iter().any(|line| line.contains("changes are told by")), "{report:?}");
    assert!(report.passed.iter().any(|line| line.contains("certificate")), "{report:?}");
    if dialect == Dialect::ActiveDirectory {
        assert!(report.warnings.iter().all(|line| !line.contains("expire")), "{report:?}");
    }
}

#[tokio::test]
async fn an_account_that_ends_soon_is_warned_of() {
    let place = simulated(Dialect::ActiveDirectory).await;
    let report = place.call(CheckSystem).await.expect("a report");
    assert!(report.warnings.iter().all(|line| !line.contains("expires in")), "{report:?}");
    let in_a_week = jiff::Timestamp::now().as_second() + 7 * 86_400 + 3_600;
    let filetime = (in_a_week + 11_644_473_600) * 10_000_000;
    place.server.edit("svc-gateway", "accountExpires", &[&filetime.to_string()]).expect("an edit");
    let report = place.call(CheckSystem).await.expect("a report");
    assert!(report.warnings.iter().any(|line| line.contains("expires in 7 days")), "{report:?}");
}

/// What a caller writes is a value wherever it goes.
async fn injections(_: Dialect, place: Place<Sim>) {
    for text in ["*", "*)(objectClass=*", ")(|(uid=*)", "\\2a", "a\0b", "(&)", "\u{202e}*", "x,dc=example"] {
        let id = NativeId::new(text).expect("short");
        assert_eq!(place.get(&id).await.expect_err(text).kind(), ErrorKind::NotFound);
        assert_eq!(place.find(PersonKey::UserName, text).await, People::default(), "{text}");
        let unit = place.call(GetOrgUnit { unit: id }).await;
        assert_eq!(unit.expect_err(text).kind(), ErrorKind::NotFound);
    }
}

/// A manager who is no longer there, one who is no person, and oneself are none.
#[tokio::test]
async fn a_manager_who_is_not_there_is_none() {
    let place = simulated(Dialect::OpenLdap).await;
    let user = council().people[20].username.clone();
    let people = &place.server.people_base;
    let own = place.server.dn(&user).expect("a name");
    for manager in [format!("uid=gone,{people}"), place.server.bind_dn.clone(), "not a name".to_owned(), own]
    {
        place.server.edit(&user, "manager", &[&manager]).expect("an edit");
        assert_eq!(place.user(&user).await.manager, None, "{manager}");
    }
}

/// A name that holds a comma, a plus, quotes and letters beyond ASCII.
#[tokio::test]
async fn awkward_names_are_followed() {
    for dialect in [Dialect::OpenLdap, Dialect::ActiveDirectory] {
        let place = simulated(dialect).await;
        let council = council();
        let manager = council.people[1].username.clone();
        let report = council.people.iter().find(|person| person.manager == Some(1)).expect("a report");
        let name = "M\u{fc}ller, \u{c9}lodie + \"#1\" <x>; \\ =y";
        place.server.rename(&manager, "cn", name).expect("a new name");
        let dn = place.server.dn(&manager).expect("a name");
        place.server.edit(&report.username, "manager", &[&dn]).expect("an edit");
        let manager = place.user(&manager).await;
        let found = place.user(&report.username).await;
        assert_eq!(found.manager.map(|link| link.id), Some(manager.id.clone()));
        let page = place.call(ListReports { manager: manager.id, query: query(50) }).await.expect("reports");
        assert!(page.items.iter().any(|listed| listed.item.id == found.id));
    }
}

#[tokio::test]
async fn only_those_who_count_are_people() {
    let only = json!({ "people": { "only": [{ "attribute": "preferredLanguage", "equals": "cy" }] } });
    let place = with(Options { people: 60, ..Options::new(Dialect::OpenLdap) }, only).await;
    let welsh = council().people.iter().filter(|person| person.language == "cy").count();
    assert!(welsh > 0 && welsh < 60);
    assert_eq!(place.all(query(50)).await.len(), welsh);
    let other = council().people.iter().find(|person| person.language == "en").map(|p| p.username.clone());
    assert_eq!(place.find(PersonKey::UserName, &other.expect("somebody")).await, People::default());
}

#[tokio::test]
async fn the_top_is_called_as_the_settings_say() {
    let units = json!({ "base": "ou=people,dc=council,dc=example", "top_unit_name": "Example Council" });
    let options = Options { people: 5, ..Options::new(Dialect::OpenLdap) };
    let place = with(options, json!({ "org_units": units })).await;
    let person = place.user(&council().people[0].username).await;
    let unit = place.call(GetOrgUnit { unit: person.org_unit.expect("a unit") }).await.expect("a unit");
    assert_eq!((unit.name.as_str(), unit.parent), ("Example Council", None));
}
