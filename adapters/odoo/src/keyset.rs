//! Pages in the order of a time and, within a second, of the id.
//!
//! Odoo tells seconds but keeps and compares microseconds, and all records of one transaction have the same time. So a
//! position is a second and the last id that was given in it; a second is asked for as a range, never as a value; and of a
//! batch that was cut, the last second is not used, because what else belongs to it is not known. Only where one second
//! alone fills a batch it is read by id.

use jiff::Timestamp;
use portico_contract::paging::{ListQuery, Listed, Position, Scalar, SourcePage};
use portico_contract::{Error, ErrorKind};
use portico_wire::rpc::Value;

use crate::domain::{Domain, stamp};

/// Rows asked for beyond a page, so that a page is short only where more than this happened in one second.
const SLACK: usize = 16;

/// A time by which a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    /// As the API names it.
    pub(crate) name: &'static str,
    /// As Odoo names it.
    pub(crate) field: &'static str,
    pub(crate) descending: bool,
}

/// The orders that lists have; the first without asking.
pub(crate) const SORTS: [&str; 2] = ["createdAt", "updatedAt"];

/// A place between two rows: behind this id of this kind in this second, or behind the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    second: i64,
    last: Option<(usize, i64)>,
}

/// A row, as far as its place goes.
pub(crate) trait Row {
    fn id(&self) -> i64;
    /// Its value of `create_date` or `write_date`.
    fn time(&self, field: &str) -> Timestamp;
}

/// One traversal of one list, or of several kinds of record as one list.
#[derive(Debug)]
pub(crate) struct Keyset {
    pub(crate) order: Order,
    limit: usize,
    after: Option<At>,
}

/// What a batch gives.
pub(crate) enum Cut<R> {
    /// A page.
    Page(Vec<(usize, R)>, Option<Position>),
    /// One second alone has more than was asked for: read it by id.
    Dense(i64),
}

impl Keyset {
    /// Reads what is asked. `natural` is the order where none is.
    ///
    /// # Errors
    /// `UnsupportedQuery` for another order, `InvalidCursor` for a position that is none of ours.
    pub(crate) fn new(query: &ListQuery, natural: Order, kinds: usize) -> Result<Self, Error> {
        let order = match query.sort.first() {
            None => natural,
            Some(term) => {
                let (name, field) = match &*term.field {
                    "createdAt" => ("createdAt", "create_date"),
                    "updatedAt" => ("updatedAt", "write_date"),
                    _ => {
                        return Err(Error::new(
                            ErrorKind::UnsupportedQuery,
                            "Odoo cannot sort by this field.",
                        ));
                    }
                };
                Order { name, field, descending: term.descending }
            }
        };
        let after = match &query.after {
            None => None,
            Some(position) => Some(parse(position.as_str(), order, kinds).ok_or_else(|| {
                Error::new(ErrorKind::InvalidCursor, "This cursor belongs to another list; begin anew.")
            })?),
        };
        Ok(Self { order, limit: query.limit.max(1), after })
    }

    /// Rows to ask for, of each kind.
    pub(crate) fn batch(&self) -> usize {
        self.limit + SLACK
    }

    /// The order to ask for.
    pub(crate) fn order_text(&self) -> Value {
        let Order { field, descending, .. } = self.order;
        let way = if descending { "desc" } else { "asc" };
        format!("{field} {way}, id {way}").into()
    }

    /// The order within a second.
    pub(crate) fn id_order(&self) -> Value {
        if self.order.descending { "id desc".into() } else { "id asc".into() }
    }

    /// What comes after the position, of this kind.
    pub(crate) fn after(&self, kind: usize) -> Domain {
        let Some(At { second, last }) = self.after else { return Domain::all() };
        let Order { field, descending, .. } = self.order;
        let later = match descending {
            false => Domain::all().and(field, ">=", stamp(second + 1)),
            true => Domain::all().and(field, "<", stamp(second)),
        };
        match last {
            Some((at, id)) if at == kind => Domain::any(vec![later, self.rest_of(second, id)]),
            Some((at, _)) if at < kind => match descending {
                false => Domain::all().and(field, ">=", stamp(second)),
                true => Domain::all().and(field, "<", stamp(second + 1)),
            },
            _ => later,
        }
    }

    /// What is in this second, of this kind, and was not given yet.
    pub(crate) fn within(&self, second: i64, kind: usize) -> Domain {
        match self.after {
            Some(At { second: at, last: Some((last, id)) }) if at == second && last == kind => {
                self.rest_of(second, id)
            }
            Some(At { second: at, last: Some((last, _)) }) if at == second && last > kind => {
                Domain::nothing()
            }
            _ => Domain::within(self.order.field, second),
        }
    }

    fn rest_of(&self, second: i64, id: i64) -> Domain {
        let operator = if self.order.descending { "<" } else { ">" };
        Domain::within(self.order.field, second).and("id", operator, id)
    }

    /// Makes a page of the rows of each kind, as they came.
    pub(crate) fn cut<R: Row>(&self, batches: Vec<Vec<R>>) -> Cut<R> {
        let full = |rows: &Vec<R>| rows.len() >= self.batch();
        let ends = batches.iter().filter(|rows| full(rows)).filter_map(|rows| rows.last());
        let ends = ends.map(|row| self.second(row));
        // Beyond this second a cut batch says nothing any more.
        let edge = if self.order.descending { ends.max() } else { ends.min() };
        let inside = |second: i64| match edge {
            None => true,
            Some(edge) if self.order.descending => second > edge,
            Some(edge) => second < edge,
        };
        let mut rows: Vec<(usize, R)> = Vec::new();
        for (kind, batch) in batches.into_iter().enumerate() {
            rows.extend(batch.into_iter().filter(|row| inside(self.second(row))).map(|row| (kind, row)));
        }
        match edge {
            Some(edge) if rows.is_empty() => Cut::Dense(edge),
            _ => {
                rows.sort_by_key(|(kind, row)| self.key(*kind, row));
                let next = if rows.len() > self.limit {
                    rows.truncate(self.limit);
                    rows.last()
                        .map(|(kind, row)| At { second: self.second(row), last: Some((*kind, row.id())) })
                } else {
                    edge.and_then(|_| rows.last()).map(|(_, row)| At { second: self.second(row), last: None })
                };
                Cut::Page(rows, next.and_then(|at| self.position(at)))
            }
        }
    }

    /// Makes a page of one second, whose rows of each kind came by id.
    pub(crate) fn cut_second<R: Row>(
        &self,
        second: i64,
        batches: Vec<Vec<R>>,
    ) -> (Vec<(usize, R)>, Option<Position>) {
        let mut rows: Vec<(usize, R)> = Vec::new();
        let mut more = false;
        for (kind, batch) in batches.into_iter().enumerate() {
            if !more {
                more = batch.len() >= self.batch();
                rows.extend(batch.into_iter().map(|row| (kind, row)));
            }
        }
        more |= rows.len() > self.limit;
        rows.truncate(self.limit);
        let last = rows.last().filter(|_| more).map(|(kind, row)| (*kind, row.id()));
        (rows, self.position(At { second, last }))
    }

    fn second(&self, row: &impl Row) -> i64 {
        row.time(self.order.field).as_second()
    }

    fn key(&self, kind: usize, row: &impl Row) -> (i64, usize, i64) {
        let (second, id) = (self.second(row), row.id());
        if self.order.descending { (-second, kind, -id) } else { (second, kind, id) }
    }

    fn position(&self, at: At) -> Option<Position> {
        let Order { name, descending, .. } = self.order;
        let way = if descending { '-' } else { '+' };
        Position::new(match at.last {
            Some((kind, id)) => format!("{name}{way}{}:{kind}:{id}", at.second),
            None => format!("{name}{way}{}", at.second),
        })
    }

    /// The page, with what merging and resuming need.
    pub(crate) fn page<R: Row, T>(
        &self,
        rows: &[(usize, R)],
        items: Vec<T>,
        next: Option<Position>,
    ) -> SourcePage<T> {
        let listed = rows.iter().zip(items).filter_map(|((kind, row), item)| {
            let second = self.second(row);
            let position = self.position(At { second, last: Some((*kind, row.id())) })?;
            let key = vec![Scalar::Time(Timestamp::from_second(second).ok()?)];
            Some(Listed { item, key, position })
        });
        SourcePage::new(listed.collect(), next)
    }
}

fn parse(text: &str, order: Order, kinds: usize) -> Option<At> {
    let way = if order.descending { '-' } else { '+' };
    let rest = text.strip_prefix(order.name)?.strip_prefix(way)?;
    let mut parts = rest.split(':');
    let second = parts.next()?.parse().ok()?;
    let last = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => None,
        (Some(kind), Some(id), None) => {
            Some((kind.parse().ok().filter(|kind| *kind < kinds)?, id.parse().ok()?))
        }
        _ => return None,
    };
    Timestamp::from_second(second).ok()?;
    Some(At { second, last })
}

#[cfg(test)]
mod tests;
