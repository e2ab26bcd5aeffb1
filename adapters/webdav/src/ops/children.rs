//! The content of one folder: one request, sorted here, and paged by the key of the last item.

use std::cmp::Ordering;

use jiff::Timestamp;
use portico_contract::documents::{DocumentRecord, ListChildren};
use portico_contract::paging::{ListQuery, Listed, Position, Scalar, SortTerm, SourcePage};
use portico_contract::{CallContext, Error, ErrorKind, Handler};

use crate::client::Dav;
use crate::location::Location;
use crate::{map, query};

/// Between the parts of a position; no name can hold it.
const SEPARATOR: char = '\u{1}';

impl Handler<ListChildren> for Dav {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListChildren,
    ) -> Result<SourcePage<DocumentRecord>, Error> {
        let folder = Location::of_ref(&op.folder)?;
        let query = &op.query;
        let mut rows = Vec::new();
        for entry in self.inside(context, &folder).await? {
            let location = entry.location.clone();
            let record = map::record(entry)?;
            if query::matches(&query.filters, &record)? && query.scope.shows(&record.facts) {
                rows.push((query::key(&query.sort, &record)?, location, record));
            }
        }
        if let Some(after) = &query.after {
            let (key, location) = parse(after, &query.sort, &folder)?;
            rows.retain(|row| {
                query::compare(&query.sort, (&row.0, &row.1), (&key, &location)) == Ordering::Greater
            });
        }
        rows.sort_unstable_by(|a, b| query::compare(&query.sort, (&a.0, &a.1), (&b.0, &b.1)));
        page(rows, query)
    }
}

fn page(
    rows: Vec<(Vec<Scalar>, Location, DocumentRecord)>,
    query: &ListQuery,
) -> Result<SourcePage<DocumentRecord>, Error> {
    let more = rows.len() > query.limit;
    let mut items = Vec::with_capacity(rows.len().min(query.limit));
    for (key, location, item) in rows.into_iter().take(query.limit) {
        let position = position(&key, &query.sort, &location)?;
        items.push(Listed { item, key, position });
    }
    let next = items.last().filter(|_| more).map(|last| last.position.clone());
    Ok(SourcePage::new(items, next))
}

/// Whether a term's value is the name itself, which a position holds anyway.
fn is_name(term: &SortTerm) -> bool {
    matches!(&*term.field, "name" | "path")
}

/// The position of a row: the values of its terms, less those that are its name, and its name.
fn position(key: &[Scalar], sort: &[SortTerm], location: &Location) -> Result<Position, Error> {
    let mut text = String::new();
    for (value, term) in key.iter().zip(sort) {
        if is_name(term) {
            continue;
        }
        match value {
            Scalar::Number(number) => text.push_str(&number.to_string()),
            Scalar::Time(time) => text.push_str(&time.as_nanosecond().to_string()),
            Scalar::Missing | Scalar::Text(_) => text.push('-'),
        }
        text.push(SEPARATOR);
    }
    text.push_str(location.name());
    Position::new(text).ok_or_else(|| {
        Error::new(ErrorKind::InvalidResponse, "The document store holds a name longer than 900 octets.")
    })
}

/// The key of the row at a position, whether or not it is still there.
fn parse(
    position: &Position,
    sort: &[SortTerm],
    folder: &Location,
) -> Result<(Vec<Scalar>, Location), Error> {
    let misfit = || Error::new(ErrorKind::InvalidCursor, "The cursor does not fit this list; start again.");
    let mut parts = position.as_str().split(SEPARATOR);
    let name = parts.next_back().ok_or_else(misfit)?;
    let location = Location::checked(name).filter(|_| !name.is_empty() && !name.contains('/'));
    location.ok_or_else(misfit)?;
    let location = folder.child(name);
    if sort.is_empty() {
        return Ok((vec![query::path_key(location.as_str())], location));
    }
    let mut key = Vec::with_capacity(sort.len());
    for term in sort {
        key.push(match &*term.field {
            "name" => Scalar::Text(name.to_owned()),
            "path" => query::path_key(location.as_str()),
            field => value(parts.next().ok_or_else(misfit)?, field).ok_or_else(misfit)?,
        });
    }
    Ok((key, location))
}

fn value(text: &str, field: &str) -> Option<Scalar> {
    match (text, field) {
        ("-", _) => Some(Scalar::Missing),
        (_, "contentLength") => text.parse().ok().map(Scalar::Number),
        (_, "updatedAt") => Timestamp::from_nanosecond(text.parse().ok()?).ok().map(Scalar::Time),
        _ => None,
    }
}
