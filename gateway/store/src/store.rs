//! The store as everybody else sees it: one method per transaction.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::bounds::PAGE;
use crate::engine::Engine;
use crate::write::{Write, Written, answer};
use crate::{
    Actor, Anchor, AuditEntry, AuditQuery, Backlog, Begun, DecisionQuery, DecisionRecord, Delegation, Intent,
    IntentId, IntentQuery, NewAudit, NewDelegation, NewEvent, NewIntent, OutboxEvent, Page, Pruned,
    Retention, Settled, Settlement, Status, StoreConfig, StoreError, Trace, Verified,
};

/// The durable store. Cheap to clone; all clones share one writer. What a method has answered is on disk, unless it says
/// otherwise.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
}

impl Store {
    /// Opens the store, brings its schema up to date, and starts its writer.
    ///
    /// An empty or missing SQLite file becomes a new store. A file that another process has open is
    /// [`StoreError::Locked`], one of a later version [`StoreError::Newer`]. A PostgreSQL that does not answer within the
    /// connect time-out is [`StoreError::Unavailable`].
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::open(config).await? })
    }

    /// Opens a SQLite file for reading beside the process that has it open: every write is [`StoreError::Unavailable`]. A
    /// PostgreSQL store is opened as ever. What does not exist, or has another schema, is not made or brought up to date.
    pub async fn open_to_read(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::open_to_read(config).await? })
    }

    /// Reads and writes once, through the queue: whether a write would be taken now.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.engine.write(Write::Probe).await.map(drop)
    }

    /// How the store is, without asking the disk.
    pub fn status(&self) -> Status {
        self.engine.status()
    }

    /// Commits idempotency record, intent, decision, audit entry and events together, before the back office is called.
    /// Only [`Begun::New`] may be sent; the other answers wrote nothing.
    pub async fn begin_intent(&self, new: NewIntent) -> Result<Begun, StoreError> {
        new.check()?;
        answer!(self.engine.write(Write::Begin(Box::new(new))).await?, Begun).map(|begun| *begun)
    }

    /// Notes that the call was begun, without waiting for the disk: it is written with the next commit, and may be lost in
    /// a crash. Does nothing for an intent that is not `accepted`.
    pub fn note_sent(&self, id: IntentId) {
        self.engine.write_later(Write::NoteSent(id));
    }

    /// Commits how an intent ended, with its audit entry, the outcome of its decision, and events.
    ///
    /// [`Settled::Already`] where it is final, and where it is unknown and would stay so; nothing is written then.
    pub async fn settle(&self, id: IntentId, settlement: Settlement) -> Result<Settled, StoreError> {
        settlement.check()?;
        answer!(self.engine.write(Write::Settle(id, Box::new(settlement))).await?, Settled)
            .map(|settled| *settled)
    }

    /// The call goes on in the background: it may take this long from now. Does nothing for an intent that is unknown or final.
    pub async fn extend_lease(&self, id: IntentId, lease: Duration) -> Result<(), StoreError> {
        self.engine.write(Write::ExtendLease(id, lease)).await.map(drop)
    }

    /// One intent; `None` when there is none, or it was pruned.
    pub async fn intent(&self, id: IntentId) -> Result<Option<Intent>, StoreError> {
        self.engine.intent(id).await
    }

    /// Intents, newest first.
    pub async fn intents(&self, query: &IntentQuery) -> Result<Page<Intent>, StoreError> {
        self.engine.intents(query).await
    }

    /// Takes up to `limit` intents that a reconciler should look at: unknown ones whose next look has come, and accepted or
    /// sent ones past their lease. Nobody else gets them for `lease`; each counts as one look. Oldest look first.
    pub async fn due(&self, limit: u32, lease: Duration) -> Result<Vec<Intent>, StoreError> {
        answer!(self.engine.write(Write::Due { limit: limit.clamp(1, PAGE), lease }).await?, Intents)
    }

    /// Looks at an intent again this long from now. Does nothing for a final one.
    pub async fn postpone(&self, id: IntentId, look_after: Duration) -> Result<(), StoreError> {
        self.engine.write(Write::Postpone(id, look_after)).await.map(drop)
    }

    /// Appends to the audit trail; answers the chain's end. With a full disk it is taken out of the reserve.
    pub async fn audit_append(&self, entry: NewAudit) -> Result<Anchor, StoreError> {
        entry.check()?;
        answer!(self.engine.write(Write::Audit(Box::new(entry))).await?, Audited)
    }

    /// Audit entries, oldest first.
    pub async fn audit_page(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
        self.engine.audit_page(query).await
    }

    /// Follows the whole chain. `against` is what was kept elsewhere ([`crate::read_anchor`]); without it a cut end cannot
    /// be seen.
    pub async fn audit_verify(&self, against: Option<Anchor>) -> Result<Verified, StoreError> {
        self.engine.audit_verify(against).await
    }

    /// Decisions and what became of them, oldest first.
    pub async fn decision_records(&self, query: &DecisionQuery) -> Result<Page<DecisionRecord>, StoreError> {
        self.engine.decision_records(query).await
    }

    /// Puts a delegation, with its audit entry; one with this id is replaced.
    pub async fn put_delegation(&self, new: NewDelegation) -> Result<Delegation, StoreError> {
        new.check()?;
        let written = self.engine.write(Write::PutDelegation(Box::new(new))).await?;
        answer!(written, Delegation).map(|delegation| *delegation)
    }

    /// One delegation; `None` when there is none, or it was pruned.
    pub async fn delegation(&self, id: Uuid) -> Result<Option<Delegation>, StoreError> {
        self.engine.delegation(id).await
    }

    /// Those that a person gave, past ones included, the latest first; at most [`crate::bounds::PAGE`].
    pub async fn delegations_by(&self, delegator: &str) -> Result<Vec<Delegation>, StoreError> {
        self.engine.delegations_by(delegator).await
    }

    /// Those that make a person a deputy at an instant; at most [`crate::bounds::PAGE`].
    pub async fn delegations_to(&self, delegate: &str, at: Timestamp) -> Result<Vec<Delegation>, StoreError> {
        self.engine.delegations_to(delegate, at).await
    }

    /// Ends a delegation at `at`, unless it ends earlier anyway, with its audit entry. One that has not begun then covers nothing.
    pub async fn end_delegation(
        &self,
        id: Uuid,
        at: Timestamp,
        by: Actor,
        trace: Trace,
    ) -> Result<Delegation, StoreError> {
        by.check()?;
        trace.check()?;
        let written = self.engine.write(Write::EndDelegation { id, at, by, trace }).await?;
        answer!(written, Delegation).map(|delegation| *delegation)
    }

    /// Announces events that belong to no intent. An event whose id is known is left as it is.
    pub async fn announce(&self, events: Vec<NewEvent>) -> Result<(), StoreError> {
        crate::intent::check_events(&events)?;
        self.engine.write(Write::Announce(events)).await.map(drop)
    }

    /// Events that are not published yet, claimed or not, in order; for looking at.
    pub async fn outbox_pending(&self, after: u64, limit: u32) -> Result<Page<OutboxEvent>, StoreError> {
        self.engine.outbox_pending(after, limit.clamp(1, PAGE)).await
    }

    /// Takes up to `limit` unpublished events in order. Nobody else gets them for `lease`; after it they are given out again.
    /// An event whose key has an earlier one in somebody else's hands is left.
    pub async fn outbox_claim(&self, limit: u32, lease: Duration) -> Result<Vec<OutboxEvent>, StoreError> {
        answer!(self.engine.write(Write::Claim { limit: limit.clamp(1, PAGE), lease }).await?, Claimed)
    }

    /// These were published ([`OutboxEvent::seq`]); at most [`crate::bounds::PAGE`]. Repeating it changes nothing.
    pub async fn outbox_done(&self, published: Vec<u64>) -> Result<(), StoreError> {
        if published.len() > PAGE as usize {
            return Err(StoreError::TooLarge { field: "the list of published events", limit: PAGE as usize });
        }
        self.engine.write(Write::Published(published)).await.map(drop)
    }

    /// How many events wait, and for how long.
    pub async fn outbox_backlog(&self) -> Result<Backlog, StoreError> {
        self.engine.outbox_backlog().await
    }

    /// One step of pruning: removes at most `limit` of each kind. Call again until [`Pruned::total`] is 0.
    pub async fn prune(&self, retention: Retention, limit: u32) -> Result<Pruned, StoreError> {
        answer!(self.engine.write(Write::Prune { retention, limit: limit.clamp(1, PAGE) }).await?, Pruned)
    }

    /// SQLite: copies the store into a new file while it is in use; the copy is whole and consistent. An existing file is
    /// not overwritten. PostgreSQL: refused, with the command to use.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.engine.backup(to).await
    }

    /// Whether the store was restored and takes no writes yet.
    pub fn is_closed(&self) -> bool {
        self.engine.status().closed
    }

    /// Opens a restored store for writes again, with an audit entry. Does nothing to one that is open.
    pub async fn accept_gap(&self, by: Actor) -> Result<(), StoreError> {
        by.check()?;
        self.engine.write(Write::AcceptGap(by)).await.map(drop)
    }

    /// Writes what waits and ends the writer. Later writes are [`StoreError::Unavailable`]. Dropping the last clone does the same
    /// without waiting.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}
