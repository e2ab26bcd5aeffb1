//! What an adapter says it can do: data that the API publishes, the composition plans by, and the suite tests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portico_schemas::{ChangeDetection, Classification};

use crate::paging::Comparison;

/// A field that a list can be filtered by, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterCapability {
    /// The field, as the API names it.
    pub field: &'static str,
    /// The comparisons that work.
    pub comparisons: &'static [Comparison],
}

/// What a list guarantees about its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListOrder {
    /// None: paging may repeat or skip items while the source changes.
    #[default]
    Unordered,
    /// Keyset order: an item that exists throughout a traversal appears exactly once.
    Keyset,
    /// A snapshot with a time to live: the traversal sees the state at its start.
    Snapshot,
}

/// What an adapter can do with one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Fields that a list can be filtered by.
    pub filters: Vec<FilterCapability>,
    /// Fields that a list can be sorted by, both ways.
    pub sorts: Vec<&'static str>,
    /// The fields and directions of the order that is used when none is asked.
    pub natural_sort: Option<&'static str>,
    /// What a list guarantees about its order.
    pub order: ListOrder,
    /// After this long the gateway gives the call up, all attempts included.
    pub deadline: Duration,
    /// After this long one attempt is given up.
    pub attempt_timeout: Duration,
}

impl Default for Capability {
    fn default() -> Self {
        Self {
            filters: Vec::new(),
            sorts: Vec::new(),
            natural_sort: None,
            order: ListOrder::default(),
            deadline: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(4),
        }
    }
}

impl Capability {
    /// Whether a list can be filtered so.
    pub fn filters_by(&self, field: &str, comparison: Comparison) -> bool {
        self.filters.iter().any(|f| f.field == field && f.comparisons.contains(&comparison))
    }

    /// Whether a list can be sorted by the field.
    pub fn sorts_by(&self, field: &str) -> bool {
        self.sorts.contains(&field)
    }
}

/// Whether a write whose answer was lost can be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciliation {
    /// The write carries our marker in this searchable native field; [`crate::systems::FindByMarker`] looks for it.
    Marker {
        /// The native field.
        field: &'static str,
    },
    /// The write is at a key that the caller chose, so reading that key back settles it.
    ByKey,
    /// It cannot: a person has to settle it.
    Cannot,
}

/// What an adapter says about its system as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The adapter kind, for example `webdav`.
    pub adapter: &'static str,
    /// What it can do, by operation id.
    pub operations: BTreeMap<&'static str, Arc<Capability>>,
    /// How changes made behind our back can be found.
    pub change_detection: ChangeDetection,
    /// Whether the native id of a thing changes when it is moved or renamed.
    pub id_follows_path: bool,
    /// How a write of unknown outcome can be settled.
    pub reconciliation: Reconciliation,
    /// How sensitive a thing is when it does not say so itself.
    pub classification: Classification,
    /// Whether no thing of this system has facts of its own, so that access is decided without reading it first.
    pub uniform_facts: bool,
    /// Documented deviations that a front-end may notice, a sentence each.
    pub quirks: Vec<Cow<'static, str>>,
}
