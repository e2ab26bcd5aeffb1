//! The audit trail's chain: how an entry's digest comes about, and how a chain is followed.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::clock::instant;
use crate::rows::{digest, from_json, number, to_json};
use crate::{
    Actor, Anchor, AuditEntry, AuditFault, Digest, IntentId, NewAudit, StoreError, Target, Trace, Verified,
};

/// What the digest covers, as it is stored, octet for octet.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    at_ms: i64,
    kind: String,
    actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<IntentId>,
    trace: Trace,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    detail: Value,
}

/// A row of `audit`. The columns beside the body are for searching; a verification compares them with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditRow {
    pub seq: i64,
    pub at_ms: i64,
    pub kind: String,
    pub subject: String,
    pub system: Option<String>,
    pub intent: Option<String>,
    pub body: String,
    pub digest: String,
}

impl AuditRow {
    pub(crate) fn into_entry(self) -> Result<AuditEntry, StoreError> {
        let body: Body = from_json(&self.body)?;
        Ok(AuditEntry {
            seq: number(self.seq)?,
            at: instant(body.at_ms),
            kind: body.kind,
            actor: body.actor,
            target: body.target,
            intent: body.intent,
            trace: body.trace,
            detail: body.detail,
            digest: digest(&self.digest)?,
        })
    }

    fn columns_agree(&self) -> bool {
        let Ok(body) = from_json::<Body>(&self.body) else { return false };
        body.at_ms == self.at_ms
            && body.kind == self.kind
            && body.actor.subject == self.subject
            && body.target.map(|target| target.system) == self.system
            && body.intent.map(|id| id.to_string()) == self.intent
    }
}

/// SHA-256 over the digest before, the place (eight octets, big-endian) and the stored body.
fn follow(before: Digest, seq: u64, body: &str) -> Digest {
    let mut hash = Sha256::new();
    hash.update(before.0);
    hash.update(seq.to_be_bytes());
    hash.update(body.as_bytes());
    Digest(hash.finalize().into())
}

/// Makes the row of the next entry and moves the end of the chain to it.
pub(crate) fn append(chain: &mut Anchor, new: &NewAudit, wall: i64) -> Result<AuditRow, StoreError> {
    let body = Body {
        at_ms: wall,
        kind: new.kind.clone(),
        actor: new.actor.clone(),
        target: new.target.clone(),
        intent: new.intent,
        trace: new.trace.clone(),
        detail: new.detail.clone(),
    };
    let body = to_json(&body)?;
    let seq = chain.count + 1;
    let head = follow(chain.head, seq, &body);
    *chain = Anchor { count: seq, head };
    Ok(AuditRow {
        seq: i64::try_from(seq).map_err(StoreError::invalid)?,
        at_ms: wall,
        kind: new.kind.clone(),
        subject: new.actor.subject.clone(),
        system: new.target.as_ref().map(|target| target.system.clone()),
        intent: new.intent.map(|id| id.to_string()),
        body,
        digest: head.hex(),
    })
}

/// Follows a chain, row by row.
pub(crate) struct Follower {
    start: Anchor,
    chain: Anchor,
    against: Option<Anchor>,
    broken: Option<(u64, AuditFault)>,
}

impl Follower {
    /// `start` is the last entry that was pruned, or nothing (0 and zeros). An anchor from before it can no longer be compared.
    pub(crate) fn new(start: Anchor, against: Option<Anchor>) -> Self {
        Self {
            start,
            chain: start,
            against: against.filter(|anchor| anchor.count > start.count),
            broken: None,
        }
    }

    /// The place after which the next rows are wanted; `None` when the chain is known to be broken.
    pub(crate) fn place(&self) -> Option<u64> {
        self.broken.is_none().then_some(self.chain.count)
    }

    pub(crate) fn row(&mut self, row: &AuditRow) {
        if self.broken.is_some() {
            return;
        }
        let seq = self.chain.count + 1;
        if u64::try_from(row.seq) != Ok(seq) {
            self.broken = Some((seq, AuditFault::Missing));
            return;
        }
        let head = follow(self.chain.head, seq, &row.body);
        if head.hex() != row.digest || !row.columns_agree() {
            self.broken = Some((seq, AuditFault::Altered));
            return;
        }
        self.chain = Anchor { count: seq, head };
        if self.against.is_some_and(|anchor| anchor.count == seq && anchor.head != head) {
            self.broken = Some((seq, AuditFault::Rewritten));
        }
    }

    /// `end` is where the store itself says that the chain ends.
    pub(crate) fn end(self, end: Anchor) -> Verified {
        if let Some((seq, fault)) = self.broken {
            return Verified::Broken { seq, fault };
        }
        let wanted = self.against.map_or(end.count, |anchor| anchor.count.max(end.count));
        if wanted > self.chain.count {
            return Verified::Broken { seq: self.chain.count + 1, fault: AuditFault::CutOff };
        }
        Verified::Intact { first: self.start.count + 1, anchor: self.chain }
    }
}
