//! What has been kept long enough.

use deadpool_postgres::Transaction;

use super::writes::Group;
use crate::{Pruned, Retention, StoreError};

const KEYS: &str = "delete from idempotency_keys where intent in (\
    select intent from idempotency_keys join intents on intents.id = intent \
    where idempotency_keys.created_ms < $1 and next_look_ms is null limit $2)";
const INTENTS: &str = "delete from intents where id in (\
    select id from intents where next_look_ms is null and updated_ms < $1 \
    and not exists (select 1 from idempotency_keys where intent = intents.id) limit $2)";
const EVENTS: &str = "delete from outbox where seq in (select seq from outbox where done_ms < $1 limit $2)";
const DELEGATIONS: &str =
    "delete from delegations where id in (select id from delegations where until_ms < $1 limit $2)";
const DECISIONS: &str =
    "delete from decisions where seq in (select seq from decisions where settled_ms < $1 limit $2)";

pub(super) async fn step(
    transaction: &Transaction<'_>,
    group: &Group,
    retention: &Retention,
    limit: u32,
) -> Result<Pruned, StoreError> {
    let remove = async |sql: &'static str, before: i64| -> Result<u64, StoreError> {
        Ok(transaction.execute(sql, &[&before, &i64::from(limit)]).await?)
    };
    let now = group.now;
    Ok(Pruned {
        keys: remove(KEYS, now.before(retention.keys)).await?,
        intents: remove(INTENTS, now.before(retention.intents)).await?,
        events: remove(EVENTS, now.before(retention.events)).await?,
        delegations: remove(DELEGATIONS, now.before(retention.delegations)).await?,
        decisions: remove(DECISIONS, now.before(retention.decisions)).await?,
        audit: audit(transaction, now.before(retention.audit), limit).await?,
    })
}

/// Only from the beginning and without gaps: what is left must still be a chain.
async fn audit(transaction: &Transaction<'_>, before: i64, limit: u32) -> Result<u64, StoreError> {
    let sql = "with oldest as (select seq, at_ms from audit order by seq limit $2), \
               kept as (select min(seq) as seq from oldest where at_ms >= $1) \
               select max(oldest.seq) from oldest, kept where kept.seq is null or oldest.seq < kept.seq";
    let last: Option<i64> = transaction.query_one(sql, &[&before, &i64::from(limit)]).await?.try_get(0)?;
    let Some(last) = last else { return Ok(0) };
    let sql = "update chain set start_seq = $1, start_digest = (select digest from audit where seq = $1)";
    transaction.execute(sql, &[&last]).await?;
    Ok(transaction.execute("delete from audit where seq <= $1", &[&last]).await?)
}
