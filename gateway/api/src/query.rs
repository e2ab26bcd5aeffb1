//! The query grammar of every list: strict, and with every fault reported at once.
//!
//! `field=value`, several values `field=a,b` (or), ranges `field.gte=`, text `q=`, `sort=-updatedAt,name`, `source=key`,
//! `limit`, `cursor`, `fields`. A comma inside a value is written `\,`. A key that is unknown or comes twice is a fault.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use portico_compose::ListRequest;
use portico_contract::paging::{Comparison, Filter, Scalar, SortTerm};
use portico_contract::{Error, ErrorKind, SystemKey};
use portico_schemas::FieldError;

use crate::members::{Members, Projection};

/// Items on a page when the caller does not say.
pub const DEFAULT_LIMIT: usize = 25;
/// Items on a page at most.
pub const MAX_LIMIT: usize = 200;
/// Values that one filter may name.
const MAX_VALUES: usize = 50;

/// What a field holds, and so how its values are read.
#[derive(Debug, Clone, Copy)]
pub enum FieldType {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number.
    Number,
    /// An instant, RFC 3339 with any offset.
    Time,
    /// A whole day, `2026-12-21`. Its text sorts as the days do.
    Day,
}

impl FieldType {
    const fn has_ranges(self) -> bool {
        matches!(self, Self::Number | Self::Time | Self::Day)
    }
}

/// What one list route takes.
#[derive(Debug)]
pub struct ListSpec {
    /// Fields that can be filtered by.
    pub filters: &'static [(&'static str, FieldType)],
    /// Fields that can be sorted by.
    pub sorts: &'static [&'static str],
    /// Whether it takes a text to search for, `q=`.
    pub search: bool,
    /// Members that `fields=` can name.
    pub members: Members,
}

/// A list query that holds together.
#[derive(Debug, Default)]
pub struct ParsedList {
    /// What the composition is asked.
    pub request: ListRequest,
    /// The members to show; `None` for all.
    pub fields: Option<Projection>,
}

/// Every key and value, decoded, in the order of the query.
///
/// # Errors
/// Names every key or value that is not valid percent-encoded UTF-8.
fn pairs(raw: &str, faults: &mut Vec<FieldError>) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in raw.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match (decode(key), decode(value)) {
            (Some(key), Some(_)) if pairs.iter().any(|(known, _)| *known == key) => {
                faults.push(fault(&key, "is given twice; give it once, with several values as `a,b`"));
            }
            (Some(key), Some(value)) => pairs.push((key, value)),
            (Some(key), None) => faults.push(fault(&key, "is not valid percent-encoded UTF-8")),
            (None, _) => faults.push(fault("", "a key is not valid percent-encoded UTF-8")),
        }
    }
    pairs
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

fn fault(key: &str, detail: impl Into<String>) -> FieldError {
    FieldError { detail: detail.into(), pointer: format!("?{key}") }
}

fn refuse(faults: Vec<FieldError>) -> Error {
    Error::new(ErrorKind::InvalidInput, "The query cannot be used; `errors` names every fault.")
        .with_fields(faults)
}

/// Reads the query of a list.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with every fault: unknown and repeated keys, values of the wrong type, limits out of
/// range, members and fields that do not exist.
pub fn parse_list(raw: Option<&str>, spec: &ListSpec) -> Result<ParsedList, Error> {
    let mut faults = Vec::new();
    let mut parsed = ParsedList::default();
    parsed.request.limit = DEFAULT_LIMIT;
    for (key, value) in pairs(raw.unwrap_or_default(), &mut faults) {
        if let Err(detail) = take(&mut parsed, &key, &value, spec) {
            faults.push(fault(&key, detail));
        }
    }
    if faults.is_empty() { Ok(parsed) } else { Err(refuse(faults)) }
}

/// Reads the query of a single resource, which takes `fields` and nothing else.
///
/// # Errors
/// As [`parse_list`].
pub fn parse_single(raw: Option<&str>, members: &Members) -> Result<Option<Projection>, Error> {
    let mut faults = Vec::new();
    let mut fields = None;
    for (key, value) in pairs(raw.unwrap_or_default(), &mut faults) {
        let taken = if key == "fields" && !members.is_empty() {
            projection(&value, members).map(|wanted| fields = Some(wanted))
        } else {
            Err("is not a key of this route".to_owned())
        };
        if let Err(detail) = taken {
            faults.push(fault(&key, detail));
        }
    }
    if faults.is_empty() { Ok(fields) } else { Err(refuse(faults)) }
}

/// Reads a query that takes these keys and no others; `take` reads the value of each.
///
/// # Errors
/// As [`parse_list`].
pub fn parse_named(
    raw: Option<&str>,
    known: &[&str],
    mut take: impl FnMut(&str, String) -> Result<(), String>,
) -> Result<(), Error> {
    let mut faults = Vec::new();
    for (key, value) in pairs(raw.unwrap_or_default(), &mut faults) {
        let taken = if known.contains(&key.as_str()) {
            take(&key, value)
        } else {
            Err(format!("is not a key of this route; it takes {}", words(known)))
        };
        if let Err(detail) = taken {
            faults.push(fault(&key, detail));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(refuse(faults)) }
}

fn take(parsed: &mut ParsedList, key: &str, value: &str, spec: &ListSpec) -> Result<(), String> {
    let request = &mut parsed.request;
    match key {
        "limit" => request.limit = limit(value)?,
        "cursor" if value.is_empty() => return Err("is empty; leave it out for the first page".to_owned()),
        "cursor" => request.cursor = Some(value.to_owned()),
        "sort" => request.sort = sort(value, spec)?,
        "source" => request.sources = Some(sources(value)?),
        "fields" => parsed.fields = Some(projection(value, &spec.members)?),
        "q" if spec.search => request.filters.push(Filter {
            field: "q".into(),
            comparison: Comparison::Contains,
            values: vec![Scalar::Text(non_empty(value)?)],
        }),
        _ => request.filters.push(filter(key, value, spec)?),
    }
    Ok(())
}

fn non_empty(value: &str) -> Result<String, String> {
    if value.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(value.to_owned()) }
}

fn limit(value: &str) -> Result<usize, String> {
    value
        .parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| format!("must be a whole number from 1 to {MAX_LIMIT}"))
}

fn sort(value: &str, spec: &ListSpec) -> Result<Vec<SortTerm>, String> {
    let mut terms: Vec<SortTerm> = Vec::new();
    for word in split(value)? {
        let (name, descending) = word.strip_prefix('-').map_or((word.as_str(), false), |name| (name, true));
        let field = spec.sorts.iter().find(|field| **field == name);
        let field = field.ok_or_else(|| format!("cannot be `{name}`; it can be {}", words(spec.sorts)))?;
        if terms.iter().any(|term| term.field == *field) {
            return Err(format!("names `{field}` twice"));
        }
        terms.push(SortTerm { field: Cow::Borrowed(field), descending });
    }
    Ok(terms)
}

fn sources(value: &str) -> Result<BTreeSet<SystemKey>, String> {
    split(value)?
        .iter()
        .map(|key| {
            SystemKey::new(key).ok_or_else(|| format!("`{key}` is not the key of a system; see /v1/systems"))
        })
        .collect()
}

fn projection(value: &str, members: &Members) -> Result<Projection, String> {
    let wanted: BTreeSet<String> = split(value)?.into_iter().collect();
    match wanted.iter().find(|name| !members.knows(name)) {
        Some(unknown) => {
            let known: Vec<String> = members.names().collect();
            Err(format!("cannot name `{unknown}`; it can name {}", known.join(", ")))
        }
        None => Ok(Projection(wanted)),
    }
}

fn filter(key: &str, value: &str, spec: &ListSpec) -> Result<Filter, String> {
    let (name, operator) = key.split_once('.').map_or((key, None), |(name, operator)| (name, Some(operator)));
    let Some((field, kind)) = spec.filters.iter().find(|(field, _)| *field == name) else {
        let known: Vec<&str> = spec.filters.iter().map(|(field, _)| *field).collect();
        return Err(format!(
            "is not a key of this list; it takes {}, {}sort, source, limit, cursor, fields",
            known.join(", "),
            if spec.search { "q, " } else { "" }
        ));
    };
    let comparison = match operator {
        None => Comparison::In,
        Some("gte") if kind.has_ranges() => Comparison::Gte,
        Some("gt") if kind.has_ranges() => Comparison::Gt,
        Some("lte") if kind.has_ranges() => Comparison::Lte,
        Some("lt") if kind.has_ranges() => Comparison::Lt,
        Some(_) if kind.has_ranges() => {
            return Err("has no such range; use .gte, .gt, .lte or .lt".to_owned());
        }
        Some(_) => return Err("takes no range".to_owned()),
    };
    let values = if comparison == Comparison::In { split(value)? } else { vec![non_empty(value)?] };
    let values = values.iter().map(|value| scalar(value, *kind)).collect::<Result<_, _>>()?;
    Ok(Filter { field: Cow::Borrowed(field), comparison, values })
}

fn scalar(value: &str, kind: FieldType) -> Result<Scalar, String> {
    match kind {
        FieldType::Text => Ok(Scalar::Text(value.to_owned())),
        FieldType::Word(known) if known.contains(&value) => Ok(Scalar::Text(value.to_owned())),
        FieldType::Word(known) => Err(format!("cannot be `{value}`; it can be {}", words(known))),
        FieldType::Number => {
            value.parse().map(Scalar::Number).map_err(|_| format!("must be a whole number, not `{value}`"))
        }
        FieldType::Day => value
            .parse::<jiff::civil::Date>()
            .map(|day| Scalar::Text(day.to_string()))
            .map_err(|_| "must be a day, such as `2026-12-21`".to_owned()),
        FieldType::Time => value
            .parse::<Timestamp>()
            .map(Scalar::Time)
            .map_err(|_| "must be an instant such as 2026-11-22T09:30:00Z (RFC 3339)".to_owned()),
    }
}

/// Splits at commas; `\,` is a comma inside a value and `\\` a backslash.
fn split(value: &str) -> Result<Vec<String>, String> {
    let mut values = vec![String::new()];
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        let last = values.last_mut().ok_or("is empty")?;
        match character {
            '\\' => last.push(characters.next().ok_or("ends with a lone backslash")?),
            ',' => values.push(String::new()),
            other => last.push(other),
        }
    }
    if values.iter().any(String::is_empty) {
        return Err("has an empty value".to_owned());
    }
    if values.len() > MAX_VALUES {
        return Err(format!("has more than {MAX_VALUES} values"));
    }
    Ok(values)
}

fn words(words: &[&str]) -> String {
    words.join(", ")
}

#[cfg(test)]
mod tests;
