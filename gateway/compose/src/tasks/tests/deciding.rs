//! Who decides, on which version, with which words, and what is on record of it.

use portico_contract::documents::SourceVersion;
use portico_store::IntentQuery;

use super::*;

const OTHER: &str = "11111111-40d5-43e9-bc93-6a894a57f324";

#[tokio::test]
async fn a_decision_goes_on_record_with_who_what_was_declared_and_the_version_that_was_seen() {
    let (world, office) = small().await;
    let owen = world.by("owen").await;
    let claim = world.task("claim");
    let read = world.tasks.get(&owen, &claim).await.unwrap();
    let seen = read.record.version.clone().unwrap();
    let expected = Expected::OneOf(vec![seen.clone()]);
    let refuse = decision("refuse", Some("Twice the same train."));
    let found = done(world.tasks.decide(&owen, &claim, &refuse, &expected, keyed(KEY, "a")).await);
    assert_eq!((found.record.decision, found.may_decide), (Some("refuse"), false));
    let sent = office.trays.decisions.lock().clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (sent[0].version.as_ref(), sent[0].comment.as_deref()),
        (Some(&seen), Some("Twice the same train."))
    );
    assert_eq!(sent[0].decided_by.as_ref().map(|by| by.as_str()), Some("e-owen"));
    let (_, records) = world.tasks.decisions(&owen, &claim).await.unwrap();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record.outcome, IntentState::Confirmed);
    assert_eq!((&*record.actor.subject, record.actor.person.clone()), ("owen", Some(world.person("owen"))));
    assert_eq!(record.actor.on_behalf_of, None);
    let made = &record.decision;
    assert_eq!((&*made.decision, made.declaration.as_deref()), ("refuse", Some("I looked at all of it.")));
    assert_eq!(
        (made.version.as_deref(), made.comment.as_deref()),
        (Some(&*seen.0), Some("Twice the same train."))
    );
    assert_eq!(made.shown_as.as_deref(), Some("What claim is about"));
    let (_, others) = world.tasks.decisions(&owen, &world.task("leave")).await.unwrap();
    assert!(others.is_empty(), "of another task");
    let stranger = world.by("bo").await;
    assert_eq!(kind(world.tasks.decisions(&stranger, &claim).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_second_decision_is_a_conflict_and_a_repeated_one_gives_what_is_there_now() {
    let (world, office) = small().await;
    let (owen, sian) = (world.by("owen").await, world.by("sian").await);
    let shared = world.task("shared");
    let (approve, refuse) = (decision("approve", None), decision("refuse", Some("No.")));
    let version = world.tasks.get(&owen, &shared).await.unwrap().record.version.unwrap();
    let expected = Expected::OneOf(vec![version]);
    done(world.tasks.decide(&owen, &shared, &approve, &expected, keyed(KEY, "a")).await);
    // The other potential owner, with a tag that fits; the same person, with a new key.
    for (who, uuid) in [(&sian, KEY), (&owen, OTHER)] {
        for word in [&approve, &refuse] {
            let again = world.tasks.decide(who, &shared, word, &Expected::Any, keyed(uuid, "b")).await;
            assert_eq!(kind(again), ErrorKind::Conflict);
        }
    }
    match world.tasks.decide(&owen, &shared, &approve, &expected, keyed(KEY, "a")).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.decision, Some("approve")),
        other => panic!("{other:?}"),
    }
    let reused = world.tasks.decide(&owen, &shared, &refuse, &expected, keyed(KEY, "b")).await;
    assert_eq!(kind(reused), ErrorKind::IdempotencyKeyReused);
    assert_eq!(office.written(), 1);
}

#[tokio::test]
async fn what_cannot_be_decided_so_is_said_by_its_place_and_never_sent() {
    let (world, office) = small().await;
    let owen = world.by("owen").await;
    let claim = world.task("claim");
    let decide = async |decision: Decision, expected: &Expected| {
        let (dry, real) = (dry(keyed(KEY, "a")), keyed(KEY, "a"));
        let tried = world.tasks.decide(&owen, &claim, &decision, expected, dry).await.unwrap_err();
        let refused = world.tasks.decide(&owen, &claim, &decision, expected, real).await.unwrap_err();
        assert_eq!(tried.kind(), refused.kind(), "a dry run says the same");
        refused
    };
    let long = "x".repeat(2_001);
    for (bad, place) in [
        (decision("validate", None), "/decision"),
        (decision("", None), "/decision"),
        (decision("refuse", None), "/comment"),
        (decision("refuse", Some(" ")), "/comment"),
        (decision("approve", Some(&"x".repeat(501))), "/comment"),
        (Decision { declaration: " ".to_owned(), ..decision("approve", None) }, "/declaration"),
        (Decision { declaration: long, ..decision("approve", None) }, "/declaration"),
    ] {
        let refused = decide(bad, &Expected::Any).await;
        assert_eq!((refused.kind(), places(&refused)), (ErrorKind::InvalidInput, vec![place]));
    }
    let stale = Expected::OneOf(vec![SourceVersion("old".to_owned())]);
    assert_eq!(decide(decision("approve", None), &stale).await.kind(), ErrorKind::PreconditionFailed);
    let approve = decision("approve", None);
    let tried = world.tasks.decide(&owen, &claim, &approve, &Expected::Any, dry(keyed(OTHER, "a"))).await;
    assert!(matches!(tried, Ok(Change::Checked)));
    assert_eq!(office.written(), 0);
    // What was refused before it was sent lets the key go.
    done(world.tasks.decide(&owen, &claim, &approve, &Expected::Any, keyed(KEY, "good")).await);
}

#[tokio::test]
async fn nobody_decides_about_their_own_whatever_the_rules_say() {
    let (world, office) = small().await;
    // Odoo lets an approver approve their own: the task waits for the one who asked.
    office.wait("self", REPORT, "sian", &["sian"]);
    let sian = world.with_role("sian", &["decider"]).await;
    let approve = decision("approve", None);
    for own in ["claim", "leave", "self"] {
        let id = world.task(own);
        assert!(!world.tasks.get(&sian, &id).await.unwrap().may_decide, "{own}");
        let refused = world.tasks.decide(&sian, &id, &approve, &Expected::Any, keyed(KEY, own)).await;
        assert_eq!(kind(refused), ErrorKind::Forbidden, "{own}");
    }
    let asker = world.with_role("bo", &["asker"]).await;
    let claim = world.task("claim");
    assert!(!world.tasks.get(&asker, &claim).await.unwrap().may_decide);
    let refused = world.tasks.decide(&asker, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await;
    assert_eq!(kind(refused), ErrorKind::Forbidden, "who may only look");
    assert_eq!(office.written(), 0);
    let kept = world.writes.store().intents(&IntentQuery::default()).await.unwrap();
    assert!(kept.items.is_empty(), "what may not be is not begun");
    let decider = world.with_role("fin", &["decider"]).await;
    done(world.tasks.decide(&decider, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await);
    let sent = office.trays.decisions.lock().clone();
    assert_eq!(sent[0].decided_by, None, "they are nobody in that office");
}

#[tokio::test]
async fn who_is_in_an_office_twice_decides_about_neither_entry_of_their_own() {
    let office = Office::new();
    office.wait("first", REPORT, "sian", &["owen"]);
    office.wait("second", REPORT, "sian/2", &["owen"]);
    office.wait("bos", REPORT, "bo", &["owen"]);
    let world = world_under(rules(), &[("claims", &office, &["owen", "sian", "sian/2", "bo"], true)]).await;
    let sian = world.with_role("sian", &["decider"]).await;
    let approve = decision("approve", None);
    for own in ["first", "second"] {
        let id = world.task(own);
        assert!(!world.tasks.get(&sian, &id).await.unwrap().may_decide, "{own}");
        let refused = world.tasks.decide(&sian, &id, &approve, &Expected::Any, keyed(KEY, own)).await;
        assert_eq!(kind(refused), ErrorKind::Forbidden, "{own}");
    }
    done(world.tasks.decide(&sian, &world.task("bos"), &approve, &Expected::Any, keyed(KEY, "a")).await);
}
