//! Pages of what is stored, and the walk along the audit trail.

use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;
use tokio_postgres::{IsolationLevel, Row};

use super::intents;
use crate::bounds::PAGE;
use crate::chain::{AuditRow, Follower};
use crate::listing::{self, Conditions, Value, place};
use crate::rows::{DecisionRow, IntentRow, digest, number};
use crate::{
    Anchor, AuditEntry, AuditQuery, DecisionQuery, DecisionRecord, Intent, IntentQuery, Page, StoreError,
    Verified,
};

async fn page<R, T>(
    client: &Object,
    (columns, table, order): (&str, &str, &str),
    conditions: &Conditions,
    row: fn(&Row) -> Result<R, tokio_postgres::Error>,
    into: fn(R) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    let more = conditions.limit + 1;
    let sql = format!("select {columns} from {table} where {} order by {order} limit {more}", conditions.sql);
    let values: Vec<&(dyn ToSql + Sync)> = conditions
        .values
        .iter()
        .map(|value| match value {
            Value::Text(text) => text as &(dyn ToSql + Sync),
            Value::Number(number) => number,
        })
        .collect();
    let rows = client.query(&sql, &values).await?;
    let items = rows.iter().map(|found| into(row(found)?)).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(conditions.page(items))
}

pub(super) async fn intents(client: &Object, query: &IntentQuery) -> Result<Page<Intent>, StoreError> {
    let what = (intents::COLUMNS, "intents", "id desc");
    page(client, what, &listing::intents('$', query), intents::row, IntentRow::into_intent).await
}

const DECISION: &str = "seq, intent, at_ms, outcome, settled_ms, body";

fn decision(row: &Row) -> Result<DecisionRow, tokio_postgres::Error> {
    Ok(DecisionRow {
        seq: row.try_get(0)?,
        intent: row.try_get(1)?,
        at_ms: row.try_get(2)?,
        outcome: row.try_get(3)?,
        settled_ms: row.try_get(4)?,
        body: row.try_get(5)?,
    })
}

pub(super) async fn decisions(
    client: &Object,
    query: &DecisionQuery,
) -> Result<Page<DecisionRecord>, StoreError> {
    let what = (DECISION, "decisions", "seq");
    page(client, what, &listing::decisions('$', query), decision, DecisionRow::into_record).await
}

const AUDIT: &str = "seq, at_ms, kind, subject, system, intent, body, digest";

fn audit_row(row: &Row) -> Result<AuditRow, tokio_postgres::Error> {
    Ok(AuditRow {
        seq: row.try_get(0)?,
        at_ms: row.try_get(1)?,
        kind: row.try_get(2)?,
        subject: row.try_get(3)?,
        system: row.try_get(4)?,
        intent: row.try_get(5)?,
        body: row.try_get(6)?,
        digest: row.try_get(7)?,
    })
}

pub(super) async fn audit(client: &Object, query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
    page(client, (AUDIT, "audit", "seq"), &listing::audit('$', query), audit_row, AuditRow::into_entry).await
}

/// All in one snapshot, so that what is written meanwhile is not taken for a fault.
pub(super) async fn verify(client: &mut Object, against: Option<Anchor>) -> Result<Verified, StoreError> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let ends =
        transaction.query_one("select start_seq, start_digest, end_seq, end_digest from chain", &[]).await?;
    let start = Anchor { count: number(ends.try_get(0)?)?, head: digest(ends.try_get(1)?)? };
    let end = Anchor { count: number(ends.try_get(2)?)?, head: digest(ends.try_get(3)?)? };
    let mut follower = Follower::new(start, against);
    let statement = transaction
        .prepare(&format!("select {AUDIT} from audit where seq > $1 order by seq limit $2"))
        .await?;
    while let Some(after) = follower.place() {
        let rows = transaction.query(&statement, &[&place(after), &i64::from(PAGE)]).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            follower.row(&audit_row(row)?);
        }
    }
    Ok(follower.end(end))
}
