//! Messages that are let through, and those that are not.

use proptest::prelude::*;

use super::*;
use crate::ldap::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, SET, element, number};
use crate::ldap::message::{Answer, Outcome};

const BIND_RESPONSE: u8 = 0x61;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;
const REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
const INTERMEDIATE: u8 = 0x79;

fn message(id: i64, operation: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&number(INTEGER, id), operation].concat())
}

fn result(tag: u8, code: i64, text: &[u8]) -> Vec<u8> {
    element(tag, &[number(ENUMERATED, code), element(OCTETS, b""), element(OCTETS, text)].concat())
}

fn entry(attributes: &[u8]) -> Vec<u8> {
    element(ENTRY, &[element(OCTETS, b"cn=x"), element(SEQUENCE, attributes)].concat())
}

fn refused(frame: &[u8]) -> Violation {
    check(frame).expect_err("a violation")
}

#[test]
fn messages_as_servers_send_them_pass() {
    let attribute =
        [element(OCTETS, b"cn"), element(SET, &[element(OCTETS, b"x"), element(OCTETS, &[0xff])].concat())];
    let control = element(
        SEQUENCE,
        &[element(OCTETS, b"1.2.3"), element(BOOLEAN, &[0]), element(OCTETS, b"v")].concat(),
    );
    let with_control = |operation: Vec<u8>| [operation, element(0xa0, &control)].concat();
    let good = [
        result(BIND_RESPONSE, 49, "80090308: LdapErr: …".as_bytes()),
        entry(&element(SEQUENCE, &attribute.concat())),
        with_control(entry(b"")),
        element(REFERENCE, &element(OCTETS, b"ldaps://corp.example.org/CN=Configuration")),
        with_control(result(DONE, 0, b"")),
        element(INTERMEDIATE, &[element(0x80, b"1.2"), element(0x81, b"\xff")].concat()),
        result(EXTENDED_RESPONSE, 0, b""),
    ];
    for bytes in good {
        let frame = message(7, &bytes);
        assert_eq!(check(&frame).map(|message| message.id), Ok(7), "{frame:02x?}");
        assert_eq!(length(&frame, MAX_FRAME), Ok(Some(frame.len())));
        assert_eq!(length(&frame[..1], MAX_FRAME), Ok(None));
    }
    let refusal = message(1, &result(BIND_RESPONSE, 49, b"data 52e"));
    let Answer::Bind(outcome) = check(&refusal).expect("a message").answer else { panic!("another answer") };
    assert_eq!(outcome, Outcome { code: 49, text: "data 52e" });
    // Active Directory puts the name of its farewell where controls belong.
    let farewell =
        message(0, &[result(EXTENDED_RESPONSE, 52, b""), element(0x8a, b"1.3.6.1.4.1.1466.20036")].concat());
    assert!(matches!(check(&farewell).expect("a message").answer, Answer::Farewell));
}

#[test]
fn a_nesting_bomb_is_not_parsed() {
    let mut bomb = element(SEQUENCE, b"");
    for _ in 0..20_000 {
        bomb = element(SEQUENCE, &bomb);
    }
    assert_eq!(refused(&bomb), Violation::Depth);
    // Inside of a value that a parser would look into, at the limit and one more.
    for (depth, good) in [(MAX_DEPTH - 1, true), (MAX_DEPTH, false)] {
        let mut inside = element(OCTETS, b"");
        for _ in 0..depth {
            inside = element(SEQUENCE, &inside);
        }
        assert_eq!(nesting(&element(SEQUENCE, &inside)).is_ok(), good, "{depth}");
    }
}

#[test]
fn sizes_and_counts_are_bounded() {
    assert_eq!(length(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], MAX_FRAME), Err(Violation::Frame(MAX_FRAME)));
    assert_eq!(length(&[0x30, 0x83, 0x40, 0, 0], MAX_FRAME), Err(Violation::Frame(MAX_FRAME)));
    assert_eq!(length(&[0x30, 0x82, 0x02, 0x00], 512), Err(Violation::Frame(512)));
    let many = element(OCTETS, b"").repeat(MAX_ELEMENTS);
    assert_eq!(refused(&message(1, &element(REFERENCE, &many))), Violation::Elements);
}

#[test]
fn what_is_not_ldap_is_told_apart() {
    for start in [&b"HTTP/1.1 400 Bad Request"[..], b"\x15\x03\x01\x00\x02", b"\0", b"220 mail"] {
        assert_eq!(length(start, MAX_FRAME), Err(Violation::NotLdap));
    }
    assert_eq!(length(b"\x30\x80\x02\x01\x01", MAX_FRAME), Err(Violation::Indefinite));
    assert_eq!(length(b"\x30\x89\x01", MAX_FRAME), Err(Violation::Lengths));
    assert_eq!(refused(&message(1, b"\x65\x80\x00\x00")), Violation::Indefinite);
    assert_eq!(refused(&message(1, b"\x65\x05\x0a\x01\x00")), Violation::Lengths);
    assert_eq!(refused(&message(1, b"\x7f\x81\x01\x00")), Violation::Lengths);
}

#[test]
fn other_shapes_never_reach_the_parser() {
    let text = |octets: &[u8]| element(OCTETS, octets);
    let bad = [
        // No id, a negative one, one that does not fit.
        element(SEQUENCE, b""),
        message(-1, &result(DONE, 0, b"")),
        message(1 << 31, &result(DONE, 0, b"")),
        // No operation, a request, an operation that we never ask for.
        message(1, b""),
        message(1, b"\x42\x00"),
        message(1, &result(0x6b, 0, b"")),
        // A result without a code, with a negative one, with text that is not UTF-8.
        message(1, &element(DONE, b"")),
        message(1, &result(DONE, -1, b"")),
        message(1, &result(DONE, 0, b"\xff")),
        message(1, &element(DONE, &text(b"x"))),
        // An entry with a name that is none.
        message(1, &element(ENTRY, &[text(b"no name"), element(SEQUENCE, b"")].concat())),
        // An entry without a name, with attributes that are none, with a type that is not UTF-8.
        message(1, &element(ENTRY, b"")),
        message(1, &entry(&text(b"cn"))),
        message(1, &entry(&element(SEQUENCE, &[text(b"\xff"), element(SET, b"")].concat()))),
        message(1, &entry(&element(SEQUENCE, &[text(b"cn"), text(b"x")].concat()))),
        message(1, &entry(&element(SEQUENCE, &text(b"cn")))),
        message(1, &element(ENTRY, &[text(b"\xff"), element(SEQUENCE, b"")].concat())),
        // Controls that are none, and something behind them.
        message(1, &[result(DONE, 0, b""), element(0xa0, &text(b"1"))].concat()),
        message(1, &[result(DONE, 0, b""), element(0xa0, &element(SEQUENCE, b""))].concat()),
        message(1, &[result(DONE, 0, b""), text(b"x")].concat()),
        // Unsolicited, and not an extended response.
        message(0, &result(DONE, 0, b"")),
    ];
    for frame in bad {
        assert_eq!(refused(&frame), Violation::Shape, "{frame:02x?}");
    }
}

#[test]
fn violations_say_what_to_do_and_name_the_limit() {
    for (violation, kind, named) in [
        (Violation::Frame(4_194_304), ErrorKind::LimitExceeded, "4194304"),
        (Violation::Depth, ErrorKind::LimitExceeded, "64"),
        (Violation::Elements, ErrorKind::LimitExceeded, "262144"),
        (Violation::Entries(10), ErrorKind::LimitExceeded, "10"),
        (Violation::Octets(11), ErrorKind::LimitExceeded, "11"),
        (Violation::NotLdap, ErrorKind::InvalidResponse, "LDAP"),
        (Violation::Indefinite, ErrorKind::InvalidResponse, "indefinite"),
        (Violation::Lengths, ErrorKind::InvalidResponse, "lengths"),
        (Violation::Shape, ErrorKind::InvalidResponse, "shaped"),
        (Violation::Unexpected, ErrorKind::InvalidResponse, "not asked"),
    ] {
        let error = violation.error();
        assert_eq!(error.kind(), kind);
        assert!(error.detail().contains(named), "{}", error.detail());
    }
}

/// Hands a frame to a parser that is not ours.
fn another_parser(frame: &[u8]) -> bool {
    ldap3_lber::parse::parse_tag(frame, MAX_DEPTH).is_ok_and(|(rest, _)| rest.is_empty())
}

proptest! {
    #[test]
    fn what_passes_another_parser_reads_to_its_end(mut frame in prop::sample::select(vec![
        message(1, &entry(&element(SEQUENCE, &[element(OCTETS, b"cn"), element(SET, &element(OCTETS, b"x"))].concat()))),
        message(2, &result(DONE, 4, b"text")),
        message(3, &[result(DONE, 0, b""), element(0xa0, &element(SEQUENCE, &element(OCTETS, b"1.2")))].concat()),
        message(4, &element(INTERMEDIATE, &element(0x81, b"\xa3\x00"))),
    ]), at in any::<prop::sample::Index>(), octet: u8, second in any::<prop::sample::Index>(), other: u8) {
        let (one, two) = (at.index(frame.len()), second.index(frame.len()));
        frame[one] = octet;
        frame[two] = other;
        if length(&frame, MAX_FRAME) == Ok(Some(frame.len())) && check(&frame).is_ok() {
            prop_assert!(another_parser(&frame));
        }
    }

    #[test]
    fn whatever_comes_is_checked_without_a_panic(frame in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = length(&frame, MAX_FRAME);
        let _ = check(&frame);
    }
}
