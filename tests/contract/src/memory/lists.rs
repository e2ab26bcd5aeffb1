//! The lists of the store in memory.

use portico_contract::access::Scope;
use portico_contract::documents::{DocumentRecord, ListChildren, ListDocuments};
use portico_contract::paging::{ListQuery, Listed, Position, Scalar, SortTerm, SourcePage};
use portico_contract::{CallContext, Error, ErrorKind, Handler};

use super::handlers::path_of;
use super::{Defect, Memory, error, parent_of};
use crate::reference;

impl Memory {
    fn list(
        &self,
        mut records: Vec<DocumentRecord>,
        query: &ListQuery,
    ) -> Result<SourcePage<DocumentRecord>, Error> {
        let mut terms = query.sort.clone();
        // The path breaks ties, so that the order is total and a position is a place in it.
        terms.push(SortTerm { field: "path".into(), descending: false });
        let key = |record: &DocumentRecord| -> Vec<Scalar> {
            terms
                .iter()
                .filter_map(|term| reference::key(record, &term.field))
                .map(|key| self.folded(key))
                .collect()
        };
        records.retain(|record| self.is(Defect::IgnoresFilters) || reference::meets(record, &query.filters));
        records.retain(|record| self.is(Defect::IgnoresScope) || query.scope.shows(&record.facts));
        records.sort_by(|a, b| reference::compare(&key(a), &key(b), &terms));
        let start = match &query.after {
            None => 0,
            Some(position) if self.is(Defect::CountsInsteadOfKeys) => position.as_str().parse().unwrap_or(0),
            Some(position) => {
                let after = |record: &DocumentRecord| {
                    let at = parse(position);
                    reference::compare(&key(record), &at, &terms).is_gt()
                };
                records.iter().position(after).unwrap_or(records.len())
            }
        };
        let skipped = usize::from(self.is(Defect::SkipsAnItemOnPageTwo) && query.after.is_some());
        let repeated = usize::from(self.is(Defect::RepeatsThePageBoundary) && start > 1 && query.limit > 1);
        let start = (start + skipped - repeated).min(records.len());
        let end = (start + query.limit).min(records.len());
        let keys = if query.sort.is_empty() { 1 } else { query.sort.len() };
        let position = |at: usize| match self.is(Defect::CountsInsteadOfKeys) {
            true => Position::new((at + 1).to_string()),
            false => Position::new(write(&key(&records[at]))),
        };
        let mut items = Vec::new();
        for (at, record) in records.iter().enumerate().take(end).skip(start) {
            let of = if self.is(Defect::PositionsEndThePage) { end - 1 } else { at };
            let position = position(of).ok_or_else(|| error(ErrorKind::InvalidResponse))?;
            let item = record.clone();
            items.push(Listed { key: key(&item)[..keys].to_vec(), item, position });
        }
        let next = items.last().filter(|_| end < records.len()).map(|last: &Listed<_>| last.position.clone());
        Ok(SourcePage::new(items, next))
    }

    fn folded(&self, key: Scalar) -> Scalar {
        match key {
            Scalar::Text(text) if self.is(Defect::SortsWithoutCase) => Scalar::Text(text.to_lowercase()),
            other => other,
        }
    }

    fn records(&self, keep: impl Fn(&str) -> bool) -> Vec<DocumentRecord> {
        let store = self.store.lock();
        let paths = store.nodes.keys().filter(|path| keep(path));
        paths.filter_map(|path| store.record(path, self.is(Defect::LosesTheParent))).collect()
    }
}

/// Keys of this store are texts; a line each, since no name in the suite has line ends.
fn write(key: &[Scalar]) -> String {
    let texts = key.iter().map(|value| match value {
        Scalar::Text(text) => text.as_str(),
        _ => "",
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn parse(position: &Position) -> Vec<Scalar> {
    position.as_str().split('\n').map(|text| Scalar::Text(text.to_owned())).collect()
}

impl Handler<ListDocuments> for Memory {
    async fn handle(&self, _: &CallContext, op: &ListDocuments) -> Result<SourcePage<DocumentRecord>, Error> {
        self.list(self.records(|_| true), &op.query)
    }
}

impl Handler<ListChildren> for Memory {
    async fn handle(&self, _: &CallContext, op: &ListChildren) -> Result<SourcePage<DocumentRecord>, Error> {
        let folder = path_of(&op.folder);
        let kind = {
            let store = self.store.lock();
            if store.is_folder(folder) {
                None
            } else {
                let there = store.record(folder, false).is_some();
                Some(if there { ErrorKind::Conflict } else { ErrorKind::NotFound })
            }
        };
        match kind {
            Some(_) if self.is(Defect::GivesAnEmptyListOnFailure) => Ok(SourcePage::new(Vec::new(), None)),
            Some(kind) => Err(error(kind)),
            None if op.query.scope == Scope::None => Ok(SourcePage::new(Vec::new(), None)),
            None => self.list(self.records(|path| parent_of(path) == folder), &op.query),
        }
    }
}
