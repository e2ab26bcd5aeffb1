//! Lists: complete, stable, filtered, sorted, resumable.

use std::collections::BTreeSet;

use portico_contract::access::Scope;
use portico_contract::documents::{DocumentRecord, DocumentRef, ListChildren, ListDocuments};
use portico_contract::paging::{Comparison, Filter, ListQuery, Listed, Scalar, SortTerm};
use portico_contract::{Capability, ErrorKind, ListOrder, NativeId, Operation};

use crate::reference;
use crate::world::{Listing, Outcome, World, ensure, good, refused};

/// Page sizes: the smallest, one that does not divide anything, the largest.
const LIMITS: [usize; 3] = [1, 3, 200];

/// Makes a small tree and gives the ids that a listing has to show.
async fn tree(world: &World, list: &Listing) -> Result<BTreeSet<NativeId>, String> {
    let mut direct = BTreeSet::new();
    let mut deep = BTreeSet::new();
    for (number, name) in
        ["b 1.txt", "B 2.pdf", "a#3.csv", "é 4.txt", "z 5", ".6", "%7.md"].iter().enumerate()
    {
        direct.insert(world.file(name, &vec![b'x'; number * 7]).await?.id);
    }
    for name in ["folder b", "A folder", "empty"] {
        let folder = world.folder(name).await?;
        direct.insert(folder.id.clone());
        if name == "empty" {
            continue;
        }
        let inside = DocumentRef::Id(folder.id);
        for file in ["b 1.txt", "inner.txt"] {
            deep.insert(world.file_in(&inside, file, file.as_bytes()).await?.id);
        }
        let nested = world.folder_in(&inside, "nested").await?;
        deep.insert(world.file_in(&DocumentRef::Id(nested.id.clone()), "deepest", b"").await?.id);
        deep.insert(nested.id);
    }
    if *list == Listing::All {
        direct.append(&mut deep);
    }
    Ok(direct)
}

fn capability(world: &World, list: &Listing) -> Result<Capability, String> {
    let id = match list {
        Listing::All => ListDocuments::META.id,
        Listing::Children(_) => ListChildren::META.id,
    };
    let capability = world.upstream.profile.operations.get(id);
    capability.map(|capability| (**capability).clone()).ok_or_else(|| format!("`{id}` is not claimed"))
}

fn ids(items: &[Listed<DocumentRecord>]) -> Vec<NativeId> {
    items.iter().map(|listed| listed.item.id.clone()).collect()
}

/// Asserts that exactly these are there, once each.
fn exactly(items: &[Listed<DocumentRecord>], expected: &BTreeSet<NativeId>, when: &str) -> Outcome {
    let found = ids(items);
    let set: BTreeSet<NativeId> = found.iter().cloned().collect();
    ensure!(set.len() == found.len(), "{when}: {} items, of which {} differ", found.len(), set.len());
    let missing: Vec<&str> = expected.difference(&set).map(NativeId::as_str).collect();
    ensure!(missing.is_empty(), "{when}: {missing:?} are missing");
    let strange: Vec<&str> = set.difference(expected).map(NativeId::as_str).collect();
    ensure!(strange.is_empty(), "{when}: {strange:?} are too many");
    Ok(())
}

async fn come_once(world: &World, list: Listing) -> Outcome {
    let expected = tree(world, &list).await?;
    for limit in LIMITS {
        let items = world.listed(&list, ListQuery::first(limit)).await?;
        exactly(&items, &expected, &format!("in pages of {limit}"))?;
    }
    Ok(())
}

pub(crate) async fn children_come_once_through_pages_of_any_size(world: &World) -> Outcome {
    come_once(world, Listing::Children(world.here()?)).await
}

pub(crate) async fn all_documents_come_once_through_pages_of_any_size(world: &World) -> Outcome {
    come_once(world, Listing::All).await
}

/// Between two pages items are made and deleted, before and behind where the listing stands. With a keyset order, or a
/// snapshot, what exists all the time appears exactly once.
async fn stay_put(world: &World, list: Listing) -> Outcome {
    if capability(world, &list)?.order == ListOrder::Unordered {
        return Ok(());
    }
    let mut constant = BTreeSet::new();
    for name in ["c", "f", "i", "l", "o", "r", "u"] {
        constant.insert(world.file(&format!("{name} stays"), name.as_bytes()).await?.id);
    }
    let mut passing = Vec::new();
    for name in ["a", "e", "k", "q", "w"] {
        passing.push(world.file(&format!("{name} goes"), b"").await?.id);
    }
    let inside = format!("{}/", world.room()?.path);
    let (mut query, mut seen, mut round) = (ListQuery::first(2), Vec::new(), 0);
    loop {
        let page = good("listing", world.page(&list, query.clone()).await)?;
        seen.extend(page.items.into_iter().filter(|listed| listed.item.path.starts_with(&inside)));
        let Some(next) = page.next else { break };
        query.after = Some(next);
        round += 1;
        ensure!(round < 500, "no end after 500 pages");
        if round <= 6 {
            if let Some(id) = passing.pop() {
                good("deleting between pages", world.delete(&id).await)?;
            }
            for letter in ["b", "m", "x"] {
                world.file(&format!("{letter} {round} comes"), b"").await?;
            }
        }
    }
    let found = ids(&seen);
    for id in &constant {
        let times = found.iter().filter(|found| *found == id).count();
        ensure!(times == 1, "what was there all the time came {times} times");
    }
    let different: BTreeSet<&NativeId> = found.iter().collect();
    ensure!(different.len() == found.len(), "something came twice");
    Ok(())
}

pub(crate) async fn children_stay_put_while_others_come_and_go(world: &World) -> Outcome {
    stay_put(world, Listing::Children(world.here()?)).await
}

pub(crate) async fn all_documents_stay_put_while_others_come_and_go(world: &World) -> Outcome {
    stay_put(world, Listing::All).await
}

/// Values to compare a field with: some that records have, and one that none has.
fn values(items: &[Listed<DocumentRecord>], field: &str) -> Result<Vec<Scalar>, String> {
    let mut values = Vec::new();
    for listed in items {
        let value = reference::field(&listed.item, field)
            .ok_or_else(|| format!("the suite does not know the field {field:?}; teach it"))?;
        if value != Scalar::Missing && !values.contains(&value) {
            values.push(value);
        }
    }
    values.sort();
    let picked = [0, values.len() / 2, values.len().saturating_sub(1)];
    let mut some: Vec<Scalar> = picked.iter().filter_map(|at| values.get(*at).cloned()).collect();
    some.dedup();
    some.extend(match some.first() {
        Some(Scalar::Number(_)) => Some(Scalar::Number(999_999)),
        Some(Scalar::Text(_)) => Some(Scalar::Text("nothing is called so".into())),
        _ => None,
    });
    Ok(some)
}

/// What to try of one comparison.
fn trials(field: &'static str, comparison: Comparison, values: &[Scalar]) -> Vec<Filter> {
    let filter = |values: Vec<Scalar>| Filter { field: field.into(), comparison, values };
    let mut trials: Vec<Filter> = match comparison {
        Comparison::Contains => {
            let parts = values.iter().filter_map(|value| match value {
                Scalar::Text(text) => Some(text.chars().skip(1).take(3).collect::<String>().to_uppercase()),
                _ => None,
            });
            parts.filter(|part| !part.is_empty()).map(|part| filter(vec![Scalar::Text(part)])).collect()
        }
        _ => values.iter().map(|value| filter(vec![value.clone()])).collect(),
    };
    if comparison == Comparison::In && values.len() > 1 {
        trials.push(filter(values.to_vec()));
    }
    trials
}

async fn filter_like_the_reference(world: &World, list: Listing) -> Outcome {
    tree(world, &list).await?;
    let capability = capability(world, &list)?;
    let all = world.listed(&list, ListQuery::first(200)).await?;
    let mut one_of_each = Vec::new();
    for offered in &capability.filters {
        let values = values(&all, offered.field)?;
        for comparison in offered.comparisons {
            let trials = trials(offered.field, *comparison, &values);
            one_of_each.extend(trials.first().cloned());
            for filter in trials {
                agrees(world, &list, &all, vec![filter]).await?;
            }
        }
    }
    // All at once: every condition has to hold.
    agrees(world, &list, &all, one_of_each).await
}

async fn agrees(
    world: &World,
    list: &Listing,
    all: &[Listed<DocumentRecord>],
    filters: Vec<Filter>,
) -> Outcome {
    let meets = all.iter().filter(|listed| reference::meets(&listed.item, &filters));
    let expected: BTreeSet<NativeId> = meets.map(|listed| listed.item.id.clone()).collect();
    let when = format!("filtered by {filters:?}");
    for limit in [2, 200] {
        let query = ListQuery { filters: filters.clone(), ..ListQuery::first(limit) };
        exactly(&world.listed(list, query).await?, &expected, &when)?;
    }
    Ok(())
}

pub(crate) async fn children_filter_like_the_reference(world: &World) -> Outcome {
    filter_like_the_reference(world, Listing::Children(world.here()?)).await
}

pub(crate) async fn all_documents_filter_like_the_reference(world: &World) -> Outcome {
    filter_like_the_reference(world, Listing::All).await
}

async fn sort_by_their_keys(world: &World, list: Listing) -> Outcome {
    let expected = tree(world, &list).await?;
    let capability = capability(world, &list)?;
    let mut orders: Vec<Vec<SortTerm>> = Vec::new();
    for field in &capability.sorts {
        for descending in [false, true] {
            orders.push(vec![SortTerm { field: (*field).into(), descending }]);
        }
    }
    for order in orders {
        for limit in [3, 200] {
            let query = ListQuery { sort: order.clone(), ..ListQuery::first(limit) };
            sorted(&world.listed(&list, query).await?, &order, &expected)?;
        }
    }
    if let Some(natural) = capability.natural_sort {
        let items = world.listed(&list, ListQuery::first(4)).await?;
        sorted(&items, &reference::terms(natural), &expected)?;
    }
    Ok(())
}

fn sorted(items: &[Listed<DocumentRecord>], terms: &[SortTerm], expected: &BTreeSet<NativeId>) -> Outcome {
    let when = format!("sorted by {terms:?}");
    exactly(items, expected, &when)?;
    for listed in items {
        ensure!(listed.key.len() == terms.len(), "{when}: a key of {} values", listed.key.len());
        for (value, term) in listed.key.iter().zip(terms) {
            let of_record = reference::key(&listed.item, &term.field);
            let of_record = of_record
                .ok_or_else(|| format!("the suite does not know the field {:?}; teach it", term.field))?;
            ensure!(
                *value == of_record,
                "{when}: {:?} has the key {value:?}, but is {of_record:?}",
                listed.item.path
            );
        }
    }
    for pair in items.windows(2) {
        let order = reference::compare(&pair[0].key, &pair[1].key, terms);
        ensure!(order.is_le(), "{when}: {:?} comes before {:?}", pair[0].item.path, pair[1].item.path);
    }
    Ok(())
}

pub(crate) async fn children_sort_by_their_keys(world: &World) -> Outcome {
    sort_by_their_keys(world, Listing::Children(world.here()?)).await
}

pub(crate) async fn all_documents_sort_by_their_keys(world: &World) -> Outcome {
    sort_by_their_keys(world, Listing::All).await
}

/// The composition stops in the middle of a page when other sources come first: it goes on from the position of the last
/// item that it used.
async fn resumes(world: &World, list: Listing) -> Outcome {
    tree(world, &list).await?;
    let capability = capability(world, &list)?;
    let mut orders = vec![Vec::new()];
    orders.extend(
        capability.sorts.first().map(|field| vec![SortTerm { field: (*field).into(), descending: true }]),
    );
    for sort in orders {
        let query = ListQuery { sort, ..ListQuery::first(200) };
        let all = world.pages(&list, query.clone()).await?;
        for (at, listed) in all.iter().enumerate() {
            let rest = ListQuery { after: Some(listed.position.clone()), limit: 5, ..query.clone() };
            let expected: Vec<NativeId> = ids(&all[at + 1..]);
            let found = ids(&world.pages(&list, rest).await?);
            ensure!(
                found == expected,
                "behind {:?}: {} items instead of {}, or others",
                listed.item.path,
                found.len(),
                expected.len()
            );
        }
    }
    Ok(())
}

pub(crate) async fn a_position_of_children_resumes_behind_its_item(world: &World) -> Outcome {
    resumes(world, Listing::Children(world.here()?)).await
}

pub(crate) async fn a_position_of_all_documents_resumes_behind_its_item(world: &World) -> Outcome {
    resumes(world, Listing::All).await
}

pub(crate) async fn a_scope_hides_what_it_does_not_show(world: &World) -> Outcome {
    let list = Listing::Children(world.here()?);
    let expected = tree(world, &list).await?;
    let nobody = || BTreeSet::from(["nobody-has-this-key".to_owned()]);
    for scope in [Scope::Owners(nobody()), Scope::Units(nobody()), Scope::Any(vec![Scope::Owners(nobody())])]
    {
        let query = ListQuery { scope: scope.clone(), ..ListQuery::first(5) };
        let found = world.pages(&list, query).await?;
        let shown = found.iter().all(|listed| scope.shows(&listed.item.facts));
        ensure!(shown, "{} items, some of which {scope:?} does not show", found.len());
    }
    let both = Scope::Any(vec![Scope::Owners(nobody()), Scope::All]);
    let found = world.pages(&list, ListQuery { scope: both, ..ListQuery::first(5) }).await?;
    exactly(&found, &expected, "in a scope that shows everything")
}

pub(crate) async fn an_empty_folder_is_an_empty_page(world: &World) -> Outcome {
    let folder = world.folder("nothing in it").await?;
    let list = Listing::Children(DocumentRef::Id(folder.id));
    for limit in LIMITS {
        let page = good("listing an empty folder", world.page(&list, ListQuery::first(limit)).await)?;
        ensure!(page.items.is_empty(), "an empty folder holds {} items", page.items.len());
        ensure!(page.next.is_none(), "the page of an empty folder has a next one");
    }
    Ok(())
}

pub(crate) async fn children_of_a_file_or_of_nothing_are_refused(world: &World) -> Outcome {
    let file = world.file("a file", b"x").await?;
    let missing = world.id("nothing").await?;
    for (id, what, kind) in
        [(file.id, "a file", ErrorKind::Conflict), (missing, "nothing", ErrorKind::NotFound)]
    {
        let list = Listing::Children(DocumentRef::Id(id));
        let page = world.page(&list, ListQuery::first(10)).await;
        refused(&format!("listing the children of {what}"), page, &[kind])?;
    }
    Ok(())
}
