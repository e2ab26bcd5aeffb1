//! Each write, inside the group's transaction.

use rusqlite::{Connection, params};

use super::{delegations, intents, outbox, prune};
use crate::clock::Now;
use crate::write::{Answer, Write, Written};
use crate::{Actor, Anchor, NewAudit, StoreError, audit, chain};

/// What the writes of one commit share.
pub(super) struct Group {
    /// Where the audit trail ends.
    pub chain: Anchor,
    /// One instant for all of them.
    pub now: Now,
}

impl Group {
    pub(super) fn audit(&mut self, connection: &Connection, new: &NewAudit) -> Result<(), StoreError> {
        let row = chain::append(&mut self.chain, new, self.now.wall)?;
        let sql = "insert into audit values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let values =
            params![row.seq, row.at_ms, row.kind, row.subject, row.system, row.intent, row.body, row.digest];
        connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

pub(super) fn apply(connection: &Connection, group: &mut Group, write: &Write) -> Answer {
    let done = |()| Written::Nothing;
    match write {
        Write::Begin(new) => {
            intents::begin(connection, group, new).map(|begun| Written::Begun(Box::new(begun)))
        }
        Write::NoteSent(id) => intents::note_sent(connection, group, *id).map(done),
        Write::Settle(id, settlement) => intents::settle(connection, group, *id, settlement)
            .map(|settled| Written::Settled(Box::new(settled))),
        Write::ExtendLease(id, lease) => intents::extend_lease(connection, group, *id, *lease).map(done),
        Write::Due { limit, lease } => intents::due(connection, group, *limit, *lease).map(Written::Intents),
        Write::Postpone(id, after) => intents::postpone(connection, group, *id, *after).map(done),
        Write::Audit(new) => group.audit(connection, new).map(|()| Written::Audited(group.chain)),
        Write::PutDelegation(new) => delegations::put(connection, group, new).map(delegation),
        Write::EndDelegation { id, at, by, trace } => {
            delegations::end(connection, group, *id, *at, by, trace).map(delegation)
        }
        Write::Announce(events) => outbox::announce(connection, group, events).map(done),
        Write::Claim { limit, lease } => {
            outbox::claim(connection, group, *limit, *lease).map(Written::Claimed)
        }
        Write::Published(events) => outbox::published(connection, group, events).map(done),
        Write::Prune { retention, limit } => {
            prune::step(connection, group, retention, *limit).map(Written::Pruned)
        }
        Write::AcceptGap(by) => accept_gap(connection, group, by).map(done),
        Write::Probe => probe(connection).map(done),
    }
}

fn delegation(delegation: crate::Delegation) -> Written {
    Written::Delegation(Box::new(delegation))
}

fn accept_gap(connection: &Connection, group: &mut Group, by: &Actor) -> Result<(), StoreError> {
    if connection.execute("update chain set closed = 0 where closed = 1", [])? == 0 {
        return Ok(());
    }
    group.audit(connection, &audit::gap_accepted(by, group.chain))
}

/// Changes a row to what it is: whether the file can be written shows only by writing it.
fn probe(connection: &Connection) -> Result<(), StoreError> {
    connection.prepare_cached("update chain set one = one")?.execute([])?;
    Ok(())
}
