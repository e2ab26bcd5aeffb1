//! What has been kept long enough.

use rusqlite::{Connection, OptionalExtension, params};

use super::writes::Group;
use crate::{Pruned, Retention, StoreError};

pub(super) fn step(
    connection: &Connection,
    group: &Group,
    retention: &Retention,
    limit: u32,
) -> Result<Pruned, StoreError> {
    let remove = |sql: &str, before: i64| -> Result<u64, StoreError> {
        Ok(connection.prepare_cached(sql)?.execute(params![before, limit])? as u64)
    };
    let now = group.now;
    Ok(Pruned {
        keys: remove(
            "delete from idempotency_keys where intent in (\
               select intent from idempotency_keys join intents on intents.id = intent \
               where idempotency_keys.created_ms < ?1 and next_look_ms is null limit ?2)",
            now.before(retention.keys),
        )?,
        intents: remove(
            "delete from intents where id in (\
               select id from intents where next_look_ms is null and updated_ms < ?1 \
               and not exists (select 1 from idempotency_keys where intent = intents.id) limit ?2)",
            now.before(retention.intents),
        )?,
        events: remove(
            "delete from outbox where seq in (select seq from outbox where done_ms < ?1 limit ?2)",
            now.before(retention.events),
        )?,
        delegations: remove(
            "delete from delegations where id in (select id from delegations where until_ms < ?1 limit ?2)",
            now.before(retention.delegations),
        )?,
        decisions: remove(
            "delete from decisions where seq in (select seq from decisions where settled_ms < ?1 limit ?2)",
            now.before(retention.decisions),
        )?,
        audit: audit(connection, now.before(retention.audit), limit)?,
    })
}

/// Only from the beginning and without gaps: what is left must still be a chain.
fn audit(connection: &Connection, before: i64, limit: u32) -> Result<u64, StoreError> {
    let sql = "select max(seq) from (select seq from audit order by seq limit ?2) where seq < \
               coalesce((select min(seq) from (select seq, at_ms from audit order by seq limit ?2) where at_ms >= ?1), \
               9223372036854775807)";
    let last: Option<i64> =
        connection.prepare_cached(sql)?.query_row(params![before, limit], |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    let sql = "select digest from audit where seq = ?1";
    let digest: Option<String> =
        connection.prepare_cached(sql)?.query_row([last], |row| row.get(0)).optional()?;
    connection
        .prepare_cached("update chain set start_seq = ?1, start_digest = ?2")?
        .execute(params![last, digest])?;
    Ok(connection.prepare_cached("delete from audit where seq <= ?1")?.execute([last])? as u64)
}
