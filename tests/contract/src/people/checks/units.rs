//! Units: complete, a tree, and those that people lie in.

use std::collections::{BTreeMap, BTreeSet};

use portico_contract::paging::{Comparison, Filter, ListQuery, Listed, Scalar, SortTerm};
use portico_contract::people::{GetOrgUnit, ListOrgUnits, OrgUnitRecord};
use portico_contract::{ErrorKind, NativeId, Operation};

use super::super::reference::unit_key;
use super::super::world::{Units, World};
use super::lists::capability;
use super::lookups::{NEVER_GIVEN_OUT, native};
use crate::reference;
use crate::world::{Outcome, ensure, good, refused};

fn by_id(items: Vec<Listed<OrgUnitRecord>>) -> Result<BTreeMap<NativeId, OrgUnitRecord>, String> {
    let count = items.len();
    let all: BTreeMap<_, _> = items.into_iter().map(|one| (one.item.id.clone(), one.item)).collect();
    ensure!(all.len() == count, "of {count} units, {} have the id of another", count - all.len());
    Ok(all)
}

pub(crate) async fn units_come_once_and_are_found_again(world: &World) -> Outcome {
    let mut known = world.target.units.clone();
    known.sort();
    for limit in [200, 7, 1] {
        let all = by_id(world.pages(&Units, ListQuery::first(limit)).await?)?;
        let mut found = Vec::new();
        for unit in all.values() {
            let parent = match &unit.parent {
                None => None,
                Some(id) => {
                    let parent =
                        all.get(id).ok_or_else(|| format!("{:?} lies in a unit not listed", unit.name))?;
                    Some(parent.name.clone())
                }
            };
            found.push((unit.name.clone(), parent));
            if limit == 7 {
                let again = world.call(GetOrgUnit { unit: unit.id.clone() }).await;
                let again = good(&format!("getting the unit {:?}", unit.name), again)?;
                ensure!(again == *unit, "a unit is listed as {unit:?} and found as {again:?}");
            }
        }
        found.sort();
        let missing: Vec<_> = known.iter().filter(|one| !found.contains(one)).collect();
        let strange: Vec<_> = found.iter().filter(|one| !known.contains(one)).collect();
        ensure!(
            found == known,
            "in pages of {limit}: {} of {} units; missing {missing:?}, strange {strange:?}",
            found.len(),
            known.len()
        );
    }
    Ok(())
}

pub(crate) async fn units_sort_and_filter_as_claimed(world: &World) -> Outcome {
    let all = world.pages(&Units, ListQuery::first(200)).await?;
    let capability = capability(world, ListOrgUnits::META.id)?;
    for field in &capability.sorts {
        for descending in [false, true] {
            let order = vec![SortTerm { field: (*field).into(), descending }];
            let query = ListQuery { sort: order.clone(), ..ListQuery::first(6) };
            let items = world.pages(&Units, query).await?;
            ensure!(items.len() == all.len(), "sorted by {field}: {} of {} units", items.len(), all.len());
            let keys = items
                .iter()
                .all(|one| Some(&one.key) == unit_key(&one.item, field).map(|key| vec![key]).as_ref());
            ensure!(keys, "sorted by {field}: a key is not the value");
            let orderly =
                items.windows(2).all(|two| reference::compare(&two[0].key, &two[1].key, &order).is_le());
            ensure!(orderly, "sorted by {field}: out of order");
        }
    }
    for offered in &capability.filters {
        for one in all.iter().step_by(all.len().div_ceil(5).max(1)) {
            let Some(value) = unit_key(&one.item, offered.field).filter(|value| *value != Scalar::Missing)
            else {
                continue;
            };
            for comparison in offered.comparisons.iter().filter(|comparison| **comparison == Comparison::In) {
                let filter = Filter {
                    field: offered.field.into(),
                    comparison: *comparison,
                    values: vec![value.clone()],
                };
                let meets = |unit: &OrgUnitRecord| {
                    unit_key(unit, offered.field).is_some_and(|value| filter.matches(&value))
                };
                let expected: BTreeSet<NativeId> =
                    all.iter().filter(|one| meets(&one.item)).map(|one| one.item.id.clone()).collect();
                let query = ListQuery { filters: vec![filter.clone()], ..ListQuery::first(3) };
                let found = by_id(world.pages(&Units, query).await?)?.into_keys().collect::<BTreeSet<_>>();
                ensure!(found == expected, "{filter:?}: {} units, not {}", found.len(), expected.len());
            }
        }
    }
    Ok(())
}

pub(crate) async fn people_lie_in_units_that_are_listed(world: &World) -> Outcome {
    let units = by_id(world.pages(&Units, ListQuery::first(200)).await?)?;
    let people = world.by_user_name().await?;
    for known in &world.target.people {
        let record =
            people.get(&known.user_name).ok_or_else(|| format!("{:?} is not listed", known.user_name))?;
        let unit = record.org_unit.as_ref().and_then(|id| units.get(id)).map(|unit| &unit.name);
        ensure!(
            unit == known.unit.as_ref(),
            "{:?} lies in {unit:?}, not in {:?}",
            known.user_name,
            known.unit
        );
    }
    Ok(())
}

pub(crate) async fn no_unit_has_an_id_that_was_never_given_out(world: &World) -> Outcome {
    for id in NEVER_GIVEN_OUT {
        let unit = world.call(GetOrgUnit { unit: native(id)? }).await;
        refused(&format!("getting the unit {id:?}"), unit, &[ErrorKind::NotFound])?;
    }
    Ok(())
}
