//! Who stands in for whom.

use jiff::{Timestamp, ToSpan};
use portico_store::{AuditQuery, Covers, NewDelegation, StoreError, Trace};
use uuid::Uuid;

use crate::support::{actor, on_both};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn delegation(delegator: &str, delegate: &str) -> NewDelegation {
    NewDelegation {
        id: Uuid::now_v7(),
        delegator: delegator.into(),
        delegate: delegate.into(),
        covers: Covers { resource_types: vec!["expenseReport".into()], systems: Vec::new() },
        from: at("2027-01-01T00:00:00Z"),
        until: at("2027-02-01T00:00:00Z"),
        reason: Some("leave".into()),
        by: actor(),
        trace: Trace::default(),
    }
}

#[tokio::test]
async fn a_delegation_holds_from_its_beginning_until_just_before_its_end() {
    on_both(async |store| {
        let put = store.put_delegation(delegation("ann", "bob")).await.unwrap();
        store.put_delegation(delegation("ann", "cid")).await.unwrap();
        assert_eq!(store.delegation(put.id).await.unwrap().as_ref(), Some(&put));
        let to_bob = async |when: &str| store.delegations_to("bob", at(when)).await.unwrap().len();
        assert_eq!(to_bob("2026-12-31T23:59:59Z").await, 0);
        assert_eq!(to_bob("2027-01-01T00:00:00Z").await, 1);
        assert_eq!(to_bob("2027-01-31T23:59:59Z").await, 1);
        assert_eq!(to_bob("2027-02-01T00:00:00Z").await, 0);
        assert_eq!(store.delegations_by("ann").await.unwrap().len(), 2);
        assert_eq!(store.delegations_by("bob").await.unwrap(), []);
        assert!(put.covers.covers("expenseReport", "odoo") && !put.covers.covers("absence", "odoo"));
    })
    .await;
}

#[tokio::test]
async fn a_delegation_is_replaced_and_ended_and_both_are_audited() {
    on_both(async |store| {
        let new = delegation("ann", "bob");
        let put = store.put_delegation(new.clone()).await.unwrap();
        let longer = NewDelegation { until: new.until + 24.hours(), ..new.clone() };
        let replaced = store.put_delegation(longer).await.unwrap();
        assert_eq!((replaced.id, replaced.created), (put.id, put.created));
        let end = at("2027-01-10T00:00:00Z");
        let ended = store.end_delegation(put.id, end, actor(), Trace::default()).await.unwrap();
        assert_eq!(ended.until, end);
        assert_eq!(store.delegations_to("bob", end).await.unwrap(), []);
        // Ending it again, or later, changes nothing.
        let again = store.end_delegation(put.id, new.until, actor(), Trace::default()).await.unwrap();
        assert_eq!(again.until, end);
        let audit = store.audit_page(&AuditQuery::default()).await.unwrap().items;
        let kinds: Vec<_> = audit.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["delegation.put", "delegation.put", "delegation.ended"]);
        let nobody = store.end_delegation(Uuid::now_v7(), end, actor(), Trace::default()).await;
        assert!(matches!(nobody, Err(StoreError::NotFound("delegation"))));
        let backwards = NewDelegation { until: new.from, ..new };
        assert!(matches!(store.put_delegation(backwards).await, Err(StoreError::Invalid(_))));
    })
    .await;
}
