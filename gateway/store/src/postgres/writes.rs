//! Each write, inside the group's transaction.

use deadpool_postgres::Transaction;

use super::{delegations, intents, outbox, prune};
use crate::chain::{self, AuditRow};
use crate::clock::Now;
use crate::listing::place;
use crate::write::{Answer, Write, Written};
use crate::{Actor, Anchor, NewAudit, StoreError, audit};

/// What the writes of one commit share.
pub(super) struct Group {
    start: Anchor,
    /// Where the audit trail ends, once the rows below are written.
    chain: Anchor,
    /// Audit entries, written together at the end.
    rows: Vec<AuditRow>,
    /// One instant for all of them.
    pub now: Now,
}

impl Group {
    pub(super) fn new(start: Anchor, now: Now) -> Self {
        Self { start, chain: start, rows: Vec::new(), now }
    }

    /// Where to go back to when a write is undone.
    pub(super) fn mark(&self) -> (Anchor, usize) {
        (self.chain, self.rows.len())
    }

    pub(super) fn back_to(&mut self, (chain, rows): (Anchor, usize)) {
        self.chain = chain;
        self.rows.truncate(rows);
    }

    pub(super) fn audit(&mut self, new: &NewAudit) -> Result<(), StoreError> {
        self.rows.push(chain::append(&mut self.chain, new, self.now.wall)?);
        Ok(())
    }

    /// One statement for all entries, and one for the chain's end.
    pub(super) async fn write_audit(&self, transaction: &Transaction<'_>) -> Result<Anchor, StoreError> {
        if self.chain == self.start {
            return Ok(self.chain);
        }
        let rows = &self.rows;
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let at: Vec<i64> = rows.iter().map(|row| row.at_ms).collect();
        let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
        let subjects: Vec<&str> = rows.iter().map(|row| row.subject.as_str()).collect();
        let systems: Vec<Option<&str>> = rows.iter().map(|row| row.system.as_deref()).collect();
        let intents: Vec<Option<&str>> = rows.iter().map(|row| row.intent.as_deref()).collect();
        let bodies: Vec<&str> = rows.iter().map(|row| row.body.as_str()).collect();
        let digests: Vec<&str> = rows.iter().map(|row| row.digest.as_str()).collect();
        let sql = "with entries as (insert into audit (seq, at_ms, kind, subject, system, intent, body, digest) \
                   select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], \
                   $7::text[], $8::text[])) update chain set end_seq = $9, end_digest = $10";
        let (end, head) = (place(self.chain.count), self.chain.head.hex());
        let statement = transaction.prepare_cached(sql).await?;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 10] =
            [&seqs, &at, &kinds, &subjects, &systems, &intents, &bodies, &digests, &end, &head];
        transaction.execute(&statement, &values).await?;
        Ok(self.chain)
    }
}

pub(super) async fn apply(transaction: &Transaction<'_>, group: &mut Group, write: &Write) -> Answer {
    match write {
        Write::Begin(new) => Ok(Written::Begun(Box::new(intents::begin(transaction, group, new).await?))),
        Write::NoteSent(id) => nothing(intents::note_sent(transaction, group, *id).await),
        Write::Settle(id, settlement) => {
            Ok(Written::Settled(Box::new(intents::settle(transaction, group, *id, settlement).await?)))
        }
        Write::ExtendLease(id, lease) => {
            nothing(intents::extend_lease(transaction, group, *id, *lease).await)
        }
        Write::Due { limit, lease } => {
            intents::due(transaction, group, *limit, *lease).await.map(Written::Intents)
        }
        Write::Postpone(id, after) => nothing(intents::postpone(transaction, group, *id, *after).await),
        Write::Audit(new) => group.audit(new).map(|()| Written::Audited(group.chain)),
        Write::PutDelegation(new) => {
            Ok(Written::Delegation(Box::new(delegations::put(transaction, group, new).await?)))
        }
        Write::EndDelegation { id, at, by, trace } => {
            let ended = delegations::end(transaction, group, *id, *at, by, trace).await?;
            Ok(Written::Delegation(Box::new(ended)))
        }
        Write::Announce(events) => nothing(outbox::announce(transaction, group, events).await),
        Write::Claim { limit, lease } => {
            outbox::claim(transaction, group, *limit, *lease).await.map(Written::Claimed)
        }
        Write::Published(events) => nothing(outbox::published(transaction, group, events).await),
        Write::Prune { retention, limit } => {
            prune::step(transaction, group, retention, *limit).await.map(Written::Pruned)
        }
        Write::AcceptGap(by) => nothing(accept_gap(transaction, group, by).await),
        Write::Probe => nothing(
            transaction.execute("update chain set one = one", &[]).await.map(drop).map_err(StoreError::from),
        ),
    }
}

fn nothing(done: Result<(), StoreError>) -> Answer {
    done.map(|()| Written::Nothing)
}

async fn accept_gap(transaction: &Transaction<'_>, group: &mut Group, by: &Actor) -> Result<(), StoreError> {
    if transaction.execute("update chain set closed = false where closed", &[]).await? == 0 {
        return Ok(());
    }
    group.audit(&audit::gap_accepted(by, group.chain))
}
