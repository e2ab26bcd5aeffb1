//! An index in memory for each directory that tells its changes: read at the start, kept up to date, never half new.
//!
//! What is sensitive about people is not in it: addresses, and numbers of their own. So no search finds anybody by
//! them, and none shows them.

mod complaints;
mod refresh;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::future::{Either, join_all, select};
use jiff::Timestamp;
use portico_contract::access::Facts;
use portico_contract::paging::Position;
use portico_contract::people::{PeopleChanges, PersonKey, PersonRecord};
use portico_contract::trace::{Span, attr};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation, SystemKey};
use portico_directory::{PeopleIndex, PersonEntry};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use self::complaints::Complaints;
use crate::systems::{System, Systems};

/// How indexes are kept.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// How often a directory is asked what changed, a tenth more or less.
    pub interval: Duration,
    /// How often everything is read again, changes or not: a change that a directory forgot to tell shows by then.
    pub whole_every: Duration,
    /// From this age on what the index says is called stale.
    pub stale_after: Duration,
    /// How long one reading may take in all.
    pub deadline: Duration,
}

impl Default for IndexOptions {
    /// Every minute; everything every six hours; stale after ten minutes; ten minutes for a reading.
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            interval: minutes(1),
            whole_every: minutes(360),
            stale_after: minutes(10),
            deadline: minutes(10),
        }
    }
}

/// How one index is doing.
#[derive(Debug, Clone)]
pub struct IndexState {
    /// The directory.
    pub system: SystemKey,
    /// People in it.
    pub people: usize,
    /// Octets of memory that it takes.
    pub bytes: usize,
    /// When the directory was last asked and answered; `None` before the first time.
    pub read_at: Option<Timestamp>,
    /// How long ago that is.
    pub age: Option<Duration>,
    /// Whether it is older than it should be, or could not be read the last time.
    pub stale: bool,
    /// Why the last reading failed; `None` when it did not.
    pub last_error: Option<(ErrorKind, String)>,
}

/// What came of one reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Persons who are new, changed or gone; everybody when the reading was whole. Zero when nothing changed.
    pub changes: usize,
    /// Whether everybody was read.
    pub whole: bool,
}

/// One directory as it was read.
pub(super) struct Held {
    pub(super) index: PeopleIndex,
    pub(super) read_at: Timestamp,
    read: Instant,
    whole: Instant,
    next: Option<Position>,
}

/// Why there is nothing newer.
struct Trouble {
    error: Error,
    failures: u32,
}

struct Keeper {
    system: System,
    held: ArcSwapOption<Held>,
    trouble: ArcSwapOption<Trouble>,
    /// One reading at a time, with what was said of those before it.
    reading: Mutex<Complaints>,
}

/// The indexes of all directories. Cheap to clone.
#[derive(Clone)]
pub struct Indexes(Arc<Parts>);

struct Parts {
    keepers: Vec<Keeper>,
    options: IndexOptions,
    changed: watch::Sender<u64>,
}

impl fmt::Debug for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keepers.iter().map(|keeper| keeper.system.key())).finish()
    }
}

impl Indexes {
    /// For every system that claims [`PeopleChanges`]. Nothing is read yet.
    pub fn new(systems: &Systems, options: IndexOptions) -> Self {
        let tells =
            |system: &&System| system.upstream.profile.operations.contains_key(PeopleChanges::META.id);
        let keepers = systems.iter().filter(tells).map(|system| Keeper {
            system: system.clone(),
            held: ArcSwapOption::empty(),
            trouble: ArcSwapOption::empty(),
            reading: Mutex::default(),
        });
        Self(Arc::new(Parts { keepers: keepers.collect(), options, changed: watch::Sender::new(0) }))
    }

    /// Takes over what `running` has read of a directory: for a new configuration that leaves the directory as it was.
    pub fn adopt(&self, running: &Self, system: &SystemKey) {
        if let (Some(mine), Some(other)) = (self.keeper(system), running.keeper(system)) {
            mine.held.store(other.held.load_full());
            self.0.changed.send_modify(|version| *version += 1);
        }
    }

    /// Reads what changed in one directory, or everything when it is time or was never done. When it fails, what was
    /// read before stays. Says how much was told.
    ///
    /// # Errors
    /// Whatever the directory answers; [`ErrorKind::Unsupported`] for a system without an index.
    pub async fn refresh(&self, system: &SystemKey, context: CallContext) -> Result<Reading, Error> {
        let keeper = self.keeper(system).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "This system does not tell its people, so it has no index.")
        })?;
        let done = keeper.refresh(context, &self.0.options).await;
        self.0.changed.send_modify(|version| *version += 1);
        done
    }

    /// Reads every directory at once, and then whenever it is time, until `shutdown`. A directory that fails is asked
    /// again after 5 s, then 10, 20 …, up to the interval. `poll` starts the trace and makes the context of one reading,
    /// from the system and the time it may take. The span it gives is told what came of it: how much had changed, and
    /// how old what was known before had become.
    pub async fn keep(
        self,
        poll: impl Fn(&SystemKey, Duration) -> (Span, CallContext),
        shutdown: impl Future<Output = ()>,
    ) {
        let poll = &poll;
        let all = self.0.keepers.iter().map(|keeper| async {
            loop {
                let key = keeper.system.key();
                let (span, context) = poll(key, self.0.options.deadline);
                let age = keeper.held.load().as_ref().map(|held| held.read.elapsed());
                // What went wrong is kept in the state and counted by the stack.
                note(span, age, &self.refresh(key, context).await);
                tokio::time::sleep(keeper.pause(&self.0.options)).await;
            }
        });
        match select(pin!(shutdown), join_all(all)).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }

    /// How each index is doing, in the configured order.
    pub fn state(&self) -> Vec<IndexState> {
        self.0.keepers.iter().map(|keeper| keeper.state(&self.0.options)).collect()
    }

    /// What is known of every directory at this moment, in the configured order.
    pub(super) fn snapshots(&self) -> Vec<Option<PeopleIndex>> {
        self.0
            .keepers
            .iter()
            .map(|keeper| keeper.held.load().as_ref().map(|held| held.index.clone()))
            .collect()
    }

    /// Changes whenever an index was read or could not be.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    fn keeper(&self, system: &SystemKey) -> Option<&Keeper> {
        self.0.keepers.iter().find(|keeper| keeper.system.key() == system)
    }

    /// The directories that have an index, read or not, in the configured order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &SystemKey> {
        self.0.keepers.iter().map(|keeper| keeper.system.key())
    }

    /// Whether a directory has an index, read or not.
    pub(super) fn covers(&self, system: &SystemKey) -> bool {
        self.keeper(system).is_some()
    }

    /// What is known of a directory, and whether it is stale.
    pub(super) fn held(&self, system: &SystemKey) -> Option<(Arc<Held>, bool)> {
        let keeper = self.keeper(system)?;
        let held = keeper.held.load_full()?;
        let stale = keeper.is_stale(&held, &self.0.options);
        Some((held, stale))
    }

    /// Why a directory has no index yet.
    pub(super) fn missing(&self, system: &SystemKey) -> Error {
        let trouble = self.keeper(system).and_then(|keeper| keeper.trouble.load_full());
        let kind = trouble.map_or(ErrorKind::ConnectionLost, |trouble| trouble.error.kind());
        Error::new(kind, "This directory has not been read yet, so it cannot be searched; try again soon.")
            .with_retry(portico_contract::Retry::After(Duration::from_secs(5)))
    }

    /// The facts of somebody, as the index has them.
    pub(super) fn facts(&self, system: &SystemKey, id: &NativeId) -> Option<Facts> {
        let (held, _) = self.held(system)?;
        held.index.get(id).map(PersonEntry::facts)
    }

    /// Those who have this key; `None` when there is no index.
    pub(super) fn find(&self, system: &SystemKey, key: PersonKey, value: &str) -> Option<Vec<PersonRecord>> {
        let (held, _) = self.held(system)?;
        Some(held.index.find(key, value).into_iter().map(PersonEntry::record).collect())
    }

    /// The name to show of somebody; `None` for whom the index does not have.
    pub(super) fn display_name(&self, system: &SystemKey, id: &NativeId) -> Option<String> {
        let (held, _) = self.held(system)?;
        Some(held.index.get(id)?.display_name().to_owned())
    }

    /// How an operator knows somebody: user name and name to show. `None` for whom the index does not have.
    pub fn name(&self, system: &SystemKey, id: &NativeId) -> Option<String> {
        let (held, _) = self.held(system)?;
        let entry = held.index.get(id)?;
        Some(match entry.user_name() {
            Some(user_name) => format!("{user_name} ({})", entry.display_name()),
            None => entry.display_name().to_owned(),
        })
    }

    /// Those who report to somebody directly, as the index has them.
    pub(super) fn reports(&self, system: &SystemKey, manager: &NativeId) -> Vec<PersonRecord> {
        self.held(system).map_or_else(Vec::new, |(held, _)| {
            held.index.reports(manager).into_iter().map(PersonEntry::record).collect()
        })
    }
}

/// Says in the span of a poll what came of it, and ends it.
fn note(mut span: Span, age: Option<Duration>, outcome: &Result<Reading, Error>) {
    if let Some(age) = age {
        span.set(attr::POLL_LAG_MS, i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    }
    match outcome {
        Ok(reading) => {
            span.set(attr::POLL_CHANGES, i64::try_from(reading.changes).unwrap_or(i64::MAX));
            span.set(attr::POLL_WHOLE, reading.whole);
        }
        Err(error) => span.fail(error.kind()),
    }
}

impl Keeper {
    fn is_stale(&self, held: &Held, options: &IndexOptions) -> bool {
        self.trouble.load().is_some() || held.read.elapsed() >= options.stale_after
    }

    fn state(&self, options: &IndexOptions) -> IndexState {
        let held = self.held.load();
        let held = held.as_ref();
        let trouble = self.trouble.load();
        IndexState {
            system: self.system.key().clone(),
            people: held.map_or(0, |held| held.index.len()),
            bytes: held.map_or(0, |held| held.index.bytes()),
            read_at: held.map(|held| held.read_at),
            age: held.map(|held| held.read.elapsed()),
            stale: held.is_none_or(|held| self.is_stale(held, options)),
            last_error: trouble
                .as_ref()
                .map(|trouble| (trouble.error.kind(), trouble.error.detail().to_owned())),
        }
    }
}
