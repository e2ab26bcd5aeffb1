//! Stores to test, and things to put in.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use portico_servers::{PASSWORD, Product, Running, USERNAME};
use portico_store::{
    Actor, Begun, Digest, IdempotencyKey, Intent, IntentId, NewEvent, NewIntent, Outcome, PostgresConfig,
    Settlement, Store, StoreConfig, Target, Trace,
};
use serde_json::json;
use uuid::Uuid;

/// Runs a test on a new store of each kind; on PostgreSQL where there is one.
pub async fn on_both(test: impl AsyncFn(Store)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreConfig::sqlite(folder.path().join("store.db"))).await.unwrap();
    test(store.clone()).await;
    store.close().await;
    if let Some(server) = server() {
        let store = Store::open(&StoreConfig::postgres(new_database(server).await)).await.unwrap();
        test(store.clone()).await;
        store.close().await;
    }
}

/// One server for all tests that leave it alone; it ends with this process.
pub fn server() -> Option<&'static Running> {
    static SERVER: OnceLock<Option<Running>> = OnceLock::new();
    SERVER.get_or_init(|| portico_servers::for_test(Product::Postgres)).as_ref()
}

/// How to reach a database of its own.
pub async fn new_database(server: &Running) -> PostgresConfig {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let client = connect(server, "postgres").await;
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    at(server, &name)
}

/// How to reach a database of this server.
pub fn at(server: &Running, database: &str) -> PostgresConfig {
    let (host, port) = (server.addr.ip().to_string(), server.addr.port());
    let mut config = PostgresConfig::new(host, port, database, USERNAME);
    config.password = Some(PASSWORD.into());
    config
}

/// A plain connection, to look and to meddle.
pub async fn connect(server: &Running, database: &str) -> tokio_postgres::Client {
    let mut config = tokio_postgres::Config::new();
    config.host(server.addr.ip().to_string()).port(server.addr.port()).user(USERNAME).password(PASSWORD);
    let (client, connection) = config.dbname(database).connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}

pub fn actor() -> Actor {
    Actor { subject: "s-17".into(), person: Some("p-17".into()), on_behalf_of: None }
}

pub fn target() -> Target {
    Target {
        system: "claims".into(),
        action: "expenses.approve".into(),
        resource_type: "expenseReport".into(),
        native_id: Some("41".into()),
    }
}

/// A write with a new id, under this key, of this body.
pub fn intent(key: &str, body: &str) -> NewIntent {
    NewIntent {
        id: IntentId::new(),
        key: IdempotencyKey {
            subject: "s-17".into(),
            route: "POST /v1/tasks/{id}/decisions".into(),
            key: key.into(),
        },
        digest: Digest::of(body.as_bytes()),
        target: target(),
        actor: actor(),
        expected: json!({ "state": "approve" }),
        lease: Duration::from_secs(30),
        trace: Trace { trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()), correlation_id: None },
        decision: None,
        events: Vec::new(),
    }
}

pub fn event(key: &str) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        key: key.into(),
        kind: "expenseReport.approved".into(),
        payload: json!({ "id": key }),
        facts: json!({ "owner": "p-17" }),
        traceparent: None,
    }
}

/// Begins a write that must be new.
pub async fn begun(store: &Store, new: NewIntent) -> Intent {
    match store.begin_intent(new).await.unwrap() {
        Begun::New(intent) => intent,
        other => panic!("{other:?}"),
    }
}

pub fn confirmed() -> Settlement {
    Settlement::of_call(Outcome::Confirmed { native_id: Some("41".into()) })
}

pub fn refused(release_key: bool) -> Settlement {
    Settlement::of_call(Outcome::Refused { problem: json!({ "status": 409 }), release_key })
}

pub fn unknown(look_after: Duration) -> Settlement {
    Settlement::of_call(Outcome::Unknown { problem: Some(json!({ "status": 504 })), look_after })
}
