//! Controls, against recorded octets of slapd and against another codec.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::SyncRequestMode;

use super::*;
use crate::ldap::ber::element;
use crate::ldap::message::tests::controls_of;
use crate::ldap::request::Request;
use crate::ldap::request::tests::received;
use crate::ldap::{AttributeName, Dn, Filter, Scope, dir_sync_flags};

/// A control with this value, as it comes; none for none.
fn control(oid: &str, value: Option<&[u8]>) -> Vec<u8> {
    let value = value.map(|value| element(OCTETS, value)).unwrap_or_default();
    element(SEQUENCE, &[element(OCTETS, oid.as_bytes()), value].concat())
}

fn recorded(oid: &str, base64: &str) -> Vec<u8> {
    control(oid, Some(&STANDARD.decode(base64).expect("base64")))
}

fn result(control: &[u8]) -> Option<Returned> {
    of_result(controls_of(control))
}

fn state(control: &[u8]) -> Option<Option<SyncEntry>> {
    of_entry(controls_of(control))
}

#[test]
fn recorded_controls_of_slapd_are_read() {
    let added = state(&recorded(SYNC_STATE, "MBUKAQEEEIMRWip6txBBhzqDUgVZ++k=")).flatten().expect("a state");
    assert_eq!(added.state, SyncState::Add);
    // 83115a2a-7ab7-1041-873a-83520559fbe9
    assert_eq!(added.uuid, *b"\x83\x11\x5a\x2a\x7a\xb7\x10\x41\x87\x3a\x83\x52\x05\x59\xfb\xe9");
    let with_cookie = "MEsKAQIEEIMRXOZ6txBBhzuDUgVZ++kENHJpZD0wMDAsY3NuPTIwMjYxMTIyMTE1ODIxLjUyMTMwNlojMDAwMDAwIzAwMCMwMDAwMDA=";
    let modified = state(&recorded(SYNC_STATE, with_cookie)).flatten().expect("a state");
    assert_eq!(modified.state, SyncState::Modify);

    let done = |base64| result(&recorded(SYNC_DONE, base64)).and_then(|r| r.sync).expect("a control");
    let (cookie, deletes) =
        done("MDkENHJpZD0wMDAsY3NuPTIwMjYxMTIyMTE1NzU1LjAyMDI5N1ojMDAwMDAwIzAwMCMwMDAwMDABAf8=");
    assert_eq!(cookie.as_deref(), Some(&b"rid=000,csn=20261122115755.020297Z#000000#000#000000"[..]));
    assert!(deletes);
    let (cookie, deletes) =
        done("MDYENHJpZD0wMDAsY3NuPTIwMjYxMTIyMTE1NzU1LjAyMDI5N1ojMDAwMDAwIzAwMCMwMDAwMDA=");
    assert!(cookie.is_some() && !deletes);
    // To a garbage cookie.
    assert_eq!(done("MAUEAAEB/w=="), (Some(Vec::new()), true));
}

#[test]
fn controls_of_a_result_are_read() {
    let value = |inside: &dyn Fn(&mut Writer)| {
        let mut value = Writer::default();
        value.nested(SEQUENCE, inside);
        value.into_octets()
    };
    let paged = |cookie: &[u8]| {
        let page = Page { size: 1_004, cookie: cookie.to_vec() };
        result(&control(PAGED, Some(&value(&|to| super::paged(&page, to)))))
    };
    let more = paged(b"\x65\0\0\0").expect("a control");
    assert_eq!((more.page_cookie.as_deref(), more.estimate), (Some(&b"\x65\0\0\0"[..]), Some(1_004)));
    assert_eq!(paged(b"").expect("a control").page_cookie, None);
    let request = DirSync { cookie: b"MSDS".to_vec(), max_octets: 0, flags: 1 };
    let done =
        result(&control(DIR_SYNC, Some(&value(&|to| dir_sync(&request, to))))).and_then(|r| r.dir_sync);
    assert_eq!(done, Some(DirSyncDone { more: true, cookie: b"MSDS".to_vec() }));
    // One control among others.
    let several = [control("1.2.3", None), recorded(SYNC_DONE, "MAUEAAEB/w=="), control(PAGED, Some(b"0\0"))];
    assert_eq!(result(&several[..2].concat()).and_then(|r| r.sync), Some((Some(Vec::new()), true)));
    assert!(result(&several.concat()).is_none());
}

#[test]
fn malformed_controls_are_noticed() {
    for oid in [PAGED, SYNC_DONE, DIR_SYNC] {
        for value in [Some(vec![]), Some(vec![0x30, 0x05, 1]), Some(vec![0x30, 0x03, 0x01, 0x01]), None] {
            assert!(result(&control(oid, value.as_deref())).is_none(), "{oid} {value:?}");
        }
    }
    for bad in ["MBUKAQkEEIMRWip6txBBhzqDUgVZ++k=", "MAUKAQEEAA==", "AA=="] {
        assert!(state(&recorded(SYNC_STATE, bad)).is_none(), "{bad}");
    }
    for value in [&b""[..], b"\xa3\x00", b"\xa3\x04\x31\x02\x04\x00", b"\x30\x00", b"\xa3\x80"] {
        assert!(sync_info(Some(SYNC_INFO), Some(value), &mut SyncDone::default()).is_none(), "{value:?}");
    }
    assert!(sync_info(Some("1.2.3"), None, &mut SyncDone::default()).is_some(), "somebody else's");
}

#[test]
fn sets_of_ids_are_gathered() {
    let mut sync = SyncDone::default();
    let ids = element(SET, &[element(OCTETS, &[7; 16]), element(OCTETS, &[8; 16])].concat());
    let present = element(0xa3, &ids);
    let deleted = element(0xa3, &[element(OCTETS, b"c"), element(BOOLEAN, &[0xff]), ids].concat());
    for value in [&present, &deleted, &element(0xa2, &[])] {
        sync_info(Some(SYNC_INFO), Some(value), &mut sync).expect("an answer");
    }
    assert_eq!(
        sync.id_sets,
        [IdSet::Present(vec![[7; 16], [8; 16]]), IdSet::Deleted(vec![[7; 16], [8; 16]])]
    );
    assert_eq!((sync.cookie.as_deref(), sync.present_phase), (Some(&b"c"[..]), true));
}

#[test]
fn another_codec_reads_what_is_sent() {
    let cn = AttributeName::known("cn");
    let mut search = Search::new("people", Dn::root(), Scope::Subtree, Filter::Present(cn.clone()));
    search.page = Some(Page { size: 500, cookie: b"next".to_vec() });
    search.sync = Some(SyncRequest { cookie: Some(b"rid=000".to_vec()), reload_hint: true });
    let flags = dir_sync_flags::OBJECT_SECURITY | dir_sync_flags::INCREMENTAL_VALUES;
    search.dir_sync = Some(DirSync { cookie: Vec::new(), max_octets: 1 << 20, flags });
    search.sort = vec![
        SortKey {
            attribute: AttributeName::known("sn"),
            rule: Some(AttributeName::known("caseIgnoreOrderingMatch")),
            reverse: true,
        },
        SortKey { attribute: cn, rule: None, reverse: false },
    ];
    search.show_deleted = true;
    search.extended_dn = true;
    search.domain_scope = true;
    let read = received(&Request::search(&search, 1).expect("a request").message(1)).ctrl;
    assert!(matches!(&read[0], LdapControl::SimplePagedResults { size: 500, cookie } if cookie == b"next"));
    let LdapControl::ServerSort { sort_requests } = &read[1] else { panic!("{read:?}") };
    let keys: Vec<_> = sort_requests
        .iter()
        .map(|key| (key.attribute_name.as_str(), key.ordering_rule.as_deref(), key.reverse_order))
        .collect();
    assert_eq!(keys, [("sn", Some("caseIgnoreOrderingMatch"), true), ("cn", None, false)]);
    assert!(
        matches!(&read[2], LdapControl::SyncRequest { criticality: true, mode: SyncRequestMode::RefreshOnly,
        cookie: Some(cookie), reload_hint: true } if cookie == b"rid=000")
    );
    // Flags are a signed number of 32 bits, which this codec takes for one without a sign.
    assert!(
        matches!(&read[3], LdapControl::AdDirsync { flags: 0x8000_0001, max_bytes: 0x10_0000, .. }),
        "{:?}",
        read[3]
    );
    assert!(matches!(read[4], LdapControl::ShowDeleted { criticality: true }));
    assert!(matches!(read[5], LdapControl::ExtendedDn { criticality: true, format: 1 }));
}
