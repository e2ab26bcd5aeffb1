//! Which of the two carries a transaction out.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::write::{Answer, Write};
use crate::{
    Anchor, AuditEntry, AuditQuery, Backlog, DecisionQuery, DecisionRecord, Delegation, Intent, IntentId,
    IntentQuery, OutboxEvent, Page, Place, Status, StoreConfig, StoreError, Verified,
};

#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

/// The same call to either.
macro_rules! either {
    ($engine:expr, $method:ident ( $($argument:expr),* )) => {
        match $engine {
            Engine::Sqlite(engine) => engine.$method($($argument),*),
            Engine::Postgres(engine) => engine.$method($($argument),*),
        }
    };
    ($engine:expr, await $method:ident ( $($argument:expr),* )) => {
        match $engine {
            Engine::Sqlite(engine) => engine.$method($($argument),*).await,
            Engine::Postgres(engine) => engine.$method($($argument),*).await,
        }
    };
}

impl Engine {
    pub(crate) async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        match &config.place {
            Place::Sqlite { path } => Ok(Self::Sqlite(Arc::new(Sqlite::open(path, config).await?))),
            Place::Postgres(at) => Ok(Self::Postgres(Arc::new(Postgres::open(at, config).await?))),
        }
    }

    pub(crate) async fn open_to_read(config: &StoreConfig) -> Result<Self, StoreError> {
        match &config.place {
            Place::Sqlite { path } => Ok(Self::Sqlite(Arc::new(Sqlite::open_to_read(path, config).await?))),
            Place::Postgres(_) => Self::open(config).await,
        }
    }

    pub(crate) async fn write(&self, write: Write) -> Answer {
        either!(self, await write(write))
    }

    pub(crate) fn write_later(&self, write: Write) {
        either!(self, write_later(write));
    }

    pub(crate) fn status(&self) -> Status {
        either!(self, status())
    }

    pub(crate) async fn intent(&self, id: IntentId) -> Result<Option<Intent>, StoreError> {
        either!(self, await intent(id))
    }

    pub(crate) async fn intents(&self, query: &IntentQuery) -> Result<Page<Intent>, StoreError> {
        either!(self, await intents(query))
    }

    pub(crate) async fn audit_page(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
        either!(self, await audit_page(query))
    }

    pub(crate) async fn audit_verify(&self, against: Option<Anchor>) -> Result<Verified, StoreError> {
        either!(self, await audit_verify(against))
    }

    pub(crate) async fn decision_records(
        &self,
        query: &DecisionQuery,
    ) -> Result<Page<DecisionRecord>, StoreError> {
        either!(self, await decision_records(query))
    }

    pub(crate) async fn delegation(&self, id: Uuid) -> Result<Option<Delegation>, StoreError> {
        either!(self, await delegation(id))
    }

    pub(crate) async fn delegations_by(&self, delegator: &str) -> Result<Vec<Delegation>, StoreError> {
        either!(self, await delegations_by(delegator))
    }

    pub(crate) async fn delegations_to(
        &self,
        delegate: &str,
        at: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        either!(self, await delegations_to(delegate, at))
    }

    pub(crate) async fn outbox_pending(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Page<OutboxEvent>, StoreError> {
        either!(self, await outbox_pending(after, limit))
    }

    pub(crate) async fn outbox_backlog(&self) -> Result<Backlog, StoreError> {
        either!(self, await outbox_backlog())
    }

    pub(crate) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        either!(self, await backup(to))
    }

    pub(crate) async fn close(&self) {
        either!(self, await close());
    }
}
