//! The store in PostgreSQL: one task a process writes, a pool of connections reads.

mod delegations;
mod error;
mod intents;
mod listings;
mod open;
mod outbox;
mod prune;
mod tls;
mod writer;
mod writes;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use jiff::Timestamp;
use uuid::Uuid;

use self::writer::Writer;
use crate::anchor::AnchorFile;
use crate::queue::{Queue, queue};
use crate::write::{Answer, Write};
use crate::{
    Anchor, AuditEntry, AuditQuery, Backlog, DecisionQuery, DecisionRecord, Delegation, Intent, IntentId,
    IntentQuery, OutboxEvent, Page, PostgresConfig, Status, StoreConfig, StoreError, Verified,
};

#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Pool,
    queue: Queue,
    patience: Duration,
}

impl Postgres {
    pub(crate) async fn open(at: &PostgresConfig, config: &StoreConfig) -> Result<Self, StoreError> {
        let pool = open::pool(at, &config.limits)?;
        let patience = at.connect_timeout;
        let mut connection = open::connect(&pool, patience).await?;
        open::migrate(&mut connection).await?;
        let closed = connection.query_one("select closed from chain", &[]).await?.try_get(0)?;
        drop(connection);
        let (queue, inbox, told) = queue(&config.limits);
        told.closed.store(closed, Ordering::Relaxed);
        let anchor = AnchorFile::open(config.anchor.as_deref())?;
        let writer = Writer { pool: pool.clone(), patience, anchor, told };
        tokio::spawn(writer.run(inbox));
        Ok(Self { pool, queue, patience })
    }

    pub(crate) async fn write(&self, write: Write) -> Answer {
        self.queue.write(write).await
    }

    pub(crate) fn write_later(&self, write: Write) {
        self.queue.write_later(write);
    }

    pub(crate) fn status(&self) -> Status {
        self.queue.status("postgresql")
    }

    pub(crate) async fn close(&self) {
        self.queue.close().await;
        self.pool.close();
    }

    async fn reader(&self) -> Result<Object, StoreError> {
        open::connect(&self.pool, self.patience).await
    }

    pub(crate) async fn intent(&self, id: IntentId) -> Result<Option<Intent>, StoreError> {
        intents::find(&self.reader().await?, id).await
    }

    pub(crate) async fn intents(&self, query: &IntentQuery) -> Result<Page<Intent>, StoreError> {
        listings::intents(&self.reader().await?, query).await
    }

    pub(crate) async fn audit_page(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
        listings::audit(&self.reader().await?, query).await
    }

    pub(crate) async fn audit_verify(&self, against: Option<Anchor>) -> Result<Verified, StoreError> {
        listings::verify(&mut self.reader().await?, against).await
    }

    pub(crate) async fn decision_records(
        &self,
        query: &DecisionQuery,
    ) -> Result<Page<DecisionRecord>, StoreError> {
        listings::decisions(&self.reader().await?, query).await
    }

    pub(crate) async fn delegation(&self, id: Uuid) -> Result<Option<Delegation>, StoreError> {
        delegations::find(&self.reader().await?, id).await
    }

    pub(crate) async fn delegations_by(&self, delegator: &str) -> Result<Vec<Delegation>, StoreError> {
        delegations::by(&self.reader().await?, delegator).await
    }

    pub(crate) async fn delegations_to(
        &self,
        delegate: &str,
        at: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        delegations::to(&self.reader().await?, delegate, at).await
    }

    pub(crate) async fn outbox_pending(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Page<OutboxEvent>, StoreError> {
        outbox::pending(&self.reader().await?, after, limit).await
    }

    pub(crate) async fn outbox_backlog(&self) -> Result<Backlog, StoreError> {
        outbox::backlog(&self.reader().await?).await
    }

    pub(crate) async fn backup(&self, _to: &Path) -> Result<(), StoreError> {
        Err(StoreError::invalid(
            "PostgreSQL is backed up with its own tools: `pg_dump --schema=portico --format=custom`. After a restore run \
             `update portico.chain set closed = true` before Portico starts, so that writes wait for `--accept-gap`",
        ))
    }
}
