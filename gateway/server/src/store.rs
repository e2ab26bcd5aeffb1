//! The durable store of this gateway: opening it, keeping it tidy, showing how it is.

mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use parking_lot::Mutex;
use portico_compose::writes::{Finding, Writes};
use portico_contract::NativeId;
use portico_settings::{StoreKeep, StorePlace, StorePostgres};
use portico_store::{
    Backlog, IntentState, Limits, Place, PostgresConfig, Retention, Store, StoreConfig, StoreError,
};
use portico_telemetry::StoreGauges;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How often what is past its time is taken out.
const TIDY: Duration = Duration::from_secs(3_600);
/// How often the outbox is counted.
const COUNT: Duration = Duration::from_secs(30);
/// Rows that one step takes out, so that writes in between do not wait.
const STEP: u32 = 500;

/// Where and how to open it.
///
/// # Errors
/// The trust roots of the database cannot be used.
pub fn config(settings: &portico_settings::Store) -> Result<StoreConfig> {
    let place = match &settings.place {
        StorePlace::Sqlite(path) => Place::Sqlite { path: path.clone() },
        StorePlace::Postgres(postgres) => Place::Postgres(Box::new(database(postgres)?)),
    };
    let limits = Limits {
        queue: settings.max_waiting,
        readers: settings.max_readers,
        reserve: settings.reserve_bytes,
        ..Limits::default()
    };
    Ok(StoreConfig { place, limits, anchor: settings.audit_anchor.clone() })
}

fn database(settings: &StorePostgres) -> Result<PostgresConfig> {
    let tls = settings.tls.then(|| tls::client(settings.trust_pem.as_deref())).transpose();
    Ok(PostgresConfig {
        password: settings.password.clone(),
        tls: tls.context("store.postgres.trust_roots")?,
        ..PostgresConfig::new(&settings.host, settings.port, &settings.database, &settings.user)
    })
}

/// Opens it for a gateway that starts.
///
/// # Errors
/// Whatever keeps it from being used. Another gateway on the same file is one: several want PostgreSQL.
pub async fn open(settings: &portico_settings::Store) -> Result<Store> {
    let store = Store::open(&config(settings)?).await;
    let store = store.with_context(|| format!("the store {} cannot be opened", name(settings)))?;
    if store.is_closed() {
        tracing::warn!(
            "the store was restored and takes no writes: check the systems behind, then `portico restore --accept-gap`"
        );
    }
    Ok(store)
}

/// What to call it in front of people.
pub fn name(settings: &portico_settings::Store) -> String {
    match &settings.place {
        StorePlace::Sqlite(path) => path.display().to_string(),
        StorePlace::Postgres(at) => format!("{} on {}", at.database, at.host),
    }
}

/// The folder of its file; `None` for a database.
pub fn folder(settings: &portico_settings::Store) -> Option<&Path> {
    match &settings.place {
        StorePlace::Sqlite(path) => path.parent(),
        StorePlace::Postgres(_) => None,
    }
}

fn retention(keep: &StoreKeep) -> Retention {
    let StoreKeep { keys, intents, events, delegations, decisions, audit } = *keep;
    Retention { keys, intents, events, delegations, decisions, audit }
}

/// The store, and what is known of it without asking it.
#[derive(Clone)]
pub struct Watched {
    writes: Writes,
    backlog: Arc<Mutex<Backlog>>,
    keep: StoreKeep,
}

impl Watched {
    /// Nothing is counted yet.
    pub fn new(writes: Writes, keep: StoreKeep) -> Self {
        Self { writes, backlog: Arc::default(), keep }
    }

    /// Counts the outbox and takes out what is past its time, for as long as it is polled.
    pub async fn keep(self) {
        let mut count = tokio::time::interval(COUNT);
        let mut tidy = tokio::time::interval(TIDY);
        loop {
            let done = tokio::select! {
                _ = count.tick() => self.count().await,
                _ = tidy.tick() => self.tidy().await,
            };
            if let Err(error) = done {
                tracing::debug!(%error, "the store cannot be looked after now");
            }
        }
    }

    async fn count(&self) -> Result<(), StoreError> {
        let backlog = self.writes.store().outbox_backlog().await?;
        *self.backlog.lock() = backlog;
        Ok(())
    }

    /// Until nothing more is past its time.
    async fn tidy(&self) -> Result<(), StoreError> {
        let store = self.writes.store();
        self.give_up_events(store).await?;
        let mut removed = 0;
        loop {
            let step = store.prune(retention(&self.keep), STEP).await?.total();
            removed += step;
            if step == 0 {
                break;
            }
        }
        if removed > 0 {
            tracing::info!(removed, "took what was past its time out of the store");
        }
        Ok(())
    }

    /// Events that nobody took for as long as events are kept count as published, so that the outbox has a bound.
    async fn give_up_events(&self, store: &Store) -> Result<(), StoreError> {
        let Ok(before) = Timestamp::now().checked_sub(self.keep.events) else { return Ok(()) };
        loop {
            let page = store.outbox_pending(0, STEP).await?;
            let old: Vec<u64> =
                page.items.iter().take_while(|event| event.at < before).map(|e| e.seq).collect();
            if old.is_empty() {
                return Ok(());
            }
            store.outbox_done(old).await?;
        }
    }

    /// For the metrics.
    pub fn gauges(&self) -> StoreGauges {
        let (open, status, backlog) =
            (self.writes.open(), self.writes.store().status(), *self.backlog.lock());
        StoreGauges {
            accepted: open.accepted,
            sent: open.sent,
            unknown: open.unknown,
            oldest_unknown_seconds: open.oldest_unknown.map(age),
            waiting: status.waiting as u64,
            records: status.writes,
            commits: status.commits,
            writable: !status.closed && !status.on_reserve,
            outbox: backlog.count,
            oldest_event_seconds: backlog.oldest.map(|age| age.as_secs_f64()),
        }
    }

    /// For the operations port.
    pub fn status(&self) -> Value {
        let (open, status, backlog) =
            (self.writes.open(), self.writes.store().status(), *self.backlog.lock());
        json!({
            "engine": status.engine,
            "writable": !status.closed && !status.on_reserve,
            "closed": status.closed,
            "onReserve": status.on_reserve,
            "waiting": status.waiting,
            "records": status.writes,
            "commits": status.commits,
            "openWrites": {
                "accepted": open.accepted,
                "sent": open.sent,
                "unknown": open.unknown,
                "oldestUnknownAt": open.oldest_unknown,
            },
            "outbox": { "pending": backlog.count, "oldestSeconds": backlog.oldest.map(|age| age.as_secs()) },
        })
    }

    /// The store itself.
    pub fn store(&self) -> &Store {
        self.writes.store()
    }
}

/// Seconds since an instant of the wall clock; 0 for one ahead.
fn age(since: Timestamp) -> f64 {
    (Timestamp::now().duration_since(since).as_secs_f64()).max(0.0)
}

/// What a person found out about a write, as it is sent to a gateway that runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ByHand {
    /// Whether it happened.
    pub happened: bool,
    /// The native id of what it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Who says so.
    pub by: String,
    /// How they know.
    pub because: String,
}

impl ByHand {
    /// As it is sent.
    pub fn new(finding: &Finding, by: &str, because: &str) -> Self {
        let (happened, result) = match finding {
            Finding::Happened(id) => (true, id.as_ref().map(|id| id.as_str().to_owned())),
            Finding::DidNotHappen => (false, None),
        };
        Self { happened, result, by: by.to_owned(), because: because.to_owned() }
    }

    /// As it is used. `None` for an id that no system has.
    pub fn finding(&self) -> Option<Finding> {
        match (&self.result, self.happened) {
            (None, true) => Some(Finding::Happened(None)),
            (None, false) => Some(Finding::DidNotHappen),
            (Some(id), true) => NativeId::new(id).map(|id| Finding::Happened(Some(id))),
            (Some(_), false) => None,
        }
    }
}

/// The word for a state, as the command line takes it.
pub fn state(word: &str) -> Result<IntentState, String> {
    let found = IntentState::ALL.into_iter().find(|state| state.as_str() == word);
    found.ok_or_else(|| "accepted, sent, unknown, confirmed or refused".to_owned())
}

#[cfg(test)]
mod tests;
