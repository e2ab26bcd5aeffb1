//! Controls, against recorded octets of slapd and against another codec.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapMsg, SyncRequestMode};
use tokio_util::codec::Decoder;

use super::*;
use crate::ldap::{AttributeName, Dn, Filter, Scope, dir_sync_flags};

fn control(oid: &str, base64: &str) -> Control {
    let val = STANDARD.decode(base64).expect("base64");
    Control(None, RawControl { ctype: oid.to_owned(), crit: false, val: Some(val) })
}

#[test]
fn recorded_controls_of_slapd_are_read() {
    let state =
        of_entry(&[control(SYNC_STATE, "MBUKAQEEEIMRWip6txBBhzqDUgVZ++k=")]).flatten().expect("a state");
    assert_eq!(state.state, SyncState::Add);
    // 83115a2a-7ab7-1041-873a-83520559fbe9
    assert_eq!(state.uuid, *b"\x83\x11\x5a\x2a\x7a\xb7\x10\x41\x87\x3a\x83\x52\x05\x59\xfb\xe9");
    let with_cookie = "MEsKAQIEEIMRXOZ6txBBhzuDUgVZ++kENHJpZD0wMDAsY3NuPTIwMjYxMTIyMTE1ODIxLjUyMTMwNlojMDAwMDAwIzAwMCMwMDAwMDA=";
    let state = of_entry(&[control(SYNC_STATE, with_cookie)]).flatten().expect("a state");
    assert_eq!(state.state, SyncState::Modify);

    let done = |base64| of_result(&[control(SYNC_DONE, base64)]).and_then(|r| r.sync).expect("a control");
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
    let paged = |cookie: &[u8]| {
        let value = paged(&Page { size: 1_004, cookie: cookie.to_vec() });
        of_result(&[Control(None, RawControl { ctype: PAGED.to_owned(), crit: false, val: Some(value) })])
    };
    let more = paged(b"\x65\0\0\0").expect("a control");
    assert_eq!((more.page_cookie.as_deref(), more.estimate), (Some(&b"\x65\0\0\0"[..]), Some(1_004)));
    assert_eq!(paged(b"").expect("a control").page_cookie, None);
    let value = dir_sync_request(&DirSync { cookie: b"MSDS".to_vec(), max_octets: 0, flags: 1 });
    let raw = RawControl { ctype: DIR_SYNC.to_owned(), crit: true, val: Some(value) };
    let done = of_result(&[Control(None, raw)]).and_then(|r| r.dir_sync);
    assert_eq!(done, Some(DirSyncDone { more: true, cookie: b"MSDS".to_vec() }));
}

#[test]
fn malformed_controls_are_noticed() {
    for oid in [PAGED, SYNC_DONE, DIR_SYNC] {
        for value in [Some(vec![]), Some(vec![0x30, 0x05, 1]), Some(vec![0x30, 0x03, 0x01, 0x01]), None] {
            let raw = RawControl { ctype: oid.to_owned(), crit: false, val: value.clone() };
            assert!(of_result(&[Control(None, raw)]).is_none(), "{oid} {value:?}");
        }
    }
    for bad in ["MBUKAQkEEIMRWip6txBBhzqDUgVZ++k=", "MAUKAQEEAA==", "AA=="] {
        assert!(of_entry(&[control(SYNC_STATE, bad)]).is_none(), "{bad}");
    }
    for value in [&b""[..], b"\xa3\x00", b"\xa3\x04\x31\x02\x04\x00", b"\x30\x00", b"\xa3\x80"] {
        assert!(sync_info(Some(SYNC_INFO), Some(value), &mut SyncDone::default()).is_none(), "{value:?}");
    }
    assert!(sync_info(Some(b"1.2.3"), None, &mut SyncDone::default()).is_some(), "somebody else's");
}

#[test]
fn sets_of_ids_are_gathered() {
    let mut sync = SyncDone::default();
    let ids = ber::element(SET, &[ber::element(OCTETS, &[7; 16]), ber::element(OCTETS, &[8; 16])].concat());
    let present = ber::element(0xa3, &ids);
    let deleted =
        ber::element(0xa3, &[ber::element(OCTETS, b"c"), ber::element(BOOLEAN, &[0xff]), ids].concat());
    for value in [&present, &deleted, &ber::element(0xa2, &[])] {
        sync_info(Some(SYNC_INFO), Some(value), &mut sync).expect("an answer");
    }
    assert_eq!(
        sync.id_sets,
        [IdSet::Present(vec![[7; 16], [8; 16]]), IdSet::Deleted(vec![[7; 16], [8; 16]])]
    );
    assert_eq!((sync.cookie.as_deref(), sync.present_phase), (Some(&b"c"[..]), true));
}

/// Reads controls as another codec does, on a message that needs nothing else.
fn theirs(raw: &[RawControl]) -> Vec<LdapControl> {
    let mut controls = Vec::new();
    for one in raw {
        let mut content = ber::element(OCTETS, one.ctype.as_bytes());
        content.extend(ber::element(BOOLEAN, &[if one.crit { 0xff } else { 0 }]));
        content.extend(one.val.iter().flat_map(|value| ber::element(OCTETS, value)));
        controls.extend(ber::element(SEQUENCE, &content));
    }
    let unbind = ber::element(0x42, &[]);
    let message = [ber::number(INTEGER, 1), unbind, ber::element(0xa0, &controls)].concat();
    let mut bytes = BytesMut::from(&*ber::element(SEQUENCE, &message));
    let message: LdapMsg =
        LdapCodec::default().decode(&mut bytes).expect("a message").expect("a whole message");
    message.ctrl
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
    let raw = of_request(&search);
    assert_eq!(raw.iter().filter(|control| !control.crit).count(), 1);
    let read = theirs(&raw);
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
