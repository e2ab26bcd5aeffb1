//! Pages of what is stored, and the walk along the audit trail.

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row, ToSql, params, params_from_iter};

use super::intents;
use super::writer::ends;
use crate::bounds::PAGE;
use crate::chain::{AuditRow, Follower};
use crate::listing::{self, Conditions, Value, place};
use crate::rows::{DecisionRow, IntentRow, digest, number};
use crate::{
    Anchor, AuditEntry, AuditQuery, DecisionQuery, DecisionRecord, Intent, IntentQuery, Page, StoreError,
    Verified,
};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Number(number) => number.to_sql(),
        }
    }
}

fn page<R, T>(
    connection: &Connection,
    (columns, table, order): (&str, &str, &str),
    conditions: &Conditions,
    row: fn(&Row<'_>) -> rusqlite::Result<R>,
    into: fn(R) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    let more = conditions.limit + 1;
    let sql = format!("select {columns} from {table} where {} order by {order} limit {more}", conditions.sql);
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params_from_iter(&conditions.values), row)?;
    let items = rows.map(|row| into(row?)).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(conditions.page(items))
}

pub(super) fn intents(connection: &Connection, query: &IntentQuery) -> Result<Page<Intent>, StoreError> {
    let what = (intents::COLUMNS, "intents", "id desc");
    page(connection, what, &listing::intents('?', query), intents::row, IntentRow::into_intent)
}

const DECISION: &str = "seq, intent, at_ms, outcome, settled_ms, body";

fn decision(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    Ok(DecisionRow {
        seq: row.get(0)?,
        intent: row.get(1)?,
        at_ms: row.get(2)?,
        outcome: row.get(3)?,
        settled_ms: row.get(4)?,
        body: row.get(5)?,
    })
}

pub(super) fn decisions(
    connection: &Connection,
    query: &DecisionQuery,
) -> Result<Page<DecisionRecord>, StoreError> {
    let what = (DECISION, "decisions", "seq");
    page(connection, what, &listing::decisions('?', query), decision, DecisionRow::into_record)
}

const AUDIT: &str = "seq, at_ms, kind, subject, system, intent, body, digest";

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        seq: row.get(0)?,
        at_ms: row.get(1)?,
        kind: row.get(2)?,
        subject: row.get(3)?,
        system: row.get(4)?,
        intent: row.get(5)?,
        body: row.get(6)?,
        digest: row.get(7)?,
    })
}

pub(super) fn audit(connection: &Connection, query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
    page(connection, (AUDIT, "audit", "seq"), &listing::audit('?', query), audit_row, AuditRow::into_entry)
}

/// All in one transaction, so that what is written meanwhile is not taken for a fault.
pub(super) fn verify(connection: &mut Connection, against: Option<Anchor>) -> Result<Verified, StoreError> {
    let transaction = connection.transaction()?;
    let (end, _) = ends(&transaction)?;
    let (seq, head) = transaction.query_row("select start_seq, start_digest from chain", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut follower = Follower::new(Anchor { count: number(seq)?, head: digest(&head)? }, against);
    let sql = format!("select {AUDIT} from audit where seq > ?1 order by seq limit ?2");
    while let Some(after) = follower.place() {
        let mut statement = transaction.prepare_cached(&sql)?;
        let rows = statement.query_map(params![place(after), PAGE], audit_row)?;
        let mut seen = false;
        for row in rows {
            follower.row(&row?);
            seen = true;
        }
        if !seen {
            break;
        }
    }
    Ok(follower.end(end))
}
