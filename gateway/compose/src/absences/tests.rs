//! Absence over toy offices: who sees what of it, asking and taking back, and when colleagues are away.

mod away;
mod lost;

use std::sync::Arc;

use portico_contract::ErrorKind;
use portico_contract::documents::SourceVersion;
use portico_contract::paging::Comparison;
use portico_policy::{Rule, Who};
use portico_schemas::{AbsenceStatus, DayPart, NewAbsence, SourceStatus, Withdrawal};

use super::*;
use crate::change::{Change, Expected};
use crate::expenses::tests::toy::leave::link;
use crate::expenses::tests::toy::{Mood, Office};
use crate::expenses::tests::{
    KEY, STAFF, World, by, done, dry, keyed, kind, places, request, rule, unkeyed, world_under,
};
use crate::listing::{Listing, Refusal};

const OTHER: &str = "11111111-40d5-43e9-bc93-6a894a57f324";

/// One's own with the note; managers without it; the personnel department everything; clerks ask for everybody. Colleagues
/// may be seen by whoever has that role.
fn rules() -> Vec<Rule> {
    let confidential = |rule| Rule { up_to: Classification::Confidential, ..rule };
    let of_people = rule(Who::Role("colleague".to_owned()), &[Action::Read]);
    vec![
        confidential(rule(Who::Owner, &[Action::Read, Action::Write])),
        rule(Who::Manager, &[Action::Read]),
        confidential(rule(Who::Role("personnel".to_owned()), &[Action::Read])),
        rule(Who::Role("clerk".to_owned()), &[Action::Read, Action::Write]),
        Rule { resource: Some(ResourceType::Person), ..of_people },
    ]
}

/// One office with leave of Siân's that is asked for, `one`, and some of Owen's that is agreed, `two`.
async fn small() -> (World, Arc<Office>) {
    let office = Office::new();
    office.away("one", "sian", AbsenceStatus::Requested);
    office.away("two", "owen", AbsenceStatus::Approved);
    (world_under(rules(), &[("claims", &office, STAFF, true)]).await, office)
}

impl World {
    fn absence(&self, id: &str) -> String {
        self.seal(ABSENCE, "claims", id)
    }

    fn new_absence(&self) -> NewAbsence {
        NewAbsence {
            system: None,
            employee_id: None,
            policy_id: self.seal(ResourceType::AbsenceType, "claims", "holiday"),
            start_date: "2027-02-01".parse().unwrap(),
            end_date: "2027-02-05".parse().unwrap(),
            day_part: None,
            note: Some("Skiing".to_owned()),
        }
    }
}

fn ids(listing: &Listing<FoundAbsence>) -> Vec<&str> {
    listing.items.iter().map(|found| found.record.id.as_str()).collect()
}

#[tokio::test]
async fn everybody_sees_their_own_and_managers_those_of_their_reports_without_the_note() {
    let (world, _office) = small().await;
    for (who, roles, seen, with_note) in [
        ("sian", &[][..], &["one"][..], true),
        ("owen", &[], &["one", "two"], false),
        ("bo", &[], &[], false),
        ("fin", &["personnel"], &["one", "two"], true),
        ("fin", &["clerk"], &["one", "two"], false),
        ("stranger", &[], &[], false),
    ] {
        let context = world.with_role(who, roles).await;
        let listing = world.absences.list(&context, &request(vec![])).await.unwrap();
        assert_eq!(ids(&listing), seen, "{who} {roles:?}");
        for id in ["one", "two"] {
            let found = world.absences.get(&context, &world.absence(id)).await;
            if seen.contains(&id) {
                let row = listing.items.iter().find(|row| row.record.id.as_str() == id).unwrap();
                let found = found.unwrap();
                // Owen sees the note of his own.
                let shown = with_note || (who, id) == ("owen", "two");
                for one in [row, &found] {
                    assert_eq!((one.record.note.is_some(), one.masked), (shown, !shown), "{who} {id}");
                }
            } else {
                assert_eq!(kind(found), ErrorKind::NotFound, "{who} {id}");
            }
        }
    }
    let by_person = by("employeeId", Comparison::In, &world.person("sian"));
    let owen = world.by("owen").await;
    assert_eq!(ids(&world.absences.list(&owen, &request(vec![by_person])).await.unwrap()), ["one"]);
    let bad = by("employeeId", Comparison::In, "e-sian");
    assert!(matches!(
        world.absences.list(&owen, &request(vec![bad])).await,
        Err(Refusal::Error(error)) if places(&error) == ["?employeeId"]
    ));
}

#[tokio::test]
async fn an_office_that_fails_is_told_and_never_an_empty_list() {
    let (office, other) = (Office::new(), Office::new());
    office.away("one", "sian", AbsenceStatus::Requested);
    other.be(Mood::Down);
    let offices = [("claims", &office, STAFF, true), ("travel", &other, STAFF, true)];
    let world = world_under(rules(), &offices).await;
    let sian = world.with_role("sian", &["clerk"]).await;
    let listing = world.absences.list(&sian, &request(vec![])).await.unwrap();
    assert_eq!((ids(&listing), listing.sources[1].status), (vec!["one"], SourceStatus::Unavailable));
    let types = world.absences.types(&sian, &request(vec![])).await.unwrap();
    assert_eq!((types.items.len(), types.sources[1].status), (1, SourceStatus::Unavailable));
    let balances = world.absences.balances(&sian, None).await.unwrap();
    assert_eq!((balances.items.len(), balances.sources[1].status), (1, SourceStatus::Unavailable));
    office.be(Mood::Down);
    let no_source = |problem: Option<Refusal>| match problem {
        Some(Refusal::NoSource(problem)) => (problem.status, problem.sources.len()),
        other => panic!("{other:?}"),
    };
    let list = world.absences.list(&sian, &request(vec![])).await.err();
    let types = world.absences.types(&sian, &request(vec![])).await.err();
    let balances = world.absences.balances(&sian, None).await.err();
    for refused in [list, types, balances] {
        assert_eq!(no_source(refused), (503, 2));
    }
    office.be(Mood::Answers);
    *world.directory.is_down.lock() = true;
    let bo = world.by("bo").await;
    assert_eq!(no_source(world.absences.list(&bo, &request(vec![])).await.err()).0, 503);
    assert_eq!(no_source(world.absences.balances(&bo, None).await.err()).0, 503);
    assert_eq!(kind(world.absences.get(&bo, &world.absence("one")).await), ErrorKind::ConnectionLost);
}

#[tokio::test]
async fn leave_is_asked_for_once_a_key_by_those_who_may() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let new = world.new_absence();
    let found = done(world.absences.request(&sian, &new, keyed(KEY, "a")).await);
    assert_eq!((found.record.employee.id.as_str(), found.may_cancel), ("e-sian", true));
    assert_eq!(found.record.note.as_deref(), Some("Skiing"));
    match world.absences.request(&sian, &new, keyed(KEY, "a")).await {
        Ok(Change::Repeated(again)) => assert_eq!(again.record.id, found.record.id),
        other => panic!("{other:?}"),
    }
    let reused = world.absences.request(&sian, &new, keyed(KEY, "b")).await;
    assert_eq!(kind(reused), ErrorKind::IdempotencyKeyReused);
    assert_eq!(office.written(), 1);
    let for_sian = NewAbsence { employee_id: Some(world.person("sian")), ..new };
    for (who, roles) in [("bo", &[][..]), ("owen", &[]), ("fin", &["personnel"])] {
        let context = world.with_role(who, roles).await;
        let refused = world.absences.request(&context, &for_sian, keyed(OTHER, "a")).await;
        assert_eq!(kind(refused), ErrorKind::Forbidden, "{who}");
    }
    let clerk = world.with_role("fin", &["clerk"]).await;
    let found = done(world.absences.request(&clerk, &for_sian, keyed(OTHER, "a")).await);
    assert_eq!((found.record.employee.id.as_str(), found.record.note), ("e-sian", None));
    let own = world.absences.request(&clerk, &world.new_absence(), keyed(KEY, "a")).await;
    assert_eq!(kind(own), ErrorKind::Forbidden, "Fin is in no office");
}

#[tokio::test]
async fn days_that_cannot_be_are_refused_by_their_place() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let good = world.new_absence();
    let on = |start: &str, end: &str| NewAbsence {
        start_date: start.parse().unwrap(),
        end_date: end.parse().unwrap(),
        ..good.clone()
    };
    let half = |new| NewAbsence { day_part: Some(DayPart::Morning), ..new };
    for (bad, wanted) in [
        (on("2027-02-05", "2027-02-01"), &["/endDate"][..]),
        (on("2027-02-01", "2031-02-01"), &["/endDate"]),
        (half(good.clone()), &["/dayPart"]),
        (half(on("2027-02-05", "2027-02-01")), &["/dayPart", "/endDate"]),
        (NewAbsence { note: Some("x".repeat(501)), ..good.clone() }, &["/note"]),
        (NewAbsence { note: Some(" ".to_owned()), ..good.clone() }, &["/note"]),
        (NewAbsence { policy_id: "holiday".to_owned(), ..good.clone() }, &["/policyId"]),
        (NewAbsence { policy_id: world.absence("one"), ..good.clone() }, &["/policyId"]),
        (NewAbsence { system: Some("directory".to_owned()), ..good.clone() }, &["/system"]),
        (NewAbsence { employee_id: Some("e-sian".to_owned()), ..good.clone() }, &["/employeeId"]),
    ] {
        let refused = world.absences.request(&sian, &bad, keyed(KEY, "a")).await.unwrap_err();
        let mut found = places(&refused);
        found.sort_unstable();
        assert_eq!((refused.kind(), &found[..]), (ErrorKind::InvalidInput, wanted));
    }
    let tried =
        world.absences.request(&sian, &half(on("2027-02-01", "2027-02-01")), dry(keyed(KEY, "a"))).await;
    assert!(matches!(tried, Ok(Change::Checked)));
    assert_eq!(office.written(), 0);
}

#[tokio::test]
async fn leave_is_taken_back_in_the_version_that_was_read() {
    let (world, office) = small().await;
    let (sian, owen, bo) = (world.by("sian").await, world.by("owen").await, world.by("bo").await);
    let (one, words) = (world.absence("one"), Withdrawal { comment: Some("Not now.".to_owned()) });
    let cancel = async |who: &CallContext, expected: &Expected, uuid: &str| {
        world.absences.cancel(who, &one, &words, expected, keyed(uuid, "a")).await
    };
    assert_eq!(kind(cancel(&bo, &Expected::Any, KEY).await), ErrorKind::NotFound);
    assert_eq!(kind(cancel(&owen, &Expected::Any, KEY).await), ErrorKind::Forbidden);
    let stale = Expected::OneOf(vec![SourceVersion("old".to_owned())]);
    assert_eq!(kind(cancel(&sian, &stale, KEY).await), ErrorKind::PreconditionFailed);
    assert_eq!(office.written(), 0);
    let seen = Expected::OneOf(vec![SourceVersion("first of one".to_owned())]);
    let found = done(cancel(&sian, &seen, KEY).await);
    assert_eq!((found.record.status, found.may_cancel), (AbsenceStatus::Cancelled, false));
    match cancel(&sian, &seen, KEY).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.status, AbsenceStatus::Cancelled),
        other => panic!("{other:?}"),
    }
    assert_eq!(kind(cancel(&sian, &Expected::Any, OTHER).await), ErrorKind::Conflict);
    assert_eq!(office.written(), 1);
    let long = Withdrawal { comment: Some("x".repeat(501)) };
    let refused = world.absences.cancel(&sian, &one, &long, &Expected::Any, unkeyed()).await.unwrap_err();
    assert_eq!(places(&refused), ["/comment"]);
}
