//! Delegations: who may make which, reading, ending, and keys. What a deputy sees and decides is tried with the tasks.

use portico_policy::Who;
use portico_store::DecisionQuery;

use super::*;
use crate::expenses::tests::{KEY, World, done, dry, keyed, kind, places, rule, world_under};

const OTHER: &str = "11111111-40d5-43e9-bc93-6a894a57f324";

/// People have their own; the service desk arranges everybody's, and the audit reads them.
async fn world() -> World {
    let rules = vec![
        rule(Who::Role("desk".to_owned()), &[Action::Read, Action::Write]),
        rule(Who::Role("audit".to_owned()), &[Action::Read]),
    ];
    world_under(rules, &[]).await
}

fn hours(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

impl World {
    fn to(&self, delegate: &str) -> NewDelegation {
        NewDelegation {
            delegator_id: None,
            delegate_id: self.person(delegate),
            start: None,
            end: hours(24),
            resource_types: vec![],
            systems: vec![],
            reason: Some("Holidays".to_owned()),
        }
    }

    async fn of(&self, who: &str) -> Vec<String> {
        let all = self.delegations.list(&self.by(who).await).await.unwrap();
        all.iter().map(|found| found.record.delegate.clone()).collect()
    }
}

#[tokio::test]
async fn a_key_makes_one_delegation_and_belongs_to_one_body() {
    let world = world().await;
    let owen = world.by("owen").await;
    let new = world.to("sian");
    let tried = world.delegations.create(&owen, &new, dry(keyed(KEY, "a"))).await;
    assert!(matches!(tried, Ok(Change::Checked)));
    assert!(world.of("owen").await.is_empty(), "it was only tried");
    let made = done(world.delegations.create(&owen, &new, keyed(KEY, "a")).await);
    assert_eq!(
        (made.delegator.id, made.delegate.id),
        (Some(world.person("owen")), Some(world.person("sian")))
    );
    assert!(made.may_end);
    match world.delegations.create(&owen, &new, keyed(KEY, "a")).await {
        Ok(Change::Repeated(again)) => assert_eq!(again.record.id, made.record.id),
        other => panic!("{other:?}"),
    }
    let kinds = vec![ResourceType::Absence];
    for (why, other) in [
        ("another deputy", NewDelegation { delegate_id: world.person("bo"), ..new.clone() }),
        ("longer", NewDelegation { end: hours(48), ..new.clone() }),
        ("shorter", NewDelegation { end: hours(2), ..new.clone() }),
        ("less", NewDelegation { resource_types: kinds, ..new.clone() }),
        ("why", NewDelegation { reason: None, ..new.clone() }),
        ("later", NewDelegation { start: Some(hours(1)), ..new.clone() }),
    ] {
        let reused = world.delegations.create(&owen, &other, keyed(KEY, "b")).await;
        assert_eq!(kind(reused), ErrorKind::IdempotencyKeyReused, "{why}");
    }
    assert_eq!(world.of("owen").await, [world.person("sian")]);
    let from_then = NewDelegation { start: Some(hours(2)), ..new.clone() };
    done(world.delegations.create(&owen, &from_then, keyed(OTHER, "a")).await);
    let reused = world.delegations.create(&owen, &new, keyed(OTHER, "b")).await;
    assert_eq!(kind(reused), ErrorKind::IdempotencyKeyReused, "from now on is another start");
    // Ended since, the same request still gives what it made.
    world.delegations.end(&owen, &made.record.id.to_string()).await.unwrap();
    match world.delegations.create(&owen, &new, keyed(KEY, "a")).await {
        Ok(Change::Repeated(again)) => assert!(again.record.until <= Timestamp::now() && !again.may_end),
        other => panic!("{other:?}"),
    }
    let sian = world.by("sian").await;
    let hers = done(world.delegations.create(&sian, &world.to("bo"), keyed(KEY, "a")).await);
    assert_ne!(hers.record.id, made.record.id, "the key of somebody else is another key");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_place() {
    let world = world().await;
    let owen = world.by("owen").await;
    let good = world.to("sian");
    let unit = world.seals.seal_org_unit(
        &portico_contract::SystemKey::new("directory").unwrap(),
        &portico_contract::NativeId::new("d-sian").unwrap(),
    );
    let nobody = world.seals.seal_person(
        &portico_contract::SystemKey::new("directory").unwrap(),
        &portico_contract::NativeId::new("d-nobody").unwrap(),
    );
    for (bad, wanted) in [
        (world.to("owen"), "/delegateId"),
        (NewDelegation { delegate_id: "sian".to_owned(), ..good.clone() }, "/delegateId"),
        (NewDelegation { delegate_id: unit, ..good.clone() }, "/delegateId"),
        (NewDelegation { delegate_id: nobody, ..good.clone() }, "/delegateId"),
        (NewDelegation { start: Some(hours(-25)), ..good.clone() }, "/start"),
        (NewDelegation { end: hours(-1), ..good.clone() }, "/end"),
        (NewDelegation { start: Some(hours(3)), end: hours(2), ..good.clone() }, "/end"),
        (NewDelegation { end: hours(24 * 366 + 1), ..good.clone() }, "/end"),
        (NewDelegation { systems: vec!["nowhere".to_owned()], ..good.clone() }, "/systems/0"),
        (NewDelegation { resource_types: vec![ResourceType::Task; 33], ..good.clone() }, "/resourceTypes"),
        (NewDelegation { reason: Some("x".repeat(501)), ..good.clone() }, "/reason"),
        (NewDelegation { reason: Some(" ".to_owned()), ..good.clone() }, "/reason"),
    ] {
        let refused = world.delegations.create(&owen, &bad, keyed(KEY, "a")).await.unwrap_err();
        assert_eq!((refused.kind(), places(&refused)), (ErrorKind::InvalidInput, vec![wanted]));
    }
    assert!(world.of("owen").await.is_empty());
    let year = NewDelegation { end: hours(24 * 366 - 1), ..good };
    done(world.delegations.create(&owen, &year, keyed(KEY, "a")).await);
}

#[tokio::test]
async fn delegations_concern_two_people_and_those_whom_a_rule_lets() {
    let world = world().await;
    let (owen, sian, bo) = (world.by("owen").await, world.by("sian").await, world.by("bo").await);
    let made = done(world.delegations.create(&owen, &world.to("sian"), keyed(KEY, "a")).await);
    let id = made.record.id.to_string();
    assert!(world.delegations.get(&owen, &id).await.unwrap().may_end);
    assert!(!world.delegations.get(&sian, &id).await.unwrap().may_end, "a deputy reads it");
    assert_eq!(kind(world.delegations.end(&sian, &id).await), ErrorKind::Forbidden);
    assert_eq!(kind(world.delegations.get(&bo, &id).await), ErrorKind::NotFound);
    assert_eq!(kind(world.delegations.end(&bo, &id).await), ErrorKind::NotFound);
    let audit = world.with_role("fin", &["audit"]).await;
    assert!(!world.delegations.get(&audit, &id).await.unwrap().may_end);
    assert_eq!(kind(world.delegations.end(&audit, &id).await), ErrorKind::Forbidden);
    for bad in ["", "x", "8e03978e-40d5-43e9-bc93-6a894a57f324"] {
        assert_eq!(kind(world.delegations.get(&owen, bad).await), ErrorKind::NotFound, "{bad}");
    }
    let for_owen = NewDelegation { delegator_id: Some(world.person("owen")), ..world.to("bo") };
    for who in [&sian, &bo, &audit] {
        let refused = world.delegations.create(who, &for_owen, keyed(OTHER, "a")).await;
        assert_eq!(kind(refused), ErrorKind::Forbidden);
    }
    let desk = world.with_role("fin", &["desk"]).await;
    done(world.delegations.create(&desk, &for_owen, keyed(OTHER, "a")).await);
    assert_eq!(world.of("owen").await, [world.person("bo"), world.person("sian")], "the latest first");
    assert_eq!((world.of("sian").await.len(), world.of("fin").await.len()), (1, 0));
    let ended = world.delegations.end(&desk, &id).await.unwrap();
    assert!(ended.record.until <= Timestamp::now());
    let again = world.delegations.end(&owen, &id).await.unwrap();
    assert_eq!(again.record.until, ended.record.until, "it stays as it is");
    assert!(world.of("sian").await.is_empty(), "it is over for the deputy");
    assert_eq!(world.of("owen").await.len(), 2, "and on record for the delegator");
    let decisions = world.writes.store().decision_records(&DecisionQuery::default()).await.unwrap();
    assert!(decisions.items.is_empty());
}

#[tokio::test]
async fn a_failure_is_never_nobody_and_nothing() {
    let world = world().await;
    let owen = world.by("owen").await;
    let made = done(world.delegations.create(&owen, &world.to("sian"), keyed(KEY, "a")).await);
    let stranger = world.by("stranger").await;
    assert_eq!(kind(world.delegations.list(&stranger).await), ErrorKind::Forbidden);
    let id = made.record.id.to_string();
    *world.directory.is_down.lock() = true;
    // Who somebody is outlives an outage where they were known; of others it cannot be said that they are nobody.
    assert_eq!(world.of("sian").await.len(), 1);
    let newcomer = world.by("newcomer").await;
    assert_eq!(kind(world.delegations.list(&newcomer).await), ErrorKind::ConnectionLost);
    assert_eq!(kind(world.delegations.get(&newcomer, &id).await), ErrorKind::ConnectionLost);
    let refused = world.delegations.create(&newcomer, &world.to("bo"), keyed(KEY, "a")).await;
    assert_eq!(kind(refused), ErrorKind::ConnectionLost);
    world.lose_records().await;
    assert_eq!(kind(world.delegations.list(&owen).await), ErrorKind::StoreUnavailable);
    assert_eq!(kind(world.delegations.get(&owen, &id).await), ErrorKind::StoreUnavailable);
    assert_eq!(kind(world.delegations.end(&owen, &id).await), ErrorKind::StoreUnavailable);
    let refused = world.delegations.create(&owen, &world.to("bo"), keyed(OTHER, "a")).await;
    assert_eq!(kind(refused), ErrorKind::StoreUnavailable);
}
