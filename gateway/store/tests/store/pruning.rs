//! What has been kept long enough goes, and nothing else.

use std::time::Duration;

use portico_store::{AuditQuery, Begun, DecisionQuery, NewDecision, Pruned, Retention, Verified};

use crate::support::{begun, confirmed, event, intent, on_both, unknown};

/// Nothing is kept: whatever may go is in the past by one millisecond at most.
const NOTHING: Retention = Retention {
    keys: Duration::ZERO,
    intents: Duration::ZERO,
    events: Duration::ZERO,
    delegations: Duration::ZERO,
    decisions: Duration::ZERO,
    audit: Duration::ZERO,
};

#[tokio::test]
async fn what_is_over_goes_step_by_step_and_what_is_unknown_stays() {
    on_both(async |store| {
        let decision = NewDecision {
            decision: "approve".into(),
            shown_as: None,
            version: None,
            declaration: None,
            comment: None,
        };
        let mut lost = Vec::new();
        for number in 0..6 {
            let mut new = intent(&format!("k{number}"), "body");
            new.decision = Some(decision.clone());
            new.events = vec![event("41")];
            let made = begun(&store, new).await;
            if number == 5 {
                store.settle(made.id, unknown(Duration::from_secs(60))).await.unwrap();
                lost.push(made.id);
            } else {
                store.settle(made.id, confirmed()).await.unwrap();
            }
        }
        let published = store.outbox_claim(2, Duration::ZERO).await.unwrap();
        store.outbox_done(published.iter().map(|row| row.seq).collect()).await.unwrap();
        assert_eq!(store.prune(Retention::default(), 100).await.unwrap(), Pruned::default());

        // Until the wall clock has moved on by a millisecond, nothing is in the past.
        let mut total = Pruned::default();
        let all_gone = async {
            while total.audit < 12 || total.intents < 5 || total.decisions < 5 || total.events < 2 {
                let step = store.prune(NOTHING, 2).await.unwrap();
                assert!(
                    [step.keys, step.intents, step.events, step.decisions, step.audit]
                        .iter()
                        .all(|n| *n <= 2)
                );
                total.keys += step.keys;
                total.intents += step.intents;
                total.events += step.events;
                total.decisions += step.decisions;
                total.audit += step.audit;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all_gone).await.expect("pruning does not end");
        assert_eq!((total.keys, total.intents, total.decisions, total.events), (5, 5, 5, 2));
        // The unknown one, its key, its decision and the unpublished events are there.
        assert!(store.intent(lost[0]).await.unwrap().is_some());
        assert!(matches!(store.begin_intent(intent("k5", "body")).await.unwrap(), Begun::Repeated(_)));
        assert_eq!(store.decision_records(&DecisionQuery::default()).await.unwrap().items.len(), 1);
        assert_eq!(store.outbox_backlog().await.unwrap().count, 4);
        // The trail goes on where it was cut.
        begun(&store, intent("after", "body")).await;
        let Verified::Intact { first, anchor } = store.audit_verify(None).await.unwrap() else { panic!() };
        assert_eq!((first, anchor.count), (13, 13));
        assert_eq!(store.audit_page(&AuditQuery::default()).await.unwrap().items.len(), 1);
        // A key that was pruned is free.
        begun(&store, intent("k0", "body")).await;
    })
    .await;
}
