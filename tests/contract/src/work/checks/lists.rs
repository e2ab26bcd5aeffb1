//! Lists: complete, filtered, sorted, resumable, and no more than may be seen.

use std::collections::BTreeSet;

use portico_contract::NativeId;
use portico_contract::access::Scope;
use portico_contract::paging::{Comparison, Filter, ListQuery, Listed, Scalar, SortTerm};

use super::super::lists::{Entry, Listing, Walk, all, capability, everything, exactly, walk};
use super::super::world::World;
use crate::reference;
use crate::world::{Outcome, ensure};

/// Page sizes besides the largest, one that divides nothing and the smallest, and how many items to go.
const SMALL: [(usize, usize); 2] = [(7, 210), (1, 40)];

pub(crate) async fn complete<L: Listing>(world: &World) -> Outcome {
    let whole = all::<L>(world).await?;
    let ids = whole.ids();
    exactly(&ids, &ids.iter().cloned().collect(), "in pages of 200")?;
    if let Some(known) = world.target.counts.get(L::ID).filter(|_| whole.whole) {
        ensure!(ids.len() == *known, "{} items are listed of {known} that there are", ids.len());
    }
    for (limit, most) in SMALL {
        let some = walk::<L>(world, everything::<L>(limit), most).await?;
        same_start(&some, &ids, &format!("in pages of {limit}"))?;
    }
    Ok(())
}

/// Asserts that a walk gave what was expected: all of it, or its beginning where the walk stopped by itself.
fn same_start<T: Entry>(walk: &Walk<T>, expected: &[NativeId], when: &str) -> Outcome {
    let found = walk.ids();
    let wanted = if walk.whole { expected } else { &expected[..found.len().min(expected.len())] };
    let at = found.iter().zip(wanted).position(|(found, wanted)| found != wanted);
    let (count, of) = (found.len(), wanted.len());
    ensure!(at.is_none(), "{when}: another item at place {at:?} of {of}");
    ensure!(count == of, "{when}: {count} items instead of {of}");
    Ok(())
}

pub(crate) async fn holds_something<L: Listing>(world: &World) -> Outcome {
    let first = walk::<L>(world, everything::<L>(20), 1).await?;
    ensure!(!first.items.is_empty(), "`{}` has nothing to choose", L::ID);
    Ok(())
}

/// Values to compare a field with: some that entries have, and one that none has.
fn some_values<T: Entry>(all: &Walk<T>, field: &str) -> Result<Vec<Scalar>, String> {
    let mut held = Vec::new();
    for listed in &all.items {
        let unknown = || format!("the suite does not know the field {field:?}; teach it");
        held.push(listed.item.field(field).ok_or_else(unknown)?);
    }
    held.retain(|value| *value != Scalar::Missing);
    held.sort();
    held.dedup();
    let picked = [0, held.len() / 2, held.len().saturating_sub(1)];
    let mut some: Vec<Scalar> = picked.iter().filter_map(|at| held.get(*at).cloned()).collect();
    some.dedup();
    Ok(some)
}

/// What to try of one comparison.
fn trials(field: &'static str, comparison: Comparison, values: &[Scalar]) -> Vec<Filter> {
    let filter = |values: Vec<Scalar>| Filter { field: field.into(), comparison, values };
    if comparison == Comparison::Contains {
        let parts = values.iter().filter_map(|value| match value {
            Scalar::Text(text) => Some(text.chars().skip(1).take(3).collect::<String>().to_uppercase()),
            _ => None,
        });
        // Wild cards of SQL are characters like others.
        let parts = parts.filter(|part| part.len() > 1).chain(["%".to_owned(), "_".to_owned()]);
        return parts.map(|part| filter(vec![Scalar::Text(part)])).collect();
    }
    let mut trials: Vec<Filter> = values.iter().map(|value| filter(vec![value.clone()])).collect();
    if comparison == Comparison::In && values.len() > 1 {
        trials.push(filter(values.to_vec()));
    }
    trials
}

pub(crate) async fn filter<L: Listing>(world: &World) -> Outcome {
    let all = all::<L>(world).await?;
    let mut one_of_each = Vec::new();
    for offered in &capability(world, L::ID)?.filters {
        let values = some_values(&all, offered.field)?;
        for comparison in offered.comparisons {
            let trials = trials(offered.field, *comparison, &values);
            one_of_each.extend(trials.first().cloned());
            for filter in trials {
                filters_to::<L>(world, &all, vec![filter]).await?;
            }
        }
    }
    // All at once: every condition has to hold.
    filters_to::<L>(world, &all, one_of_each).await
}

async fn filters_to<L: Listing>(world: &World, all: &Walk<L::Item>, asked: Vec<Filter>) -> Outcome {
    let mut filters = L::everything();
    filters.retain(|filter| !asked.iter().any(|other| other.field == filter.field));
    filters.extend(asked);
    let meets = |listed: &&Listed<L::Item>| {
        let value = |filter: &Filter| listed.item.field(&filter.field).unwrap_or(Scalar::Missing);
        filters.iter().all(|filter| filter.matches(&value(filter)))
    };
    let expected: BTreeSet<NativeId> =
        all.items.iter().filter(meets).map(|listed| listed.item.id().clone()).collect();
    let when = format!("filtered by {filters:?}");
    // Small pages of few, large ones of many.
    let limits: &[usize] = if expected.len() < 25 { &[3, 200] } else { &[200] };
    for limit in limits {
        let query = ListQuery { filters: filters.clone(), ..ListQuery::first(*limit) };
        let found = walk::<L>(world, query, super::super::lists::MOST).await?;
        if all.whole {
            exactly(&found.ids(), &expected, &when)?;
        }
        let strange = found.items.iter().filter(|listed| !meets(listed)).count();
        ensure!(strange == 0, "{when}: {strange} items do not meet it");
    }
    Ok(())
}

pub(crate) async fn sort<L: Listing>(world: &World) -> Outcome {
    let all = all::<L>(world).await?;
    let expected: BTreeSet<NativeId> = all.ids().into_iter().collect();
    let capability = capability(world, L::ID)?;
    for field in &capability.sorts {
        for descending in [false, true] {
            let order = vec![SortTerm { field: (*field).into(), descending }];
            let query = ListQuery { sort: order.clone(), ..everything::<L>(33) };
            let found = walk::<L>(world, query, super::super::lists::MOST).await?;
            sorted(&found, &order, all.whole.then_some(&expected))?;
        }
    }
    if let Some(natural) = capability.natural_sort {
        sorted(&all, &reference::terms(natural), None)?;
    }
    Ok(())
}

fn sorted<T: Entry>(found: &Walk<T>, terms: &[SortTerm], expected: Option<&BTreeSet<NativeId>>) -> Outcome {
    let when = format!("sorted by {terms:?}");
    if let Some(expected) = expected {
        exactly(&found.ids(), expected, &when)?;
    }
    for listed in &found.items {
        ensure!(listed.key.len() == terms.len(), "{when}: a key of {} values", listed.key.len());
        for (value, term) in listed.key.iter().zip(terms) {
            let unknown = || format!("the suite does not know the field {:?}; teach it", term.field);
            let is = listed.item.field(&term.field).ok_or_else(unknown)?;
            let id = listed.item.id().as_str();
            ensure!(*value == is, "{when}: {id:?} has the key {value:?}, but is {is:?}");
        }
    }
    for pair in found.items.windows(2) {
        let order = reference::compare(&pair[0].key, &pair[1].key, terms);
        ensure!(order.is_le(), "{when}: {:?} comes before {:?}", pair[0].key, pair[1].key);
    }
    Ok(())
}

/// The composition stops in the middle of a page when other sources come first: it goes on from the position of the last item
/// that it used.
pub(crate) async fn resume<L: Listing>(world: &World) -> Outcome {
    let sorts = capability(world, L::ID)?.sorts;
    let first = sorts.first().map(|field| vec![SortTerm { field: (*field).into(), descending: true }]);
    for sort in [Vec::new()].into_iter().chain(first) {
        let query = ListQuery { sort, ..everything::<L>(50) };
        let all = walk::<L>(world, query.clone(), 500).await?;
        let ids = all.ids();
        let last = ids.len().saturating_sub(1);
        for at in BTreeSet::from([0, 1, last / 3, last / 2, last.saturating_sub(1), last]) {
            let Some(listed) = all.items.get(at) else { continue };
            let rest = ListQuery { after: Some(listed.position.clone()), ..query.clone() };
            let when = format!("behind item {at}");
            if all.whole {
                same_start(&walk::<L>(world, rest, 500).await?, &ids[at + 1..], &when)?;
            } else if let Some(next) = ids.get(at + 1) {
                let found = walk::<L>(world, rest, 1).await?.ids();
                ensure!(found.first() == Some(next), "{when}: another item comes next");
            }
        }
    }
    Ok(())
}

pub(crate) async fn scope<L: Listing>(world: &World) -> Outcome {
    let all = all::<L>(world).await?;
    let of = |key: &dyn Fn(&L::Item) -> Option<String>| {
        // One in the middle, so that it is not the only one of its kind by chance of the order.
        let found =
            all.items.iter().skip(all.items.len() / 3).chain(&all.items).find_map(|one| key(&one.item));
        BTreeSet::from([found.unwrap_or_else(|| "nobody".to_owned())])
    };
    let owner = of(&|one| one.facts().owner.as_ref().map(|owner| owner.native_id.clone()));
    let unit = of(&|one| one.facts().unit.clone());
    let assignee = of(&|one| one.facts().assignees.first().cloned());
    let nobody = BTreeSet::from(["nobody".to_owned()]);
    let scopes = [
        Scope::Owners(nobody.clone()),
        Scope::Units(nobody.clone()),
        Scope::Assignees(nobody.clone()),
        Scope::Owners(owner.clone()),
        Scope::Units(unit),
        Scope::Assignees(assignee.clone()),
        Scope::Any(vec![Scope::Owners(owner), Scope::Assignees(assignee)]),
        Scope::Any(vec![Scope::Units(nobody), Scope::All]),
    ];
    for scope in scopes {
        let shown: BTreeSet<NativeId> = (all.items.iter())
            .filter(|one| scope.shows(one.item.facts()))
            .map(|one| one.item.id().clone())
            .collect();
        let query = ListQuery { scope: scope.clone(), ..everything::<L>(50) };
        let found = walk::<L>(world, query, super::super::lists::MOST).await?;
        if all.whole {
            exactly(&found.ids(), &shown, &format!("in {scope:?}"))?;
        }
        let hidden = found.items.iter().filter(|one| !scope.shows(one.item.facts())).count();
        ensure!(hidden == 0, "in {scope:?}: {hidden} items that it hides");
    }
    Ok(())
}

/// Some of the list, spread over all of it, the first and the last among them.
pub(crate) async fn some<L: Listing>(world: &World, count: usize) -> Result<Vec<L::Item>, String> {
    let all = all::<L>(world).await?.items;
    let step = all.len().div_ceil(count.max(1)).max(1);
    let last = all.last().map(|listed| listed.item.clone());
    let mut some: Vec<_> = all.into_iter().step_by(step).map(|listed| listed.item).collect();
    some.extend(last);
    Ok(some)
}
