//! Who reports to whom, and who is in which group.

use std::collections::{BTreeMap, BTreeSet};

use portico_contract::paging::ListQuery;
use portico_contract::people::{Groups, GroupsOf, ListReports};
use portico_contract::{ErrorKind, NativeId};

use super::super::reference::same;
use super::super::target::KnownPerson;
use super::super::world::{Reports, World};
use super::lists::exactly;
use super::lookups::{NEVER_GIVEN_OUT, native};
use crate::world::{Outcome, ensure, good, refused};

/// Managers that are looked at.
const MANAGERS: usize = 15;

/// Those who manage somebody and those who do not, by user name.
fn managers(world: &World) -> BTreeMap<&str, usize> {
    let mut managers = BTreeMap::new();
    for person in &world.target.people {
        if let Some(manager) = &person.manager {
            *managers.entry(manager.as_str()).or_default() += 1;
        }
    }
    managers
}

pub(crate) async fn reports_are_those_who_name_the_manager(world: &World) -> Outcome {
    let all = world.by_user_name().await?;
    let managers = managers(world);
    let step = managers.len().div_ceil(MANAGERS).max(1);
    for (name, count) in managers.iter().step_by(step) {
        let manager = all.get(*name).ok_or_else(|| format!("{name:?} is not listed"))?;
        let names_manager = |id: &NativeId| *id == manager.id;
        let naming =
            all.values().filter(|one| one.manager.as_ref().is_some_and(|link| names_manager(&link.id)));
        let expected: BTreeSet<NativeId> = naming.map(|one| one.id.clone()).collect();
        ensure!(expected.len() == *count, "{} people name {name:?}, not {count}", expected.len());
        for limit in [1, 5, 200] {
            let reports = world.pages(&Reports(manager.id.clone()), ListQuery::first(limit)).await?;
            let ids: Vec<NativeId> = reports.iter().map(|one| one.item.id.clone()).collect();
            exactly(&ids, &expected, &format!("reports of {name:?} in pages of {limit}"))?;
            for report in reports {
                let listed = all.values().find(|one| one.id == report.item.id);
                let listed = listed.ok_or_else(|| format!("a report of {name:?} is not listed"))?;
                same(&format!("a report of {name:?}, listed and reported"), listed, &report.item)?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn whoever_manages_nobody_has_no_reports(world: &World) -> Outcome {
    let all = world.by_user_name().await?;
    let managers = managers(world);
    let leaf = |known: &&KnownPerson| !managers.contains_key(known.user_name.as_str());
    for known in world.some(60).into_iter().filter(leaf).take(5) {
        let record =
            all.get(&known.user_name).ok_or_else(|| format!("{:?} is not listed", known.user_name))?;
        let reports = world.pages(&Reports(record.id.clone()), ListQuery::first(10)).await?;
        ensure!(reports.is_empty(), "{} people report to {:?}", reports.len(), known.user_name);
    }
    Ok(())
}

pub(crate) async fn nobody_reports_to_a_person_that_is_not_there(world: &World) -> Outcome {
    for id in NEVER_GIVEN_OUT {
        let page = world.call(ListReports { manager: native(id)?, query: ListQuery::first(10) }).await;
        refused(&format!("the reports of {id:?}"), page, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

pub(crate) async fn groups_hold_those_reached_through_others(world: &World) -> Outcome {
    let all = world.by_user_name().await?;
    let mut ids: BTreeMap<String, NativeId> = BTreeMap::new();
    for known in world.some(20) {
        let who = &known.user_name;
        let record = all.get(who).ok_or_else(|| format!("{who:?} is not listed"))?;
        let asked = world.call(GroupsOf { person: record.id.clone() }).await;
        let Groups(groups) = good(&format!("the groups of {who:?}"), asked)?;
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let expected: Vec<&str> = known.groups.iter().map(String::as_str).collect();
        ensure!(names == expected, "{who:?} is in {names:?}, not in {expected:?}");
        for group in groups {
            let id = ids.entry(group.name.clone()).or_insert_with(|| group.id.clone());
            ensure!(*id == group.id, "the group {:?} has two ids", group.name);
        }
    }
    Ok(())
}

pub(crate) async fn a_person_that_is_not_there_has_no_groups(world: &World) -> Outcome {
    for id in NEVER_GIVEN_OUT {
        let groups = world.call(GroupsOf { person: native(id)? }).await;
        refused(&format!("the groups of {id:?}"), groups, &[ErrorKind::NotFound])?;
    }
    Ok(())
}
