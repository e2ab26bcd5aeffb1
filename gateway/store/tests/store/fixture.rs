//! Stores that earlier versions wrote must open. A version adds its own file and never changes one that is there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use portico_store::{
    AuditQuery, Begun, Covers, DecisionQuery, IntentQuery, IntentState, NewDecision, NewDelegation, Store,
    StoreConfig, Trace, Verified,
};
use uuid::Uuid;

use crate::audit::reading;
use crate::support::{actor, begun, confirmed, event, intent, refused, unknown};

fn fixture(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/store-{version}.db"))
}

#[tokio::test]
async fn a_store_of_schema_1_opens_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::fs::copy(fixture(1), &path).unwrap();
    let store = Store::open(&StoreConfig::sqlite(&path)).await.unwrap();
    let count = async |state| {
        let query = IntentQuery { state: Some(state), ..Default::default() };
        store.intents(&query).await.unwrap().items.len()
    };
    for state in IntentState::ALL {
        assert_eq!(count(state).await, 1, "{state}");
    }
    let decisions = store.decision_records(&DecisionQuery::default()).await.unwrap().items;
    assert_eq!((decisions.len(), decisions[0].outcome), (1, IntentState::Confirmed));
    let during = decisions[0].at + 1.hour();
    assert_eq!(store.delegations_to("bob", during).await.unwrap().len(), 1);
    assert_eq!(store.outbox_backlog().await.unwrap().count, 1);
    let Verified::Intact { first: 1, anchor } = store.audit_verify(None).await.unwrap() else { panic!() };
    let all = store.audit_page(&AuditQuery { limit: 1_000, ..Default::default() }).await.unwrap().items;
    assert_eq!(all.len() as u64, anchor.count);
    // It goes on from there.
    assert!(matches!(store.begin_intent(intent("confirmed", "body")).await.unwrap(), Begun::Repeated(_)));
    begun(&store, intent("new", "body")).await;
    assert!(matches!(store.audit_verify(Some(anchor)).await.unwrap(), Verified::Intact { .. }));
    store.close().await;
}

/// Makes the file of the present schema: `cargo test -p portico-store -- --ignored write_the_fixture`.
#[tokio::test]
#[ignore = "writes a file of the repository"]
async fn write_the_fixture() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreConfig::sqlite(folder.path().join("store.db"))).await.unwrap();
    begun(&store, intent("accepted", "body")).await;
    let sent = begun(&store, intent("sent", "body")).await;
    store.note_sent(sent.id);
    let mut new = intent("confirmed", "body");
    new.events = vec![event("41")];
    new.decision = Some(NewDecision {
        decision: "approve".into(),
        shown_as: Some("EXP/0041".into()),
        version: Some("v1".into()),
        declaration: Some("I have seen the receipts.".into()),
        comment: None,
    });
    let made = begun(&store, new).await;
    store.settle(made.id, confirmed()).await.unwrap();
    let made = begun(&store, intent("refused", "body")).await;
    store.settle(made.id, refused(false)).await.unwrap();
    let made = begun(&store, intent("unknown", "body")).await;
    store.settle(made.id, unknown(Duration::from_secs(60))).await.unwrap();
    store.audit_append(reading(1)).await.unwrap();
    let delegation = NewDelegation {
        id: Uuid::now_v7(),
        delegator: "ann".into(),
        delegate: "bob".into(),
        covers: Covers::default(),
        from: Timestamp::now(),
        until: Timestamp::now() + (24 * 365).hours(),
        reason: None,
        by: actor(),
        trace: Trace::default(),
    };
    store.put_delegation(delegation).await.unwrap();
    store.backup(&fixture(1)).await.unwrap();
    store.close().await;
}
