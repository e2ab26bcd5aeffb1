//! What is claimed works, and what is not claimed says so.

use std::time::Duration;

use portico_contract::paging::ListQuery;
use portico_contract::people::{
    ALL, FindPeople, GetOrgUnit, GetPerson, GroupsOf, ListOrgUnits, ListPeople, ListReports, PeopleChanges,
    PersonKey, ReadPhoto,
};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{CallContext, ErrorKind, NativeId, Operation, OperationMeta, Upstream};
use tokio::sync::mpsc;

use super::super::world::World;
use crate::world::{Outcome, ensure, good, refused};

/// Asserts that an operation that is not claimed answers that it is not.
pub(crate) async fn refuses(upstream: &Upstream, id: &str) -> Outcome {
    let native = NativeId::new("portico-suite-nobody").ok_or("the id is short")?;
    let (person, manager, unit) = (native.clone(), native.clone(), native);
    let query = ListQuery::first(1);
    let is = |meta: OperationMeta| meta.id == id;
    if is(ListPeople::META) {
        ask(upstream, ListPeople { query }).await
    } else if is(GetPerson::META) {
        ask(upstream, GetPerson { person }).await
    } else if is(FindPeople::META) {
        ask(upstream, FindPeople { key: PersonKey::UserName, value: "x".into() }).await
    } else if is(ListReports::META) {
        ask(upstream, ListReports { manager, query }).await
    } else if is(ReadPhoto::META) {
        ask(upstream, ReadPhoto { person, unless: None }).await
    } else if is(GroupsOf::META) {
        ask(upstream, GroupsOf { person }).await
    } else if is(ListOrgUnits::META) {
        ask(upstream, ListOrgUnits { query }).await
    } else if is(GetOrgUnit::META) {
        ask(upstream, GetOrgUnit { unit }).await
    } else if is(PeopleChanges::META) {
        let (into, _told) = mpsc::channel(1);
        ask(upstream, PeopleChanges { since: None, into }).await
    } else {
        ask(upstream, CheckSystem).await
    }
}

async fn ask<O: Operation>(upstream: &Upstream, operation: O) -> Outcome {
    let context = CallContext::internal("suite", Duration::from_secs(10));
    let answer = upstream.call(context, operation).await.map(|_| "an answer");
    refused(&format!("`{}` is not claimed", O::META.id), answer, &[ErrorKind::Unsupported])
}

pub(crate) async fn operations_that_are_not_claimed_answer_unsupported(world: &World) -> Outcome {
    for meta in ALL {
        if !world.upstream.profile.operations.contains_key(meta.id) {
            refuses(&world.upstream, meta.id).await?;
        }
    }
    Ok(())
}

pub(crate) async fn check_reports_a_version(world: &World) -> Outcome {
    let report: CheckReport = good("checking the system", world.call(CheckSystem).await)?;
    ensure!(!report.version.unwrap_or_default().trim().is_empty(), "the check names no version");
    Ok(())
}
