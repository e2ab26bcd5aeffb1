//! Intents and their keys.

use std::time::Duration;

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::outbox;
use super::writes::Group;
use crate::rows::{IntentRow, decision_body};
use crate::{
    Begun, IdempotencyKey, Intent, IntentId, NewIntent, Outcome, Settled, Settlement, StoreError, machine,
};

pub(super) const COLUMNS: &str = "id, state, created_ms, updated_ms, lease_ms, next_look_ms, looks, body";

pub(super) fn row(row: &Row) -> Result<IntentRow, tokio_postgres::Error> {
    Ok(IntentRow {
        id: row.try_get(0)?,
        state: row.try_get(1)?,
        created_ms: row.try_get(2)?,
        updated_ms: row.try_get(3)?,
        lease_ms: row.try_get(4)?,
        next_look_ms: row.try_get(5)?,
        looks: row.try_get(6)?,
        body: row.try_get(7)?,
    })
}

fn intent(found: Option<&Row>) -> Result<Option<Intent>, StoreError> {
    found.map(|found| row(found)?.into_intent()).transpose()
}

pub(super) async fn find(client: &impl GenericClient, id: IntentId) -> Result<Option<Intent>, StoreError> {
    let sql = format!("select {COLUMNS} from intents where id = $1");
    let statement = client.prepare_cached(&sql).await?;
    intent(client.query_opt(&statement, &[&id.to_string()]).await?.as_ref())
}

/// The key and the intent go in together, or neither: most keys are new, and it takes one exchange.
pub(super) async fn begin(
    transaction: &Transaction<'_>,
    group: &mut Group,
    new: &NewIntent,
) -> Result<Begun, StoreError> {
    let intent = machine::accepted(new, group.now);
    let row = IntentRow::of(&intent)?;
    let IdempotencyKey { subject, route, key } = &new.key;
    let sql = "with taken as (insert into idempotency_keys values ($1, $2, $3, $4, $5) \
                 on conflict (subject, route, key) do nothing returning intent) \
               insert into intents select intent, $6, $7, $8, $5, $9, $10, $11, $12, $13 from taken";
    let statement = transaction.prepare_cached(sql).await?;
    let (system, actor) = (&new.target.system, &new.actor.subject);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 13] = [
        subject,
        route,
        key,
        &row.id,
        &row.created_ms,
        &row.state,
        system,
        actor,
        &row.updated_ms,
        &row.lease_ms,
        &row.next_look_ms,
        &row.looks,
        &row.body,
    ];
    if transaction.execute(&statement, &values).await? == 0 {
        let earlier = of_key(transaction, &new.key).await?;
        let earlier = earlier.ok_or_else(|| StoreError::corrupt("a key belongs to no intent"))?;
        return Ok(machine::repeated(new.digest, earlier, group.now));
    }
    if let Some(decision) = &new.decision {
        let sql = "insert into decisions (intent, at_ms, system, resource_type, native_id, subject, outcome, body) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let statement = transaction.prepare_cached(sql).await?;
        let (resource_type, native_id) = (&new.target.resource_type, &new.target.native_id);
        let body = decision_body(new, decision)?;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
            [&row.id, &group.now.wall, system, resource_type, native_id, actor, &row.state, &body];
        transaction.execute(&statement, &values).await?;
    }
    group.audit(&machine::audit_of(&intent))?;
    outbox::announce(transaction, group, &new.events).await?;
    Ok(Begun::New(intent))
}

async fn of_key(transaction: &Transaction<'_>, key: &IdempotencyKey) -> Result<Option<Intent>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from intents where id = \
         (select intent from idempotency_keys where subject = $1 and route = $2 and key = $3)"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    intent(transaction.query_opt(&statement, &[&key.subject, &key.route, &key.key]).await?.as_ref())
}

pub(super) async fn note_sent(
    transaction: &Transaction<'_>,
    group: &Group,
    id: IntentId,
) -> Result<(), StoreError> {
    let sql = "update intents set state = 'sent', updated_ms = $2 where id = $1 and state = 'accepted'";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&id.to_string(), &group.now.wall]).await?;
    Ok(())
}

pub(super) async fn settle(
    transaction: &Transaction<'_>,
    group: &mut Group,
    id: IntentId,
    settlement: &Settlement,
) -> Result<Settled, StoreError> {
    let intent = find(transaction, id).await?.ok_or(StoreError::NotFound("intent"))?;
    let Some(intent) = machine::settled(&intent, settlement, group.now) else {
        return Ok(Settled::Already(intent));
    };
    let row = IntentRow::of(&intent)?;
    let settled_ms = intent.state.is_final().then_some(group.now.wall);
    let sql = "with of_decision as (update decisions set outcome = $2, settled_ms = $6 where intent = $1) \
               update intents set state = $2, updated_ms = $3, next_look_ms = $4, body = $5 where id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&row.id, &row.state, &row.updated_ms, &row.next_look_ms, &row.body, &settled_ms];
    transaction.execute(&statement, &values).await?;
    if matches!(settlement.outcome, Outcome::Refused { release_key: true, .. }) {
        let statement = transaction.prepare_cached("delete from idempotency_keys where intent = $1").await?;
        transaction.execute(&statement, &[&row.id]).await?;
    }
    group.audit(&machine::audit_of(&intent))?;
    outbox::announce(transaction, group, &settlement.events).await?;
    Ok(Settled::Done(intent))
}

pub(super) async fn extend_lease(
    transaction: &Transaction<'_>,
    group: &Group,
    id: IntentId,
    lease: Duration,
) -> Result<(), StoreError> {
    let sql =
        "update intents set lease_ms = $2, next_look_ms = $2 where id = $1 and state in ('accepted', 'sent')";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&id.to_string(), &group.now.after(lease)]).await?;
    Ok(())
}

pub(super) async fn due(
    transaction: &Transaction<'_>,
    group: &Group,
    limit: u32,
    lease: Duration,
) -> Result<Vec<Intent>, StoreError> {
    let sql = format!(
        "update intents set next_look_ms = $2, looks = looks + 1 where id in \
         (select id from intents where next_look_ms <= $1 order by next_look_ms limit $3) returning {COLUMNS}"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let now = group.now;
    let rows = transaction.query(&statement, &[&now.steady, &now.after(lease), &i64::from(limit)]).await?;
    let mut intents =
        rows.iter().map(|found| row(found)?.into_intent()).collect::<Result<Vec<_>, StoreError>>()?;
    // They come back in no order.
    intents.sort_by_key(|intent| intent.id);
    Ok(intents)
}

pub(super) async fn postpone(
    transaction: &Transaction<'_>,
    group: &Group,
    id: IntentId,
    look_after: Duration,
) -> Result<(), StoreError> {
    let sql = "update intents set next_look_ms = $2 where id = $1 and next_look_ms is not null";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&id.to_string(), &group.now.after(look_after)]).await?;
    Ok(())
}
