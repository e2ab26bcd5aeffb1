//! The audit trail as others see it; what a broken one looks like is shown in `sqlite.rs`.

use portico_store::{AuditFault, AuditQuery, Digest, NewAudit, Trace, Verified};
use serde_json::json;

use crate::support::{actor, begun, confirmed, intent, on_both, target};

pub fn reading(number: u32) -> NewAudit {
    NewAudit {
        kind: "read".into(),
        actor: actor(),
        target: Some(target()),
        intent: None,
        trace: Trace::default(),
        detail: json!({ "number": number }),
    }
}

#[tokio::test]
async fn entries_follow_each_other_without_gaps_and_hold_what_was_given() {
    on_both(async |store| {
        for number in 1..=5 {
            let end = store.audit_append(reading(number)).await.unwrap();
            assert_eq!(end.count, u64::from(number));
        }
        let page = store.audit_page(&AuditQuery { after: 2, limit: 2, ..Default::default() }).await.unwrap();
        assert!(page.more);
        assert_eq!(page.items.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 4]);
        let entry = &page.items[0];
        assert_eq!(
            (entry.kind.as_str(), &entry.actor, entry.target.as_ref()),
            ("read", &actor(), Some(&target()))
        );
        assert_eq!(entry.detail, json!({ "number": 3 }));
        let count = async |query: AuditQuery| store.audit_page(&query).await.unwrap().items.len();
        assert_eq!(count(AuditQuery { kind: Some("read".into()), ..Default::default() }).await, 5);
        assert_eq!(count(AuditQuery { subject: Some("nobody".into()), ..Default::default() }).await, 0);
        assert!(count(AuditQuery { from: Some(entry.at), ..Default::default() }).await >= 3);
    })
    .await;
}

#[tokio::test]
async fn a_whole_chain_is_intact_and_one_that_ends_before_its_anchor_is_not() {
    on_both(async |store| {
        let made = begun(&store, intent("k", "body")).await;
        let early = store.audit_append(reading(1)).await.unwrap();
        store.settle(made.id, confirmed()).await.unwrap();
        let late = store.audit_append(reading(2)).await.unwrap();
        for anchor in [None, Some(early), Some(late)] {
            let verified = store.audit_verify(anchor).await.unwrap();
            assert_eq!(verified, Verified::Intact { first: 1, anchor: late });
        }
        let mut beyond = late;
        beyond.count += 1;
        let cut = Verified::Broken { seq: 5, fault: AuditFault::CutOff };
        assert_eq!(store.audit_verify(Some(beyond)).await.unwrap(), cut);
        let mut other = early;
        other.head = Digest::of(b"another");
        let rewritten = Verified::Broken { seq: 2, fault: AuditFault::Rewritten };
        assert_eq!(store.audit_verify(Some(other)).await.unwrap(), rewritten);
    })
    .await;
}
