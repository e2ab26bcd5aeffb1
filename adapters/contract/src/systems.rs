//! Operations that concern a system as a whole.

use portico_schemas::ResourceType;

use crate::{Awaited, Effect, Marker, NativeId, Operation, OperationMeta, Output, Streaming};

/// Tries a system without changing anything: can it be reached, are the credentials accepted, which version is it, what
/// may the service account do. Every adapter implements it, for `portico check`. (The breaker's
/// probe is the next call that comes.)
#[derive(Debug, Clone)]
pub struct CheckSystem;

/// How a check went. A system that cannot be reached or refuses the credentials is an error, not a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// What the system says it is, for example `Apache/2.4.71 (Debian)`.
    pub version: Option<String>,
    /// What was seen to work, a short sentence each.
    pub passed: Vec<String>,
    /// What will not work as an operator would expect, a sentence each with what to do.
    pub warnings: Vec<String>,
}

impl Output for CheckReport {}

impl Operation for CheckSystem {
    type Output = CheckReport;
    const META: OperationMeta = OperationMeta {
        id: "systems check",
        resource: ResourceType::System,
        effect: Effect::Read,
        streaming: Streaming::None,
        awaited: Awaited::ByCaller,
    };
}

/// Looks for a write that carried this marker. Claimed by adapters whose profile says
/// [`crate::Reconciliation::Marker`].
#[derive(Debug, Clone)]
pub struct FindByMarker {
    /// What the write carried.
    pub marker: Marker,
    /// What kind of thing it made or changed.
    pub resource: ResourceType,
}

/// What a look-up by marker found. Several means that the system accepted a write twice: all are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkedWrites {
    /// Native ids of the things that carry the marker; empty when there is none.
    pub found: Vec<NativeId>,
}

impl Output for MarkedWrites {}

impl Operation for FindByMarker {
    type Output = MarkedWrites;
    const META: OperationMeta = OperationMeta {
        id: "systems find_by_marker",
        resource: ResourceType::System,
        effect: Effect::Read,
        streaming: Streaming::None,
        awaited: Awaited::ByCaller,
    };
}
