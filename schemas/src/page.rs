//! Lists, and how each source of a list fared.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Problem;

/// How one source contributed to an answer. Only `ok`, `stale` and `limited` contribute items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SourceStatus {
    /// Answered; its items are here.
    Ok,
    /// Could not answer now; older items are here.
    Stale,
    /// Stopped at a limit of its own; the items that it gave are here, others are missing.
    Limited,
    /// Answered too late for this page.
    Late,
    /// Did not answer before the deadline.
    Timeout,
    /// Not reachable, overloaded, or its circuit breaker is open.
    Unavailable,
    /// Answered with something that is not what the contract expects.
    Invalid,
    /// Refuses this read to the service account.
    Forbidden,
    /// Refuses the gateway's credentials, or the configuration cannot work.
    Misconfigured,
    /// Paused by an operator.
    Maintenance,
    /// Cannot filter or sort as asked; the problem names the field.
    Unsupported,
}

impl SourceStatus {
    /// The word used in JSON and in the `Portico-Partial` header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stale => "stale",
            Self::Limited => "limited",
            Self::Late => "late",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
            Self::Forbidden => "forbidden",
            Self::Misconfigured => "misconfigured",
            Self::Maintenance => "maintenance",
            Self::Unsupported => "unsupported",
        }
    }

    /// Whether nothing is missing because of this source.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Ok | Self::Stale)
    }

    /// Whether the source contributed items.
    pub const fn contributed(self) -> bool {
        matches!(self, Self::Ok | Self::Stale | Self::Limited)
    }
}

/// What one source did for a list. A failed source stays failed for the traversal and is reported on every page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceReport {
    /// The configured key of the system.
    pub system: String,
    /// How it fared.
    pub status: SourceStatus,
    /// When its items were read; absent when it gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fetched_at: Option<Timestamp>,
    /// Seconds after which asking again may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Why it did not contribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub problem: Option<Box<Problem>>,
}

/// One page of a list over one or more sources. An empty `items` with a `next` is a short page, not the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, at most `limit`.
    pub items: Vec<T>,
    /// This page again.
    #[serde(rename = "self")]
    pub this: String,
    /// The next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Every source that was asked, and how it fared.
    pub sources: Vec<SourceReport>,
}
