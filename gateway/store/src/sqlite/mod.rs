//! The store in one SQLite file: one thread writes, a few connections read.

mod backup;
mod delegations;
mod error;
mod intents;
mod listings;
mod open;
mod outbox;
mod prune;
mod reserve;
mod writer;
mod writes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use uuid::Uuid;

pub(crate) use backup::restore;

use self::reserve::Reserve;
use self::writer::Writer;
use crate::anchor::AnchorFile;
use crate::clock::SteadyClock;
use crate::queue::{Queue, Told, queue};
use crate::write::{Answer, Write};
use crate::{
    Anchor, AuditEntry, AuditQuery, Backlog, DecisionQuery, DecisionRecord, Delegation, Intent, IntentId,
    IntentQuery, Limits, OutboxEvent, Page, Status, StoreConfig, StoreError, Verified,
};

#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
    queue: Queue,
    limits: Limits,
    /// Connections that nobody uses at the moment; a permit says that there is one, or may be.
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    pub(crate) async fn open(path: &Path, config: &StoreConfig) -> Result<Self, StoreError> {
        let (queue, inbox, told) = queue(&config.limits);
        let (opened, is_open) = oneshot::channel();
        let (place, settings) = (path.to_owned(), config.clone());
        // A thread for good: a commit waits for the disk.
        let spawned = thread::Builder::new().name("portico-store".to_owned()).spawn(move || {
            match writer(&place, &settings, told) {
                Ok((writer, runtime)) => {
                    drop(opened.send(Ok(())));
                    runtime.block_on(writer.run(inbox));
                }
                Err(error) => drop(opened.send(Err(error))),
            }
        });
        spawned.map_err(StoreError::unavailable)?;
        is_open.await.unwrap_or_else(|_| Err(StoreError::unavailable("its writer ended at the start")))?;
        Ok(Self {
            path: path.to_owned(),
            queue,
            limits: config.limits,
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(config.limits.readers.max(1))),
        })
    }

    /// Without a writer, and without the lock: another process may have both.
    pub(crate) async fn open_to_read(path: &Path, config: &StoreConfig) -> Result<Self, StoreError> {
        let (queue, inbox, told) = queue(&config.limits);
        inbox.end();
        let permits = Arc::new(Semaphore::new(config.limits.readers.max(1)));
        let opened =
            Self { path: path.to_owned(), queue, limits: config.limits, idle: Arc::default(), permits };
        let closed = opened.read(|connection| {
            open::current(connection)?;
            writer::ends(connection).map(|ends| ends.1)
        });
        told.closed.store(closed.await?, Ordering::Relaxed);
        Ok(opened)
    }

    pub(crate) async fn write(&self, write: Write) -> Answer {
        self.queue.write(write).await
    }

    pub(crate) fn write_later(&self, write: Write) {
        self.queue.write_later(write);
    }

    pub(crate) fn status(&self) -> Status {
        self.queue.status("sqlite")
    }

    pub(crate) async fn close(&self) {
        self.idle.lock().clear();
        self.queue.close().await;
    }

    /// Reads on a connection of its own, off the runtime's threads.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = timeout(self.limits.read_timeout, self.permits.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| StoreError::Busy)?.map_err(StoreError::unavailable)?;
        let (idle, path) = (self.idle.clone(), self.path.clone());
        let reading = spawn_blocking(move || {
            let kept = idle.lock().pop();
            let mut connection = kept.map_or_else(|| open::reader(&path), Ok)?;
            let answer = read(&mut connection);
            idle.lock().push(connection);
            drop(permit);
            answer
        });
        reading.await.unwrap_or_else(|error| Err(StoreError::unavailable(error)))
    }

    pub(crate) async fn intent(&self, id: IntentId) -> Result<Option<Intent>, StoreError> {
        self.read(move |connection| intents::find(connection, id)).await
    }

    pub(crate) async fn intents(&self, query: &IntentQuery) -> Result<Page<Intent>, StoreError> {
        let query = query.clone();
        self.read(move |connection| listings::intents(connection, &query)).await
    }

    pub(crate) async fn audit_page(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, StoreError> {
        let query = query.clone();
        self.read(move |connection| listings::audit(connection, &query)).await
    }

    pub(crate) async fn audit_verify(&self, against: Option<Anchor>) -> Result<Verified, StoreError> {
        self.read(move |connection| listings::verify(connection, against)).await
    }

    pub(crate) async fn decision_records(
        &self,
        query: &DecisionQuery,
    ) -> Result<Page<DecisionRecord>, StoreError> {
        let query = query.clone();
        self.read(move |connection| listings::decisions(connection, &query)).await
    }

    pub(crate) async fn delegation(&self, id: Uuid) -> Result<Option<Delegation>, StoreError> {
        self.read(move |connection| delegations::find(connection, id)).await
    }

    pub(crate) async fn delegations_by(&self, delegator: &str) -> Result<Vec<Delegation>, StoreError> {
        let delegator = delegator.to_owned();
        self.read(move |connection| delegations::by(connection, &delegator)).await
    }

    pub(crate) async fn delegations_to(
        &self,
        delegate: &str,
        at: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        let delegate = delegate.to_owned();
        self.read(move |connection| delegations::to(connection, &delegate, at)).await
    }

    pub(crate) async fn outbox_pending(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Page<OutboxEvent>, StoreError> {
        self.read(move |connection| outbox::pending(connection, after, limit)).await
    }

    pub(crate) async fn outbox_backlog(&self) -> Result<Backlog, StoreError> {
        self.read(|connection| outbox::backlog(connection)).await
    }

    pub(crate) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.read(move |connection| backup::backup(connection, &to)).await
    }
}

/// The writer, ready, and the little runtime that it waits on.
fn writer(
    path: &Path,
    config: &StoreConfig,
    told: Arc<Told>,
) -> Result<(Writer, tokio::runtime::Runtime), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(StoreError::unavailable)?;
    let lock = open::lock(path)?;
    let connection = open::writer(path)?;
    let clock = SteadyClock::start();
    intents::come_back(&connection, clock.now())?;
    let mut reserve = Reserve::new(path, config.limits.reserve);
    told.on_reserve.store(!reserve.hold(), Ordering::Relaxed);
    told.closed.store(writer::ends(&connection)?.1, Ordering::Relaxed);
    let beside = open::beside(path, ".audit-anchor");
    let anchor = AnchorFile::open(Some(config.anchor.as_deref().unwrap_or(&beside)))?;
    Ok((Writer { connection, clock, reserve, anchor, told, lock }, runtime))
}
