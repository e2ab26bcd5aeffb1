//! What holds for a file only: its lock, its version, tampering, backups.

use std::path::Path;

use portico_store::{
    Anchor, AuditFault, AuditQuery, Begun, IntentQuery, Store, StoreConfig, StoreError, Verified,
    read_anchor, restore,
};
use rusqlite::Connection;

use crate::audit::reading;
use crate::support::{actor, begun, confirmed, intent};

async fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(&StoreConfig::sqlite(path)).await
}

#[tokio::test]
async fn one_file_is_for_one_process_and_free_when_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).await.unwrap();
    let made = begun(&store, intent("k", "body")).await;
    let error = open(&path).await.unwrap_err();
    assert!(matches!(&error, StoreError::Locked(locked) if *locked == path), "{error}");
    assert!(error.to_string().contains("PostgreSQL"), "{error}");
    store.close().await;
    assert!(matches!(store.begin_intent(intent("l", "body")).await, Err(StoreError::Unavailable(_))));
    let again = open(&path).await.unwrap();
    assert_eq!(again.intent(made.id).await.unwrap(), Some(made));
    again.close().await;
}

#[tokio::test]
async fn a_file_of_a_later_version_or_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    open(&path).await.unwrap().close().await;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(open(&path).await, Err(StoreError::Newer { found: 99, known: 1 })));

    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("create table theirs (a)").unwrap();
    assert!(matches!(open(&other).await, Err(StoreError::Invalid(_))));
    let noise = folder.path().join("noise.db");
    std::fs::write(&noise, "x".repeat(8_192)).unwrap();
    assert!(matches!(open(&noise).await, Err(StoreError::Corrupt(_))));
    let nowhere = folder.path().join("missing/store.db");
    assert!(matches!(open(&nowhere).await, Err(StoreError::NotWritable(_))));
}

#[tokio::test]
async fn tampering_with_the_audit_trail_is_found_with_its_place() {
    let cases: [(&str, u64, AuditFault); 8] = [
        ("update audit set body = replace(body, 's-17', 's-18') where seq = 3", 3, AuditFault::Altered),
        ("update audit set subject = 's-18' where seq = 3", 3, AuditFault::Altered),
        ("update audit set at_ms = at_ms - 1 where seq = 3", 3, AuditFault::Altered),
        (
            "update audit set digest = replace(digest, substr(digest, 1, 1), 'x') where seq = 3",
            3,
            AuditFault::Altered,
        ),
        ("delete from audit where seq = 3", 3, AuditFault::Missing),
        (
            "update audit set seq = 99 where seq = 3; update audit set seq = 3 where seq = 4; \
             update audit set seq = 4 where seq = 99",
            3,
            AuditFault::Altered,
        ),
        ("delete from audit where seq > 4", 5, AuditFault::CutOff),
        // Whoever knows how the end is kept changes it too: only the anchor outside tells.
        (
            "delete from audit where seq > 4; update chain set end_seq = 4, \
             end_digest = (select digest from audit where seq = 4)",
            5,
            AuditFault::CutOff,
        ),
    ];
    for (tampering, seq, fault) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = open(&path).await.unwrap();
        for number in 1..=6 {
            store.audit_append(reading(number)).await.unwrap();
        }
        store.close().await;
        let anchor = read_anchor(&folder.path().join("store.db.audit-anchor")).unwrap();
        assert_eq!(anchor.map(|anchor| anchor.count), Some(6));
        Connection::open(&path).unwrap().execute_batch(tampering).unwrap();
        let store = open(&path).await.unwrap();
        assert_eq!(store.audit_verify(anchor).await.unwrap(), Verified::Broken { seq, fault }, "{tampering}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_copy_made_in_use_comes_back_closed_until_the_gap_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy, back) =
        (folder.path().join("store.db"), folder.path().join("copy.db"), folder.path().join("back.db"));
    let store = open(&path).await.unwrap();
    let before = begun(&store, intent("before", "body")).await;
    // Others write meanwhile.
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 0..50 {
                begun(&store, intent(&format!("k{number}"), "body")).await;
            }
        }
    });
    store.backup(&copy).await.unwrap();
    writing.await.unwrap();
    assert!(
        matches!(store.backup(&copy).await, Err(StoreError::Invalid(_))),
        "it would have been overwritten"
    );
    let after = begun(&store, intent("after", "body")).await;
    store.close().await;

    assert!(
        matches!(restore(&copy, &path), Err(StoreError::Invalid(_))),
        "the store would have been overwritten"
    );
    restore(&copy, &back).unwrap();
    let store = open(&back).await.unwrap();
    assert!(store.is_closed());
    assert!(matches!(store.begin_intent(intent("new", "body")).await, Err(StoreError::Closed)));
    assert!(matches!(store.settle(before.id, confirmed()).await, Err(StoreError::Closed)));
    assert!(matches!(store.check().await, Err(StoreError::Closed)));
    assert!(store.intent(before.id).await.unwrap().is_some(), "reading goes on");
    assert!(store.intent(after.id).await.unwrap().is_none());
    store.accept_gap(actor()).await.unwrap();
    store.accept_gap(actor()).await.unwrap();
    assert!(!store.is_closed());
    assert!(matches!(store.begin_intent(intent("new", "body")).await.unwrap(), Begun::New(_)));
    let query = AuditQuery { kind: Some("admin.gap_accepted".into()), ..Default::default() };
    assert_eq!(store.audit_page(&query).await.unwrap().items.len(), 1);
    assert!(matches!(store.audit_verify(None).await.unwrap(), Verified::Intact { .. }));
    store.close().await;
    let damaged = folder.path().join("damaged.db");
    std::fs::write(&damaged, "no store").unwrap();
    assert!(restore(&damaged, &folder.path().join("never.db")).is_err());
    assert!(!folder.path().join("never.db").exists());
}

#[tokio::test]
async fn more_writes_than_the_queue_holds_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::sqlite(folder.path().join("store.db"));
    config.limits.queue = 4;
    let store = Store::open(&config).await.unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let store = store.clone();
            async move { store.begin_intent(intent(&format!("k{number}"), "body")).await }
        })
        .map(tokio::spawn)
        .collect();
    let (mut taken, mut busy) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => taken += 1,
            Err(StoreError::Busy) => busy += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(taken > 0 && busy > 0, "{taken} taken, {busy} refused");
    let there = store.intents(&IntentQuery { limit: 1_000, ..Default::default() }).await.unwrap();
    assert_eq!(there.items.len(), taken);
    store.close().await;
}

#[tokio::test]
async fn the_anchor_is_never_ahead_of_what_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::sqlite(folder.path().join("store.db"));
    let elsewhere = folder.path().join("elsewhere");
    config.anchor = Some(elsewhere.clone());
    let store = Store::open(&config).await.unwrap();
    assert_eq!(read_anchor(&elsewhere).unwrap(), None);
    let mut last: Option<Anchor> = None;
    for number in 1..=3 {
        last = Some(store.audit_append(reading(number)).await.unwrap());
        // Written before anybody hears of the commit.
        assert_eq!(read_anchor(&elsewhere).unwrap(), last);
    }
    assert!(matches!(store.audit_verify(last).await.unwrap(), Verified::Intact { .. }));
    store.close().await;
}
