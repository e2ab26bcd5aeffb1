//! How many intents a second the store takes, and how long one waits: `cargo run --release -p portico-store --example intents`.
//!
//! Each caller begins an intent and settles it, over and over; both are answered from disk. Then 100,000 intents are in a file
//! whose process was not closed, and the time to open it is taken. Figures are of this machine's disk above all.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use portico_servers::{PASSWORD, Product, USERNAME};
use portico_store::{
    Actor, Begun, Digest, IdempotencyKey, IntentId, NewIntent, Outcome, PostgresConfig, Settlement, Store,
    StoreConfig, Target, Trace,
};
use serde_json::json;

/// How long each number of callers goes on.
const SPAN: Duration = Duration::from_secs(4);

const ROWS: usize = 100_000;

#[tokio::main]
async fn main() -> Result<()> {
    println!(
        "{:<12} {:>7} {:>10} {:>9} {:>9} {:>14}",
        "engine", "callers", "intents/s", "p50 ms", "p99 ms", "writes/commit"
    );
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.db");
    let store = Store::open(&StoreConfig::sqlite(&path)).await?;
    measure(&store).await?;
    store.close().await;

    match portico_servers::start(Product::Postgres) {
        Ok(server) => {
            let host = server.addr.ip().to_string();
            let mut at = PostgresConfig::new(host, server.addr.port(), "postgres", USERNAME);
            at.password = Some(PASSWORD.into());
            let store = Store::open(&StoreConfig::postgres(at)).await?;
            measure(&store).await?;
            store.close().await;
        }
        Err(not_run) => println!("{not_run}"),
    }
    restart().await
}

async fn measure(store: &Store) -> Result<()> {
    for callers in [1, 32, 256] {
        let before = store.status();
        let started = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                let store = store.clone();
                tokio::spawn(async move { call(&store, callers, caller, started + SPAN).await })
            })
            .collect();
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await??);
        }
        let seconds = started.elapsed().as_secs_f64();
        took.sort();
        let at = |share: f64| took[(took.len() as f64 * share) as usize].as_secs_f64() * 1_000.0;
        let after = store.status();
        println!(
            "{:<12} {callers:>7} {:>10.0} {:>9.2} {:>9.2} {:>14.1}",
            after.engine,
            took.len() as f64 / seconds,
            at(0.5),
            at(0.99),
            (after.writes - before.writes) as f64 / (after.commits - before.commits) as f64,
        );
    }
    Ok(())
}

/// One caller: how long each of its intents took, from before it was begun until after it was settled.
async fn call(store: &Store, callers: usize, caller: usize, until: Instant) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    while Instant::now() < until {
        let started = Instant::now();
        let id = begin(store, &format!("{callers}/{caller}/{}", took.len())).await?;
        let outcome = Outcome::Confirmed { native_id: Some("41".into()) };
        store.settle(id, Settlement::of_call(outcome)).await?;
        took.push(started.elapsed());
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
            system: "claims".into(),
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

/// The file is copied while it is open, with its log, as a crash would leave it.
async fn restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (path, crashed) = (folder.path().join("store.db"), folder.path().join("crashed.db"));
    let store = Store::open(&StoreConfig::sqlite(&path)).await?;
    for batch in 0..ROWS / 500 {
        let tasks: Vec<_> = (0..500)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { begin(&store, &format!("{batch}/{number}")).await })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
    }
    for suffix in ["", "-wal"] {
        std::fs::copy(format!("{}{suffix}", path.display()), format!("{}{suffix}", crashed.display()))?;
    }
    store.close().await;
    let megabytes = std::fs::metadata(&crashed)?.len() as f64 / 1e6;
    let started = Instant::now();
    let store = Store::open(&StoreConfig::sqlite(&crashed)).await?;
    store.check().await?;
    println!(
        "restart with {ROWS} intents under way ({megabytes:.0} MB), until the first write: {:?}",
        started.elapsed()
    );
    let started = Instant::now();
    let verified = store.audit_verify(None).await?;
    println!("the audit trail followed in {:?}: {verified:?}", started.elapsed());
    store.close().await;
    Ok(())
}
