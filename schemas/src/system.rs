//! The catalogue of systems behind the gateway.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ResourceType, SourceReport};

/// Whom to ring when a system is sick. Required for every system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The team that answers for the system.
    pub team: String,
    /// How to reach it: an address, a number, a queue.
    pub contact: String,
    /// When somebody is there, in words.
    pub hours: String,
}

/// How a system is doing, as the gateway sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SystemState {
    /// The last call succeeded.
    Up,
    /// No call was made yet.
    Unknown,
    /// Some calls fail.
    Degraded,
    /// The circuit breaker is open.
    Down,
    /// The system refuses the gateway's credentials.
    Misconfigured,
}

/// How changes made behind the gateway's back can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeDetection {
    /// They cannot.
    None,
    /// By polling on a modification time, with the key as tie-break.
    ModifiedTime,
    /// By comparing complete listings (key and version).
    SnapshotDifference,
    /// By a change log or sync protocol of the system itself.
    Native,
}

/// What a system can do with one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationInfo {
    /// The operation, for example `documents list`.
    pub id: String,
    /// What it acts on.
    pub resource: ResourceType,
    /// Whether it changes the system.
    pub writes: bool,
    /// Fields that the system can filter by.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub filters: Vec<String>,
    /// Fields that the system can sort by.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sorts: Vec<String>,
    /// Milliseconds after which the gateway gives up on one use of it.
    pub deadline_ms: u64,
}

/// One back-office system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// The permanent, configured key.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// The adapter that speaks to it, for example `webdav`.
    pub adapter: String,
    /// Who answers for it.
    pub owner: Owner,
    /// How it is doing.
    pub state: SystemState,
    /// When the last call succeeded; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success_at: Option<Timestamp>,
    /// Why it is not up, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub report: Option<SourceReport>,
    /// What it can do.
    pub operations: Vec<OperationInfo>,
    /// The id of the root folder, where the system is a document store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_document_id: Option<String>,
    /// How its changes are found.
    pub change_detection: ChangeDetection,
    /// Whether ids of its resources change when they are moved or renamed.
    pub id_follows_path: bool,
    /// Documented deviations that a front-end may notice.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub quirks: Vec<String>,
}
