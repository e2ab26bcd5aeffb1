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
        if matches!(offered.field, "createdAt" | "updatedAt") {
            continue;
        }
        for comparison in [Comparison::In, Comparison::Contains] {
            if !offered.comparisons.contains(&comparison) {
                continue;
            }
            for filter in hostile(offered.field, comparison) {
                let doing = format!("{} {comparison:?} {}", offered.field, shortened(&filter));
                let query = ListQuery { filters: vec![filter], ..ListQuery::first(10) };
                let page = good(&doing, world.call(ListPeople { query }).await)?;
                ensure!(page.items.is_empty(), "{doing}: {} people", page.items.len());
            }
        }
    }
    if world.claims::<ListOrgUnits>() {
        for offered in capability(world, ListOrgUnits::META.id)?.filters {
            for filter in hostile(offered.field, Comparison::In) {
                let doing = format!("units by {} {}", offered.field, shortened(&filter));
                let query = ListQuery { filters: vec![filter], ..ListQuery::first(10) };
                let page = good(&doing, world.call(ListOrgUnits { query }).await)?;
                ensure!(page.items.is_empty(), "{doing}: {} units", page.items.len());
            }
        }
    }
    unharmed(world).await
}

/// Every list reads the directory, so the shorter texts are tried all at once where several values can be given.
fn hostile(field: &'static str, comparison: Comparison) -> Vec<Filter> {
    let filter = |texts: Vec<String>| Filter {
        field: field.into(),
        comparison,
        values: texts.into_iter().map(Scalar::Text).collect(),
    };
    let (long, short): (Vec<String>, Vec<String>) = payloads().into_iter().partition(|text| text.len() > 100);
    let one_by_one: Vec<String> = match comparison {
        Comparison::In => {
            return std::iter::once(filter(short))
                .chain(long.into_iter().take(3).map(|one| filter(vec![one])))
                .collect();
        }
        _ => short.into_iter().step_by(8).chain(long.into_iter().take(1)).collect(),
    };
    one_by_one.into_iter().map(|one| filter(vec![one])).collect()
}

fn shortened(filter: &Filter) -> String {
    match filter.values.first() {
        Some(Scalar::Text(text)) => short(text),
        other => format!("{other:?}"),
    }
}
