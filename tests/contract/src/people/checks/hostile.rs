//! Texts that mean something to a filter, a name or a terminal.

use portico_contract::ErrorKind;
use portico_contract::paging::{Comparison, Filter, ListQuery, Scalar};
use portico_contract::people::{
    GetOrgUnit, GroupsOf, ListOrgUnits, ListPeople, ListReports, PersonKey, ReadPhoto,
};
use portico_contract::{NativeId, Operation};

use super::super::world::World;
use super::lists::capability;
use crate::world::{Outcome, ensure, good, refused};

fn payloads() -> Vec<String> {
    let mut payloads: Vec<String> = [
        "*",
        "**",
        "*)(uid=*",
        ")(uid=*",
        "*)(objectClass=*))(|(objectClass=*",
        "(|(uid=*)(cn=*))",
        "*)(|(sAMAccountName=*",
        ")",
        "((((((((",
        "&(|(!(",
        "\\",
        "\\2a",
        "\\00",
        "\\zz",
        "\0",
        "*\0)(uid=*",
        "\u{7f}\u{1b}[2J",
        "\r\ndn: uid=x\r\n",
        "é*",
        "\u{202e}*",
        "\u{feff}",
        "uid=*,dc=council,dc=example",
        "cn=admin,dc=council,dc=example",
        "<GUID=00000000-0000-0000-0000-000000000000>",
        "1.2.840.113556.1.4.803:=2",
        "uid:dn:=x",
        "' OR 1=1 --",
        "%2a",
        "${jndi:ldap://127.0.0.1/x}",
    ]
    .map(str::to_owned)
    .into();
    for (part, times) in
        [("a", 10_000), ("(", 10_000), ("*", 10_000), ("\\", 10_000), ("é)", 900), ("\0", 2_000)]
    {
        payloads.push(part.repeat(times));
    }
    payloads
}

fn short(text: &str) -> String {
    format!("{:?}", text.chars().take(40).collect::<String>())
}

/// The directory still says what it said before.
async fn unharmed(world: &World) -> Outcome {
    let count = world.everybody().await?.len();
    ensure!(count == world.target.people.len(), "after all that, {count} people are listed");
    Ok(())
}

pub(crate) async fn hostile_texts_find_nobody_and_break_nothing(world: &World) -> Outcome {
    for payload in payloads() {
        for key in [PersonKey::UserName, PersonKey::EmployeeNumber, PersonKey::Email] {
            let doing = format!("finding {} by {key:?}", short(&payload));
            let found = good(&doing, world.find(key, &payload).await)?;
            ensure!(found.is_empty(), "{doing}: {} people", found.len());
        }
        // Longer texts cannot be ids.
        let Some(id) = NativeId::new(&payload) else { continue };
        let doing = format!("asking for the id {}", short(&payload));
        refused(&doing, world.get(&id).await, &[ErrorKind::NotFound])?;
        let (person, manager, unit) = (id.clone(), id.clone(), id);
        if world.claims::<ListReports>() {
            let query = ListQuery::first(10);
            refused(&doing, world.call(ListReports { manager, query }).await, &[ErrorKind::NotFound])?;
        }
        if world.claims::<GroupsOf>() {
            let groups = world.call(GroupsOf { person: person.clone() }).await;
            refused(&doing, groups, &[ErrorKind::NotFound])?;
        }
        if world.claims::<ReadPhoto>() {
            let photo = world.call(ReadPhoto { person, unless: None }).await;
            refused(&doing, photo, &[ErrorKind::NotFound])?;
        }
        if world.claims::<GetOrgUnit>() {
            refused(&doing, world.call(GetOrgUnit { unit }).await, &[ErrorKind::NotFound])?;
        }
    }
    unharmed(world).await
}

pub(crate) async fn hostile_filters_find_nobody_and_break_nothing(world: &World) -> Outcome {
    for offered in capability(world, ListPeople::META.id)?.filters {
        let texts = |comparison: &&Comparison| matches!(comparison, Comparison::In | Comparison::Contains);
        if matches!(offered.field, "createdAt" | "updatedAt") {
            continue;
        }
        for comparison in offered.comparisons.iter().filter(texts) {
            for payload in payloads() {
                // A backslash and a bracket alone may be part of a name; an asterisk is not.
                let doing = format!("{} {comparison:?} {}", offered.field, short(&payload));
                let filter = Filter {
                    field: offered.field.into(),
                    comparison: *comparison,
                    values: vec![Scalar::Text(payload)],
                };
                let query = ListQuery { filters: vec![filter], ..ListQuery::first(10) };
                let page = good(&doing, world.call(ListPeople { query }).await)?;
                ensure!(page.items.is_empty(), "{doing}: {} people", page.items.len());
            }
        }
    }
    if world.claims::<ListOrgUnits>() {
        for field in capability(world, ListOrgUnits::META.id)?.filters.iter().map(|offered| offered.field) {
            for payload in payloads() {
                let values = vec![Scalar::Text(payload)];
                let filters = vec![Filter { field: field.into(), comparison: Comparison::In, values }];
                let query = ListQuery { filters, ..ListQuery::first(10) };
                let page = good("filtering units", world.call(ListOrgUnits { query }).await)?;
                ensure!(page.items.is_empty(), "a hostile {field} finds {} units", page.items.len());
            }
        }
    }
    unharmed(world).await
}
