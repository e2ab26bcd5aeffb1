//! The operations port: probes and metrics for machines, status and traces for people with the token.
//!
//! It never depends on a back office: `/readyz` looks at what the gateway itself needs, and `/status` tells what is
//! known about the systems without asking them.

mod settle;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use axum::extract::{self, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use jiff::Timestamp;
use portico_compose::people::Indexes;
use portico_compose::seal::Seals;
use portico_edge::inbound::PublicPaths;
use portico_edge::ops::{OpsGuard, OpsGuardConfig};
use portico_resilience::BreakerState;
use portico_settings::Settings;
use portico_telemetry::{Dropped, Telemetry, explain, ring};
use serde_json::{Value, json};

use crate::assemble::Stacked;
use crate::people;
use crate::reload::Running;
use crate::store::{self, Watched};

/// Traces that are listed.
const RECENT: usize = 100;

/// What the operations port shows.
pub struct Ops {
    /// False from the start of a drain on, and before the listeners are open.
    pub ready: AtomicBool,
    started_at: Timestamp,
    now: ArcSwap<Now>,
    last_reload: Mutex<Option<LastReload>>,
    data_dir: PathBuf,
    /// The store's own folder, where it is another one.
    store_dir: Option<PathBuf>,
    store: Watched,
    seals: Arc<Seals>,
    ring_dir: PathBuf,
    telemetry: Arc<Telemetry>,
}

/// What runs now; a reload replaces it.
struct Now {
    config_hash: String,
    stacks: Vec<Stacked>,
    indexes: Indexes,
}

/// How the last reload went.
pub struct LastReload {
    /// When it ended, by the wall clock.
    pub at: Timestamp,
    /// What was wrong; empty when it took effect.
    pub faults: Vec<String>,
}

impl Now {
    fn of(running: &Running) -> Self {
        Self {
            config_hash: running.settings.hash().to_owned(),
            stacks: running.stacks.clone(),
            indexes: running.directory.indexes.clone(),
        }
    }
}

impl Ops {
    /// Not ready yet.
    pub fn new(running: &Running, telemetry: Arc<Telemetry>, store: Watched, seals: Arc<Seals>) -> Self {
        let settings = &running.settings;
        let store_dir = store::folder(&settings.store).filter(|folder| *folder != settings.data_dir);
        Self {
            ready: AtomicBool::new(false),
            started_at: Timestamp::now(),
            now: ArcSwap::from_pointee(Now::of(running)),
            last_reload: Mutex::new(None),
            data_dir: settings.data_dir.clone(),
            store_dir: store_dir.map(Path::to_owned),
            store,
            seals,
            ring_dir: settings.telemetry.ring.dir.clone(),
            telemetry,
        }
    }

    /// Shows another configuration, because it runs now.
    pub fn runs(&self, running: &Running) {
        self.now.store(Arc::new(Now::of(running)));
    }

    /// The stacks that run now.
    pub fn stacks(&self) -> Vec<Stacked> {
        self.now.load().stacks.clone()
    }

    /// Keeps how a reload went.
    pub fn reloaded(&self, outcome: LastReload) {
        self.telemetry.metrics().set_reload_ok(outcome.faults.is_empty());
        *self.last_reload.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    fn last_reload(&self) -> Value {
        let last = self.last_reload.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map_or(
            Value::Null,
            |last| json!({ "at": last.at, "applied": last.faults.is_empty(), "faults": last.faults }),
        )
    }
}

/// The routes, behind their guard.
pub fn routes(ops: Arc<Ops>, settings: &Settings) -> Router {
    let open = ["/livez", "/readyz", "/metrics"].map(str::to_owned);
    let guard = OpsGuard::new(OpsGuardConfig {
        hosts: allowed_hosts(settings),
        open: PublicPaths(open.into()),
        token: settings.ops.token.clone(),
    });
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/traces", get(traces))
        .route("/traces/{id}", get(trace))
        .route("/intents/{id}/settlement", post(settle::settle))
        .with_state(ops)
        .layer(guard)
}

fn allowed_hosts(settings: &Settings) -> Vec<String> {
    let own = settings.listen.ops.ip();
    let own = if own.is_ipv6() { format!("[{own}]") } else { own.to_string() };
    settings.ops.allowed_hosts.iter().cloned().chain([own]).collect()
}

/// 200 while new requests may come: the listeners are open, no drain has begun, and the data folder takes a file, as does that
/// of the store. A database is not asked: when it is gone, reading goes on.
async fn readyz(State(ops): State<Arc<Ops>>) -> Response {
    if !ops.ready.load(Ordering::Acquire) {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready: starting or draining\n").into_response();
    }
    for (name, folder) in [("data folder", Some(&ops.data_dir)), ("store's folder", ops.store_dir.as_ref())] {
        let Some(folder) = folder else { continue };
        if let Err(error) = tokio::fs::write(folder.join(".ready"), b"ready\n").await {
            let why = format!("not ready: the {name} cannot be written: {error}\n");
            return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
        }
    }
    "ready\n".into_response()
}

async fn metrics(State(ops): State<Arc<Ops>>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (headers, ops.telemetry.render_metrics()).into_response()
}

async fn status(State(ops): State<Arc<Ops>>) -> Json<Value> {
    let dropped: serde_json::Map<String, Value> = Dropped::ALL
        .iter()
        .map(|(what, name)| ((*name).to_owned(), ops.telemetry.dropped(*what).into()))
        .collect();
    let now = ops.now.load();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "configHash": now.config_hash,
        "lastReload": ops.last_reload(),
        "startedAt": ops.started_at,
        "ready": ops.ready.load(Ordering::Acquire),
        "store": ops.store.status(),
        "telemetryDropped": dropped,
        "systems": now.stacks.iter().map(system).collect::<Vec<_>>(),
        "peopleIndexes": now.indexes.state().iter().map(people::status).collect::<Vec<_>>(),
    }))
}

fn system(stacked: &Stacked) -> Value {
    let now = stacked.health.snapshot();
    let expires = stacked.certificate.expires();
    json!({
        "id": now.system.as_str(),
        "adapter": now.adapter,
        "state": now.state,
        "lastSuccessAt": now.last_success,
        "lastFailure": now.last_failure.map(|failure| json!({
            "code": failure.kind.code(),
            "errorType": failure.kind.error_type(),
            "at": failure.at,
        })),
        "breaker": match now.breaker {
            BreakerState::Closed => "closed",
            BreakerState::HalfOpen => "halfOpen",
            BreakerState::Open => "open",
        },
        "breakerRemainingMs": now.breaker_remaining.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        "inFlight": now.in_flight,
        "queued": now.queued,
        "streams": now.streams,
        "retryBudget": now.retry_budget,
        "calls": now.calls,
        "attempts": now.attempts,
        "retries": now.retries,
        "shed": now.shed,
        "panics": now.panics,
        "breakerOpened": now.breaker_opened,
        "certificate": expires.map(|expires| json!({
            "expiresAt": expires,
            "daysLeft": stacked.certificate.days_left(Timestamp::now()),
        })),
        "pause": now.pause.as_ref().map(|pause| json!({ "message": pause.message, "until": pause.until })),
    })
}

/// One line for each failed or slow request that is kept, the latest first.
async fn traces(State(ops): State<Arc<Ops>>) -> Response {
    let dir = ops.ring_dir.clone();
    let read = tokio::task::spawn_blocking(move || ring::recent(&dir, RECENT)).await;
    match read {
        Ok(Ok(traces)) => {
            traces.iter().map(|trace| explain::summary(trace) + "\n").collect::<String>().into_response()
        }
        Ok(Err(error)) => unreadable(&error.to_string()),
        Err(error) => unreadable(&error.to_string()),
    }
}

/// One request in plain words.
async fn trace(State(ops): State<Arc<Ops>>, extract::Path(id): extract::Path<String>) -> Response {
    let dir = ops.ring_dir.clone();
    let read = tokio::task::spawn_blocking(move || ring::find_all(&dir, &id)).await;
    match read {
        Ok(Ok(found)) if found.is_empty() => (
            StatusCode::NOT_FOUND,
            "nothing is kept under this id: it went well and was quick, or it was too long ago\n",
        )
            .into_response(),
        Ok(Ok(found)) => {
            found.iter().map(|trace| explain::explain(trace) + "\n").collect::<String>().into_response()
        }
        Ok(Err(error)) => unreadable(&error.to_string()),
        Err(error) => unreadable(&error.to_string()),
    }
}

fn unreadable(why: &str) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("the traces cannot be read: {why}\n")).into_response()
}
