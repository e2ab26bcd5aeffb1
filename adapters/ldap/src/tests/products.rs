//! Against the real products, which `portico-servers` starts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portico_contract::ErrorKind;
use portico_contract::paging::{Comparison, Filter, Position, Scalar};
use portico_contract::people::{
    GetOrgUnit, GroupsOf, ListOrgUnits, ListReports, PersonKey, PersonRecord, Photo, ReadPhoto,
};
use portico_contract::systems::CheckSystem;
use portico_ldap_sim::Dialect;
use portico_servers::{Product, Running};
use serde_json::{Value, json};

use super::place::{Place, Told, context, filtered, query, real, sorted, user_names};

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
    assert!(soren.updated_at.is_some() && soren.profile.active);
    // Samba's people were made without a password, so that it has to be changed first.
    assert!(matches!(soren.native_status.as_deref(), None | Some("passwordExpired")), "{soren:?}");
    assert_eq!(place.find(PersonKey::Email, "SBROWN@council.example").await.0, std::slice::from_ref(&soren));
    let number = soren.profile.employee_number.clone().expect("a number");
    assert_eq!(place.find(PersonKey::EmployeeNumber, &number).await.0, std::slice::from_ref(&soren));
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
    since.filters = vec![Filter {
        field: "updatedAt".into(),
        comparison: Comparison::Gte,
        values: vec![Scalar::Time(updated)],
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

/// Runs one of OpenLDAP's programs on a server, as its administrator.
fn program(place: &Place<Running>, name: &str, arguments: &[&str], input: &str) -> String {
    let there = place.server.directory();
    let mut command = Command::new(name);
    command.args(["-x", "-H", &there.tls_url(), "-D", there.admin, "-w", portico_servers::PASSWORD]);
    command.args(arguments).env("LDAPTLS_CACERT", &there.ca);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the programs of OpenLDAP");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The name of an entry, for the programs.
fn dn(place: &Place<Running>, user: &str) -> String {
    let base = place.server.directory().base;
    let filter = format!("(|(uid={user})(sAMAccountName={user}))");
    let said = program(place, "ldapsearch", &["-LLL", "-o", "ldif-wrap=no", "-b", base, &filter, "1.1"], "");
    let line = said.lines().find(|line| line.starts_with("dn:")).expect("an entry");
    match line.strip_prefix("dn:: ") {
        Some(encoded) => String::from_utf8(BASE64_STANDARD.decode(encoded).expect("base64")).expect("UTF-8"),
        None => line.trim_start_matches("dn: ").to_owned(),
    }
}

/// A line of LDIF that names an entry.
fn named(dn: &str) -> String {
    format!("dn:: {}\n", BASE64_STANDARD.encode(dn))
}

/// A change of a title, a change of name, and a deletion, told from a position of this kind; `None`: everything each time.
async fn told_one_by_one(place: &Place<Running>, kind: Option<&str>, from: Option<Position>) {
    let mut people = BTreeMap::new();
    let mut first = place.changes(None, &mut people).await;
    first.next = from.or(first.next);
    let way =
        |told: &Told| told.next.as_ref().and_then(|next| next.as_str().split(':').next().map(str::to_owned));
    assert_eq!(way(&first).as_deref(), kind);
    let before = people.len();
    let (edited, renamed, deleted) = ("gowen", "kwojcik", "jsmith");
    let gone = place.user(deleted).await.id;
    let (one, two, three) = (dn(place, edited), dn(place, renamed), dn(place, deleted));
    let title = format!("{}changetype: modify\nreplace: title\ntitle: Night Watch\n", named(&one));
    program(place, "ldapmodify", &[], &title);
    let name = format!("{}changetype: modrdn\nnewrdn: cn=Somebody Else\ndeleteoldrdn: 0\n", named(&two));
    if place.server.product == Product::Samba {
        program(place, "ldapmodify", &[], &name.replace("deleteoldrdn: 0", "deleteoldrdn: 1"));
    } else {
        program(place, "ldapmodify", &[], &name);
    }
    program(place, "ldapdelete", &[], &format!("{three}\n"));
    let second = place.changes(first.next.as_ref(), &mut people).await;
    assert_eq!(second.whole, kind.is_none(), "{second:?}");
    assert_eq!(people.len(), before - 1);
    assert!(!people.contains_key(gone.as_str()));
    assert!(people.values().any(|person| person.profile.title.as_deref() == Some("Night Watch")));
    if kind.is_some() {
        assert_eq!(second.gone, [gone.as_str()]);
        for user in [edited, renamed] {
            assert!(second.put.iter().any(|told| told == user), "{user} is missing from {second:?}");
        }
        let third = place.changes(second.next.as_ref(), &mut people).await;
        assert!(!third.whole && third.gone.is_empty() && third.put.is_empty(), "{third:?}");
    }
}

#[tokio::test]
async fn slapd_tells_by_content_sync() {
    let Some(place) = start(Product::Slapd, json!({})) else { return };
    Box::pin(told_one_by_one(&place, Some("sync"), None)).await;
}

/// A restart of the server loses its log of deletions: who is present comes instead, and everybody is read again.
#[tokio::test]
async fn slapd_loses_no_deletion_over_a_restart() {
    let Some(mut place) = start(Product::Slapd, json!({})) else { return };
    let mut people = BTreeMap::new();
    let first = place.changes(None, &mut people).await;
    let before = people.len();
    program(&place, "ldapdelete", &[], &format!("{}\n", dn(&place, "jsmith")));
    place.server.stop();
    place.server.start_again().expect("slapd again");
    let second = place.changes(first.next.as_ref(), &mut people).await;
    assert!(second.whole, "{second:?}");
    assert_eq!(people.len(), before - 1);
    let third = place.changes(second.next.as_ref(), &mut people).await;
    assert!(!third.whole && third.gone.is_empty(), "{third:?}");
}

#[tokio::test]
async fn samba_tells_who_may_replicate_by_dir_sync() {
    let Some(running) = portico_servers::for_test(Product::Samba) else { return };
    let account = running.directory().admin;
    let place = real(running, Dialect::ActiveDirectory, json!({ "bind_dn": account }));
    Box::pin(told_one_by_one(&place, Some("dirsync"), None)).await;
}

/// An ordinary account is given the name of the place of deleted entries and nothing of what is in it: nothing would tell it
/// who is gone, so everybody is read each time.
#[tokio::test]
async fn samba_tells_an_ordinary_account_everything_each_time() {
    let Some(place) = start(Product::Samba, json!({})) else { return };
    Box::pin(told_one_by_one(&place, None, None)).await;
    let report = place.call(CheckSystem).await.expect("a report");
    assert!(report.warnings.iter().any(|line| line.contains("Replicating")), "{report:?}");
}

/// What a domain controller counts, for an account that sees what is left of deleted entries.
#[tokio::test]
async fn samba_tells_by_its_count() {
    let Some(running) = portico_servers::for_test(Product::Samba) else { return };
    let account = running.directory().admin;
    let place = real(running, Dialect::ActiveDirectory, json!({ "bind_dn": account }));
    let root = place.directory.root(&context()).await.expect("the root entry");
    let from = crate::changes::cookie::Since::usn(&root.server.expect("a name"), root.usn.expect("a count"));
    Box::pin(told_one_by_one(&place, Some("usn"), from.position())).await;
}

/// Groups that hold each other, and a group of the other kind: each comes once.
#[tokio::test]
async fn a_circle_of_groups_ends() {
    let Some(place) = start(Product::Slapd, json!({})) else { return };
    let base = place.server.directory().base;
    let person = place.user("sbrown").await;
    let groups = |person: &PersonRecord| GroupsOf { person: person.id.clone() };
    let before = place.call(groups(&person)).await.expect("groups");
    let (finance, all) = (format!("cn=finance,ou=groups,{base}"), format!("cn=all-staff,ou=groups,{base}"));
    let circle = format!("dn: {finance}\nchangetype: modify\nadd: member\nmember: {all}\n");
    program(&place, "ldapmodify", &[], &circle);
    assert_eq!(place.call(groups(&person)).await.expect("groups"), before);
    let other = format!(
        "dn: cn=unique,ou=groups,{base}\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: {finance}\n"
    );
    program(&place, "ldapadd", &[], &other);
    let after = place.call(groups(&person)).await.expect("groups");
    assert_eq!(after.0.len(), before.0.len() + 1);
    assert!(after.0.iter().any(|group| group.name == "unique"));
}
