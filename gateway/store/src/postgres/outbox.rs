//! Events that wait to be published.

use std::time::Duration;

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::writes::Group;
use crate::listing::place;
use crate::rows::{EventRow, event_body, number};
use crate::{Backlog, NewEvent, OutboxEvent, Page, StoreError, outbox};

const COLUMNS: &str = "seq, id, key, kind, at_ms, body";

fn row(row: &Row) -> Result<EventRow, tokio_postgres::Error> {
    Ok(EventRow {
        seq: row.try_get(0)?,
        id: row.try_get(1)?,
        key: row.try_get(2)?,
        kind: row.try_get(3)?,
        at_ms: row.try_get(4)?,
        body: row.try_get(5)?,
    })
}

fn events(rows: &[Row]) -> Result<Vec<OutboxEvent>, StoreError> {
    rows.iter().map(|found| row(found)?.into_event()).collect()
}

pub(super) async fn announce(
    transaction: &Transaction<'_>,
    group: &Group,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    let sql = "insert into outbox (id, key, kind, at_ms, body) values ($1, $2, $3, $4, $5) on conflict (id) do nothing";
    for event in events {
        let statement = transaction.prepare_cached(sql).await?;
        let (id, body) = (event.id.to_string(), event_body(event)?);
        transaction.execute(&statement, &[&id, &event.key, &event.kind, &group.now.wall, &body]).await?;
    }
    Ok(())
}

pub(super) async fn pending(
    client: &impl GenericClient,
    after: u64,
    limit: u32,
) -> Result<Page<OutboxEvent>, StoreError> {
    let sql =
        format!("select {COLUMNS} from outbox where done_ms is null and seq > $1 order by seq limit $2");
    let statement = client.prepare_cached(&sql).await?;
    let mut items = events(&client.query(&statement, &[&place(after), &(i64::from(limit) + 1)]).await?)?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    Ok(Page { items, more })
}

pub(super) async fn claim(
    transaction: &Transaction<'_>,
    group: &Group,
    limit: u32,
    lease: Duration,
) -> Result<Vec<OutboxEvent>, StoreError> {
    let sql = format!(
        "update outbox set claimed_until_ms = $2 where seq in (\
           select seq from outbox as mine where done_ms is null and coalesce(claimed_until_ms, 0) <= $1 and not exists (\
             select 1 from outbox as earlier where earlier.key = mine.key and earlier.done_ms is null \
               and earlier.seq < mine.seq and earlier.claimed_until_ms > $1) \
           order by seq limit $3) returning {COLUMNS}"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let now = group.now;
    let rows = transaction.query(&statement, &[&now.steady, &now.after(lease), &i64::from(limit)]).await?;
    let mut events = events(&rows)?;
    events.sort_by_key(|event| event.seq);
    Ok(events)
}

pub(super) async fn published(
    transaction: &Transaction<'_>,
    group: &Group,
    events: &[u64],
) -> Result<(), StoreError> {
    let sql = "update outbox set done_ms = $2 where seq = any($1) and done_ms is null";
    let statement = transaction.prepare_cached(sql).await?;
    let events: Vec<i64> = events.iter().map(|seq| place(*seq)).collect();
    transaction.execute(&statement, &[&events, &group.now.wall]).await?;
    Ok(())
}

pub(super) async fn backlog(client: &impl GenericClient) -> Result<Backlog, StoreError> {
    let sql = "select count(*), min(at_ms) from outbox where done_ms is null";
    let row = client.query_one(sql, &[]).await?;
    let oldest: Option<i64> = row.try_get(1)?;
    Ok(Backlog { count: number(row.try_get(0)?)?, oldest: oldest.map(outbox::age) })
}
