use jiff::{SignedDuration, Timestamp};
use portico_contract::paging::Position;
use portico_schemas::SourceStatus;
use proptest::prelude::*;

use super::*;

fn seals() -> Seals {
    Seals::new([7; ID_KEY_LEN], [9; CURSOR_KEY_LEN])
}

fn key(text: &str) -> SystemKey {
    SystemKey::new(text).unwrap()
}

fn cursor() -> Cursor {
    Cursor {
        sources: vec![
            (key("contracts"), SourcePosition::Next(Position::new("a/ö b").unwrap())),
            (key("policies"), SourcePosition::Failed(SourceStatus::Timeout)),
            (key("third"), SourcePosition::Done),
            (key("fourth"), SourcePosition::Start),
        ],
    }
}

proptest! {
    #[test]
    fn ids_open_to_what_was_sealed(path in ".{0,300}", system in "[a-z][a-z0-9-]{0,31}") {
        let document = DocumentRef::Id(NativeId::new(&path).unwrap());
        let id = seals().seal_document(&key(&system), &document);
        prop_assert_eq!(&id, &seals().seal_document(&key(&system), &document), "the same thing has the same id");
        prop_assert_eq!(seals().open_document(&id, "/id").unwrap(), (key(&system), document));
    }

    #[test]
    fn what_was_not_made_here_does_not_open(text in "[A-Za-z0-9_-]{0,120}") {
        prop_assert!(seals().open_document(&text, "/id").is_err());
        prop_assert!(seals().open_cursor(&text, "route", Timestamp::UNIX_EPOCH).is_err());
        prop_assert_eq!(seals().open_version(&text), None);
    }
}

#[test]
fn an_id_of_one_kind_does_not_open_as_another() {
    let (seals, system, native) = (seals(), key("directory"), NativeId::new("17").unwrap());
    let document = seals.seal_document(&system, &DocumentRef::Id(native.clone()));
    let (person, unit) = (seals.seal_person(&system, &native), seals.seal_org_unit(&system, &native));
    assert_eq!(seals.open_person(&person, "/id").unwrap(), (system.clone(), native.clone()));
    assert_eq!(seals.open_org_unit(&unit, "/id").unwrap(), (system, native));
    for (id, opens) in [(&document, [true, false, false]), (&person, [false, true, false])] {
        let opened = [
            seals.open_document(id, "/id").is_ok(),
            seals.open_person(id, "/id").is_ok(),
            seals.open_org_unit(id, "/id").is_ok(),
        ];
        assert_eq!(opened, opens);
    }
    assert!(seals.open_person(&unit, "/id").is_err() && seals.open_document(&unit, "/id").is_err());
}

#[test]
fn a_native_id_with_a_nul_stays_whole() {
    let document = DocumentRef::Id(NativeId::new("a\0b").unwrap());
    let id = seals().seal_document(&key("x"), &document);
    assert_eq!(seals().open_document(&id, "/id").unwrap().1, document);
}

#[test]
fn an_altered_octet_is_refused() {
    let id = seals().seal_document(&key("contracts"), &DocumentRef::Root);
    for at in 0..id.len() {
        let mut altered = id.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        let opened = seals().open_document(&altered, "/id");
        assert!(opened.is_err() || altered == id, "octet {at} may be altered");
    }
}

#[test]
fn an_entity_tag_does_not_pass_as_an_id() {
    let tag = seals().seal_version(&SourceVersion("\u{0}contracts\u{0}".into()));
    assert!(seals().open_document(&tag, "/id").is_err());
}

#[test]
fn a_cursor_opens_for_its_own_query_only() {
    let now = Timestamp::now();
    let text = seals().seal_cursor(&cursor(), "documents|q=a|ann", now).unwrap();
    assert_eq!(seals().open_cursor(&text, "documents|q=a|ann", now).unwrap(), cursor());
    for other in ["documents|q=b|ann", "documents|q=a|bo", "people|q=a|ann"] {
        let refused = seals().open_cursor(&text, other, now).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidCursor, "{other}");
    }
}

#[test]
fn a_cursor_is_good_for_a_day() {
    let now = Timestamp::now();
    let text = seals().seal_cursor(&cursor(), "x", now).unwrap();
    assert!(seals().open_cursor(&text, "x", now + SignedDuration::from_hours(23)).is_ok());
    let late = seals().open_cursor(&text, "x", now + SignedDuration::from_hours(25)).unwrap_err();
    assert!(late.detail().contains("older than 24 hours"), "{}", late.detail());
}

#[test]
fn a_cursor_that_does_not_fit_is_an_error_and_not_a_wrong_cursor() {
    let long = Position::new("x".repeat(Position::MAX)).unwrap();
    let sources = ["a", "b"].map(|name| (key(name), SourcePosition::Next(long.clone())));
    let refused =
        seals().seal_cursor(&Cursor { sources: sources.into() }, "x", Timestamp::now()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LimitExceeded);
}

#[test]
fn a_taken_cipher_and_a_failed_opening_leave_no_trace() {
    let seals = seals();
    let id = seals.seal_document(&key("contracts"), &DocumentRef::Root);
    assert!(seals.open_document("AAAA", "/id").is_err());
    assert!(seals.open_document(&id[1..], "/id").is_err());
    assert_eq!(
        seals.seal_document(&key("contracts"), &DocumentRef::Root),
        id,
        "what failed before is forgotten"
    );
    let taken = seals.keyed.lock();
    assert_eq!(seals.seal_document(&key("contracts"), &DocumentRef::Root), id, "nobody waits for the cipher");
    drop(taken);
}
