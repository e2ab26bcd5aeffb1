//! Lists: what is asked of one source, and what it gives back, so that pages of several sources can be merged.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;

use crate::Output;
use crate::access::Scope;

/// A position in one source's list, in the source's own terms. At most [`Position::MAX`] octets. It is sealed before it
/// leaves the gateway, so it may hold anything that a later page needs, but nothing bound to a connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Position(String);

impl Position {
    /// Octets that a position may have, so that a cursor over three sources stays under 2 KiB.
    pub const MAX: usize = 1_024;

    /// Takes a position. `None` when it is longer than [`Position::MAX`].
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() <= Self::MAX).then_some(Self(text))
    }

    /// The position as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position(…{} octets)", self.0.len())
    }
}

/// A typed value in a filter or a sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// Missing. Sorts before everything else.
    Missing,
    /// Compared by its UTF-8 octets.
    Text(String),
    /// Compared as a number.
    Number(i64),
    /// Compared as an instant.
    Time(Timestamp),
}

impl Scalar {
    fn rank(&self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::Text(_) => 1,
            Self::Number(_) => 2,
            Self::Time(_) => 3,
        }
    }
}

impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scalar {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Equal to one of the values.
    In,
    /// At least.
    Gte,
    /// Greater than.
    Gt,
    /// At most.
    Lte,
    /// Less than.
    Lt,
    /// Contains the text, whatever the case.
    Contains,
}

/// One condition. A list gives the items that meet all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The field, as the API names it.
    pub field: Cow<'static, str>,
    /// How.
    pub comparison: Comparison,
    /// With what; never empty; several values only with [`Comparison::In`].
    pub values: Vec<Scalar>,
}

impl Filter {
    /// Whether an item with this value of the field meets the condition. A missing value meets none.
    pub fn matches(&self, value: &Scalar) -> bool {
        if *value == Scalar::Missing {
            return false;
        }
        let Some(first) = self.values.first() else { return false };
        match self.comparison {
            Comparison::In => self.values.contains(value),
            Comparison::Gte => value >= first,
            Comparison::Gt => value > first,
            Comparison::Lte => value <= first,
            Comparison::Lt => value < first,
            Comparison::Contains => match (value, first) {
                (Scalar::Text(text), Scalar::Text(part)) => {
                    text.to_lowercase().contains(&part.to_lowercase())
                }
                _ => false,
            },
        }
    }
}

/// One term of a sort order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortTerm {
    /// The field, as the API names it.
    pub field: Cow<'static, str>,
    /// Largest first.
    pub descending: bool,
}

/// What is asked of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// All of these must hold. Only fields that the capability names are ever sent.
    pub filters: Vec<Filter>,
    /// In this order; empty for the source's own order. Only fields that the capability names are ever sent.
    pub sort: Vec<SortTerm>,
    /// At most this many items, 1 to 200.
    pub limit: usize,
    /// Go on after this position; `None` for the first page.
    pub after: Option<Position>,
    /// What the person may see. Apply it in the system where it can filter so, and on the rows otherwise.
    pub scope: Scope,
}

impl ListQuery {
    /// The first page of everything.
    pub fn first(limit: usize) -> Self {
        Self { filters: Vec::new(), sort: Vec::new(), limit, after: None, scope: Scope::All }
    }
}

/// One item of a list, with what merging and resuming need.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// The item.
    pub item: T,
    /// Its values of the sort terms, in their order; the values of the source's own order when none were asked. A `path`
    /// is written with NUL for every slash, so that a folder comes directly before what is in it, in every source alike.
    pub key: Vec<Scalar>,
    /// Where to go on if this is the last item used.
    pub position: Position,
}

/// One source's page. Fewer than `limit` items with a `next` is a short page: the source did as much as its bound of
/// work allows. No items and no `next` means: nothing there. A failure is never an empty page.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePage<T> {
    /// At most `limit`, in the asked order.
    pub items: Vec<Listed<T>>,
    /// Where to go on when all items were used; `None` at the end.
    pub next: Option<Position>,
    /// The system stopped at a limit of its own and will not go on: a sentence that says which, and how to lift it. What
    /// it left out is missing from the list, which the front-end is told; only with `next` at `None`.
    pub limited: Option<String>,
}

impl<T> SourcePage<T> {
    /// A page that the system gave as it was asked.
    pub fn new(items: Vec<Listed<T>>, next: Option<Position>) -> Self {
        Self { items, next, limited: None }
    }

    /// The last page that could be had: the system stopped at a limit of its own.
    pub fn limited(items: Vec<Listed<T>>, detail: impl Into<String>) -> Self {
        Self { items, next: None, limited: Some(detail.into()) }
    }
}

impl<T: Send + 'static> Output for SourcePage<T> {}
