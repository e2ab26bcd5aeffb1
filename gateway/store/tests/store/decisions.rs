//! Who decided what, on which version, and what became of it.

use std::time::Duration;

use portico_store::{DecisionQuery, IntentState, NewDecision};

use crate::support::{begun, confirmed, intent, on_both, refused, unknown};

fn approval(version: &str) -> NewDecision {
    NewDecision {
        decision: "approve".into(),
        shown_as: Some("EXP/0041".into()),
        version: Some(version.into()),
        declaration: Some("I have seen the receipts.".into()),
        comment: Some("Thanks".into()),
    }
}

#[tokio::test]
async fn a_decision_is_recorded_with_its_intent_and_gets_its_outcome() {
    on_both(async |store| {
        let mut ids = Vec::new();
        for number in 0..3 {
            let mut new = intent(&format!("k{number}"), "body");
            new.decision = Some(approval(&format!("v{number}")));
            new.target.native_id = Some(format!("{}", 40 + number));
            ids.push(begun(&store, new).await.id);
        }
        begun(&store, intent("no decision", "body")).await;
        store.settle(ids[0], confirmed()).await.unwrap();
        store.settle(ids[1], refused(false)).await.unwrap();
        store.settle(ids[2], unknown(Duration::from_secs(60))).await.unwrap();

        let all = store.decision_records(&DecisionQuery::default()).await.unwrap().items;
        assert_eq!(all.iter().map(|record| record.intent).collect::<Vec<_>>(), ids);
        let outcomes: Vec<_> = all.iter().map(|record| record.outcome).collect();
        assert_eq!(outcomes, [IntentState::Confirmed, IntentState::Refused, IntentState::Unknown]);
        assert_eq!(
            all.iter().map(|record| record.settled.is_some()).collect::<Vec<_>>(),
            [true, true, false]
        );
        assert_eq!(all[1].decision, approval("v1"));
        assert_eq!(all[1].actor.subject, "s-17");

        let first = store.decision_records(&DecisionQuery { limit: 2, ..Default::default() }).await.unwrap();
        assert!(first.more);
        let query = DecisionQuery { after: first.items[1].seq, limit: 2, ..Default::default() };
        let second = store.decision_records(&query).await.unwrap();
        assert_eq!((second.items.len(), second.more), (1, false));
        let query = DecisionQuery { native_id: Some("41".into()), ..Default::default() };
        assert_eq!(store.decision_records(&query).await.unwrap().items[0].intent, ids[1]);
    })
    .await;
}
