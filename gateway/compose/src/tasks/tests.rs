//! The inbox over toy offices: for whom a task shows, who decides it, and what is on record of that.

mod deciding;
mod deputies;
mod lost;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portico_contract::ErrorKind;
use portico_contract::access::Scope;
use portico_policy::{Rule, Who};
use portico_schemas::{Decision, NewDelegation, ResourceType, SourceStatus};

use super::*;
use crate::change::{Change, Expected};
use crate::delegations::FoundDelegation;
use crate::expenses::tests::toy::{Mood, Office};
use crate::expenses::tests::{KEY, STAFF, World, done, dry, keyed, kind, places, request, rule, world_under};

const REPORT: ResourceType = ResourceType::ExpenseReport;
const LEAVE: ResourceType = ResourceType::Absence;

/// Whoever a task waits for sees and decides it; those who asked see it; auditors see and deciders decide everything.
fn rules() -> Vec<Rule> {
    let on_tasks = |who, actions: &[Action]| Rule { resource: Some(TASK), ..rule(who, actions) };
    vec![
        on_tasks(Who::Assignee, &[Action::Read, Action::Decide]),
        on_tasks(Who::Role("asker".to_owned()), &[Action::Read]),
        on_tasks(Who::Role("decider".to_owned()), &[Action::Read, Action::Decide]),
    ]
}

/// One office with a claim and leave of Siân's that wait for Owen, a claim of Owen's that waits for Bo, and one of Bo's that
/// waits for Owen and Siân.
async fn small() -> (World, Arc<Office>) {
    let office = Office::new();
    office.wait("claim", REPORT, "sian", &["owen"]);
    office.wait("leave", LEAVE, "sian", &["owen"]);
    office.wait("owens", REPORT, "owen", &["bo"]);
    office.wait("shared", REPORT, "bo", &["owen", "sian"]);
    (world_under(rules(), &[("claims", &office, STAFF, true)]).await, office)
}

/// Makes one a deputy of another for a day, from now on.
async fn deputy(
    world: &World,
    delegator: &str,
    delegate: &str,
    with: impl FnOnce(NewDelegation) -> NewDelegation,
) -> FoundDelegation {
    let new = with(NewDelegation {
        delegator_id: None,
        delegate_id: world.person(delegate),
        start: None,
        end: Timestamp::now() + SignedDuration::from_hours(24),
        resource_types: vec![],
        systems: vec![],
        reason: None,
    });
    let context = world.by(delegator).await;
    let key = format!("{delegator} {delegate} {new:?}");
    done(world.delegations.create(&context, &new, keyed(&key, "a")).await)
}

fn as_it_is(new: NewDelegation) -> NewDelegation {
    new
}

impl World {
    fn task(&self, id: &str) -> String {
        self.seal(TASK, "claims", id)
    }

    async fn inbox(&self, context: &CallContext) -> Vec<String> {
        let listing = self.tasks.list(context, &request(vec![])).await.unwrap();
        assert!(listing.sources.iter().all(|source| source.status == SourceStatus::Ok), "{listing:?}");
        listing.items.iter().map(|found| found.record.id.as_str().to_owned()).collect()
    }
}

fn decision(word: &str, comment: Option<&str>) -> Decision {
    let declaration = "I looked at all of it.".to_owned();
    Decision { decision: word.to_owned(), declaration, comment: comment.map(str::to_owned) }
}

#[tokio::test]
async fn a_task_shows_to_those_it_waits_for_and_to_nobody_else() {
    let (world, office) = small().await;
    for (who, seen) in [
        ("owen", &["claim", "leave", "shared"][..]),
        ("sian", &["shared"]),
        ("bo", &["owens"]),
        ("fin", &[]),
        ("stranger", &[]),
    ] {
        let context = world.by(who).await;
        assert_eq!(world.inbox(&context).await, seen, "{who}");
        for task in ["claim", "leave", "owens", "shared"] {
            let found = world.tasks.get(&context, &world.task(task)).await;
            match seen.contains(&task) {
                true => assert!(found.unwrap().may_decide, "{who} {task}"),
                false => assert_eq!(kind(found), ErrorKind::NotFound, "{who} {task}"),
            }
        }
    }
    // What goes to the office names the person by their key there, and nobody else.
    let scopes = office.trays.scopes.lock();
    assert_eq!(scopes[0], Scope::Assignees(["e-owen".to_owned()].into()));
}

#[tokio::test]
async fn an_office_that_fails_is_no_empty_inbox() {
    let (office, other) = (Office::new(), Office::new());
    office.wait("claim", REPORT, "sian", &["owen"]);
    let offices = [("claims", &office, STAFF, true), ("travel", &other, STAFF, true)];
    let world = world_under(rules(), &offices).await;
    let owen = world.by("owen").await;
    other.be(Mood::Down);
    let listing = world.tasks.list(&owen, &request(vec![])).await.unwrap();
    assert_eq!((listing.items.len(), listing.sources[1].status), (1, SourceStatus::Unavailable));
    office.be(Mood::Down);
    match world.tasks.list(&owen, &request(vec![])).await {
        Err(Refusal::NoSource(problem)) => assert_eq!((problem.status, problem.sources.len()), (503, 2)),
        other => panic!("{other:?}"),
    }
    assert_eq!(kind(world.tasks.get(&owen, &world.task("claim")).await), ErrorKind::ConnectRefused);
}

#[tokio::test]
async fn nobody_has_an_empty_inbox_while_it_is_not_known_who_they_are() {
    let (world, _office) = small().await;
    *world.directory.is_down.lock() = true;
    let owen = world.by("owen").await;
    match world.tasks.list(&owen, &request(vec![])).await {
        Err(Refusal::NoSource(problem)) => assert_eq!(problem.status, 503),
        other => panic!("{other:?}"),
    }
    let claim = world.task("claim");
    assert_eq!(kind(world.tasks.get(&owen, &claim).await), ErrorKind::ConnectionLost);
    // A rule that lets them decide everything does not help: it could be their own.
    let decider = world.with_role("owen", &["decider"]).await;
    let approve = decision("approve", None);
    let refused = world.tasks.decide(&decider, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await;
    assert_eq!(kind(refused), ErrorKind::ConnectionLost);
}

#[tokio::test]
async fn without_its_records_the_gateway_says_so_and_shows_no_empty_inbox() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    world.lose_records().await;
    match world.tasks.list(&sian, &request(vec![])).await {
        Err(Refusal::Error(error)) => assert_eq!(error.kind(), ErrorKind::StoreUnavailable),
        other => panic!("{other:?}"),
    }
    let shared = world.task("shared");
    assert_eq!(kind(world.tasks.get(&sian, &shared).await), ErrorKind::StoreUnavailable);
    assert_eq!(kind(world.tasks.decisions(&sian, &shared).await), ErrorKind::StoreUnavailable);
    let approve = decision("approve", None);
    let refused = world.tasks.decide(&sian, &shared, &approve, &Expected::Any, keyed(KEY, "a")).await;
    assert_eq!(kind(refused), ErrorKind::StoreUnavailable);
    assert_eq!(office.written(), 0);
    assert_eq!(kind(world.delegations.list(&sian).await), ErrorKind::StoreUnavailable);
}

#[tokio::test]
async fn an_office_that_takes_no_decisions_offers_none() {
    let office = Office::new();
    office.wait("claim", REPORT, "sian", &["owen"]);
    let world = world_under(rules(), &[("claims", &office, STAFF, false)]).await;
    let owen = world.by("owen").await;
    assert!(!world.tasks.get(&owen, &world.task("claim")).await.unwrap().may_decide);
    let (claim, approve) = (world.task("claim"), decision("approve", None));
    let refused = world.tasks.decide(&owen, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await;
    assert_eq!(kind(refused), ErrorKind::Unsupported);
}
