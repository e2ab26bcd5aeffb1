//! Writes that are under way or over: what `202 Accepted` points at (RFC 9110 section 15.3.3).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Problem, ResourceType};

/// What is known of a write. It never says "failed" where it may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OperationStatus {
    /// It is on record here; nothing may have left the gateway yet.
    Accepted,
    /// It was sent; no answer yet.
    Sent,
    /// It happened.
    Confirmed,
    /// It did not happen and will not.
    Refused,
    /// Nobody knows yet: it is being looked for, or a person has to look.
    Unknown,
}

impl OperationStatus {
    /// Whether it will not change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Refused)
    }
}

/// A write, as the one who asked for it sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Opaque.
    pub id: String,
    /// What is known of it.
    pub status: OperationStatus,
    /// What is done, for example `expenses submit_report`.
    pub action: String,
    /// The kind of thing.
    pub resource_type: ResourceType,
    /// The configured key of the system.
    pub system: String,
    /// The thing that was made or changed, as a path on this API, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When something was last learnt of it.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Why it was refused, or why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What somebody declares when they hand something in: it goes on record word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Declaration {
    /// The text that the person agreed to, as it was shown: 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2_000)]
    pub declaration: String,
    /// What the person adds: up to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(max_length = 500)]
    pub comment: Option<String>,
}

/// Why something is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Withdrawal {
    /// In the person's words: up to 500 characters. It goes on record.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(max_length = 500)]
    pub comment: Option<String>,
}
