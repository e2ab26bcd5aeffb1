//! Deputies: what they see and decide, and what they do not.

use super::*;

#[tokio::test]
async fn a_deputy_sees_and_decides_in_their_own_name_and_the_record_has_both() {
    let (world, office) = small().await;
    // Fin is in no office: a deputy need not be.
    deputy(&world, "owen", "fin", as_it_is).await;
    let fin = world.by("fin").await;
    assert_eq!(world.inbox(&fin).await, ["claim", "leave", "shared"]);
    let narrowed = office.trays.scopes.lock().last().cloned().unwrap();
    let Scope::Assignees(people) = narrowed else { panic!("{narrowed:?}") };
    assert!(people.contains("e-owen") && !people.contains("e-bo"), "{people:?}");
    let claim = world.task("claim");
    let found = world.tasks.get(&fin, &claim).await.unwrap();
    assert!(found.may_decide);
    let substitutes: Vec<_> = found.substitutes.iter().map(|person| person.id.clone().unwrap()).collect();
    assert_eq!(substitutes, [world.person("fin")]);
    let approve = decision("approve", None);
    done(world.tasks.decide(&fin, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await);
    let (_, records) = world.tasks.decisions(&fin, &claim).await.unwrap();
    let actor = &records[0].actor;
    assert_eq!((&*actor.subject, actor.person.clone()), ("fin", Some(world.person("fin"))));
    assert_eq!(actor.on_behalf_of, Some(world.person("owen")));
    match world.tasks.decide(&fin, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.decision, Some("approve")),
        other => panic!("{other:?}"),
    }
    // What waits for the deputy too is theirs, in nobody's place.
    deputy(&world, "owen", "sian", as_it_is).await;
    let sian = world.by("sian").await;
    let shared = world.task("shared");
    done(world.tasks.decide(&sian, &shared, &approve, &Expected::Any, keyed(KEY, "b")).await);
    let (_, records) = world.tasks.decisions(&sian, &shared).await.unwrap();
    assert_eq!(records[0].actor.on_behalf_of, None);
}

#[tokio::test]
async fn a_delegation_covers_its_kinds_of_thing_and_its_systems_alone() {
    let (office, other) = (Office::new(), Office::new());
    office.wait("claim", REPORT, "sian", &["owen"]);
    office.wait("leave", LEAVE, "sian", &["owen"]);
    other.wait("trip", LEAVE, "sian", &["owen"]);
    let offices = [("claims", &office, STAFF, true), ("travel", &other, STAFF, true)];
    let world = world_under(rules(), &offices).await;
    let in_claims = |new| NewDelegation { systems: vec!["claims".to_owned()], ..new };
    deputy(&world, "owen", "bo", |new| in_claims(NewDelegation { resource_types: vec![LEAVE], ..new })).await;
    let bo = world.by("bo").await;
    assert_eq!(world.inbox(&bo).await, ["leave"]);
    let approve = decision("approve", None);
    for hidden in [world.task("claim"), world.seal(TASK, "travel", "trip")] {
        assert_eq!(kind(world.tasks.get(&bo, &hidden).await), ErrorKind::NotFound);
        let refused = world.tasks.decide(&bo, &hidden, &approve, &Expected::Any, keyed(KEY, "a")).await;
        assert_eq!(kind(refused), ErrorKind::NotFound);
    }
    let owen = world.by("owen").await;
    assert_eq!(world.tasks.get(&owen, &world.task("leave")).await.unwrap().substitutes.len(), 1);
    assert!(world.tasks.get(&owen, &world.task("claim")).await.unwrap().substitutes.is_empty());
    // A filled page of what is not covered hides nothing that is.
    for number in 0..30 {
        office.wait(&format!("a{number:02}"), REPORT, "sian", &["owen"]);
    }
    let mut asked = ListRequest { limit: 5, ..ListRequest::default() };
    let mut seen = Vec::new();
    loop {
        let listing = world.tasks.list(&bo, &asked).await.unwrap();
        seen.extend(listing.items.iter().map(|found| found.record.id.as_str().to_owned()));
        asked.cursor = listing.next;
        if asked.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["leave"]);
}

#[tokio::test]
async fn only_a_delegation_that_is_open_now_counts() {
    let (world, _office) = small().await;
    let later = |new| NewDelegation { start: Some(Timestamp::now() + SignedDuration::from_hours(1)), ..new };
    deputy(&world, "owen", "bo", later).await;
    let bo = world.by("bo").await;
    assert_eq!(world.inbox(&bo).await, ["owens"], "it has not begun");
    let (owen, claim) = (world.by("owen").await, world.task("claim"));
    assert!(world.tasks.get(&owen, &claim).await.unwrap().substitutes.is_empty());
    let open = deputy(&world, "owen", "bo", as_it_is).await;
    assert_eq!(world.inbox(&bo).await, ["claim", "leave", "owens", "shared"]);
    world.delegations.end(&owen, &open.record.id.to_string()).await.unwrap();
    assert_eq!(world.inbox(&bo).await, ["owens"], "it is over");
    assert_eq!(kind(world.tasks.get(&bo, &claim).await), ErrorKind::NotFound);
    assert!(world.tasks.get(&owen, &claim).await.unwrap().substitutes.is_empty());
}

#[tokio::test]
async fn standing_in_for_somebody_lets_nobody_decide_about_their_own() {
    let (world, office) = small().await;
    office.wait("self", REPORT, "owen", &["owen"]);
    deputy(&world, "owen", "sian", as_it_is).await;
    let sian = world.by("sian").await;
    let approve = decision("approve", None);
    // Her own, which waits for the one whom she stands in for.
    let claim = world.task("claim");
    assert!(!world.tasks.get(&sian, &claim).await.unwrap().may_decide);
    let refused = world.tasks.decide(&sian, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await;
    assert_eq!(kind(refused), ErrorKind::Forbidden);
    let owen = world.by("owen").await;
    assert!(world.tasks.get(&owen, &claim).await.unwrap().substitutes.is_empty());
    // The delegator's own: in his name she could do no more than he.
    let own = world.task("self");
    assert_eq!(kind(world.tasks.get(&sian, &own).await), ErrorKind::NotFound);
    let refused = world.tasks.decide(&sian, &own, &approve, &Expected::Any, keyed(KEY, "b")).await;
    assert_eq!(kind(refused), ErrorKind::NotFound);
    assert!(world.tasks.get(&owen, &own).await.unwrap().substitutes.is_empty());
    assert_eq!(office.written(), 0);
}

#[tokio::test]
async fn a_deputy_of_whom_it_is_not_known_who_they_are_sees_nothing_and_is_told_why() {
    let (world, _office) = small().await;
    deputy(&world, "owen", "fin", as_it_is).await;
    *world.directory.is_down.lock() = true;
    let fin = world.by("fin").await;
    assert!(world.tasks.list(&fin, &request(vec![])).await.is_err());
    assert_eq!(kind(world.tasks.get(&fin, &world.task("claim")).await), ErrorKind::ConnectionLost);
}
