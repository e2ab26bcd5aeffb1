//! Filters of lists: as much of them as Odoo can apply exactly. The rows are checked again where it cannot.

use jiff::Timestamp;
use portico_contract::paging::{Comparison, Filter, Scalar};
use portico_contract::{Error, ErrorKind, FilterCapability};
use portico_wire::rpc::Value;

use crate::domain::{Domain, ids, stamp};

pub(crate) const ONE_OF: &[Comparison] = &[Comparison::In];
pub(crate) const TEXT: &[Comparison] = &[Comparison::In, Comparison::Contains];
pub(crate) const RANGES: &[Comparison] = &[Comparison::Gte, Comparison::Gt, Comparison::Lte, Comparison::Lt];
pub(crate) const DAYS: &[Comparison] =
    &[Comparison::In, Comparison::Gte, Comparison::Gt, Comparison::Lte, Comparison::Lt];

pub(crate) const fn by(field: &'static str, comparisons: &'static [Comparison]) -> FilterCapability {
    FilterCapability { field, comparisons }
}

pub(crate) fn unsupported() -> Error {
    Error::new(ErrorKind::UnsupportedQuery, "Odoo cannot filter by this field in this way.")
}

/// The texts of a filter.
pub(crate) fn texts(filter: &Filter) -> Result<Vec<&str>, Error> {
    let texts = filter.values.iter().map(|value| match value {
        Scalar::Text(text) => Ok(text.as_str()),
        _ => Err(unsupported()),
    });
    texts.collect()
}

/// Links to one of these ids.
pub(crate) fn link(filter: &Filter, field: &'static str) -> Result<Domain, Error> {
    Ok(Domain::all().and(field, "in", Value::list(ids(texts(filter)?))))
}

/// A text: equal to one of these, or containing one, whatever the case. Odoo takes `%` and `_` in what is contained for
/// wild cards, so the rows decide.
pub(crate) fn text(filter: &Filter, field: &'static str) -> Result<Domain, Error> {
    let texts = texts(filter)?;
    match filter.comparison {
        Comparison::In => {
            Ok(Domain::all().and(field, "in", Value::list(texts.iter().map(|text| (*text).to_owned()))))
        }
        Comparison::Contains => {
            let text = texts.first().copied().unwrap_or_default();
            // A backslash escapes in PostgreSQL; Odoo does not escape it for us.
            let pattern: String = text.chars().map(|c| if c == '\\' { '_' } else { c }).collect();
            Ok(Domain::all().and(field, "ilike", pattern))
        }
        _ => Err(unsupported()),
    }
}

/// A time, of which we and everybody else only see the second.
pub(crate) fn time(filter: &Filter, field: &'static str) -> Result<Domain, Error> {
    let Some(Scalar::Time(at)) = filter.values.first() else { return Err(unsupported()) };
    let floor = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
    let whole = Timestamp::from_second(floor).is_ok_and(|second| second == *at);
    let ceiling = if whole { floor } else { floor + 1 };
    Ok(match filter.comparison {
        Comparison::Gte => Domain::all().and(field, ">=", stamp(ceiling)),
        Comparison::Gt => Domain::all().and(field, ">=", stamp(floor + 1)),
        Comparison::Lte => Domain::all().and(field, "<", stamp(floor + 1)),
        Comparison::Lt => Domain::all().and(field, "<", stamp(ceiling)),
        _ => return Err(unsupported()),
    })
}

/// A day, written `2026-12-21`.
pub(crate) fn day(filter: &Filter, field: &'static str) -> Result<Domain, Error> {
    let days = texts(filter)?;
    let good = |text: &&str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    if !days.iter().all(good) {
        return Err(Error::new(ErrorKind::UnsupportedQuery, "A day is written as 2026-12-21."));
    }
    let days: Vec<String> = days.iter().map(|day| (*day).to_owned()).collect();
    let operator = match filter.comparison {
        Comparison::In => return Ok(Domain::all().and(field, "in", Value::list(days))),
        Comparison::Gte => ">=",
        Comparison::Gt => ">",
        Comparison::Lte => "<=",
        Comparison::Lt => "<",
        Comparison::Contains => return Err(unsupported()),
    };
    Ok(Domain::all().and(field, operator, days.into_iter().next().unwrap_or_default()))
}

/// States that mean one of these, by a table from their words to ours.
pub(crate) fn states(
    filter: &Filter,
    table: &'static [(&'static str, &'static str)],
) -> Result<Domain, Error> {
    let wanted = texts(filter)?;
    let states = table.iter().filter(|(_, ours)| wanted.contains(ours)).map(|(theirs, _)| *theirs);
    Ok(Domain::all().and("state", "in", Value::list(states)))
}

/// Whether a row's text meets the filters by that field, which Odoo compares more loosely.
pub(crate) fn text_holds(filters: &[Filter], field: &str, value: &str) -> bool {
    let value = Scalar::Text(value.to_owned());
    filters.iter().filter(|filter| filter.field == field).all(|filter| filter.matches(&value))
}
