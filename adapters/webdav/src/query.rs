//! Filters and orders, applied here: WebDAV has neither.

use std::cmp::Ordering;

use portico_contract::documents::DocumentRecord;
use portico_contract::paging::{Comparison, Filter, Scalar, SortTerm};
use portico_contract::{Error, ErrorKind, FilterCapability};
use portico_schemas::ObjectType;

use crate::location::Location;

/// What children can be sorted by; a tie is broken by the path.
pub(crate) const CHILD_SORTS: [&str; 4] = ["path", "name", "updatedAt", "contentLength"];

const RANGES: &[Comparison] = &[Comparison::Gte, Comparison::Gt, Comparison::Lte, Comparison::Lt];

/// What both lists can be filtered by.
pub(crate) fn filters() -> Vec<FilterCapability> {
    vec![
        FilterCapability { field: "q", comparisons: &[Comparison::Contains] },
        FilterCapability { field: "name", comparisons: &[Comparison::In, Comparison::Contains] },
        FilterCapability { field: "objectTypeId", comparisons: &[Comparison::In] },
        FilterCapability { field: "mediaType", comparisons: &[Comparison::In] },
        FilterCapability { field: "updatedAt", comparisons: RANGES },
        FilterCapability { field: "contentLength", comparisons: RANGES },
    ]
}

/// Whether a thing meets all conditions.
///
/// # Errors
/// `UnsupportedQuery` for a field that was never claimed.
pub(crate) fn matches(filters: &[Filter], record: &DocumentRecord) -> Result<bool, Error> {
    for filter in filters {
        if !filter.matches(&field(&filter.field, record)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value of a field of a thing.
pub(crate) fn field(name: &str, record: &DocumentRecord) -> Result<Scalar, Error> {
    let value = match name {
        "q" | "name" => Some(Scalar::Text(record.name.clone())),
        "path" => Some(path_key(&record.path)),
        "objectTypeId" => Some(Scalar::Text(
            match record.object_type {
                ObjectType::Document => "document",
                ObjectType::Folder => "folder",
            }
            .to_owned(),
        )),
        "mediaType" => record.media_type.clone().map(Scalar::Text),
        "updatedAt" => record.updated_at.map(Scalar::Time),
        "contentLength" => {
            record.content_length.map(|length| Scalar::Number(i64::try_from(length).unwrap_or(i64::MAX)))
        }
        _ => return Err(unsupported(name)),
    };
    Ok(value.unwrap_or(Scalar::Missing))
}

/// The value by which paths are in order; see [`Location::sort_key`].
pub(crate) fn path_key(path: &str) -> Scalar {
    Scalar::Text(path.replace('/', "\0"))
}

fn unsupported(field: &str) -> Error {
    Error::new(ErrorKind::UnsupportedQuery, format!("A document store cannot filter or sort by {field}."))
}

/// The values of the sort terms; of the path where none was asked.
pub(crate) fn key(sort: &[SortTerm], record: &DocumentRecord) -> Result<Vec<Scalar>, Error> {
    if sort.is_empty() {
        return Ok(vec![path_key(&record.path)]);
    }
    sort.iter().map(|term| field(&term.field, record)).collect()
}

/// Whether a walk over all folders runs from the last path to the first.
///
/// # Errors
/// `UnsupportedQuery` for another order than by path.
pub(crate) fn walks_backwards(sort: &[SortTerm]) -> Result<bool, Error> {
    match sort {
        [] => Ok(false),
        [term, ..] if term.field == "path" => Ok(term.descending),
        [term, ..] => Err(unsupported(&term.field)),
    }
}

/// Compares two keys in the asked order; a tie is broken by the path, in the direction of the first term.
pub(crate) fn compare(sort: &[SortTerm], a: (&[Scalar], &Location), b: (&[Scalar], &Location)) -> Ordering {
    for (at, (left, right)) in a.0.iter().zip(b.0).enumerate() {
        let order = left.cmp(right);
        let order = if sort.get(at).is_some_and(|term| term.descending) { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    let tie = a.1.sort_key().cmp(&b.1.sort_key());
    if sort.first().is_some_and(|term| term.descending) { tie.reverse() } else { tie }
}
