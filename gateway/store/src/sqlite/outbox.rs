//! Events that wait to be published.

use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::writes::Group;
use crate::listing::place;
use crate::rows::{EventRow, event_body, number};
use crate::{Backlog, NewEvent, OutboxEvent, Page, StoreError, outbox};

const COLUMNS: &str = "seq, id, key, kind, at_ms, body";

fn row(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        seq: row.get(0)?,
        id: row.get(1)?,
        key: row.get(2)?,
        kind: row.get(3)?,
        at_ms: row.get(4)?,
        body: row.get(5)?,
    })
}

pub(super) fn announce(
    connection: &Connection,
    group: &Group,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    let sql = "insert into outbox (id, key, kind, at_ms, body) values (?1, ?2, ?3, ?4, ?5) on conflict (id) do nothing";
    for event in events {
        let values = params![event.id.to_string(), event.key, event.kind, group.now.wall, event_body(event)?];
        connection.prepare_cached(sql)?.execute(values)?;
    }
    Ok(())
}

pub(super) fn pending(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Page<OutboxEvent>, StoreError> {
    let sql =
        format!("select {COLUMNS} from outbox where done_ms is null and seq > ?1 order by seq limit ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![place(after), i64::from(limit) + 1], row)?;
    let mut items = rows.map(|row| row?.into_event()).collect::<Result<Vec<_>, StoreError>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    Ok(Page { items, more })
}

pub(super) fn claim(
    connection: &Connection,
    group: &Group,
    limit: u32,
    lease: Duration,
) -> Result<Vec<OutboxEvent>, StoreError> {
    let sql = format!(
        "update outbox set claimed_until_ms = ?2 where seq in (\
           select seq from outbox as mine where done_ms is null and coalesce(claimed_until_ms, 0) <= ?1 and not exists (\
             select 1 from outbox as earlier where earlier.key = mine.key and earlier.done_ms is null \
               and earlier.seq < mine.seq and earlier.claimed_until_ms > ?1) \
           order by seq limit ?3) returning {COLUMNS}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![group.now.steady, group.now.after(lease), limit], row)?;
    let mut events = rows.map(|row| row?.into_event()).collect::<Result<Vec<_>, StoreError>>()?;
    events.sort_by_key(|event| event.seq);
    Ok(events)
}

pub(super) fn published(connection: &Connection, group: &Group, events: &[u64]) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("update outbox set done_ms = ?2 where seq = ?1 and done_ms is null")?;
    for seq in events {
        statement.execute(params![place(*seq), group.now.wall])?;
    }
    Ok(())
}

pub(super) fn backlog(connection: &Connection) -> Result<Backlog, StoreError> {
    let sql = "select count(*), min(at_ms) from outbox where done_ms is null";
    let (count, oldest) =
        connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)))?;
    Ok(Backlog { count: number(count)?, oldest: oldest.map(outbox::age) })
}
