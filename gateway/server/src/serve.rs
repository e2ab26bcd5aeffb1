//! Running: listeners, signals, readiness, drain.

pub(crate) mod config;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::body::Body;
use http::{Request, Response};
use listenfd::ListenFd;
use portico_api::Api;
use portico_compose::Systems;
use portico_compose::writes::Writes;
use portico_edge::inbound::{ObservedBody, inbound};
use portico_edge::serve::{Drain, Server, Tls};
use portico_edge::{InboundConfig, LogOnly, RequestObserver};
use portico_policy::BuiltinPolicy;
use portico_settings::Settings;
use portico_telemetry::Telemetry;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinError, JoinHandle};
use tower::Service;

use crate::assemble::{self, TELEMETRY_FLUSH};
use crate::certificates::Watch;
use crate::keys;
use crate::live::Live;
use crate::observe::Requests;
use crate::ops::{self, Ops};
use crate::reload::{Lasting, Origin, Reloader};
use crate::say::say;
use crate::store::{self, Watched};

/// How often certificates are looked at.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(3_600);
/// How long writes whose callers are gone may take to end. What is open after that is found after the next start.
const WRITES_FINISH: Duration = Duration::from_secs(5);

/// Whom to tell once the gateway is ready.
#[derive(Debug, Default)]
pub struct Ready {
    /// Gets the addresses and tokens, as JSON.
    pub file: Option<PathBuf>,
    /// Tokens by the part that their person plays; empty outside the demo.
    pub tokens: BTreeMap<&'static str, String>,
    /// How long to wait for the first reading of directories before anybody is told: only where they are part of what is
    /// shown, because a gateway waits for no back office.
    pub patience: Duration,
    /// Printed, with `@API@` and `@OPS@` for the addresses.
    pub told: Option<String>,
}

/// The runtime. One worker gets a runtime without threads to hand work between: measured a quarter faster.
///
/// # Errors
/// The system gives no threads.
pub fn runtime(workers: NonZeroUsize) -> Result<Runtime> {
    let mut builder = match workers.get() {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.worker_threads(workers.get()).enable_all().build().context("the system gives no threads")
}

/// Serves until SIGTERM or SIGINT, then drains. SIGHUP reads `origin` again.
///
/// # Errors
/// Anything that keeps the gateway from starting. Once it is ready, nothing does.
pub async fn serve(settings: Settings, origin: Origin, ready: Ready) -> Result<()> {
    let telemetry = assemble::telemetry(&settings)?;
    let result = run(settings, origin, &telemetry, ready).await;
    let flush = Arc::clone(&telemetry);
    let _joined = tokio::task::spawn_blocking(move || flush.shutdown(TELEMETRY_FLUSH)).await;
    result
}

async fn run(settings: Settings, origin: Origin, telemetry: &Arc<Telemetry>, ready: Ready) -> Result<()> {
    std::fs::create_dir_all(&settings.data_dir)
        .with_context(|| format!("cannot make the data folder {}", settings.data_dir.display()))?;
    let seals = Arc::new(keys::seals(&settings)?);
    let observer: Arc<dyn RequestObserver> = Arc::new(Requests(Arc::clone(telemetry)));
    let opened = store::open(&settings.store).await?;
    // Over no system and under no rule: each configuration brings its own.
    let nobody = Arc::new(BuiltinPolicy::new(Vec::new()));
    let writes = Writes::new(opened.clone(), Arc::new(Systems::default()), nobody, Arc::clone(&seals));
    let watched = Watched::new(writes.clone(), settings.store.keep);
    let shown = watched.clone();
    telemetry.metrics().observe_store(move || shown.gauges());
    let lasting = Lasting {
        telemetry: Arc::clone(telemetry),
        observer: Arc::clone(&observer),
        seals: Arc::clone(&seals),
        writes: writes.clone(),
    };
    telemetry.metrics().register_routes(portico_api::ROUTES.iter().copied());
    let (running, api, layers) = lasting.build(settings, None)?;
    let settings = &running.settings;
    let app = Live::new(make(api, layers));
    let ops = Arc::new(Ops::new(&running, Arc::clone(telemetry), watched.clone(), seals));
    let watching = tokio::spawn(watched.keep());
    let ops_app = Live::new(ops::routes(Arc::clone(&ops), settings));

    let tls = settings.listen.tls.as_ref().map(load_tls).transpose()?;
    let (api, ops_server) = servers(settings, tls.clone())?;
    let (api_at, ops_at) = (api.local_addr()?, ops_server.local_addr()?);
    let (stop_api, stop_ops) = (Drain::new(), Drain::new());
    // Before the first request is taken: a signal that nobody waits for kills.
    let signals = Signals::new()?;
    let serving = tokio::spawn(api.serve(app.clone(), observer, stop_api.clone()));
    let operating = tokio::spawn(ops_server.serve(ops_app.clone(), Arc::new(LogOnly), stop_ops.clone()));
    ops.ready.store(true, Ordering::Release);
    running.directory.first_reading(ready.patience).await;
    announce(settings, &ready, api_at, ops_at)?;

    let reloader = Reloader {
        origin,
        lasting,
        running,
        tls: tls.clone(),
        api: app,
        ops_api: ops_app,
        ops: Arc::clone(&ops),
        make,
    };
    // Kept until the end: with it, the gauges of the systems would go.
    let reloader = until_stopped(signals, reloader, tls.as_ref(), &ops, telemetry).await;
    ops.ready.store(false, Ordering::Release);
    let _told = sd_notify::notify(false, &[sd_notify::NotifyState::Stopping]);
    tracing::info!("draining");
    stop_api.begin();
    let drained = serving.await.context("the server ended in a defect")?;
    // Probes and metrics answer until the last request is over.
    stop_ops.begin();
    operating.await.context("the operations server ended in a defect")?;
    // With it the reconciler goes; what is under way is written down first.
    drop(reloader);
    watching.abort();
    let open = writes.finish(WRITES_FINISH).await;
    opened.close().await;
    tracing::info!(cut = drained.cut, open, "stopped");
    Ok(())
}

/// The routes behind the inbound layers.
fn make(
    api: Api,
    layers: InboundConfig,
) -> impl Service<Request<Body>, Response = Response<ObservedBody>, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ Sync
+ 'static {
    inbound(portico_api::routes(api).merge(portico_api::public_routes()), layers)
}

pub(crate) fn load_tls(tls: &portico_settings::Tls) -> Result<Tls> {
    let key = tls.key.file().context("the key of the certificate must be a `file:` reference")?;
    Ok(Tls::load(&tls.certificate, key)?)
}

/// The sockets that systemd holds for us, in the order API, operations; otherwise our own.
fn servers(settings: &Settings, tls: Option<Tls>) -> Result<(Server, Server)> {
    let mut passed = ListenFd::from_env();
    let mut server = |index, address: SocketAddr, config| -> Result<Server> {
        let server = match passed.take_tcp_listener(index).context("the passed socket cannot be used")? {
            Some(listener) => Server::from_listener(listener, config),
            None => Server::bind(address, config),
        };
        server.with_context(|| format!("cannot listen on {address}"))
    };
    let api = server(0, settings.listen.api, config::api(settings)?)?;
    let ops = server(1, settings.listen.ops, config::ops())?;
    Ok((
        match tls {
            Some(tls) => api.with_tls(tls),
            None => api,
        },
        ops,
    ))
}

/// Tells whoever waits: systemd, the ready file, the person at the terminal.
fn announce(settings: &Settings, ready: &Ready, api: SocketAddr, ops: SocketAddr) -> Result<()> {
    let scheme = if settings.listen.tls.is_some() { "https" } else { "http" };
    let (api, ops) = (format!("{scheme}://{api}"), format!("http://{ops}"));
    if let Some(told) = &ready.told {
        say(told.replace("@API@", &api).replace("@OPS@", &ops));
    }
    if let Some(file) = &ready.file {
        let mut body = json!({ "api": api, "ops": ops });
        if let Some(token) = ready.tokens.get("finance") {
            body["token"] = json!(token);
            body["tokens"] = json!(ready.tokens);
        }
        write_ready_file(file, &format!("{body:#}\n"))
            .with_context(|| format!("cannot write the ready file {}", file.display()))?;
    }
    tracing::info!(%api, %ops, config = settings.hash(), systems = settings.systems.len(), "ready");
    let _told = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]);
    Ok(())
}

/// The signals that the gateway knows.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// From now on none of them ends the process by itself.
    fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
            hangup: signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?,
        })
    }
}

/// Written aside, then named, so that whoever waits for the file finds it whole; for its owner alone, because it may hold
/// tokens.
fn write_ready_file(file: &Path, text: &str) -> std::io::Result<()> {
    let aside = file.with_extension("new");
    let mut opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    opened.write_all(text.as_bytes())?;
    std::fs::rename(&aside, file)
}

/// Waits for SIGTERM or SIGINT. SIGHUP reads the configuration again, on a thread where it may wait for files; whoever
/// stops the gateway meanwhile does not wait for that.
async fn until_stopped<S, F>(
    mut signals: Signals,
    reloader: Reloader<S, F>,
    tls: Option<&Tls>,
    ops: &Ops,
    telemetry: &Telemetry,
) -> Arc<Mutex<Reloader<S, F>>>
where
    S: Clone + Send + Sync + 'static,
    F: Fn(Api, InboundConfig) -> S + Send + 'static,
{
    let reloader = Arc::new(Mutex::new(reloader));
    let mut reloading: Option<JoinHandle<()>> = None;
    let mut hourly = tokio::time::interval(CERTIFICATE_LOOK);
    let mut certificates = Watch::default();
    loop {
        tokio::select! {
            _ = hourly.tick() => {
                if let Some(tls) = tls {
                    certificates.own(tls, telemetry);
                }
                certificates.systems(&ops.stacks());
            }
            _ = signals.terminate.recv() => return reloader,
            _ = signals.interrupt.recv() => return reloader,
            // One at a time: signals that come while one runs are one more.
            _ = signals.hangup.recv(), if reloading.is_none() => {
                let reloader = Arc::clone(&reloader);
                let reload = move || reloader.lock().unwrap_or_else(PoisonError::into_inner).reload();
                reloading = Some(tokio::task::spawn_blocking(reload));
            }
            ended = end_of(&mut reloading) => {
                reloading = None;
                if let Err(error) = ended {
                    tracing::error!(%error, "a reload ended in a defect");
                }
                // Whoever renewed a certificate wants to see it at once, not in an hour.
                hourly.reset_immediately();
            }
        }
    }
}

/// Never comes where there is none.
async fn end_of(task: &mut Option<JoinHandle<()>>) -> Result<(), JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
