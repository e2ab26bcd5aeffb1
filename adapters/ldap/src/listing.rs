//! Pages of lists of people.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use portico_contract::access::Scope;
use portico_contract::paging::{ListQuery, SourcePage};
use portico_contract::people::PersonRecord;
use portico_contract::{CallContext, Error};
use portico_wire::ldap::{Filter as Condition, Search};
use sha2::{Digest as _, Sha256};

use crate::directory::{Directory, base_is_missing};
use crate::id::Id;
use crate::map::Row;
use crate::query::Plan;
use crate::snapshot::{Held, Place, Snapshot};
use crate::units::UnitTable;
use crate::walk::Walk;

/// People of a list that are held with everything about them; of a longer one only keys and ids are.
const HELD_WHOLE: usize = 2_000;

/// Whose list it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose {
    /// Everybody.
    All,
    /// Those who report to this person.
    Reports(Id),
}

impl Directory {
    /// One page of a list of people.
    pub(crate) async fn page(
        &self,
        context: &CallContext,
        query: &ListQuery,
        whose: Whose,
    ) -> Result<SourcePage<PersonRecord>, Error> {
        if query.scope == Scope::None {
            return Ok(SourcePage::new(Vec::new(), None));
        }
        let digest = digest(query, whose);
        let place = match &query.after {
            Some(position) => Some(Place::parse(position, query.sort.len().max(1))?),
            None => None,
        };
        let kept = place.as_ref().and_then(|place| self.snapshots.find(place, &digest));
        let list = match kept {
            Some(list) => list,
            None => match Box::pin(self.read_list(context, query, whose, digest)).await? {
                Some(list) => list,
                None => return Ok(SourcePage::new(Vec::new(), None)),
            },
        };
        let from = place.as_ref().map_or(0, |place| list.until(place));
        self.page_of(context, &list, from, query.limit).await
    }

    /// The people of a list from this one on.
    async fn page_of(
        &self,
        context: &CallContext,
        list: &Snapshot,
        from: usize,
        limit: usize,
    ) -> Result<SourcePage<PersonRecord>, Error> {
        let to = from.saturating_add(limit).min(list.people.len());
        let held = list.people.get(from..to).unwrap_or_default();
        let unread: Vec<Id> = held.iter().filter(|held| held.row.is_none()).map(|held| held.id).collect();
        let mut read = self.by_ids(context, &unread).await?;
        let units = match list.plan.needs_units() && !unread.is_empty() {
            true => self.units_around(context, std::iter::empty()).await?,
            false => None,
        };
        read.retain(|_, row| list.plan.shows(row, unit_of(units.as_deref(), row)));
        let mut rows = Vec::with_capacity(held.len());
        let mut places = Vec::with_capacity(held.len());
        for held in held {
            let row = match &held.row {
                Some(row) => Some(Cow::Borrowed(&**row)),
                // Who is gone by now is left out, and who changed is judged again: the page may be short.
                None => read.remove(&held.id).map(Cow::Owned),
            };
            if let Some(row) = row {
                rows.push(row);
                places.push(held);
            }
        }
        let records = self.records(context, rows).await?;
        let mut items = Vec::with_capacity(records.len());
        for (record, held) in records.into_iter().zip(places) {
            items.push(list.listed(held, record)?);
        }
        match (held.last().filter(|_| to < list.people.len()), &list.limited) {
            (Some(last), _) => Ok(SourcePage::new(items, Some(list.position(last)?))),
            (None, Some(why)) => Ok(SourcePage::limited(items, why.clone())),
            (None, None) => Ok(SourcePage::new(items, None)),
        }
    }

    /// Reads a list and keeps it. `None` when nobody can be in it.
    async fn read_list(
        &self,
        context: &CallContext,
        query: &ListQuery,
        whose: Whose,
        digest: [u8; 32],
    ) -> Result<Option<Arc<Snapshot>>, Error> {
        let Some(mut plan) = Plan::new(self, context, query).await? else { return Ok(None) };
        if let Whose::Reports(manager) = whose {
            let manager = self.by_id(context, manager).await?.dn;
            let names = &self.settings.attributes.manager;
            let one = names.iter().map(|name| Condition::equal(name, manager.as_str())).collect();
            plan.conditions.push(Condition::Or(one));
        }
        let everybody = plan.conditions.is_empty();
        let whole = !(everybody && self.is_large.load(Ordering::Relaxed));
        let units =
            if plan.needs_units() { self.units_around(context, std::iter::empty()).await? } else { None };
        let mut search = self.people(plan.conditions.clone(), plan.attributes.clone());
        search.base = plan.base.clone();
        if whole {
            search.attributes.clone_from(&self.person_attributes);
        }
        let (people, limited) = self.collect(context, search, &plan, units.as_deref(), whole).await?;
        if everybody {
            self.is_large.store(people.len() > HELD_WHOLE, Ordering::Relaxed);
        }
        let list = Arc::new(Snapshot::new(digest, plan, people, limited));
        // A list that fits into one page has no second one.
        if list.people.len() > query.limit {
            self.snapshots.keep(Arc::clone(&list));
        }
        Ok(Some(list))
    }

    async fn collect(
        &self,
        context: &CallContext,
        search: Search,
        plan: &Plan,
        units: Option<&UnitTable>,
        mut whole: bool,
    ) -> Result<(Vec<Held>, Option<String>), Error> {
        let now = Timestamp::now();
        let most = self.settings.list_max_people;
        let mut people: Vec<Held> = Vec::new();
        let mut walk = Walk::start(self, context, search).await?;
        while let Some(entries) = walk.next().await.map_err(base_is_missing)? {
            for entry in &entries {
                let row = self.row(entry, now)?;
                if plan.shows(&row, unit_of(units, &row)) {
                    let (key, id) = (plan.key(&row), row.id);
                    people.push(Held { key, id, row: whole.then(|| Box::new(row)) });
                }
            }
            if whole && people.len() > HELD_WHOLE {
                whole = false;
                people.iter_mut().for_each(|held| held.row = None);
            }
            if people.len() > most {
                people.truncate(most);
                let why = format!(
                    "The list holds only the first {most} people that the directory gave; narrow it down, or raise \
                     `limits.list_max_people`."
                );
                return Ok((people, Some(why)));
            }
        }
        for row in people.iter().filter_map(|held| held.row.as_deref()) {
            self.links.learn(row);
        }
        Ok((people, walk.limited()))
    }
}

fn unit_of(units: Option<&UnitTable>, row: &Row) -> Option<Id> {
    units.and_then(|units| units.around(&row.dn)).map(|unit| unit.id)
}

/// Which question a list answers.
fn digest(query: &ListQuery, whose: Whose) -> [u8; 32] {
    let mut digest = Sha256::new();
    if let Whose::Reports(id) = whose {
        digest.update(id.to_string());
    }
    digest.update(format!("\0{:?}\0{:?}\0{:?}", query.filters, query.sort, query.scope));
    digest.finalize().into()
}
