//! The lists of the directory in memory.

use portico_contract::paging::{ListQuery, Listed, Position, Scalar, SortTerm, SourcePage};
use portico_contract::people::{ListOrgUnits, ListPeople, ListReports, OrgUnitRecord, PersonRecord};
use portico_contract::{CallContext, Error, ErrorKind, Handler};

use super::super::reference as fields;
use super::{Defect, Memory, error};
use crate::reference;

/// The size at which a careless list stops.
const SIZE_LIMIT: usize = 25;

/// Rows that are right already: filtered, shown to the person, each with its keys (a unique one last).
struct Rows<T>(Vec<(Vec<Scalar>, T)>);

impl Memory {
    fn page<T: Clone>(
        &self,
        rows: Rows<T>,
        query: &ListQuery,
        terms: &[SortTerm],
    ) -> Result<SourcePage<T>, Error> {
        let mut rows = rows.0;
        rows.sort_by(|(a, _), (b, _)| reference::compare(a, b, terms));
        let start = match &query.after {
            None => 0,
            Some(position) if self.is(Defect::CountsInsteadOfKeys) => position.as_str().parse().unwrap_or(0),
            Some(position) => {
                let at = parse(position).ok_or_else(|| error(ErrorKind::InvalidCursor))?;
                let after = |(key, _): &(Vec<Scalar>, T)| reference::compare(key, &at, terms).is_gt();
                rows.iter().position(after).unwrap_or(rows.len())
            }
        };
        let skipped = usize::from(self.is(Defect::SkipsSomebodyOnPageTwo) && query.after.is_some());
        let repeated = usize::from(self.is(Defect::RepeatsThePageBoundary) && start > 1 && query.limit > 1);
        let cut = self.is(Defect::StopsAtASizeLimit) || self.is(Defect::EndsAtALimitOfItsOwn);
        let all = if cut { rows.len().min(SIZE_LIMIT) } else { rows.len() };
        let start = (start + skipped - repeated).min(all);
        let end = (start + query.limit).min(all);
        let keys = query.sort.len().max(1);
        let mut items = Vec::new();
        for (at, (key, item)) in rows.iter().enumerate().take(end).skip(start) {
            let of = if self.is(Defect::PositionsEndThePage) { end - 1 } else { at };
            let position = match self.is(Defect::CountsInsteadOfKeys) {
                true => Position::new((of + 1).to_string()),
                false => Position::new(write(&rows[of].0)),
            };
            let position = position.ok_or_else(|| error(ErrorKind::InvalidResponse))?;
            items.push(Listed { key: key[..keys].to_vec(), item: item.clone(), position });
        }
        if end == all && all < rows.len() && self.is(Defect::EndsAtALimitOfItsOwn) {
            return Ok(SourcePage::limited(items, "The directory gives 25 people and no more."));
        }
        let next = items.last().filter(|_| end < all).map(|last: &Listed<T>| last.position.clone());
        Ok(SourcePage::new(items, next))
    }

    fn people(
        &self,
        query: &ListQuery,
        keep: impl Fn(&PersonRecord) -> bool,
    ) -> Result<SourcePage<PersonRecord>, Error> {
        let terms = terms(query, "displayName");
        let mut records: Vec<PersonRecord> = {
            let directory = self.directory.lock();
            directory.entries.iter().map(|(key, entry)| self.record(&directory, *key, entry)).collect()
        };
        records.retain(|record| keep(record));
        records.retain(|record| self.is(Defect::IgnoresFilters) || fields::meets(record, &query.filters));
        records.retain(|record| self.is(Defect::IgnoresScope) || query.scope.shows(&record.facts));
        let rows = records.into_iter().map(|mut record| {
            if self.is(Defect::ListsLessThanItGives) {
                record.profile.phone_numbers.clear();
            }
            let key = |term: &SortTerm| match &*term.field {
                "id" => Scalar::Text(record.id.as_str().to_owned()),
                field => self.folded(fields::key(&record, field).unwrap_or(Scalar::Missing)),
            };
            (terms.iter().map(key).collect(), record)
        });
        self.page(Rows(rows.collect()), query, &terms)
    }

    fn folded(&self, key: Scalar) -> Scalar {
        match key {
            Scalar::Text(text) if self.is(Defect::SortsWithoutCase) => Scalar::Text(text.to_lowercase()),
            other => other,
        }
    }
}

/// The order that was asked, or the natural one; the id breaks ties, so that a position is a place in it.
fn terms(query: &ListQuery, natural: &'static str) -> Vec<SortTerm> {
    let mut terms = query.sort.clone();
    if terms.is_empty() {
        terms.push(SortTerm { field: natural.into(), descending: false });
    }
    terms.push(SortTerm { field: "id".into(), descending: false });
    terms
}

/// A line for each value; no name in the suite has line ends.
fn write(key: &[Scalar]) -> String {
    let lines = key.iter().map(|value| match value {
        Scalar::Missing => "-".to_owned(),
        Scalar::Text(text) => format!("t{text}"),
        Scalar::Number(number) => format!("n{number}"),
        Scalar::Time(time) => format!("i{time}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn parse(position: &Position) -> Option<Vec<Scalar>> {
    let lines = position.as_str().split('\n').map(|line| match line.split_at_checked(1)? {
        ("-", "") => Some(Scalar::Missing),
        ("t", text) => Some(Scalar::Text(text.to_owned())),
        ("n", number) => number.parse().ok().map(Scalar::Number),
        ("i", time) => time.parse().ok().map(Scalar::Time),
        _ => None,
    });
    lines.collect()
}

impl Handler<ListPeople> for Memory {
    async fn handle(&self, _: &CallContext, op: &ListPeople) -> Result<SourcePage<PersonRecord>, Error> {
        self.waiting(async { self.people(&op.query, |_| true) }).await
    }
}

impl Handler<ListReports> for Memory {
    async fn handle(&self, _: &CallContext, op: &ListReports) -> Result<SourcePage<PersonRecord>, Error> {
        if self.known(&op.manager).is_none() {
            return match self.is(Defect::NoReportsOfNobody) {
                true => Ok(SourcePage::new(Vec::new(), None)),
                false => Err(error(ErrorKind::NotFound)),
            };
        }
        let direct =
            |record: &PersonRecord| record.manager.as_ref().is_some_and(|link| link.id == op.manager);
        let further = |record: &PersonRecord| {
            let manager = record.manager.as_ref().and_then(|link| self.known(&link.id));
            self.is(Defect::ReportsOfReportsToo) && manager.is_some_and(|manager| direct(&manager))
        };
        // The directory is asked for everybody first: looking somebody up while it is locked would wait for ever.
        let everybody: Vec<_> = self.everybody();
        let wanted: Vec<_> =
            everybody.iter().filter(|one| direct(one) || further(one)).map(|one| one.id.clone()).collect();
        self.people(&op.query, |record| wanted.contains(&record.id))
    }
}

impl Handler<ListOrgUnits> for Memory {
    async fn handle(&self, _: &CallContext, op: &ListOrgUnits) -> Result<SourcePage<OrgUnitRecord>, Error> {
        let terms = terms(&op.query, "name");
        let units = self.units.iter().map(|(name, parent)| self.unit(name, parent.as_deref()));
        let meets = |unit: &OrgUnitRecord| {
            op.query.filters.iter().all(|filter| {
                fields::unit_key(unit, &filter.field).is_some_and(|value| filter.matches(&value))
            })
        };
        let rows = units.filter(meets).map(|unit| {
            let key = |term: &SortTerm| match &*term.field {
                "id" => Scalar::Text(unit.id.as_str().to_owned()),
                field => fields::unit_key(&unit, field).unwrap_or(Scalar::Missing),
            };
            (terms.iter().map(key).collect(), unit)
        });
        self.page(Rows(rows.collect()), &op.query, &terms)
    }
}
