//! What is sent, and what is made of the answer.

use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapFilter, LdapIntermediateResponse, LdapMsg, LdapOp, LdapResultCode as Code, LdapSearchResultReference,
    LdapSearchScope, SyncStateValue,
};
use portico_contract::ErrorKind;
use uuid::Uuid;

use super::server::{Reply, Server, done, entry, friendly, searching};
use super::*;
use crate::ldap::{Completeness, DirSync, IdSet, Page, Range, SyncRequest, SyncState, result_code};

#[tokio::test]
async fn a_search_is_sent_as_it_was_asked() {
    let server = Server::start(friendly).await;
    let mut search = people();
    search.filter = Filter::And(vec![Filter::equal(&UID, "*)(uid=*"), Filter::contains(&UID, "Søren")]);
    search.attributes = vec![UID, AttributeName::known("member").from_position(1_500)];
    search.size_limit = 7;
    search.time_limit = Some(Duration::from_secs(3));
    search.scope = Scope::One;
    client(config(&[server.addr])).search(&context(), &search).await.expect("a result");
    let (sent, controls) = server.seen.searches.lock().remove(0);
    assert_eq!((sent.base.as_str(), sent.sizelimit, sent.timelimit), ("ou=people,dc=example", 7, 3));
    assert_eq!((sent.scope, sent.typesonly, controls.len()), (LdapSearchScope::OneLevel, false, 0));
    assert_eq!(sent.attrs, ["uid", "member;range=1500-*"]);
    let LdapFilter::And(parts) = sent.filter else { panic!("another filter") };
    assert_eq!(parts[0], LdapFilter::Equality("uid".into(), "*)(uid=*".into()));
    assert_eq!(server.seen.binds.lock()[0], (String::new(), String::new()));
}

#[tokio::test]
async fn entries_are_read_whole() {
    let server = Server::start(searching(|request, _| {
        let mut members = entry(
            request,
            "CN=AllStaff,DC=corp",
            &[
                ("objectClass", &[b"top", b"group"]),
                ("objectGUID", &[b"\xf1\x8f\xc5\xc5"]),
                ("member", &[]),
                ("member;range=0-1", &[b"CN=A", b"CN=B"]),
                ("userCertificate;binary", &[b"\x30\x00"]),
                ("description;lang-de", &[b"Alle"]),
            ],
        );
        members.ctrl = Vec::new();
        let last = entry(request, "CN=Rest", &[("Member;Range=995-*", &[b"CN=Z"])]);
        let uris = vec!["ldaps://corp.example.org/CN=Configuration".to_owned()];
        let reference = LdapMsg {
            msgid: request.msgid,
            op: LdapOp::SearchResultReference(LdapSearchResultReference { uris }),
            ctrl: Vec::new(),
        };
        Reply::Say(vec![members, reference, last, done(request, Code::Success, "")])
    }));
    let server = server.await;
    let result = ask(&client(config(&[server.addr]))).await.expect("a result");
    assert_eq!((result.complete, result.entries.len()), (Completeness::Whole, 2));
    assert_eq!(result.referrals, ["ldaps://corp.example.org/CN=Configuration"]);
    let [group, rest] = &*result.entries else { panic!("two entries") };
    assert_eq!(group.dn, Dn::parse("cn=allstaff,dc=corp").expect("a name"));
    assert_eq!(group.texts("objectclass").collect::<Vec<_>>(), ["top", "group"]);
    assert_eq!(group.first_octets("objectGUID"), Some(&b"\xf1\x8f\xc5\xc5"[..]));
    assert_eq!(
        (group.first_text("objectGUID"), group.first_text("cn"), group.octets("cn").count()),
        (None, None, 0)
    );
    assert_eq!(group.texts("member").count(), 2);
    assert_eq!(group.range("member"), Some(Range { first: 0, last: Some(1) }));
    assert_eq!(group.range("member").and_then(Range::next), Some(2));
    assert_eq!((group.octets("userCertificate").count(), group.octets("user").count()), (1, 0));
    assert_eq!(
        (group.first_text("description"), group.first_text("description;lang-de")),
        (None, Some("Alle"))
    );
    assert_eq!((rest.range("member").and_then(Range::next), group.range("uid")), (None, None));
    assert!(!format!("{result:?}").contains("CN=A"));
}

#[tokio::test]
async fn what_was_cut_is_said_to_be() {
    for (code, complete) in [
        (Code::SizeLimitExceeded, Completeness::SizeLimit),
        (Code::TimeLimitExceeded, Completeness::TimeLimit),
        (Code::AdminLimitExceeded, Completeness::AdminLimit),
    ] {
        let expected = code.clone();
        let server = Server::start(searching(move |request, _| {
            Reply::Say(vec![entry(request, "uid=a", &[]), done(request, code.clone(), "")])
        }));
        let server = server.await;
        let result = ask(&client(config(&[server.addr]))).await.expect("a result");
        assert_eq!((result.complete, result.entries.len()), (complete, 1), "{expected:?}");
    }
}

#[tokio::test]
async fn a_result_that_is_a_failure_keeps_the_connection() {
    let server = Server::start(searching(|request, _| {
        Reply::Say(vec![done(request, Code::NoSuchObject, "no uid=jane here")])
    }));
    let server = server.await;
    let client = client(config(&[server.addr]));
    for _ in 0..3 {
        let error = ask(&client).await.expect_err("a failure");
        assert_eq!((error.kind(), result_code(&error)), (ErrorKind::NotFound, Some(32)));
        assert!(!format!("{error:?}{error}{:?}", error.native()).contains("jane"));
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn pages_stay_on_one_connection() {
    let server = Server::start(searching(|request, _| {
        let LdapControl::SimplePagedResults { size, cookie } = &request.ctrl[0] else { return Reply::Close };
        let at = usize::from(cookie.first().copied().unwrap_or(0));
        let last = at == 2;
        let mut end = done(request, Code::Success, "");
        let cookie = if last { Vec::new() } else { vec![u8::try_from(at + 1).expect("small")] };
        end.ctrl.push(LdapControl::SimplePagedResults { size: 1_000, cookie });
        let mut said: Vec<_> = (0..*size).map(|n| entry(request, &format!("uid={at}-{n}"), &[])).collect();
        said.push(end);
        Reply::Say(said)
    }));
    let server = server.await;
    let client = client(config(&[server.addr]));
    let mut session = client.session(&context()).await.expect("a session");
    let (mut cookie, mut found) = (Vec::new(), 0);
    loop {
        let mut search = people();
        search.page = Some(Page { size: 50, cookie });
        let result = session.search(&search).await.expect("a page");
        found += result.entries.len();
        assert_eq!(result.estimate, Some(1_000));
        match result.page_cookie {
            Some(next) => cookie = next,
            None => break,
        }
        // Somebody else gets another connection meanwhile.
        let mut other = people();
        other.page = Some(Page { size: 1, cookie: Vec::new() });
        client.search(&context(), &other).await.expect("a page");
    }
    session.finish();
    assert_eq!((found, server.connections()), (150, 2));
}

#[tokio::test]
async fn a_synchronisation_is_gathered() {
    let id = |n: u8| [n; 16];
    let server = Server::start(searching(move |request, _| {
        let mut changed = entry(request, "uid=jane,ou=people,dc=example", &[("uid", &[b"jane"])]);
        changed.ctrl.push(LdapControl::SyncState {
            state: SyncStateValue::Add,
            entry_uuid: Uuid::from_bytes(id(1)),
            cookie: None,
        });
        let set = LdapIntermediateResponse::SyncInfoIdSet {
            cookie: Some(b"between".to_vec()),
            refresh_deletes: true,
            syncuuids: vec![Uuid::from_bytes(id(2))],
        };
        let set = LdapMsg { msgid: request.msgid, op: LdapOp::IntermediateResponse(set), ctrl: Vec::new() };
        let mut end = done(request, Code::Success, "");
        end.ctrl
            .push(LdapControl::SyncDone { cookie: Some(b"rid=000,csn=2".to_vec()), refresh_deletes: true });
        Reply::Say(vec![set, changed, end])
    }));
    let server = server.await;
    let mut search = people();
    search.sync = Some(SyncRequest { cookie: Some(b"rid=000,csn=1".to_vec()), reload_hint: false });
    let result = client(config(&[server.addr])).search(&context(), &search).await.expect("a result");
    let sync = result.sync.expect("a synchronisation");
    assert_eq!(sync.cookie.as_deref(), Some(&b"rid=000,csn=2"[..]));
    assert!(sync.refresh_deletes && !sync.present_phase);
    assert_eq!(sync.id_sets, [IdSet::Deleted(vec![id(2)])]);
    assert_eq!(result.entries[0].sync.map(|sync| (sync.state, sync.uuid)), Some((SyncState::Add, id(1))));
    let sent = server.seen.searches.lock().remove(0).1;
    assert!(
        matches!(&sent[0], LdapControl::SyncRequest { cookie: Some(cookie), .. } if cookie == b"rid=000,csn=1")
    );
}

#[tokio::test]
async fn changes_of_active_directory_are_read() {
    let server = Server::start(searching(|request, _| {
        let name = "<GUID=c5c58ff1-f9e7-44dc-bece-b553fb450ab0>;<SID=S-1-5-21-1>;CN=Čapek\\, Øyvind,DC=corp";
        let mut end = done(request, Code::Success, "");
        end.ctrl.push(LdapControl::AdDirsync { flags: 1, max_bytes: 0, cookie: Some(b"MSDS".to_vec()) });
        Reply::Say(vec![entry(request, name, &[("isDeleted", &[b"TRUE"])]), end])
    }));
    let server = server.await;
    let mut search = people();
    search.dir_sync = Some(DirSync { cookie: Vec::new(), max_octets: 0, flags: 1 });
    let result = client(config(&[server.addr])).search(&context(), &search).await.expect("a result");
    let done = result.dir_sync.expect("the end");
    assert_eq!((done.more, done.cookie.as_slice()), (true, &b"MSDS"[..]));
    let extended = result.entries[0].extended.as_ref().expect("an extended name");
    assert_eq!(extended.guid.map(|guid| guid[0]), Some(0xf1));
    assert_eq!(result.entries[0].dn, Dn::parse("cn=čapek\\, øyvind,dc=corp").expect("a name"));
}
