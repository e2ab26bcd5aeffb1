//! (4) Intents a second: begun and settled, both answered from disk.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use portico_servers::{PASSWORD, Product, Setup, USERNAME, checkout};
use portico_store::{
    Actor, Begun, Digest, IdempotencyKey, IntentId, NewIntent, Outcome, PostgresConfig, Settlement, Store,
    StoreConfig, Target, Trace,
};
use serde_json::json;

use crate::process::SUBJECT_CORE;

/// At a time.
pub const CALLERS: [usize; 3] = [1, 32, 256];

/// Of one number of callers.
pub struct Rate {
    pub callers: usize,
    pub rate: f64,
    /// Milliseconds from before the beginning until after the settling.
    pub p50: f64,
    pub p99: f64,
    /// Writes that were committed together.
    pub together: f64,
}

/// SQLite and PostgreSQL; the second may not be had, and then why.
pub struct Intents {
    pub sqlite: Vec<Rate>,
    pub postgres: Result<Vec<Rate>, String>,
}

pub fn intents(time: Duration) -> Result<Intents> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        // Beside what is built: a temporary folder may be in memory.
        let folder = tempfile::Builder::new().prefix("bench-store-").tempdir_in(checkout().join("target"))?;
        let sqlite = measure(&StoreConfig::sqlite(folder.path().join("store.db")), time).await?;
        let setup = Setup { core: Some(SUBJECT_CORE), ..Setup::default() };
        let postgres = match portico_servers::start_with(Product::Postgres, &setup) {
            Ok(server) => {
                let host = server.addr.ip().to_string();
                let mut at = PostgresConfig::new(host, server.addr.port(), "postgres", USERNAME);
                at.password = Some(PASSWORD.into());
                Ok(measure(&StoreConfig::postgres(at), time).await?)
            }
            Err(not_run) => Err(not_run.to_string()),
        };
        Ok(Intents { sqlite, postgres })
    })
}

async fn measure(config: &StoreConfig, time: Duration) -> Result<Vec<Rate>> {
    let store = Store::open(config).await?;
    let mut rates = Vec::new();
    for callers in CALLERS {
        let (before, from) = (store.status(), Instant::now());
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                let store = store.clone();
                tokio::spawn(async move { call(&store, callers, caller, from + time).await })
            })
            .collect();
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await??);
        }
        let seconds = from.elapsed().as_secs_f64();
        took.sort();
        let at = |share: f64| took[(took.len() as f64 * share) as usize].as_secs_f64() * 1_000.0;
        let after = store.status();
        let commits = (after.commits - before.commits) as f64;
        let rate = Rate {
            callers,
            rate: took.len() as f64 / seconds,
            p50: at(0.5),
            p99: at(0.99),
            together: (after.writes - before.writes) as f64 / commits,
        };
        println!(
            "{} with {callers} callers: {:.0} intents/s, p99 {:.2} ms",
            after.engine, rate.rate, rate.p99
        );
        rates.push(rate);
    }
    store.close().await;
    Ok(rates)
}

/// One caller: how long each of its intents took.
async fn call(store: &Store, callers: usize, caller: usize, until: Instant) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    while took.is_empty() || Instant::now() < until {
        let from = Instant::now();
        let id = begin(store, &format!("{callers}/{caller}/{}", took.len())).await?;
        let outcome = Outcome::Confirmed { native_id: Some("41".into()) };
        store.settle(id, Settlement::of_call(outcome)).await?;
        took.push(from.elapsed());
    }
    Ok(took)
}

async fn begin(store: &Store, key: &str) -> Result<IntentId> {
    let new = NewIntent {
        id: IntentId::new(),
        key: IdempotencyKey {
            subject: "s-17".into(),
            route: "POST /v1/tasks/{id}/decisions".into(),
            key: key.into(),
        },
        digest: Digest::of(key.as_bytes()),
        target: Target {
            system: "odoo".into(),
            action: "expenses.approve".into(),
            resource_type: "expenseReport".into(),
            native_id: Some("41".into()),
        },
        actor: Actor { subject: "s-17".into(), person: Some("p-17".into()), on_behalf_of: None },
        expected: json!({ "state": "approve" }),
        lease: Duration::from_secs(30),
        trace: Trace::default(),
        decision: None,
        events: Vec::new(),
    };
    match store.begin_intent(new).await? {
        Begun::New(intent) => Ok(intent.id),
        other => bail!("{other:?}"),
    }
}
