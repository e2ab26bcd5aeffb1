//! Against the real products, which `portico-servers` starts.

use std::collections::{BTreeMap, BTreeSet};

use portico_contract::ErrorKind;
use portico_contract::paging::Comparison;
use portico_contract::people::{
    GetOrgUnit, GroupsOf, ListOrgUnits, ListReports, PersonKey, Photo, ReadPhoto,
};
use portico_contract::systems::CheckSystem;
use portico_ldap_sim::Dialect;
use portico_servers::{Product, Running};
use serde_json::{Value, json};

use super::place::{Place, filtered, query, real, sorted, user_names};

fn start(product: Product, more: Value) -> Option<Place<Running>> {
    let running = portico_servers::for_test(product)?;
    let dialect = if product == Product::Samba { Dialect::ActiveDirectory } else { Dialect::OpenLdap };
    Some(real(running, dialect, more))
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn slapd() {
                if let Some(place) = start(Product::Slapd, json!({})) { super::$name(place).await; }
            }

            #[tokio::test]
            async fn samba() {
                if let Some(place) = start(Product::Samba, json!({})) { super::$name(place).await; }
            }
        }
    )* };
}

on_both!(everything);

/// All operations on one server: starting one takes longer than asking it.
async fn everything(place: Place<Running>) {
    people(&place).await;
    lists(&place).await;
    groups(&place).await;
    units(&place).await;
    changes(&place).await;
    check(&place).await;
}

async fn people(place: &Place<Running>) {
    let soren = place.user("sbrown").await;
    assert_eq!(soren.profile.display_name, "S\u{f8}ren Brown");
    assert_eq!(place.get(&soren.id).await.expect("a person"), soren);
    let chief = place.user("rprice").await;
    assert_eq!(soren.manager.as_ref().map(|link| &link.id), Some(&chief.id));
    assert_eq!(soren.manager.as_ref().map(|link| link.display.as_str()), Some("Rhiannon Price"));
    assert!(chief.manager.is_none());
    assert!(soren.updated_at.is_some() && soren.profile.active && soren.native_status.is_none());
    assert_eq!(place.find(PersonKey::Email, "SBROWN@council.example").await.0, [soren.clone()]);
    let number = soren.profile.employee_number.clone().expect("a number");
    assert_eq!(place.find(PersonKey::EmployeeNumber, &number).await.0, [soren.clone()]);
    for injected in ["*", "*)(objectClass=*", "a\0b", "\\2a"] {
        assert_eq!(place.find(PersonKey::UserName, injected).await.0, []);
    }
    let reports = ListReports { manager: soren.id.clone(), query: query(50) };
    let reports = place.call(reports).await.expect("reports");
    assert!(reports.items.iter().any(|listed| listed.item.profile.user_name.as_deref() == Some("jsmith")));
    assert!(chief.has_photo && !soren.has_photo);
    let photo = place.call(ReadPhoto { person: chief.id, unless: None }).await.expect("a photo");
    let Photo::Picture { media_type, .. } = photo else { panic!("a picture") };
    assert_eq!(media_type, "image/jpeg");
    let none = place.call(ReadPhoto { person: soren.id, unless: None }).await;
    assert_eq!(none.expect_err("no photo").kind(), ErrorKind::NotFound);
}

async fn lists(place: &Place<Running>) {
    let all = place.all(query(5)).await;
    assert!(all.len() >= 12);
    let ids: BTreeSet<_> = all.iter().map(|person| person.id.as_str().to_owned()).collect();
    assert_eq!(ids.len(), all.len());
    for field in crate::query::SORTS {
        assert_eq!(place.all(sorted(field, true, 5)).await.len(), all.len(), "{field}");
    }
    let smiths = place.all(filtered("displayName", Comparison::Contains, "SMITH")).await;
    let expected = all.iter().filter(|person| person.profile.display_name.contains("Smith")).count();
    assert!(expected >= 2);
    assert_eq!(smiths.len(), expected, "{:?}", user_names(&smiths));
    let updated = all[0].updated_at.expect("a time");
    let mut since = query(50);
    since.filters = vec![portico_contract::paging::Filter {
        field: "updatedAt".into(),
        comparison: Comparison::Gte,
        values: vec![portico_contract::paging::Scalar::Time(updated)],
    }];
    assert!(place.all(since).await.iter().any(|person| person.id == all[0].id));
    let owners = portico_contract::access::Scope::Owners([all[0].id.as_str().to_owned()].into());
    assert_eq!(place.all(super::place::scoped(owners)).await, all[..1]);
}

async fn groups(place: &Place<Running>) {
    let soren = place.user("sbrown").await;
    let groups = place.call(GroupsOf { person: soren.id }).await.expect("groups");
    let names: Vec<_> = groups.0.iter().map(|group| group.name.to_lowercase()).collect();
    assert!(names.contains(&"finance".to_owned()), "{names:?}");
    assert!(
        names.iter().any(|name| name.replace([' ', '-'], "") == "allstaff"),
        "through finance: {names:?}"
    );
    if place.directory.dialect() == crate::settings::Dialect::ActiveDirectory {
        assert!(names.contains(&"domain users".to_owned()), "the primary group: {names:?}");
    }
}

async fn units(place: &Place<Running>) {
    let page = place.call(ListOrgUnits { query: query(200) }).await.expect("units");
    let units: Vec<_> = page.items.into_iter().map(|listed| listed.item).collect();
    let named = |name: &str| units.iter().find(|unit| unit.name == name).expect("a unit");
    let (finance, payroll) = (named("Finance"), named("Payroll"));
    assert_eq!(payroll.parent.as_ref(), Some(&finance.id));
    assert_eq!(finance.description.as_deref(), Some("Money in and out"));
    assert_eq!(&place.call(GetOrgUnit { unit: payroll.id.clone() }).await.expect("a unit"), payroll);
    let soren = place.user("sbrown").await;
    assert_eq!(soren.org_unit.as_ref(), Some(&finance.id));
    let inside = place.all(filtered("orgUnitId", Comparison::In, finance.id.as_str())).await;
    assert!(inside.iter().any(|person| person.id == soren.id));
    assert!(inside.iter().all(|person| person.org_unit.as_ref() == Some(&finance.id)));
}

async fn changes(place: &Place<Running>) {
    let mut told = BTreeMap::new();
    let first = place.changes(None, &mut told).await;
    assert!(first.whole);
    for person in place.all(query(50)).await {
        assert_eq!(told.get(person.id.as_str()), Some(&person));
    }
    if let Some(next) = &first.next {
        let second = place.changes(Some(next), &mut told).await;
        assert!(!second.whole && second.gone.is_empty(), "{second:?}");
    }
}

async fn check(place: &Place<Running>) {
    let report = place.call(CheckSystem).await.expect("a report");
    println!("{report:#?}");
    assert!(report.version.is_some());
    assert!(report.passed.iter().any(|line| line.contains("people were found")), "{report:?}");
}
