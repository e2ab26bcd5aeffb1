//! Which of the two carries a transaction out. Published ahead of the engines, so that others can compile against [`crate::Store`].

use std::path::Path;

use jiff::Timestamp;
use uuid::Uuid;

use crate::write::{Answer, Write};
use crate::{
    Anchor, AuditEntry, AuditQuery, Backlog, DecisionQuery, DecisionRecord, Delegation, Intent, IntentId,
    IntentQuery, OutboxEvent, Page, Status, StoreConfig, StoreError, Verified,
};

#[derive(Clone, Debug)]
pub(crate) enum Engine {}

fn none() -> StoreError {
    StoreError::unavailable("this build has no engine")
}

impl Engine {
    pub(crate) async fn open(_config: &StoreConfig) -> Result<Self, StoreError> {
        Err(none())
    }
    pub(crate) async fn write(&self, _write: Write) -> Answer {
        Err(none())
    }
    pub(crate) fn write_later(&self, _write: Write) {}
    pub(crate) fn status(&self) -> Status {
        Status::default()
    }
    pub(crate) async fn intent(&self, _id: IntentId) -> Result<Option<Intent>, StoreError> {
        Err(none())
    }
    pub(crate) async fn intents(&self, _query: &IntentQuery) -> Result<Page<Intent>, StoreError> {
        Err(none())
    }
    pub(crate) async fn audit_page(&self, _query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
        Err(none())
    }
    pub(crate) async fn audit_verify(&self, _against: Option<Anchor>) -> Result<Verified, StoreError> {
        Err(none())
    }
    pub(crate) async fn decision_records(
        &self,
        _query: &DecisionQuery,
    ) -> Result<Page<DecisionRecord>, StoreError> {
        Err(none())
    }
    pub(crate) async fn delegation(&self, _id: Uuid) -> Result<Option<Delegation>, StoreError> {
        Err(none())
    }
    pub(crate) async fn delegations_by(&self, _delegator: &str) -> Result<Vec<Delegation>, StoreError> {
        Err(none())
    }
    pub(crate) async fn delegations_to(
        &self,
        _delegate: &str,
        _at: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        Err(none())
    }
    pub(crate) async fn outbox_pending(
        &self,
        _after: u64,
        _limit: u32,
    ) -> Result<Page<OutboxEvent>, StoreError> {
        Err(none())
    }
    pub(crate) async fn outbox_backlog(&self) -> Result<Backlog, StoreError> {
        Err(none())
    }
    pub(crate) async fn backup(&self, _to: &Path) -> Result<(), StoreError> {
        Err(none())
    }
    pub(crate) async fn close(&self) {}
}

pub(crate) fn restore(_backup: &Path, _to: &Path) -> Result<(), StoreError> {
    Err(none())
}
