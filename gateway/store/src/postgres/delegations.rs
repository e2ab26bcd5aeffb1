//! Who stands in for whom.

use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::writes::Group;
use crate::bounds::PAGE;
use crate::rows::DelegationRow;
use crate::{Actor, Delegation, NewDelegation, StoreError, Trace};

const COLUMNS: &str = "id, delegator, delegate, from_ms, until_ms, created_ms, updated_ms, body";

fn row(row: &Row) -> Result<DelegationRow, tokio_postgres::Error> {
    Ok(DelegationRow {
        id: row.try_get(0)?,
        delegator: row.try_get(1)?,
        delegate: row.try_get(2)?,
        from_ms: row.try_get(3)?,
        until_ms: row.try_get(4)?,
        created_ms: row.try_get(5)?,
        updated_ms: row.try_get(6)?,
        body: row.try_get(7)?,
    })
}

pub(super) async fn find(client: &impl GenericClient, id: Uuid) -> Result<Option<Delegation>, StoreError> {
    Ok(list(client, "id = $1", &[&id.to_string()]).await?.into_iter().next())
}

pub(super) async fn by(client: &impl GenericClient, delegator: &str) -> Result<Vec<Delegation>, StoreError> {
    list(client, "delegator = $1 order by until_ms desc, id", &[&delegator]).await
}

pub(super) async fn to(
    client: &impl GenericClient,
    delegate: &str,
    at: Timestamp,
) -> Result<Vec<Delegation>, StoreError> {
    let condition = "delegate = $1 and until_ms > $2 and from_ms <= $2 order by until_ms, id";
    list(client, condition, &[&delegate, &at.as_millisecond()]).await
}

async fn list(
    client: &impl GenericClient,
    condition: &'static str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Delegation>, StoreError> {
    let sql = format!("select {COLUMNS} from delegations where {condition} limit {PAGE}");
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, values).await?;
    rows.iter().map(|found| row(found)?.into_delegation()).collect()
}

pub(super) async fn put(
    transaction: &Transaction<'_>,
    group: &mut Group,
    new: &NewDelegation,
) -> Result<Delegation, StoreError> {
    let earlier = find(transaction, new.id).await?;
    let row = DelegationRow::of(new, earlier.as_ref(), group.now.wall)?;
    let sql = "insert into delegations values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do update set \
               delegator = $2, delegate = $3, from_ms = $4, until_ms = $5, created_ms = $6, updated_ms = $7, body = $8";
    let statement = transaction.prepare_cached(sql).await?;
    let values: [&(dyn ToSql + Sync); 8] = [
        &row.id,
        &row.delegator,
        &row.delegate,
        &row.from_ms,
        &row.until_ms,
        &row.created_ms,
        &row.updated_ms,
        &row.body,
    ];
    transaction.execute(&statement, &values).await?;
    let delegation = row.into_delegation()?;
    group.audit(&delegation.audit("delegation.put", &new.by, &new.trace))?;
    Ok(delegation)
}

pub(super) async fn end(
    transaction: &Transaction<'_>,
    group: &mut Group,
    id: Uuid,
    at: Timestamp,
    by: &Actor,
    trace: &Trace,
) -> Result<Delegation, StoreError> {
    let mut delegation = find(transaction, id).await?.ok_or(StoreError::NotFound("delegation"))?;
    if delegation.until <= at {
        return Ok(delegation);
    }
    delegation.end(at, group.now);
    let sql = "update delegations set until_ms = $2, updated_ms = $3 where id = $1";
    let (until, updated) = (delegation.until.as_millisecond(), delegation.updated.as_millisecond());
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&id.to_string(), &until, &updated]).await?;
    group.audit(&delegation.audit("delegation.ended", by, trace))?;
    Ok(delegation)
}
