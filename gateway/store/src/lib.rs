//! The durable store: what must not be lost when the process, or the machine, goes down.
//!
//! A write to a back office is a durable *intent*. Its idempotency record, the intent itself, an audit entry and the events
//! that it announces commit together before the back office is called, and its outcome commits before the caller hears of
//! it. Whatever happens in between, a reconciler finds the intent and settles it.
//!
//! There is no SQL abstraction: [`Store`] has one method per transaction, and two engines carry them out, SQLite (a
//! file, one process) and PostgreSQL (several). One behaviour suite runs over both. Either way one writer collects what waits
//! into one commit, so that many callers share one wait for the disk.
//!
//! Times that others see are the wall clock's. Leases and looks are on a clock of the store's own, which does not jump while
//! the process runs. The store knows no adapter, no policy and no HTTP; it keeps ids, words and digests.
#![warn(missing_docs)]

mod anchor;
mod audit;
pub mod bounds;
mod chain;
mod clock;
mod config;
mod decision;
mod delegation;
mod engine;
mod error;
mod intent;
mod listing;
mod machine;
mod outbox;
mod postgres;
mod queue;
mod retention;
mod rows;
mod sqlite;
mod status;
mod store;
mod write;

pub use anchor::read_anchor;
pub use audit::{Anchor, AuditEntry, AuditFault, AuditQuery, NewAudit, Verified};
pub use config::{Limits, Place, PostgresConfig, StoreConfig};
pub use decision::{DecisionQuery, DecisionRecord, NewDecision};
pub use delegation::{COVERS, Covers, Delegation, NewDelegation};
pub use error::StoreError;
pub use intent::{
    Actor, Begun, Digest, IdempotencyKey, Intent, IntentId, IntentQuery, IntentState, NewIntent, Outcome,
    Page, Settled, SettledBy, Settlement, Target, Trace,
};
pub use outbox::{Backlog, NewEvent, OutboxEvent};
pub use retention::{Pruned, Retention};
pub use status::Status;
pub use store::Store;

/// Places a backup of a SQLite store where `to` names none yet, marked so that writes stay closed until
/// [`Store::accept_gap`]. The backup is checked first and is not changed.
pub fn restore(backup: &std::path::Path, to: &std::path::Path) -> Result<(), StoreError> {
    sqlite::restore(backup, to)
}
