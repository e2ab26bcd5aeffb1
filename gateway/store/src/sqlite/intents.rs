//! Intents and their keys.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::outbox;
use super::writes::Group;
use crate::clock::Now;
use crate::rows::{IntentRow, decision_body};
use crate::{
    Begun, IdempotencyKey, Intent, IntentId, NewIntent, Outcome, Settled, Settlement, StoreError, machine,
};

/// The longest that anything waits for a look after a start.
const LONGEST: Duration = Duration::from_secs(3_600);

pub(super) const COLUMNS: &str = "id, state, created_ms, updated_ms, lease_ms, next_look_ms, looks, body";

pub(super) fn row(row: &Row<'_>) -> rusqlite::Result<IntentRow> {
    Ok(IntentRow {
        id: row.get(0)?,
        state: row.get(1)?,
        created_ms: row.get(2)?,
        updated_ms: row.get(3)?,
        lease_ms: row.get(4)?,
        next_look_ms: row.get(5)?,
        looks: row.get(6)?,
        body: row.get(7)?,
    })
}

pub(super) fn find(connection: &Connection, id: IntentId) -> Result<Option<Intent>, StoreError> {
    let sql = format!("select {COLUMNS} from intents where id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id.to_string()], row).optional()?;
    found.map(IntentRow::into_intent).transpose()
}

pub(super) fn begin(
    connection: &Connection,
    group: &mut Group,
    new: &NewIntent,
) -> Result<Begun, StoreError> {
    if let Some(earlier) = of_key(connection, &new.key)? {
        return Ok(machine::repeated(new.digest, earlier, group.now));
    }
    let intent = machine::accepted(new, group.now);
    let id = intent.id.to_string();
    let IdempotencyKey { subject, route, key } = &new.key;
    let sql = "insert into idempotency_keys values (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![subject, route, key, id, group.now.wall])?;
    let row = IntentRow::of(&intent)?;
    let sql = "insert into intents values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        row.id,
        row.state,
        intent.target.system,
        intent.actor.subject,
        row.created_ms,
        row.updated_ms,
        row.lease_ms,
        row.next_look_ms,
        row.looks,
        row.body
    ])?;
    if let Some(decision) = &new.decision {
        let sql = "insert into decisions (intent, at_ms, system, resource_type, native_id, subject, outcome, body) \
                   values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        connection.prepare_cached(sql)?.execute(params![
            row.id,
            group.now.wall,
            new.target.system,
            new.target.resource_type,
            new.target.native_id,
            new.actor.subject,
            row.state,
            decision_body(new, decision)?
        ])?;
    }
    group.audit(connection, &machine::audit_of(&intent))?;
    outbox::announce(connection, group, &new.events)?;
    Ok(Begun::New(intent))
}

fn of_key(connection: &Connection, key: &IdempotencyKey) -> Result<Option<Intent>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from intents where id = \
         (select intent from idempotency_keys where subject = ?1 and route = ?2 and key = ?3)"
    );
    let IdempotencyKey { subject, route, key } = key;
    let found = connection.prepare_cached(&sql)?.query_row([subject, route, key], row).optional()?;
    found.map(IntentRow::into_intent).transpose()
}

pub(super) fn note_sent(connection: &Connection, group: &Group, id: IntentId) -> Result<(), StoreError> {
    let sql = "update intents set state = 'sent', updated_ms = ?2 where id = ?1 and state = 'accepted'";
    connection.prepare_cached(sql)?.execute(params![id.to_string(), group.now.wall])?;
    Ok(())
}

pub(super) fn settle(
    connection: &Connection,
    group: &mut Group,
    id: IntentId,
    settlement: &Settlement,
) -> Result<Settled, StoreError> {
    let intent = find(connection, id)?.ok_or(StoreError::NotFound("intent"))?;
    let Some(intent) = machine::settled(&intent, settlement, group.now) else {
        return Ok(Settled::Already(intent));
    };
    let row = IntentRow::of(&intent)?;
    let sql = "update intents set state = ?2, updated_ms = ?3, next_look_ms = ?4, body = ?5 where id = ?1";
    let values = params![row.id, row.state, row.updated_ms, row.next_look_ms, row.body];
    connection.prepare_cached(sql)?.execute(values)?;
    let settled_ms = intent.state.is_final().then_some(group.now.wall);
    let sql = "update decisions set outcome = ?2, settled_ms = ?3 where intent = ?1";
    connection.prepare_cached(sql)?.execute(params![row.id, row.state, settled_ms])?;
    if matches!(settlement.outcome, Outcome::Refused { release_key: true, .. }) {
        connection.prepare_cached("delete from idempotency_keys where intent = ?1")?.execute([&row.id])?;
    }
    group.audit(connection, &machine::audit_of(&intent))?;
    outbox::announce(connection, group, &settlement.events)?;
    Ok(Settled::Done(intent))
}

pub(super) fn extend_lease(
    connection: &Connection,
    group: &Group,
    id: IntentId,
    lease: Duration,
) -> Result<(), StoreError> {
    let sql =
        "update intents set lease_ms = ?2, next_look_ms = ?2 where id = ?1 and state in ('accepted', 'sent')";
    connection.prepare_cached(sql)?.execute(params![id.to_string(), group.now.after(lease)])?;
    Ok(())
}

pub(super) fn due(
    connection: &Connection,
    group: &Group,
    limit: u32,
    lease: Duration,
) -> Result<Vec<Intent>, StoreError> {
    let sql = format!(
        "update intents set next_look_ms = ?2, looks = looks + 1 where id in \
         (select id from intents where next_look_ms <= ?1 order by next_look_ms limit ?3) returning {COLUMNS}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![group.now.steady, group.now.after(lease), limit], row)?;
    let mut intents = rows.map(|row| row?.into_intent()).collect::<Result<Vec<_>, StoreError>>()?;
    // They come back in no order.
    intents.sort_by_key(|intent| intent.id);
    Ok(intents)
}

pub(super) fn postpone(
    connection: &Connection,
    group: &Group,
    id: IntentId,
    look_after: Duration,
) -> Result<(), StoreError> {
    let sql = "update intents set next_look_ms = ?2 where id = ?1 and next_look_ms is not null";
    connection.prepare_cached(sql)?.execute(params![id.to_string(), group.now.after(look_after)])?;
    Ok(())
}

/// After a start: the clock may have been put back while nothing ran, and no lease is to last longer for that.
pub(super) fn come_back(connection: &Connection, now: Now) -> Result<(), StoreError> {
    let sql = "update intents set lease_ms = min(lease_ms, ?1), next_look_ms = ?1 where next_look_ms > ?1";
    connection.execute(sql, [now.after(LONGEST)])?;
    Ok(())
}
