//! Who decided what, when, on which version.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bounds::{self, DECLARATION, NATIVE_ID, SENTENCE, SHORT};
use crate::{Actor, IntentId, IntentState, StoreError, Target};

/// A decision of a person, recorded together with the intent that carries it out ([`crate::NewIntent::decision`]). Who and on what
/// are the intent's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDecision {
    /// What was decided: `submit`, `approve`, `refuse` …
    pub decision: String,
    /// What the thing was called on the person's screen, such as its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<String>,
    /// The version of the thing that the person saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The declaration that the person made, word for word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<String>,
    /// What the person said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl NewDecision {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("the decision", &self.decision, SHORT)?;
        bounds::optional("what is shown", self.shown_as.as_ref(), SHORT)?;
        bounds::optional("the version", self.version.as_ref(), NATIVE_ID)?;
        bounds::optional("the declaration", self.declaration.as_ref(), DECLARATION)?;
        bounds::optional("the comment", self.comment.as_ref(), SENTENCE)
    }
}

/// A recorded decision and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    /// Its place in the record, ascending, with gaps.
    pub seq: u64,
    /// The intent that carries it out.
    pub intent: IntentId,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// Who, and for whom.
    pub actor: Actor,
    /// On what.
    pub target: Target,
    /// What was decided.
    pub decision: NewDecision,
    /// What became of it.
    pub outcome: IntentState,
    /// When its outcome was known, by the wall clock.
    pub settled: Option<Timestamp>,
}

/// Which decisions to list; the default is all, oldest first, 100 at most.
#[derive(Debug, Clone, Default)]
pub struct DecisionQuery {
    /// In this system only.
    pub system: Option<String>,
    /// Of things of this type only.
    pub resource_type: Option<String>,
    /// On this thing only.
    pub native_id: Option<String>,
    /// By this subject only.
    pub subject: Option<String>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// After this place.
    pub after: u64,
    /// 1 to [`bounds::PAGE`]; 0 means 100.
    pub limit: u32,
}
