//! The reference that lists are compared with: fields of records, filters and orders worked out in the plainest way.

use std::cmp::Ordering;

use portico_contract::documents::DocumentRecord;
use portico_contract::paging::{Filter, Scalar, SortTerm};
use portico_schemas::ObjectType;

/// The value of a field, as the API names it. `None` for a field that the suite does not know.
pub(crate) fn field(record: &DocumentRecord, name: &str) -> Option<Scalar> {
    let text = |value: &Option<String>| value.clone().map_or(Scalar::Missing, Scalar::Text);
    Some(match name {
        // Searching a store without a full-text index looks at names.
        "name" | "q" => Scalar::Text(record.name.clone()),
        "path" => Scalar::Text(record.path.clone()),
        "objectTypeId" => Scalar::Text(match record.object_type {
            ObjectType::Document => "document".to_owned(),
            ObjectType::Folder => "folder".to_owned(),
        }),
        "mediaType" => text(&record.media_type),
        "contentLength" => {
            let length = record.content_length.and_then(|length| i64::try_from(length).ok());
            length.map_or(Scalar::Missing, Scalar::Number)
        }
        "createdAt" => record.created_at.map_or(Scalar::Missing, Scalar::Time),
        "updatedAt" => record.updated_at.map_or(Scalar::Missing, Scalar::Time),
        _ => return None,
    })
}

/// The value of a field in a sort key. A path sorts by its segments, so that what is in a folder follows it directly and
/// lists of several stores can be merged: NUL stands for each slash.
pub(crate) fn key(record: &DocumentRecord, name: &str) -> Option<Scalar> {
    match (name, field(record, name)?) {
        ("path", Scalar::Text(path)) => Some(Scalar::Text(path.replace('/', "\0"))),
        (_, value) => Some(value),
    }
}

/// Whether a record meets all conditions.
pub(crate) fn meets(record: &DocumentRecord, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| filter.matches(&field(record, &filter.field).unwrap_or(Scalar::Missing)))
}

/// Compares two keys under the sort terms.
pub(crate) fn compare(a: &[Scalar], b: &[Scalar], terms: &[SortTerm]) -> Ordering {
    let by_term = a.iter().zip(b).zip(terms).map(|((a, b), term)| {
        let order = a.cmp(b);
        if term.descending { order.reverse() } else { order }
    });
    by_term.fold(Ordering::Equal, Ordering::then)
}

/// Reads a natural sort: fields, comma-separated, those with the largest first marked by a dash.
pub(crate) fn terms(natural: &'static str) -> Vec<SortTerm> {
    natural
        .split(',')
        .map(|term| match term.trim().strip_prefix('-') {
            Some(field) => SortTerm { field: field.to_owned().into(), descending: true },
            None => SortTerm { field: term.trim().to_owned().into(), descending: false },
        })
        .collect()
}
