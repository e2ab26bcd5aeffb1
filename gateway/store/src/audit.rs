//! The audit trail: a chain of entries, each of which holds the digest of the one before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bounds::{self, SHORT, SMALL_JSON};
use crate::{Actor, Digest, IntentId, StoreError, Target, Trace};

/// An entry to append. Ids and words only, never names, amounts or free text of a person.
#[derive(Debug, Clone)]
pub struct NewAudit {
    /// What kind of act: `read`, `write.accepted`, `write.confirmed`, `admin.pause` …
    pub kind: String,
    /// Who.
    pub actor: Actor,
    /// On what; `None` for acts on the gateway itself.
    pub target: Option<Target>,
    /// Of which intent.
    pub intent: Option<IntentId>,
    /// Where it comes from.
    pub trace: Trace,
    /// What else an auditor wants to know; at most [`bounds::SMALL_JSON`] octets. `Null` for nothing.
    pub detail: Value,
}

impl NewAudit {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("the kind of audit entry", &self.kind, SHORT)?;
        self.actor.check()?;
        self.target.as_ref().map_or(Ok(()), Target::check)?;
        self.trace.check()?;
        bounds::json("the detail of an audit entry", &self.detail, SMALL_JSON)
    }
}

/// A stored entry.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its place in the chain, from 1, without gaps.
    pub seq: u64,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What kind of act.
    pub kind: String,
    /// Who.
    pub actor: Actor,
    /// On what.
    pub target: Option<Target>,
    /// Of which intent.
    pub intent: Option<IntentId>,
    /// Where it comes from.
    pub trace: Trace,
    /// What else.
    pub detail: Value,
    /// The digest of this entry, which covers the one before.
    pub digest: Digest,
}

/// Which entries to list; the default is all, oldest first, 100 at most.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Of this kind only.
    pub kind: Option<String>,
    /// By this subject only.
    pub subject: Option<String>,
    /// On this system only.
    pub system: Option<String>,
    /// Of this intent only.
    pub intent: Option<IntentId>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// After this place in the chain.
    pub after: u64,
    /// 1 to [`bounds::PAGE`]; 0 means 100.
    pub limit: u32,
}

/// How far a chain goes and what it ends with: what is kept elsewhere, so that a cut end is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The place of the last entry; 0 for none.
    pub count: u64,
    /// Its digest.
    pub head: Digest,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Every entry follows from the one before, and the anchor, where there was one, is in the chain.
    Intact {
        /// The chain's first entry: 1 unless older ones were pruned.
        first: u64,
        /// The chain as it is now.
        anchor: Anchor,
    },
    /// The chain is broken at this place.
    Broken {
        /// The first entry that is wrong or missing.
        seq: u64,
        /// How.
        fault: AuditFault,
    },
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuditFault {
    /// Its content is not what was written, or it does not follow the one before: changed, or moved.
    Altered,
    /// It is not there.
    Missing,
    /// The chain ends before the anchor does.
    CutOff,
    /// The anchor's entry is there and is another one: the chain was written anew.
    Rewritten,
}

/// An anchor as one line of fixed length, so that writing a new one over the last needs no room.
pub(crate) fn anchor_line(anchor: Anchor) -> String {
    format!("{:020} {}\n", anchor.count, anchor.head)
}

pub(crate) fn parse_anchor(text: &str) -> Result<Anchor, StoreError> {
    let parts = text.trim_end().split_once(' ');
    let anchor = parts
        .and_then(|(count, head)| Some(Anchor { count: count.parse().ok()?, head: Digest::from_hex(head)? }));
    anchor.ok_or_else(|| StoreError::corrupt("the audit trail's anchor is not a count and a digest"))
}

/// What came after a backup is missing, and somebody has taken note.
pub(crate) fn gap_accepted(by: &Actor, end: Anchor) -> NewAudit {
    NewAudit {
        kind: "admin.gap_accepted".to_owned(),
        actor: by.clone(),
        target: None,
        intent: None,
        trace: Trace::default(),
        detail: json!({ "restoredUpTo": end.count }),
    }
}
