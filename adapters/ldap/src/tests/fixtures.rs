//! Recorded entries of both products, mapped.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use portico_contract::SystemKey;
use portico_schemas::ContactType;
use portico_wire::ldap::{Dn, Entry};
use serde_json::json;

use crate::map::{self, Row};
use crate::root::Root;
use crate::settings::{self, Dialect, Settings};

const OPENLDAP: &str = include_str!("../../fixtures/openldap/02-person.ldif");
const OPENLDAP_ROOT: &str = include_str!("../../fixtures/openldap/01-rootdse.ldif");
const SAMBA: &str = include_str!("../../fixtures/samba-ad/04-user.ldif");
const SAMBA_ROOT: &str = include_str!("../../fixtures/samba-ad/01-rootdse.ldif");
const SAMBA_RANGE: &str = include_str!("../../fixtures/samba-ad/05-group-range.ldif");

/// The entries of a recording (RFC 2849); comments and what a shell said are left out.
pub(super) fn entries(ldif: &str) -> Vec<Entry> {
    let mut lines: Vec<String> = Vec::new();
    for line in ldif.lines() {
        match (line.strip_prefix(' '), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    type Attributes = Vec<(String, Vec<Vec<u8>>)>;
    let mut found: Vec<(Dn, Attributes)> = Vec::new();
    let mut open = false;
    for line in &lines {
        let Some((name, value)) = line.split_once(':').filter(|_| !line.starts_with('#')) else {
            open &= !line.is_empty();
            continue;
        };
        let octets = match value.strip_prefix(':') {
            Some(encoded) => BASE64_STANDARD.decode(encoded.trim()).expect("base64"),
            None => value.trim_start().as_bytes().to_vec(),
        };
        if name == "dn" {
            let text = String::from_utf8(octets).expect("UTF-8");
            found.push((Dn::parse(&text).expect("a name"), Vec::new()));
            open = true;
        } else if let Some((_, attributes)) = found.last_mut().filter(|_| open) {
            match attributes.iter_mut().find(|(there, _)| there == name) {
                Some((_, values)) => values.push(octets),
                None => attributes.push((name.to_owned(), vec![octets])),
            }
        }
    }
    found.into_iter().map(|(dn, attributes)| Entry::new(dn, attributes)).collect()
}

pub(super) fn settings(dialect: &str) -> Settings {
    let table = json!({
        "dialect": dialect,
        "urls": ["ldaps://ldap.example.org"],
        "people": { "base": "dc=example,dc=org" },
    });
    settings::read(table).map_err(|faults| format!("{faults:?}")).expect("good settings")
}

fn now() -> Timestamp {
    "2026-11-22T12:30:00Z".parse().expect("a time")
}

fn row(ldif: &str, dialect: &str) -> Row {
    let settings = settings(dialect);
    let entry = entries(ldif).into_iter().next().expect("an entry");
    map::row(&entry, settings.dialect, &settings.attributes, now()).expect("a person")
}

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().expect("a time"))
}

#[test]
fn a_person_of_openldap() {
    let row = row(OPENLDAP, "openldap");
    assert_eq!(row.id.to_string(), "831162cc-7ab7-1041-873f-83520559fbe9");
    assert_eq!(row.dn.rdn_value().as_deref(), Some("Brown, S\u{f8}ren 0005"));
    assert_eq!(row.created, time("2026-11-22T11:56:35Z"));
    assert_eq!(row.updated, row.created);
    assert_eq!(row.manager.as_ref().map(Dn::as_str), Some("uid=keriksson0000,ou=people,dc=example,dc=org"));
    let profile = row.profile;
    assert_eq!(profile.user_name.as_deref(), Some("sbrown0005"));
    assert_eq!(profile.display_name, "Brown, S\u{f8}ren");
    // Of two whole names the one that is put together from its parts.
    assert_eq!(profile.name.formatted.as_deref(), Some("S\u{f8}ren Brown"));
    assert_eq!(profile.name.given_name.as_deref(), Some("S\u{f8}ren"));
    assert_eq!(profile.name.family_name.as_deref(), Some("Brown"));
    assert_eq!(profile.department.as_deref(), Some("Legal"));
    assert_eq!(profile.employee_number.as_deref(), Some("000005"));
    assert_eq!(profile.emails.len(), 1);
    assert!(profile.emails[0].primary && profile.emails[0].kind == ContactType::Work);
    assert_eq!(profile.addresses[0].formatted.as_deref(), Some("5 Stra\u{df}e\n12345 K\u{f6}ln\nDE"));
    assert!(profile.active);
    assert_eq!(row.status, None);
}

#[test]
fn a_user_of_active_directory() {
    let row = row(SAMBA, "activeDirectory");
    assert_eq!(row.id.to_string(), "98914f27-f016-4824-b165-49bcadabac6d");
    assert_eq!(row.dn.rdn_value().as_deref(), Some("M\u{fc}ller, \u{c9}lodie 0005"));
    assert_eq!(row.updated, time("2026-11-22T12:00:46Z"));
    assert_eq!(
        row.manager.and_then(|dn| dn.rdn_value()).as_deref(),
        Some("Dvo\u{159}\u{e1}k, D\u{f6}rte 0000")
    );
    let profile = row.profile;
    assert_eq!(profile.user_name.as_deref(), Some("u0005"));
    assert_eq!(profile.display_name, "M\u{fc}ller, \u{c9}lodie");
    assert_eq!(profile.title.as_deref(), Some("Clerk"));
    assert_eq!(profile.department.as_deref(), Some("IT"));
    assert_eq!(profile.organization.as_deref(), Some("Example Ltd"));
    assert_eq!(profile.employee_number.as_deref(), Some("000005"));
    assert!(profile.active, "accountExpires 0x7FFF… is never");
    assert_eq!(row.status, None);
}

/// uSNChanged moves without an edit, and whenChanged differs between domain controllers.
#[test]
fn a_version_moves_with_what_is_shown_alone() {
    let version = |ldif: &str| {
        let system = SystemKey::new("people").expect("a key");
        map::record(&system, std::borrow::Cow::Owned(row(ldif, "activeDirectory")), None, None, false)
            .version
            .expect("a version")
    };
    let same = SAMBA
        .replace("uSNChanged: 4010", "uSNChanged: 9999")
        .replace("whenChanged: 20261122120046.0Z", "whenChanged: 20261122130046.0Z");
    assert_ne!(same, SAMBA);
    assert_eq!(version(&same), version(SAMBA));
    assert_ne!(version(&SAMBA.replace("title: Clerk", "title: Director")), version(SAMBA));
    assert_ne!(version(&SAMBA.replace("userAccountControl: 512", "userAccountControl: 514")), version(SAMBA));
}

#[test]
fn servers_say_what_they_are() {
    let root = |ldif: &str| {
        // The recordings have no name in the first line of the root entry.
        Root::of(&entries(ldif)[0])
    };
    let people = Dn::parse("ou=people,dc=example,dc=org").expect("a name");
    let openldap = root(OPENLDAP_ROOT);
    assert_eq!((openldap.vendor.as_deref(), openldap.is_openldap), (Some("OpenLDAP"), true));
    assert!(openldap.has(crate::root::SYNC) && openldap.has(crate::root::PAGING));
    assert_eq!(openldap.context_of(&people).map(Dn::as_str), Some("dc=example,dc=org"));
    let samba = root(SAMBA_ROOT);
    assert_eq!(samba.vendor.as_deref(), Some("Samba Team (https://www.samba.org)"));
    assert!(samba.is_active_directory && samba.has(crate::root::DIR_SYNC) && !samba.has(crate::root::SYNC));
    assert_eq!(samba.usn, Some(5_040));
    assert!(samba.server.is_some());
    // The innermost of three contexts that lie in each other.
    let inside = Dn::parse("CN=x,CN=Configuration,DC=corp,DC=example,DC=org").expect("a name");
    assert_eq!(samba.context_of(&inside).map(Dn::depth), Some(4));
}

#[test]
fn a_range_says_where_to_go_on() {
    let ranges: Vec<_> = entries(SAMBA_RANGE).iter().filter_map(|entry| entry.range("member")).collect();
    assert_eq!(ranges.len(), 2);
    assert_eq!((ranges[0].next(), ranges[1].next()), (Some(5), None));
}

#[test]
fn an_entry_without_an_id_is_no_person() {
    let settings = settings("openldap");
    let entry =
        Entry::new(Dn::parse("uid=a,dc=b").expect("a name"), vec![("uid".into(), vec![b"a".to_vec()])]);
    let read = map::row(&entry, Dialect::OpenLdap, &settings.attributes, now());
    assert!(read.is_err_and(|error| error.detail().contains("entryUUID")));
}

#[test]
fn what_a_hostile_directory_says_is_cut() {
    let settings = settings("openldap");
    let id = ("entryUUID".to_owned(), vec![b"831162cc-7ab7-1041-873f-83520559fbe9".to_vec()]);
    let many = (0..500).map(|n| format!("{n}@example.org").into_bytes()).collect();
    let attributes = vec![
        id,
        ("displayName".into(), vec![format!("a\0\u{1b}[2J{}", "x".repeat(1_000_000)).into_bytes()]),
        ("mail".into(), many),
        ("uid".into(), vec![vec![0xff, 0xfe], b"  ".to_vec(), b"real".to_vec()]),
        ("preferredLanguage".into(), vec![b"cy, en;q=0.8".to_vec()]),
        ("postalAddress".into(), vec![b"1 High St$Pay \\24100$$Cardiff".to_vec()]),
    ];
    let entry = Entry::new(Dn::parse("uid=a,dc=b").expect("a name"), attributes);
    let profile = map::row(&entry, Dialect::OpenLdap, &settings.attributes, now()).expect("a person").profile;
    assert!(profile.display_name.len() <= 1_000 && !profile.display_name.contains(['\0', '\u{1b}']));
    assert_eq!(profile.emails.len(), 20);
    assert_eq!(profile.user_name.as_deref(), Some("real"));
    assert_eq!(profile.preferred_language.as_deref(), Some("cy"));
    assert_eq!(profile.addresses[0].formatted.as_deref(), Some("1 High St\nPay $100\nCardiff"));
}
