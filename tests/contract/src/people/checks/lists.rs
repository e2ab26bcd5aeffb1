//! Lists: complete, stable, filtered, sorted, resumable, and true.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use portico_contract::access::Scope;
use portico_contract::paging::{Comparison, Filter, ListQuery, Listed, Scalar, SortTerm};
use portico_contract::people::{ListPeople, PersonRecord};
use portico_contract::{Capability, ListOrder, NativeId, Operation};

use super::super::reference::{key, meets, same, values};
use super::super::target::{KnownPerson, KnownPhoto};
use super::super::world::{All, List, World};
use crate::reference;
use crate::world::{Outcome, ensure, good};

/// Page sizes: the largest, one that does not divide anything, the smallest.
const LIMITS: [usize; 3] = [200, 7, 1];

pub(super) fn capability(world: &World, id: &str) -> Result<Capability, String> {
    let capability = world.upstream.profile.operations.get(id);
    capability.map(|capability| (**capability).clone()).ok_or_else(|| format!("`{id}` is not claimed"))
}

fn ids(items: &[Listed<PersonRecord>]) -> Vec<NativeId> {
    items.iter().map(|listed| listed.item.id.clone()).collect()
}

/// Asserts that exactly these are there, once each.
pub(super) fn exactly(found: &[NativeId], expected: &BTreeSet<NativeId>, when: &str) -> Outcome {
    let set: BTreeSet<NativeId> = found.iter().cloned().collect();
    ensure!(set.len() == found.len(), "{when}: {} items, of which {} differ", found.len(), set.len());
    let missing = expected.difference(&set).count();
    let strange = set.difference(expected).count();
    ensure!(
        missing + strange == 0,
        "{when}: of {} items {missing} are missing, and {strange} too many",
        expected.len()
    );
    Ok(())
}

pub(crate) async fn everybody_comes_once_through_pages_of_any_size(world: &World) -> Outcome {
    let known: BTreeSet<&str> = world.target.people.iter().map(|person| person.user_name.as_str()).collect();
    for limit in LIMITS {
        let items = world.pages(&All, ListQuery::first(limit)).await?;
        let found = ids(&items);
        exactly(&found, &found.iter().cloned().collect(), &format!("in pages of {limit}"))?;
        let names: BTreeSet<&str> =
            items.iter().map(|one| one.item.profile.user_name.as_deref().unwrap_or_default()).collect();
        let missing: Vec<_> = known.difference(&names).take(5).collect();
        let strange: Vec<_> = names.difference(&known).take(5).collect();
        ensure!(
            missing.is_empty() && strange.is_empty() && items.len() == known.len(),
            "in pages of {limit}: {} of {} people; missing {missing:?} …, strange {strange:?} …",
            items.len(),
            known.len()
        );
    }
    Ok(())
}

pub(crate) async fn records_say_what_is_known(world: &World) -> Outcome {
    let listed = world.by_user_name().await?;
    for known in &world.target.people {
        let record = listed.get(&known.user_name);
        agrees_with(record.ok_or_else(|| format!("{:?} is not listed", known.user_name))?, known)?;
        if let Some(manager) = &known.manager {
            let link = record.and_then(|record| record.manager.as_ref());
            let boss = listed.get(manager).ok_or_else(|| format!("{manager:?} is not listed"))?;
            let right =
                link.is_some_and(|link| link.id == boss.id && link.display == boss.profile.display_name);
            ensure!(right, "{:?} reports to {link:?}, not to {manager:?}", known.user_name);
        }
    }
    Ok(())
}

/// Asserts that a record says what is known of the person, as far as it can be said without asking.
pub(super) fn agrees_with(record: &PersonRecord, known: &KnownPerson) -> Outcome {
    let (profile, who) = (&record.profile, &known.user_name);
    let telephone = known.telephone.as_ref();
    let pairs = [
        ("display name", Some(&profile.display_name), Some(&known.display_name)),
        ("given name", profile.name.given_name.as_ref(), Some(&known.given_name)),
        ("family name", profile.name.family_name.as_ref(), Some(&known.family_name)),
        ("title", profile.title.as_ref(), known.title.as_ref()),
        ("department", profile.department.as_ref(), known.department.as_ref()),
        ("employee number", profile.employee_number.as_ref(), known.employee_number.as_ref()),
        ("address", profile.emails.first().map(|email| &email.value), known.email.as_ref()),
        (
            "telephone number",
            profile
                .phone_numbers
                .iter()
                .map(|number| &number.value)
                .find(|number| telephone == Some(*number)),
            telephone,
        ),
    ];
    for (what, is, should) in pairs {
        ensure!(is == should, "the {what} of {who:?} is {is:?}, not {should:?}");
    }
    ensure!(profile.active == known.active, "{who:?} has active = {}", profile.active);
    let primary = profile.emails.iter().filter(|email| email.primary).count();
    ensure!(primary == profile.emails.len().min(1), "{who:?} has {primary} primary addresses");
    let has_photo = known.photo != KnownPhoto::None;
    ensure!(record.has_photo == has_photo, "{who:?} has a photo: {}", record.has_photo);
    ensure!(record.manager.is_some() == known.manager.is_some(), "{who:?} reports to {:?}", record.manager);
    let version = record.version.as_ref().is_none_or(|version| !version.0.is_empty());
    ensure!(version, "{who:?} has an empty version");
    Ok(())
}

pub(crate) async fn every_record_is_found_again_by_its_id(world: &World) -> Outcome {
    let listed: Vec<PersonRecord> = world.everybody().await?.into_values().collect();
    for some in listed.chunks(8) {
        let found = join_all(some.iter().map(|one| world.get(&one.id))).await;
        for (listed, found) in some.iter().zip(found) {
            let who = &listed.profile.user_name;
            let found = good(&format!("getting {who:?} by the id from the list"), found)?;
            same(&format!("{who:?}, listed and found"), listed, &found)?;
        }
    }
    Ok(())
}

/// Values to compare a field with: some that records have, and one that none has.
fn some_values(all: &[Listed<PersonRecord>], field: &str) -> Result<Vec<Scalar>, String> {
    let mut held = Vec::new();
    for listed in all {
        let unknown = || format!("the suite does not know the field {field:?}; teach it");
        held.extend(values(&listed.item, field).ok_or_else(unknown)?);
    }
    held.sort();
    held.dedup();
    let picked = [0, held.len() / 2, held.len().saturating_sub(1)];
    let mut some: Vec<Scalar> = picked.iter().filter_map(|at| held.get(*at).cloned()).collect();
    some.dedup();
    if let Some(Scalar::Text(_)) = some.first() {
        some.push(Scalar::Text("nobody is called so".into()));
    }
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
        return parts.filter(|part| part.len() > 1).map(|part| filter(vec![Scalar::Text(part)])).collect();
    }
    let mut trials: Vec<Filter> = values.iter().map(|value| filter(vec![value.clone()])).collect();
    if comparison == Comparison::In && values.len() > 1 {
        trials.push(filter(values.to_vec()));
    }
    trials
}

pub(crate) async fn people_filter_like_the_reference(world: &World) -> Outcome {
    filter_like_the_reference(world, &All, ListPeople::META.id).await
}

async fn filter_like_the_reference<L: List<Item = PersonRecord>>(
    world: &World,
    list: &L,
    id: &str,
) -> Outcome {
    let all = world.pages(list, ListQuery::first(200)).await?;
    let mut one_of_each = Vec::new();
    for offered in &capability(world, id)?.filters {
        let values = some_values(&all, offered.field)?;
        for comparison in offered.comparisons {
            let trials = trials(offered.field, *comparison, &values);
            one_of_each.extend(trials.first().cloned());
            for filter in trials {
                filters_to(world, list, &all, vec![filter]).await?;
            }
        }
    }
    // All at once: every condition has to hold.
    filters_to(world, list, &all, one_of_each).await
}

async fn filters_to<L: List<Item = PersonRecord>>(
    world: &World,
    list: &L,
    all: &[Listed<PersonRecord>],
    filters: Vec<Filter>,
) -> Outcome {
    let held = all.iter().filter(|listed| meets(&listed.item, &filters));
    let expected: BTreeSet<NativeId> = held.map(|listed| listed.item.id.clone()).collect();
    let when = format!("filtered by {filters:?}");
    // Small pages of few, large ones of many.
    let limits: &[usize] = if expected.len() < 50 { &[3, 200] } else { &[200] };
    for limit in limits {
        let query = ListQuery { filters: filters.clone(), ..ListQuery::first(*limit) };
        exactly(&ids(&world.pages(list, query).await?), &expected, &when)?;
    }
    Ok(())
}

pub(crate) async fn people_sort_by_their_keys(world: &World) -> Outcome {
    let all = world.pages(&All, ListQuery::first(200)).await?;
    let expected: BTreeSet<NativeId> = ids(&all).into_iter().collect();
    let capability = capability(world, ListPeople::META.id)?;
    for field in &capability.sorts {
        for descending in [false, true] {
            let order = vec![SortTerm { field: (*field).into(), descending }];
            let query = ListQuery { sort: order.clone(), ..ListQuery::first(33) };
            sorted(&world.pages(&All, query).await?, &order, &expected)?;
        }
    }
    if let Some(natural) = capability.natural_sort {
        sorted(&all, &reference::terms(natural), &expected)?;
    }
    Ok(())
}

fn sorted(items: &[Listed<PersonRecord>], terms: &[SortTerm], expected: &BTreeSet<NativeId>) -> Outcome {
    let when = format!("sorted by {terms:?}");
    exactly(&ids(items), expected, &when)?;
    for listed in items {
        ensure!(listed.key.len() == terms.len(), "{when}: a key of {} values", listed.key.len());
        for (value, term) in listed.key.iter().zip(terms) {
            let unknown = || format!("the suite does not know the field {:?}; teach it", term.field);
            let is = key(&listed.item, &term.field).ok_or_else(unknown)?;
            let who = &listed.item.profile.user_name;
            ensure!(*value == is, "{when}: {who:?} has the key {value:?}, but is {is:?}");
        }
    }
    for pair in items.windows(2) {
        let order = reference::compare(&pair[0].key, &pair[1].key, terms);
        ensure!(order.is_le(), "{when}: {:?} comes before {:?}", pair[0].key, pair[1].key);
    }
    Ok(())
}

/// The composition stops in the middle of a page when other sources come first: it goes on from the position of the last item
/// that it used.
pub(crate) async fn a_position_resumes_behind_its_item(world: &World) -> Outcome {
    let sorts = capability(world, ListPeople::META.id)?.sorts;
    let first = sorts.first().map(|field| vec![SortTerm { field: (*field).into(), descending: true }]);
    for sort in [Vec::new()].into_iter().chain(first) {
        let query = ListQuery { sort, ..ListQuery::first(50) };
        let all = world.pages(&All, query.clone()).await?;
        let last = all.len().saturating_sub(1);
        for at in BTreeSet::from([0, 1, last / 3, last / 2, last.saturating_sub(1), last]) {
            let Some(listed) = all.get(at) else { continue };
            let rest = ListQuery { after: Some(listed.position.clone()), ..query.clone() };
            let found = ids(&world.pages(&All, rest).await?);
            let expected = ids(&all[at + 1..]);
            let (count, wanted) = (found.len(), expected.len());
            ensure!(found == expected, "behind item {at}: {count} items instead of {wanted}, or others");
        }
    }
    Ok(())
}

pub(crate) async fn a_scope_hides_what_it_does_not_show(world: &World) -> Outcome {
    let all = world.everybody().await?;
    let unit = all.values().find_map(|one| one.facts.unit.clone());
    let owner = all.values().find_map(|one| one.facts.owner.as_ref().map(|owner| owner.native_id.clone()));
    let set = |key: &Option<String>| BTreeSet::from([key.clone().unwrap_or_else(|| "nobody".to_owned())]);
    let scopes = [
        Scope::Owners(set(&None)),
        Scope::Units(set(&None)),
        Scope::Owners(set(&owner)),
        Scope::Units(set(&unit)),
        Scope::Any(vec![Scope::Owners(set(&owner)), Scope::Units(set(&None))]),
        Scope::Any(vec![Scope::Units(set(&None)), Scope::All]),
    ];
    for scope in scopes {
        let shown = all.values().filter(|one| scope.shows(&one.facts)).map(|one| one.id.clone()).collect();
        let query = ListQuery { scope: scope.clone(), ..ListQuery::first(50) };
        exactly(&ids(&world.pages(&All, query).await?), &shown, &format!("in {scope:?}"))?;
    }
    Ok(())
}

/// Between two pages people are added and deleted. With a keyset order, or a snapshot, who is there all the time appears exactly
/// once.
pub(crate) async fn people_stay_put_while_others_come_and_go(world: &World) -> Outcome {
    if capability(world, ListPeople::META.id)?.order == ListOrder::Unordered {
        return Ok(());
    }
    // The first in most orders, and some in the middle.
    for letter in ["A", "M"] {
        world.add(&format!("{letter}-passing"), &format!("{letter} passing")).await?;
    }
    let constant: BTreeSet<NativeId> = {
        let all = world.by_user_name().await?;
        let known = world.target.people.iter().filter_map(|person| all.get(&person.user_name));
        known.map(|record| record.id.clone()).collect()
    };
    // A few pages, so that each change falls between two of them.
    let limit = constant.len().div_ceil(8).clamp(1, 200);
    let (mut query, mut seen, mut round) = (ListQuery::first(limit), Vec::new(), 0);
    loop {
        let page = good("listing", All.page(world, query.clone()).await)?;
        seen.extend(ids(&page.items));
        let Some(next) = page.next else { break };
        query.after = Some(next);
        round += 1;
        ensure!(round < 500, "no end after 500 pages");
        match round {
            1 => world.delete("A-passing").await?,
            2 => drop(world.add("A-comes", "A comes").await?),
            3 => world.delete("M-passing").await?,
            4 => drop(world.add("M-comes", "M comes").await?),
            _ => {}
        }
    }
    let different: BTreeSet<&NativeId> = seen.iter().collect();
    ensure!(different.len() == seen.len(), "somebody came twice");
    let missing = constant.iter().filter(|id| !different.contains(id)).count();
    ensure!(missing == 0, "{missing} people who were there all the time did not come");
    let now = world.by_user_name().await?;
    ensure!(now.contains_key("A-comes") && !now.contains_key("M-passing"), "a new list shows the old state");
    Ok(())
}
