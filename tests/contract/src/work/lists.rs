//! The lists of these domains as one kind of thing: their entries, the fields that the reference compares, and walking them.

use std::collections::BTreeSet;
use std::fmt::Debug;

use futures_util::future::BoxFuture;
use portico_contract::absences::{AbsenceRecord, AbsenceTypeRecord, ListAbsenceTypes, ListAbsences};
use portico_contract::access::Facts;
use portico_contract::expenses::{
    CostObjectRecord, ExpenseCategoryRecord, ExpenseReportRecord, ListCostCentres, ListExpenseCategories,
    ListExpenseReports, ListProjects, ListTaxRates, TaxRateRecord,
};
use portico_contract::paging::{Comparison, Filter, ListQuery, Listed, Scalar, SourcePage};
use portico_contract::tasks::{ListTasks, TaskRecord};
use portico_contract::{Capability, Error, NativeId, Operation};
use portico_schemas::TaskStatus;

use super::world::World;
use crate::world::{ensure, good};

/// Entries that are looked at. Of a list that is longer the first are checked, and nothing is said about the rest.
pub(crate) const MOST: usize = 3_000;
/// A listing that needs more pages than this for one item is not getting anywhere.
const PAGES_PER_ITEM: usize = 20;

/// What is listed.
pub(crate) trait Entry: Clone + Debug + Send + Sync + 'static {
    fn id(&self) -> &NativeId;
    fn facts(&self) -> &Facts;
    /// The value of a field, as the API names it. `None` for a field that the suite does not know.
    fn field(&self, name: &str) -> Option<Scalar>;
}

/// A list that can be asked for page by page.
pub(crate) trait Listing: 'static {
    type Item: Entry;
    const ID: &'static str;
    fn page(world: &World, query: ListQuery) -> BoxFuture<'_, Result<SourcePage<Self::Item>, Error>>;
    /// The filters that make it show everything.
    fn everything() -> Vec<Filter> {
        Vec::new()
    }
}

macro_rules! listing {
    ($operation:ident of $item:ty) => { listing!($operation of $item, Vec::new()); };
    ($operation:ident of $item:ty, $everything:expr) => {
        impl Listing for $operation {
            type Item = $item;
            const ID: &'static str = <$operation as Operation>::META.id;
            fn page(world: &World, query: ListQuery) -> BoxFuture<'_, Result<SourcePage<$item>, Error>> {
                Box::pin(world.call($operation { query }))
            }
            fn everything() -> Vec<Filter> {
                $everything
            }
        }
    };
}

listing!(ListExpenseReports of ExpenseReportRecord);
listing!(ListExpenseCategories of ExpenseCategoryRecord);
listing!(ListProjects of CostObjectRecord);
listing!(ListCostCentres of CostObjectRecord);
listing!(ListTaxRates of TaxRateRecord);
listing!(ListAbsences of AbsenceRecord);
listing!(ListAbsenceTypes of AbsenceTypeRecord);
listing!(ListTasks of TaskRecord, every_status());

fn every_status() -> Vec<Filter> {
    use TaskStatus::{Completed, InProgress, Obsolete, Ready, Reserved};
    let all = [Ready, Reserved, InProgress, Completed, Obsolete];
    let values = all.iter().map(word).collect();
    vec![Filter { field: "status".into(), comparison: Comparison::In, values }]
}

/// A word of a closed list, as the API writes it.
fn word(value: &impl Debug) -> Scalar {
    let text = format!("{value:?}");
    let (first, rest) = text.split_at(text.len().min(1));
    Scalar::Text(first.to_lowercase() + rest)
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

fn maybe<T>(value: Option<T>, scalar: impl Fn(T) -> Scalar) -> Scalar {
    value.map_or(Scalar::Missing, scalar)
}

macro_rules! entry {
    ($record:ty, |$one:ident, $name:ident| { $($field:literal => $value:expr,)+ }) => {
        impl Entry for $record {
            fn id(&self) -> &NativeId {
                &self.id
            }
            fn facts(&self) -> &Facts {
                &self.facts
            }
            fn field(&self, $name: &str) -> Option<Scalar> {
                let $one = self;
                Some(match $name {
                    $($field => $value,)+
                    _ => return None,
                })
            }
        }
    };
}

entry!(ExpenseReportRecord, |one, name| {
    "status" => word(&one.status),
    "employeeId" => text(one.employee.id.as_str()),
    "title" => text(&one.title),
    "createdAt" => maybe(one.created_at, Scalar::Time),
    "updatedAt" => maybe(one.updated_at, Scalar::Time),
});
entry!(AbsenceRecord, |one, name| {
    "status" => word(&one.status),
    "employeeId" => text(one.employee.id.as_str()),
    "startDate" => text(&one.start_date.to_string()),
    "endDate" => text(&one.end_date.to_string()),
    "createdAt" => maybe(one.created_at, Scalar::Time),
    "updatedAt" => maybe(one.updated_at, Scalar::Time),
});
entry!(TaskRecord, |one, name| {
    "status" => word(&one.status),
    "subjectType" => word(&one.subject.resource),
    "createdAt" => maybe(one.created_at, Scalar::Time),
    "updatedAt" => maybe(one.updated_at, Scalar::Time),
});
entry!(ExpenseCategoryRecord, |one, name| {
    "name" => text(&one.name),
    "code" => maybe(one.code.as_deref(), text),
});
entry!(CostObjectRecord, |one, name| {
    "name" => text(&one.name),
    "code" => maybe(one.code.as_deref(), text),
});
entry!(TaxRateRecord, |one, name| {
    "name" => text(&one.name),
});
entry!(AbsenceTypeRecord, |one, name| {
    "name" => text(&one.name),
});

/// What a walk through a list gave.
pub(crate) struct Walk<T> {
    pub items: Vec<Listed<T>>,
    /// Whether the list ended, rather than our patience.
    pub whole: bool,
}

impl<T: Entry> Walk<T> {
    pub fn ids(&self) -> Vec<NativeId> {
        self.items.iter().map(|listed| listed.item.id().clone()).collect()
    }
}

pub(crate) fn capability(world: &World, id: &str) -> Result<Capability, String> {
    let capability = world.upstream.profile.operations.get(id);
    capability.map(|capability| (**capability).clone()).ok_or_else(|| format!("`{id}` is not claimed"))
}

/// The first page of everything.
pub(crate) fn everything<L: Listing>(limit: usize) -> ListQuery {
    ListQuery { filters: L::everything(), ..ListQuery::first(limit) }
}

/// The first `most` entries from a query on, with what every page must keep to.
pub(crate) async fn walk<L: Listing>(
    world: &World,
    mut query: ListQuery,
    most: usize,
) -> Result<Walk<L::Item>, String> {
    let mut items: Vec<Listed<L::Item>> = Vec::new();
    let mut pages = 0;
    loop {
        let page = good("listing", L::page(world, query.clone()).await)?;
        let (count, limit) = (page.items.len(), query.limit);
        ensure!(count <= limit, "{count} items on a page of {limit}");
        items.extend(page.items);
        if let Some(why) = page.limited {
            return Err(format!("the list ends after {} items: {why}", items.len()));
        }
        pages += 1;
        let bound = PAGES_PER_ITEM * (items.len() + 10);
        ensure!(pages <= bound, "{pages} pages gave {} items: no progress", items.len());
        let Some(next) = page.next else { return Ok(Walk { items, whole: true }) };
        if items.len() >= most {
            return Ok(Walk { items, whole: false });
        }
        ensure!(query.after.as_ref() != Some(&next), "a page goes on where it started");
        query.after = Some(next);
    }
}

/// Everything, as far as we look.
pub(crate) async fn all<L: Listing>(world: &World) -> Result<Walk<L::Item>, String> {
    walk::<L>(world, everything::<L>(200), MOST).await
}

/// Asserts that exactly these are there, once each.
pub(crate) fn exactly(
    found: &[NativeId],
    expected: &BTreeSet<NativeId>,
    when: &str,
) -> crate::world::Outcome {
    let set: BTreeSet<NativeId> = found.iter().cloned().collect();
    ensure!(set.len() == found.len(), "{when}: {} items, of which {} differ", found.len(), set.len());
    let missing = expected.difference(&set).count();
    let strange = set.difference(expected).count();
    let wanted = expected.len();
    ensure!(
        missing + strange == 0,
        "{when}: of {wanted} items {missing} are missing, and {strange} too many"
    );
    Ok(())
}
