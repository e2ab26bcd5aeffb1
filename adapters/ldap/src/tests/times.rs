//! Ids and times, with made-up ones.

use jiff::Timestamp;
use portico_contract::{ErrorKind, NativeId};
use proptest::prelude::*;

use crate::id::Id;
use crate::time::{FileTime, filetime, generalized, to_generalized};

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().expect("a time"))
}

#[test]
fn generalized_times() {
    for (text, time) in [
        ("20261122115635Z", "2026-11-22T11:56:35Z"),
        ("20261122120219.0Z", "2026-11-22T12:02:19Z"),
        ("20261122120219.25Z", "2026-11-22T12:02:19.25Z"),
        ("20261122120219,123456789Z", "2026-11-22T12:02:19.123456789Z"),
        ("20261122130219+0100", "2026-11-22T12:02:19Z"),
        ("20261122080219-04", "2026-11-22T12:02:19Z"),
        ("202611221202Z", "2026-11-22T12:02:00Z"),
        ("2026112212Z", "2026-11-22T12:00:00Z"),
        ("2026112212.5Z", "2026-11-22T12:30:00Z"),
        ("202611221202.5Z", "2026-11-22T12:02:30Z"),
        ("20161231235960Z", "2016-12-31T23:59:59Z"),
        // entryCSN is none, but its first part is.
        ("20261122115635.775118Z", "2026-11-22T11:56:35.775118Z"),
    ] {
        assert_eq!(generalized(text), at(time), "{text}");
    }
    for text in [
        "",
        "Z",
        "2026",
        "20261322115635Z",
        "20261122115635",
        "20261122115635X",
        "2026112211563Z",
        "garbage",
        "20261122115635Z ",
        "20261122115635+1",
        "20261122115635+2500",
        "20261122115635.Z",
        "\u{662}0261122115635Z",
    ] {
        assert_eq!(generalized(text), None, "{text}");
    }
}

#[test]
fn filetimes() {
    assert_eq!(filetime("0"), Some(FileTime::Never));
    assert_eq!(filetime("9223372036854775807"), Some(FileTime::Never));
    assert_eq!(filetime("-1"), Some(FileTime::Never));
    assert_eq!(filetime("9223372036854775806"), Some(FileTime::Never));
    // pwdLastSet of the recorded user.
    let set = at("2026-11-22T12:00:46.806267Z").expect("a time");
    assert_eq!(filetime("134398224468062670"), Some(FileTime::At(set)));
    assert_eq!(filetime("116444736000000000"), Some(FileTime::At(Timestamp::UNIX_EPOCH)));
    assert_eq!(filetime("soon"), None);
}

#[test]
fn a_guid_has_its_first_groups_reversed() {
    // From the recorded tombstone: the octets, and the text that stands in its DN.
    let octets = *b"\xf1\x8f\xc5\xc5\xe7\xf9\xdcD\xbe\xce\xb5S\xfbE\n\xb0";
    let id = Id::from_microsoft(octets);
    assert_eq!(id.to_string(), "c5c58ff1-f9e7-44dc-bece-b553fb450ab0");
    assert_ne!(Id::from_octets(octets).to_string(), id.to_string());
}

#[test]
fn ids_that_were_not_given_out_name_nobody() {
    for text in [
        "",
        "831162cc-7ab7-1041-873f-83520559fbe",
        "831162CC-7AB7-1041-873F-83520559FBE9",
        "831162cc7ab71041873f83520559fbe9",
        "*)(uid=*))(|(uid=*",
        "831162cc-7ab7-1041-873f-83520559fbe\u{e9}",
    ] {
        let id = Id::of_native(&NativeId::new(text).expect("short"));
        assert_eq!(id.map_err(|error| error.kind()), Err(ErrorKind::NotFound), "{text}");
    }
}

proptest! {
    #[test]
    fn every_id_comes_back(octets in any::<[u8; 16]>()) {
        let id = Id::from_octets(octets);
        prop_assert_eq!(Id::parse(&id.to_string()), Some(id));
        prop_assert_eq!(Id::of_native(&id.native()).ok(), Some(id));
        // Reversed twice it is the same.
        let twice = Id::from_microsoft(octets).to_string();
        prop_assert_eq!(Id::parse(&twice), Some(Id::from_microsoft(octets)));
    }

    #[test]
    fn every_second_comes_back(second in -60_000_000_000_i64..200_000_000_000) {
        let time = Timestamp::from_second(second).expect("a time");
        prop_assert_eq!(generalized(&to_generalized(time)), Some(time));
    }

    #[test]
    fn nothing_breaks_the_readers(text in "\\PC{0,40}", digits in "[0-9.,+Z-]{0,30}") {
        for text in [&text, &digits] {
            let _ = (generalized(text), filetime(text), Id::parse(text));
        }
    }

    #[test]
    fn every_filetime_is_a_time_or_never(ticks in any::<i64>()) {
        let read = filetime(&ticks.to_string());
        prop_assert!(read.is_some());
        if let Some(FileTime::At(time)) = read {
            let back = (time.as_nanosecond() + 11_644_473_600 * 1_000_000_000) / 100;
            prop_assert_eq!(back, i128::from(ticks));
        }
    }
}
