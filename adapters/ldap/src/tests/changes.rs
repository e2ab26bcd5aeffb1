//! What changed: told from a position, or whole.

use std::collections::BTreeMap;

use portico_contract::ErrorKind;
use portico_contract::paging::Position;
use portico_contract::people::PeopleChanges;
use portico_ldap_sim::{Dialect, Options};
use portico_simkit::council::{Council, DEMO_SEED};
use serde_json::json;
use tokio::sync::mpsc;

use super::place::{query, simulated, with};

fn council() -> Council {
    Council::generate(DEMO_SEED, 60)
}

/// The kind of a position, for messages.
fn kind(position: Option<&Position>) -> &str {
    position.and_then(|position| position.as_str().split(':').next()).unwrap_or("none")
}

async fn told_one_by_one(dialect: Dialect, way: &str, more: serde_json::Value) {
    let place = with(Options { people: 60, ..Options::new(dialect) }, more).await;
    let mut people = BTreeMap::new();
    let first = place.changes(None, &mut people).await;
    assert!(first.whole);
    assert_eq!(people.len(), 60);
    assert_eq!(kind(first.next.as_ref()), way);
    let listed = place.all(query(50)).await;
    for person in &listed {
        assert_eq!(people.get(person.id.as_str()), Some(person), "told and listed alike");
    }

    // Nothing changed: nothing is told that matters.
    let second = place.changes(first.next.as_ref(), &mut people).await;
    assert!(!second.whole && second.gone.is_empty(), "{second:?}");

    let council = council();
    let (edited, renamed, deleted) = (&council.people[30], &council.people[31], &council.people[32]);
    let gone = place.user(&deleted.username).await.id;
    place.server.edit(&edited.username, "title", &["Night Watch"]).expect("an edit");
    place.server.rename(&renamed.username, "cn", "Married, Now").expect("a new name");
    place.server.delete(&deleted.username).expect("deleted");
    place.server.add("newcomer", "Nia", "Newcomer").expect("added");
    let third = place.changes(second.next.as_ref(), &mut people).await;
    assert!(!third.whole, "{third:?}");
    assert_eq!(third.gone, [gone.as_str()]);
    for name in [&edited.username, &renamed.username, &"newcomer".to_owned()] {
        assert!(third.put.contains(name), "{name} is missing from {third:?}");
    }
    assert_eq!(people.len(), 60);
    let listed = place.all(query(50)).await;
    for person in &listed {
        assert_eq!(people.get(person.id.as_str()).map(|told| &told.profile), Some(&person.profile));
    }
    assert!(people.values().any(|person| person.profile.title.as_deref() == Some("Night Watch")));
    let fourth = place.changes(third.next.as_ref(), &mut people).await;
    assert!(!fourth.whole && fourth.gone.is_empty(), "{fourth:?}");
}

#[tokio::test]
async fn openldap_tells_by_content_sync() {
    Box::pin(told_one_by_one(Dialect::OpenLdap, "sync", json!({}))).await;
}

#[tokio::test]
async fn active_directory_tells() {
    let place = simulated(Dialect::ActiveDirectory).await;
    let way = place.directory.position(&super::place::context()).await.expect("a position");
    let way = kind(way.as_ref()).to_owned();
    assert_ne!(way, "none");
    Box::pin(told_one_by_one(Dialect::ActiveDirectory, &way, json!({}))).await;
}

#[tokio::test]
async fn active_directory_tells_an_administrator_by_dir_sync() {
    let place = simulated(Dialect::ActiveDirectory).await;
    let admin = place.server.admin_dn.clone();
    Box::pin(told_one_by_one(Dialect::ActiveDirectory, "dirsync", json!({ "bind_dn": admin }))).await;
}

/// Under load there are more people than the server gives at once: everybody is read by pages all the same.
#[tokio::test]
async fn everybody_is_told_past_every_limit() {
    for dialect in [Dialect::OpenLdap, Dialect::ActiveDirectory] {
        let place = with(Options { people: 2_300, ..Options::new(dialect) }, json!({})).await;
        let mut people = BTreeMap::new();
        let told = place.changes(None, &mut people).await;
        assert!(told.whole);
        assert_eq!(people.len(), 2_300);
        assert!(
            people.values().any(|person| person.has_photo) && people.values().any(|person| !person.has_photo)
        );
        assert_eq!(people.values().filter(|person| person.manager.is_none()).count(), 1);
    }
}

/// After a restart of the server deletions are forgotten: it says who is there, and the rest has to be worked out.
#[tokio::test]
async fn a_restart_of_the_server_loses_no_deletion() {
    let place = simulated(Dialect::OpenLdap).await;
    let mut people = BTreeMap::new();
    let first = place.changes(None, &mut people).await;
    place.server.delete(&council().people[40].username).expect("deleted");
    place.server.restart();
    let second = place.changes(first.next.as_ref(), &mut people).await;
    assert!(second.whole, "{second:?}");
    assert_eq!(people.len(), 59);
    let third = place.changes(second.next.as_ref(), &mut people).await;
    assert!(!third.whole && third.gone.is_empty());
}

/// Neither a stale cookie nor a garbage one is an error to OpenLDAP; to Active Directory it is error 12.
#[tokio::test]
async fn a_position_that_makes_no_sense_tells_everybody() {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD_NO_PAD;
    let encode = |text: &str| BASE64_STANDARD_NO_PAD.encode(text);
    let stale = encode("rid=000,csn=20200101000000.000000Z#000000#000#000000");
    for (dialect, admin) in [(Dialect::OpenLdap, false), (Dialect::ActiveDirectory, true)] {
        let place = simulated(dialect).await;
        let more = if admin { json!({ "bind_dn": place.server.admin_dn }) } else { json!({}) };
        let place = with(Options { people: 60, ..Options::new(dialect) }, more).await;
        for text in [
            "garbage".to_owned(),
            "sync:".to_owned(),
            format!("sync:{}", encode("garbage")),
            format!("sync:{stale}"),
            format!("dirsync:{}", encode("garbage")),
            "usn:00:17".to_owned(),
            "usn:00:18446744073709551615".to_owned(),
        ] {
            let mut people = BTreeMap::new();
            let told = place.changes(Position::new(text.as_str()).as_ref(), &mut people).await;
            assert!(told.whole, "{dialect:?} {text}");
            assert_eq!(people.len(), 60, "{dialect:?} {text}");
            assert!(told.next.is_some());
        }
    }
}

#[tokio::test]
async fn who_stops_listening_ends_it() {
    let place = simulated(Dialect::OpenLdap).await;
    let (into, told) = mpsc::channel(1);
    drop(told);
    let ended = place.call(PeopleChanges { since: None, into }).await;
    assert_eq!(ended.expect_err("nobody listens").kind(), ErrorKind::Cancelled);
}
