//! Who stands in for whom.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use uuid::Uuid;

use super::writes::Group;
use crate::bounds::PAGE;
use crate::rows::DelegationRow;
use crate::{Actor, Delegation, NewDelegation, StoreError, Trace};

const COLUMNS: &str = "id, delegator, delegate, from_ms, until_ms, created_ms, updated_ms, body";

fn row(row: &Row<'_>) -> rusqlite::Result<DelegationRow> {
    Ok(DelegationRow {
        id: row.get(0)?,
        delegator: row.get(1)?,
        delegate: row.get(2)?,
        from_ms: row.get(3)?,
        until_ms: row.get(4)?,
        created_ms: row.get(5)?,
        updated_ms: row.get(6)?,
        body: row.get(7)?,
    })
}

pub(super) fn find(connection: &Connection, id: Uuid) -> Result<Option<Delegation>, StoreError> {
    let sql = format!("select {COLUMNS} from delegations where id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id.to_string()], row).optional()?;
    found.map(DelegationRow::into_delegation).transpose()
}

pub(super) fn by(connection: &Connection, delegator: &str) -> Result<Vec<Delegation>, StoreError> {
    let condition = "delegator = ?1 order by until_ms desc, id";
    list(connection, condition, params![delegator])
}

pub(super) fn to(
    connection: &Connection,
    delegate: &str,
    at: Timestamp,
) -> Result<Vec<Delegation>, StoreError> {
    let condition = "delegate = ?1 and until_ms > ?2 and from_ms <= ?2 order by until_ms, id";
    list(connection, condition, params![delegate, at.as_millisecond()])
}

fn list(
    connection: &Connection,
    condition: &'static str,
    values: impl Params,
) -> Result<Vec<Delegation>, StoreError> {
    let sql = format!("select {COLUMNS} from delegations where {condition} limit {PAGE}");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(values, row)?;
    rows.map(|row| row?.into_delegation()).collect()
}

pub(super) fn put(
    connection: &Connection,
    group: &mut Group,
    new: &NewDelegation,
) -> Result<Delegation, StoreError> {
    let earlier = find(connection, new.id)?;
    let row = DelegationRow::of(new, earlier.as_ref(), group.now.wall)?;
    let sql = "insert or replace into delegations values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        row.id,
        row.delegator,
        row.delegate,
        row.from_ms,
        row.until_ms,
        row.created_ms,
        row.updated_ms,
        row.body
    ])?;
    let delegation = row.into_delegation()?;
    group.audit(connection, &delegation.audit("delegation.put", &new.by, &new.trace))?;
    Ok(delegation)
}

pub(super) fn end(
    connection: &Connection,
    group: &mut Group,
    id: Uuid,
    at: Timestamp,
    by: &Actor,
    trace: &Trace,
) -> Result<Delegation, StoreError> {
    let mut delegation = find(connection, id)?.ok_or(StoreError::NotFound("delegation"))?;
    if delegation.until <= at {
        return Ok(delegation);
    }
    delegation.end(at, group.now);
    let sql = "update delegations set until_ms = ?2, updated_ms = ?3 where id = ?1";
    let (until, updated) = (delegation.until.as_millisecond(), delegation.updated.as_millisecond());
    connection.prepare_cached(sql)?.execute(params![id.to_string(), until, updated])?;
    group.audit(connection, &delegation.audit("delegation.ended", by, trace))?;
    Ok(delegation)
}
