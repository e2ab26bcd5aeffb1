//! Keys, intents and their ends.

use std::time::Duration;

use portico_store::{
    AuditQuery, Begun, IntentId, IntentQuery, IntentState, Outcome, Settled, SettledBy, Settlement, Store,
    StoreError,
};
use serde_json::json;

use crate::support::{begun, confirmed, event, intent, on_both, refused, unknown};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_begun_intent_is_there_with_its_audit_entry_and_its_event() {
    on_both(async |store| {
        let mut new = intent("k", "body");
        new.events.push(event("41"));
        let (id, asked) = (new.id, new.clone());
        let made = begun(&store, new).await;
        assert_eq!(made.state, IntentState::Accepted);
        assert_eq!(store.intent(id).await.unwrap().as_ref(), Some(&made));
        assert_eq!((made.target, made.actor, made.key), (asked.target, asked.actor, asked.key));
        assert_eq!((made.digest, made.expected, made.trace), (asked.digest, asked.expected, asked.trace));
        // Two clocks, read one after the other.
        let lease = made.lease_until.duration_since(made.created).as_millis();
        assert!((29_000..31_000).contains(&lease), "{lease} ms");

        let audit = store.audit_page(&AuditQuery::default()).await.unwrap().items;
        assert_eq!(audit.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(), ["write.accepted"]);
        assert_eq!(audit[0].intent, Some(id));
        let waiting = store.outbox_pending(0, 10).await.unwrap().items;
        assert_eq!(
            waiting.iter().map(|row| &row.event).collect::<Vec<_>>(),
            asked.events.iter().collect::<Vec<_>>()
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_counts_for_one_person_one_route_and_one_payload() {
    on_both(async |store| {
        let first = begun(&store, intent("k", "body")).await;
        // Under way: a second one waits.
        assert_eq!(store.begin_intent(intent("k", "body")).await.unwrap(), Begun::InFlight(first.clone()));
        assert_eq!(store.begin_intent(intent("k", "other")).await.unwrap(), Begun::OtherPayload);
        // Over: its present state.
        let over = store.settle(first.id, confirmed()).await.unwrap().into_intent();
        assert_eq!(store.begin_intent(intent("k", "body")).await.unwrap(), Begun::Repeated(over));
        assert_eq!(store.begin_intent(intent("k", "other")).await.unwrap(), Begun::OtherPayload);
        // Somebody else's key of the same name is another key, and so is one on another route.
        let mut of_other = intent("k", "body");
        of_other.key.subject = "s-18".into();
        begun(&store, of_other).await;
        let mut on_other = intent("k", "body");
        on_other.key.route = "POST /v1/absences".into();
        begun(&store, on_other).await;
    })
    .await;
}

#[tokio::test]
async fn a_key_past_its_lease_is_repeated_and_not_in_flight() {
    on_both(async |store| {
        let mut new = intent("k", "body");
        new.lease = Duration::ZERO;
        let first = begun(&store, new).await;
        assert_eq!(store.begin_intent(intent("k", "body")).await.unwrap(), Begun::Repeated(first.clone()));
        store.extend_lease(first.id, SOON).await.unwrap();
        assert!(matches!(store.begin_intent(intent("k", "body")).await.unwrap(), Begun::InFlight(_)));
    })
    .await;
}

#[tokio::test]
async fn fifty_at_once_with_one_key_begin_one_intent() {
    on_both(async |store| {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.begin_intent(intent("k", "body")).await.unwrap() })
            })
            .collect();
        let (mut new, mut waiting) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.await.unwrap() {
                Begun::New(intent) => new.push(intent.id),
                Begun::InFlight(intent) => waiting.push(intent.id),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((new.len(), waiting.len()), (1, 49));
        assert!(waiting.iter().all(|id| *id == new[0]));
        assert_eq!(store.intents(&IntentQuery::default()).await.unwrap().items.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_free_again_when_nothing_left_us() {
    on_both(async |store| {
        let first = begun(&store, intent("k", "body")).await;
        store.settle(first.id, refused(true)).await.unwrap();
        let second = begun(&store, intent("k", "body")).await;
        assert_ne!(first.id, second.id);
        // The first stays as it was, for whoever asks for the operation.
        assert_eq!(store.intent(first.id).await.unwrap().unwrap().state, IntentState::Refused);
        // Refused by the back office: the problem stands.
        store.settle(second.id, refused(false)).await.unwrap();
        let Begun::Repeated(stored) = store.begin_intent(intent("k", "body")).await.unwrap() else {
            panic!()
        };
        assert_eq!((stored.id, stored.problem), (second.id, Some(json!({ "status": 409 }))));
    })
    .await;
}

#[tokio::test]
async fn a_final_intent_stays_and_an_unknown_one_is_settled_once() {
    on_both(async |store| {
        let made = begun(&store, intent("k", "body")).await;
        let Settled::Done(lost) = store.settle(made.id, unknown(SOON)).await.unwrap() else { panic!() };
        assert_eq!((lost.state, lost.problem), (IntentState::Unknown, Some(json!({ "status": 504 }))));
        assert!(matches!(store.settle(made.id, unknown(SOON)).await.unwrap(), Settled::Already(_)));
        let by = SettledBy::person("s-1", "seen in the back office");
        let outcome = Outcome::Confirmed { native_id: None };
        let settlement = Settlement { outcome, settled: by.clone(), events: vec![event("41")] };
        let Settled::Done(found) = store.settle(made.id, settlement).await.unwrap() else { panic!() };
        assert_eq!((found.state, found.settled, found.problem), (IntentState::Confirmed, Some(by), None));
        assert_eq!(found.next_look, None);
        for late in [confirmed(), refused(true), unknown(SOON)] {
            let Settled::Already(same) = store.settle(made.id, late).await.unwrap() else { panic!() };
            assert_eq!(same.state, IntentState::Confirmed);
        }
        // What did not take left nothing behind: its key is not free and nothing was announced twice.
        assert!(matches!(store.begin_intent(intent("k", "body")).await.unwrap(), Begun::Repeated(_)));
        assert_eq!(store.outbox_pending(0, 10).await.unwrap().items.len(), 1);
        let audit = store.audit_page(&AuditQuery::default()).await.unwrap().items;
        let kinds: Vec<_> = audit.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["write.accepted", "write.unknown", "write.confirmed"]);
    })
    .await;
}

#[tokio::test]
async fn settling_what_is_not_there_says_so() {
    on_both(async |store| {
        let nobody = IntentId::new();
        assert!(matches!(store.settle(nobody, confirmed()).await, Err(StoreError::NotFound("intent"))));
        assert_eq!(store.intent(nobody).await.unwrap(), None);
        store.note_sent(nobody);
        store.postpone(nobody, SOON).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_note_that_it_was_sent_arrives_without_a_commit_of_its_own() {
    on_both(async |store| {
        let made = begun(&store, intent("k", "body")).await;
        let before = store.status().commits;
        store.note_sent(made.id);
        // The next commit carries it.
        store.check().await.unwrap();
        assert_eq!(store.intent(made.id).await.unwrap().unwrap().state, IntentState::Sent);
        assert_eq!(store.status().commits, before + 1);
        // Alone it is written all the same.
        let alone = begun(&store, intent("l", "body")).await;
        store.note_sent(alone.id);
        let arrived = async {
            while store.intent(alone.id).await.unwrap().unwrap().state != IntentState::Sent {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), arrived).await.expect("the note was lost");
        // It comes too late for what is over.
        store.settle(alone.id, confirmed()).await.unwrap();
        store.note_sent(alone.id);
        store.check().await.unwrap();
        assert_eq!(store.intent(alone.id).await.unwrap().unwrap().state, IntentState::Confirmed);
    })
    .await;
}

#[tokio::test]
async fn one_wrong_write_does_not_hurt_those_that_share_its_commit() {
    on_both(async |store| {
        let taken = begun(&store, intent("first", "body")).await;
        let commits = store.status().commits;
        let writes = (0..40).map(|number| {
            let store = store.clone();
            let mut new = intent(&format!("k{number}"), "body");
            if number % 2 == 1 {
                // An id that is taken already.
                new.id = taken.id;
            }
            tokio::spawn(async move { (number, store.begin_intent(new).await) })
        });
        for task in writes.collect::<Vec<_>>() {
            let (number, answer) = task.await.unwrap();
            match answer {
                Ok(Begun::New(_)) => assert_eq!(number % 2, 0),
                Err(StoreError::Invalid(_)) => assert_eq!(number % 2, 1),
                other => panic!("{number}: {other:?}"),
            }
        }
        assert!(store.status().commits - commits < 40, "every write had a commit of its own");
        assert_eq!(store.intents(&IntentQuery::default()).await.unwrap().items.len(), 21);
        // The trail has no gap where a write was undone.
        assert!(matches!(store.audit_verify(None).await.unwrap(), portico_store::Verified::Intact { .. }));
    })
    .await;
}

#[tokio::test]
async fn many_writes_share_few_waits_for_the_disk() {
    on_both(async |store| {
        let before = store.status();
        let tasks: Vec<_> = (0..512)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { begun(&store, intent(&format!("k{number}"), "body")).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let after = store.status();
        assert_eq!(after.writes - before.writes, 512);
        let commits = after.commits - before.commits;
        assert!(commits <= 128, "512 writes took {commits} commits");
    })
    .await;
}

async fn due_ids(store: &Store, lease: Duration) -> Vec<IntentId> {
    store.due(100, lease).await.unwrap().iter().map(|intent| intent.id).collect()
}

#[tokio::test]
async fn the_reconciler_gets_what_is_unknown_or_past_its_lease_once() {
    on_both(async |store| {
        let under_way = begun(&store, intent("under way", "body")).await;
        let mut short = intent("crashed", "body");
        short.lease = Duration::ZERO;
        let crashed = begun(&store, short).await;
        let lost = begun(&store, intent("lost", "body")).await;
        store.settle(lost.id, unknown(Duration::ZERO)).await.unwrap();
        let later = begun(&store, intent("later", "body")).await;
        store.settle(later.id, unknown(SOON)).await.unwrap();
        let over = begun(&store, intent("over", "body")).await;
        store.settle(over.id, confirmed()).await.unwrap();

        let taken = store.due(100, SOON).await.unwrap();
        let mut ids: Vec<_> = taken.iter().map(|intent| intent.id).collect();
        ids.sort();
        assert_eq!(ids, [crashed.id, lost.id]);
        assert!(taken.iter().all(|intent| intent.looks == 1));
        // Nobody else gets them meanwhile.
        assert_eq!(due_ids(&store, SOON).await, []);
        store.postpone(lost.id, Duration::ZERO).await.unwrap();
        assert_eq!(due_ids(&store, Duration::ZERO).await, [lost.id]);
        assert_eq!(store.due(100, SOON).await.unwrap()[0].looks, 3);
        store.extend_lease(under_way.id, Duration::ZERO).await.unwrap();
        assert_eq!(due_ids(&store, SOON).await, [under_way.id]);
    })
    .await;
}

#[tokio::test]
async fn intents_are_listed_by_what_is_asked_and_page_by_page() {
    on_both(async |store| {
        let mut made = Vec::new();
        for number in 0..7 {
            let mut new = intent(&format!("k{number}"), "body");
            if number % 2 == 1 {
                new.target.system = "leave".into();
                new.actor.subject = "s-18".into();
            }
            made.push(begun(&store, new).await.id);
        }
        store.settle(made[3], unknown(SOON)).await.unwrap();
        let mut seen = Vec::new();
        let mut query = IntentQuery { limit: 3, ..IntentQuery::default() };
        loop {
            let page = store.intents(&query).await.unwrap();
            seen.extend(page.items.iter().map(|intent| intent.id));
            query.after = seen.last().copied();
            if !page.more {
                break;
            }
            assert_eq!(page.items.len(), 3);
        }
        made.reverse();
        assert_eq!(seen, made);
        let count = async |query: IntentQuery| store.intents(&query).await.unwrap().items.len();
        assert_eq!(count(IntentQuery { state: Some(IntentState::Unknown), ..Default::default() }).await, 1);
        assert_eq!(count(IntentQuery { system: Some("leave".into()), ..Default::default() }).await, 3);
        assert_eq!(count(IntentQuery { subject: Some("s-17".into()), ..Default::default() }).await, 4);
        let long_ago = "2020-01-01T00:00:00Z".parse().ok();
        assert_eq!(count(IntentQuery { created_before: long_ago, ..Default::default() }).await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_name_and_writes_nothing() {
    on_both(async |store| {
        let mut long_key = intent(&"k".repeat(257), "body");
        assert!(matches!(
            store.begin_intent(long_key.clone()).await,
            Err(StoreError::TooLarge { field: "the idempotency key", limit: 256 })
        ));
        long_key.key.key = "a\0b".into();
        assert!(matches!(store.begin_intent(long_key).await, Err(StoreError::Invalid(_))));
        let mut much = intent("k", "body");
        much.expected = json!("x".repeat(5_000));
        assert!(matches!(store.begin_intent(much).await, Err(StoreError::TooLarge { .. })));
        let mut many = intent("k", "body");
        many.events = (0..17).map(|_| event("41")).collect();
        assert!(matches!(store.begin_intent(many).await, Err(StoreError::TooLarge { .. })));
        assert_eq!(store.intents(&IntentQuery::default()).await.unwrap().items, []);
    })
    .await;
}
