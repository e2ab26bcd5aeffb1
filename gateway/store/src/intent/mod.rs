//! A write as a durable intent: what is to happen, and how it went.

mod id;
mod new;
mod outcome;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::id::{Digest, IntentId};
pub(crate) use self::new::check_events;
pub use self::new::{Actor, IdempotencyKey, NewIntent, Target, Trace};
pub use self::outcome::{Begun, Outcome, Settled, SettledBy, Settlement};
use crate::StoreError;

/// How far an intent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IntentState {
    /// On disk. It may have left us: after a crash this and `Sent` mean the same.
    Accepted,
    /// The call to the back office was begun.
    Sent,
    /// The back office did it. Final.
    Confirmed,
    /// The back office did not do it. Final.
    Refused,
    /// Nobody here can tell. The reconciler or a person settles it.
    Unknown,
}

impl IntentState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Accepted, Self::Sent, Self::Confirmed, Self::Refused, Self::Unknown];

    /// The word in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing changes it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Refused)
    }

    /// The legal steps: forward only, and never out of a final state.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Accepted => !matches!(next, Self::Accepted),
            Self::Sent => !matches!(next, Self::Accepted | Self::Sent),
            Self::Unknown => next.is_final(),
            Self::Confirmed | Self::Refused => false,
        }
    }
}

impl fmt::Display for IntentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IntentState {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| StoreError::invalid(format_args!("{text:?} is no state of an intent")))
    }
}

/// A stored intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Its id; `/v1/operations/{id}`.
    pub id: IntentId,
    /// How far it is.
    pub state: IntentState,
    /// What is written where.
    pub target: Target,
    /// Who.
    pub actor: Actor,
    /// The caller's key, as begun; it may have been released since.
    pub key: IdempotencyKey,
    /// What was asked for.
    pub digest: Digest,
    /// What the reconciler needs.
    pub expected: Value,
    /// Where it comes from.
    pub trace: Trace,
    /// When it was begun, by the wall clock.
    pub created: Timestamp,
    /// When its state last changed, by the wall clock.
    pub updated: Timestamp,
    /// Until when the call may be under way, on the store's own clock.
    pub lease_until: Timestamp,
    /// When the reconciler looks again, on the store's own clock. `None` when it is final.
    pub next_look: Option<Timestamp>,
    /// How often the reconciler has looked.
    pub looks: u32,
    /// `confirmed`: the native id of what came of it, where there is one.
    pub result: Option<String>,
    /// `refused`: the problem (RFC 9457), and of `unknown` the last one, where it was given.
    pub problem: Option<Value>,
    /// Who settled it, and why; see [`Settlement`].
    pub settled: Option<SettledBy>,
}

/// Which intents to list; the default is all, newest first, 100 at most.
#[derive(Debug, Clone, Default)]
pub struct IntentQuery {
    /// In this state only.
    pub state: Option<IntentState>,
    /// In this system only.
    pub system: Option<String>,
    /// Of this subject only.
    pub subject: Option<String>,
    /// Begun before this.
    pub created_before: Option<Timestamp>,
    /// The page after the one that ended with this intent.
    pub after: Option<IntentId>,
    /// 1 to [`bounds::PAGE`]; 0 means 100.
    pub limit: u32,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What is on it, at most the limit.
    pub items: Vec<T>,
    /// Whether there is more after the last one.
    pub more: bool,
}
