//! The directory around a check, and the few things that most checks do.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use portico_contract::paging::{ListQuery, Listed, Position, SourcePage};
use portico_contract::people::{
    FindPeople, GetPerson, ListOrgUnits, ListPeople, ListReports, OrgUnitRecord, PeopleChanges, PersonChange,
    PersonKey, PersonRecord,
};
use portico_contract::{CallContext, Error, NativeId, Operation, Upstream};
use tokio::sync::mpsc;

use super::target::{KnownPerson, NativeDirectory, PeopleTarget};
use crate::world::{Outcome, ensure, good};

/// Time for one call.
const DEADLINE: Duration = Duration::from_secs(60);
/// A listing that needs more pages than this for one item is not getting anywhere.
const PAGES_PER_ITEM: usize = 20;
/// Steps that one batch of changes may have.
const BATCH: usize = 1_000;

/// The directory, and what the check added to it.
pub(crate) struct World {
    pub upstream: Upstream,
    pub target: Arc<PeopleTarget>,
    added: Mutex<Vec<String>>,
}

/// A list that can be asked for page by page.
pub(crate) trait List: Sync {
    type Item: Send;
    fn page<'a>(
        &'a self,
        world: &'a World,
        query: ListQuery,
    ) -> BoxFuture<'a, Result<SourcePage<Self::Item>, Error>>;
}

/// Everybody.
pub(crate) struct All;
/// Those who report to somebody.
pub(crate) struct Reports(pub NativeId);
/// All units.
pub(crate) struct Units;

type Asked<'a, T> = BoxFuture<'a, Result<SourcePage<T>, Error>>;

impl List for All {
    type Item = PersonRecord;
    fn page<'a>(&'a self, world: &'a World, query: ListQuery) -> Asked<'a, PersonRecord> {
        Box::pin(world.call(ListPeople { query }))
    }
}

impl List for Reports {
    type Item = PersonRecord;
    fn page<'a>(&'a self, world: &'a World, query: ListQuery) -> Asked<'a, PersonRecord> {
        Box::pin(world.call(ListReports { manager: self.0.clone(), query }))
    }
}

impl List for Units {
    type Item = OrgUnitRecord;
    fn page<'a>(&'a self, world: &'a World, query: ListQuery) -> Asked<'a, OrgUnitRecord> {
        Box::pin(world.call(ListOrgUnits { query }))
    }
}

impl World {
    pub fn new(upstream: Upstream, target: Arc<PeopleTarget>) -> Self {
        Self { upstream, target, added: Mutex::default() }
    }

    /// Deletes what the check added and did not delete itself.
    pub async fn leave(&self) {
        let Some(native) = &self.target.native else { return };
        let added = std::mem::take(&mut *self.added.lock().unwrap_or_else(PoisonError::into_inner));
        for user_name in added {
            // Most have gone already.
            let _ = native.delete(&user_name).await;
        }
    }

    pub fn claims<O: Operation>(&self) -> bool {
        self.upstream.profile.operations.contains_key(O::META.id)
    }

    pub async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.upstream.call(CallContext::internal("suite", DEADLINE), operation).await
    }

    pub async fn get(&self, id: &NativeId) -> Result<PersonRecord, Error> {
        self.call(GetPerson { person: id.clone() }).await
    }

    pub async fn find(&self, key: PersonKey, value: &str) -> Result<Vec<PersonRecord>, Error> {
        Ok(self.call(FindPeople { key, value: value.to_owned() }).await?.0)
    }

    /// The one person of this user name.
    pub async fn person(&self, user_name: &str) -> Result<PersonRecord, String> {
        let doing = format!("finding {user_name:?} by user name");
        let mut found = good(&doing, self.find(PersonKey::UserName, user_name).await)?;
        ensure!(found.len() == 1, "{doing}: {} people", found.len());
        found.pop().ok_or_else(|| "nobody".to_owned())
    }

    /// All pages from a query on, with what every page must keep to. A list that stops at a limit of the system is a
    /// failure: this directory can be read to its end.
    pub async fn pages<L: List>(
        &self,
        list: &L,
        mut query: ListQuery,
    ) -> Result<Vec<Listed<L::Item>>, String> {
        let mut all = Vec::new();
        let mut pages = 0;
        loop {
            let page = good("listing", list.page(self, query.clone()).await)?;
            let (items, limit) = (page.items.len(), query.limit);
            ensure!(items <= limit, "{items} items on a page of {limit}");
            all.extend(page.items);
            if let Some(why) = page.limited {
                return Err(format!("the list ends after {} items: {why}", all.len()));
            }
            pages += 1;
            let bound = PAGES_PER_ITEM * (all.len() + 10);
            ensure!(pages <= bound, "{pages} pages gave {} items: no progress", all.len());
            let Some(next) = page.next else { return Ok(all) };
            ensure!(query.after.as_ref() != Some(&next), "a page goes on where it started");
            query.after = Some(next);
        }
    }

    /// Everybody, by id.
    pub async fn everybody(&self) -> Result<BTreeMap<NativeId, PersonRecord>, String> {
        let items = self.pages(&All, ListQuery::first(200)).await?;
        let count = items.len();
        let all: BTreeMap<_, _> = items.into_iter().map(|one| (one.item.id.clone(), one.item)).collect();
        ensure!(all.len() == count, "of {count} people listed, {} have the id of another", count - all.len());
        Ok(all)
    }

    /// The people who are known, by user name, as they are listed.
    pub async fn by_user_name(&self) -> Result<HashMap<String, PersonRecord>, String> {
        let all = self.everybody().await?.into_values();
        Ok(all.filter_map(|one| Some((one.profile.user_name.clone()?, one))).collect())
    }

    /// Some of those who are known, spread over all, the first and the last among them.
    pub fn some(&self, count: usize) -> Vec<&KnownPerson> {
        let people = &self.target.people;
        let step = people.len().div_ceil(count.max(1)).max(1);
        let mut some: Vec<&KnownPerson> = people.iter().step_by(step).collect();
        some.extend(people.last().filter(|_| !(people.len() - 1).is_multiple_of(step)));
        some
    }

    fn native(&self) -> Result<&dyn NativeDirectory, String> {
        self.target
            .native
            .as_deref()
            .ok_or_else(|| "this check needs changes; its list of needs is wrong".into())
    }

    /// Adds a person past the adapter.
    pub async fn add(&self, user_name: &str, display_name: &str) -> Result<KnownPerson, String> {
        let person = KnownPerson {
            user_name: user_name.to_owned(),
            display_name: display_name.to_owned(),
            given_name: "Suite".to_owned(),
            family_name: "Portico".to_owned(),
            title: Some("Tester".to_owned()),
            employee_number: Some(format!("S-{user_name}")),
            email: Some(format!("{user_name}@suite.example")),
            telephone: Some("+44 1632 960999".to_owned()),
            active: true,
            ..KnownPerson::default()
        };
        self.add_person(&person).await?;
        Ok(person)
    }

    pub async fn add_person(&self, person: &KnownPerson) -> Outcome {
        self.note(&person.user_name);
        let added = self.native()?.add(person).await;
        added.map_err(|why| format!("adding {:?} natively: {why}", person.user_name))
    }

    pub async fn edit_title(&self, user_name: &str, title: &str) -> Outcome {
        let edited = self.native()?.edit_title(user_name, title).await;
        edited.map_err(|why| format!("editing {user_name:?} natively: {why}"))
    }

    pub async fn rename(&self, user_name: &str, to: &str) -> Outcome {
        self.note(to);
        let renamed = self.native()?.rename(user_name, to).await;
        renamed.map_err(|why| format!("renaming {user_name:?} natively: {why}"))
    }

    pub async fn delete(&self, user_name: &str) -> Outcome {
        let deleted = self.native()?.delete(user_name).await;
        deleted.map_err(|why| format!("deleting {user_name:?} natively: {why}"))
    }

    fn note(&self, user_name: &str) {
        self.added.lock().unwrap_or_else(PoisonError::into_inner).push(user_name.to_owned());
    }

    /// What is told since a position, and what to ask next time. The receiver is slow: there is room for one batch.
    pub async fn changes(
        &self,
        since: Option<Position>,
    ) -> Result<(Vec<PersonChange>, Option<Position>), String> {
        let (into, mut told) = mpsc::channel::<Vec<PersonChange>>(1);
        let collect = async {
            let mut steps = Vec::new();
            let mut largest = 0;
            while let Some(batch) = told.recv().await {
                largest = largest.max(batch.len());
                steps.extend(batch);
                tokio::task::yield_now().await;
            }
            (steps, largest)
        };
        let (done, (steps, largest)) = tokio::join!(self.call(PeopleChanges { since, into }), collect);
        let done = good("reading changes", done)?;
        ensure!(largest <= BATCH, "a batch of {largest} steps");
        Ok((steps, done.next))
    }
}

/// Applies what was told to what was known before.
pub(crate) fn apply(
    before: &BTreeMap<NativeId, PersonRecord>,
    steps: &[PersonChange],
) -> Result<BTreeMap<NativeId, PersonRecord>, String> {
    let mut after = None;
    for step in steps {
        match (step, &mut after) {
            (PersonChange::Begin { whole: true }, after) => *after = Some(BTreeMap::new()),
            (PersonChange::Begin { whole: false }, after) => *after = Some(before.clone()),
            (_, None) => return Err("changes are told before the telling begins".to_owned()),
            (PersonChange::Put(record), Some(after)) => {
                after.insert(record.id.clone(), (**record).clone());
            }
            (PersonChange::Gone(id), Some(after)) => {
                after.remove(id);
            }
        }
    }
    after.ok_or_else(|| "the telling never begins".to_owned())
}
