//! Every recording of the real product through the codecs, and what they hold through the shapes.

use portico_wire::rpc::{Answer, Limits, Value};
use portico_wire::{jsonrpc, xmlrpc};
use serde::Deserialize;

use crate::fault;
use crate::wire::{Employee, LeaveType, Link, Maybe, Needed, Stamp, Word};

fn fixtures() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of recordings")
        .map(|entry| entry.expect("a recording").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("a recording"))
        })
        .collect();
    all.sort();
    all
}

pub(super) fn body(recording: &str) -> &str {
    let (_, answer) = recording.split_once("--- response").expect("a recording");
    answer.split_once("\n\n").expect("a head").1
}

macro_rules! recording {
    ($name:literal) => {
        body(include_str!(concat!("../../fixtures/", $name)))
    };
}

#[test]
fn every_recording_decodes() {
    let (mut values, mut faults) = (0, 0);
    for (name, recording) in fixtures() {
        if name == "62-session-auth.json.http" {
            // What was masked in it is no JSON any more.
            assert!(body(&recording).contains("\"username\": ***"));
            continue;
        }
        let octets = body(&recording).as_bytes();
        let answer = if name.ends_with(".json.http") {
            let id = if recording.contains("\"id\": null, \"error\"") { 0 } else { 7 };
            jsonrpc::decode::<serde::de::IgnoredAny>(octets, id, &Limits::default())
                .map(|answer| matches!(answer, Answer::Value(_)))
        } else {
            xmlrpc::value(octets, Some("utf-8"), &Limits::default())
                .map(|answer| matches!(answer, Answer::Value(_)))
        };
        match answer.unwrap_or_else(|error| panic!("{name}: {error:?}")) {
            true => values += 1,
            false => faults += 1,
        }
    }
    assert_eq!((values, faults), (40, 19), "of sixty recordings, one of them masked");
}

fn fault_of(document: &str) -> portico_wire::rpc::Fault {
    match xmlrpc::value(document.as_bytes(), None, &Limits::default()) {
        Ok(Answer::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn recorded_faults_are_told_apart() {
    for committed in [
        recording!("10-sheet-submit.xml.http"),
        recording!("72-sheet-submit-fault-but-done.xml.http"),
        recording!("73-sheet-approve.xml.http"),
        recording!("75-approve-twice.xml.http"),
        recording!("45-po-cancel.xml.http"),
    ] {
        assert!(fault::is_committed(&fault_of(committed)));
    }
    use portico_contract::ErrorKind::*;
    for (refused, kind) in [
        (recording!("12-sheet-approve.xml.http"), Conflict),
        (recording!("19-unknown-model.xml.http"), InvalidResponse),
        (recording!("20-unknown-field.xml.http"), InvalidResponse),
        (recording!("21-create-missing-required.xml.http"), Conflict),
        (recording!("33-leave-overlap.xml.http"), Conflict),
        (recording!("34b-leave-validate.xml.http"), Conflict),
        (recording!("37-leave-delete.xml.http"), Conflict),
        (recording!("49-bad-password-object.xml.http"), CredentialsRefused),
        (recording!("50-none-return.xml.http"), BackendStatus),
        (recording!("76-delete-approved-expense.xml.http"), Conflict),
        (recording!("78-refuse.xml.http"), BackendForbidden),
    ] {
        let fault = fault_of(refused);
        assert!(!fault::is_committed(&fault), "{refused}");
        let error = fault::of(&fault, portico_contract::Effect::Write);
        assert_eq!((error.kind(), error.outcome()), (kind, portico_schemas::Outcome::Failed), "{refused}");
        assert!(!error.native().unwrap_or_default().contains("Dvořák"), "{:?}", error.native());
    }
}

fn typed<T: for<'de> Deserialize<'de>>(document: &str) -> T {
    match xmlrpc::decode(document.as_bytes(), Some("utf-8"), &Limits::default()) {
        Ok(Answer::Value(value)) => value,
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn recorded_shapes_are_read() {
    #[derive(Deserialize)]
    struct Person {
        parent_id: Maybe<Link>,
        department_id: Maybe<Link>,
        write_date: Stamp,
    }
    let people: Vec<Person> = typed(recording!("05-employee-list.xml.http"));
    assert_eq!(people[0].parent_id, Maybe(None));
    assert_eq!(people[0].department_id.0.as_ref().map(Link::display).as_deref(), Some("Administration"));
    assert_eq!(people[2].write_date.0.to_string(), "2026-11-22T12:41:19Z");
    #[derive(Deserialize)]
    struct Kind {
        requires_allocation: Needed,
        leave_validation_type: Maybe<String>,
    }
    let kinds: Vec<Kind> = typed(recording!("30-leave-types.xml.http"));
    assert_eq!(kinds[0].requires_allocation, Needed::Word(Word::Yes));
    assert!(!kinds[1].requires_allocation.is_needed());
    assert_eq!(kinds[0].leave_validation_type.0.as_deref(), Some("both"));
    let none: Vec<LeaveType> = typed(recording!("18-read-missing.xml.http"));
    assert!(none.is_empty());
    assert!(
        xmlrpc::decode::<Vec<Employee>>(recording!("22-delta.xml.http").as_bytes(), None, &Limits::default())
            .is_err()
    );
    let refused: Maybe<i64> = typed(recording!("02-auth-bad.xml.http"));
    assert_eq!(refused, Maybe(None));
    let version: Value =
        match xmlrpc::value(recording!("01-version.xml.http").as_bytes(), None, &Limits::default()) {
            Ok(Answer::Value(value)) => value,
            other => panic!("{other:?}"),
        };
    assert!(matches!(version, Value::Struct(_)));
}

#[test]
fn days_and_times_are_read_strictly() {
    let read = |text: &str| serde_json::from_value::<Stamp>(text.into()).is_ok();
    for (text, good) in [
        ("2026-11-22 12:41:24", true),
        ("2026-11-22T12:41:24", true),
        ("2026-11-22", false),
        ("2026-11-22 12:41:24.123456", false),
        ("2026-13-22 12:41:24", false),
        ("", false),
    ] {
        assert_eq!(read(text), good, "{text}");
    }
    for (text, good) in
        [("2026-11-22", true), ("2026-11-31", false), ("20261122", false), ("2026-11-22 00:00:00", false)]
    {
        assert_eq!(serde_json::from_value::<crate::wire::Day>(text.into()).is_ok(), good, "{text}");
    }
}
