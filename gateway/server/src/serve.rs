//! Running: listeners, signals, readiness, drain.

mod config;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use listenfd::ListenFd;
use portico_edge::auth::Authenticator;
use portico_edge::inbound;
use portico_edge::serve::{Drain, Server, Tls};
use portico_edge::{LogOnly, RequestObserver};
use portico_settings::Settings;
use portico_telemetry::Telemetry;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::assemble::{self, TELEMETRY_FLUSH};
use crate::observe::Requests;
use crate::ops::{self, Ops};
use crate::say::say;
use crate::tokens;

/// How often the certificate is looked at.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(3_600);
/// Days before its end at which a warning is logged, the most urgent first.
const CERTIFICATE_WARNINGS: [i64; 3] = [3, 14, 30];

/// Whom to tell once the gateway is ready.
#[derive(Debug, Default)]
pub struct Ready {
    /// Gets the addresses and tokens, as JSON.
    pub file: Option<PathBuf>,
    /// Tokens by the part that their person plays; empty outside the demo.
    pub tokens: BTreeMap<&'static str, String>,
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

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// Anything that keeps the gateway from starting. Once it is ready, nothing does.
pub async fn serve(settings: Settings, ready: Ready) -> Result<()> {
    let telemetry = assemble::telemetry(&settings)?;
    let result = run(&settings, &telemetry, ready).await;
    let flush = Arc::clone(&telemetry);
    let _joined = tokio::task::spawn_blocking(move || flush.shutdown(TELEMETRY_FLUSH)).await;
    result
}

async fn run(settings: &Settings, telemetry: &Arc<Telemetry>, ready: Ready) -> Result<()> {
    std::fs::create_dir_all(&settings.data_dir)
        .with_context(|| format!("cannot make the data folder {}", settings.data_dir.display()))?;
    let parts = assemble::parts(settings, telemetry)?;
    let authenticator = Arc::new(Authenticator::new(tokens::accepted(&settings.auth)?)?);
    let observer: Arc<dyn RequestObserver> = Arc::new(Requests(Arc::clone(telemetry)));
    let routes = portico_api::routes(parts.api).merge(portico_api::public_routes());
    telemetry.metrics().register_routes(portico_api::ROUTES.iter().copied());
    let app = inbound(routes, config::inbound(settings, telemetry, &authenticator, &observer)?);
    let ops = Arc::new(Ops::new(settings, parts.health, Arc::clone(telemetry)));
    let ops_app = ops::routes(Arc::clone(&ops), settings);

    let tls = settings.listen.tls.as_ref().map(load_tls).transpose()?;
    let (api, ops_server) = servers(settings, tls.clone())?;
    let (api_at, ops_at) = (api.local_addr()?, ops_server.local_addr()?);
    let (stop_api, stop_ops) = (Drain::new(), Drain::new());
    // Before the first request is taken: a signal that nobody waits for kills.
    let signals = Signals::new()?;
    let serving = tokio::spawn(api.serve(app, observer, stop_api.clone()));
    let operating = tokio::spawn(ops_server.serve(ops_app, Arc::new(LogOnly), stop_ops.clone()));
    ops.ready.store(true, Ordering::Release);
    announce(settings, &ready, api_at, ops_at)?;

    until_stopped(signals, &authenticator, tls.as_ref(), telemetry).await;
    ops.ready.store(false, Ordering::Release);
    let _told = sd_notify::notify(false, &[sd_notify::NotifyState::Stopping]);
    tracing::info!("draining");
    stop_api.begin();
    let drained = serving.await.context("the server ended in a defect")?;
    // Probes and metrics answer until the last request is over.
    stop_ops.begin();
    operating.await.context("the operations server ended in a defect")?;
    tracing::info!(cut = drained.cut, "stopped");
    drop(parts.gauges);
    Ok(())
}

fn load_tls(tls: &portico_settings::Tls) -> Result<Tls> {
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

/// Waits for SIGTERM or SIGINT. SIGHUP reads keys and certificates again; what cannot be read is left as it was.
async fn until_stopped(
    mut signals: Signals,
    authenticator: &Authenticator,
    tls: Option<&Tls>,
    telemetry: &Telemetry,
) {
    let mut hourly = tokio::time::interval(CERTIFICATE_LOOK);
    let mut warned = i64::MAX;
    loop {
        tokio::select! {
            _ = hourly.tick() => {
                if let Some(tls) = tls {
                    look_at_certificate(tls, telemetry, &mut warned);
                }
            }
            _ = signals.terminate.recv() => return,
            _ = signals.interrupt.recv() => return,
            _ = signals.hangup.recv() => {
                reload(authenticator, tls);
                // Whoever renewed a certificate wants to see it at once, not in an hour.
                hourly.reset_immediately();
            }
        }
    }
}

/// Shows the days that are left, and warns once when 30, 14 and 3 of them are.
fn look_at_certificate(tls: &Tls, telemetry: &Telemetry, warned: &mut i64) {
    let days = tls.days_left(Timestamp::now());
    telemetry.metrics().set_certificate_days("listen", days);
    match CERTIFICATE_WARNINGS.into_iter().find(|limit| days <= *limit) {
        Some(limit) if limit < *warned => {
            tracing::warn!(days, "the certificate expires soon; renew it and send SIGHUP");
            *warned = limit;
        }
        Some(_) => {}
        None => *warned = i64::MAX,
    }
}

fn reload(authenticator: &Authenticator, tls: Option<&Tls>) {
    match authenticator.reload() {
        Ok(()) => tracing::info!("read the keys for tokens again"),
        Err(error) => tracing::error!(%error, "the keys for tokens stay as they were"),
    }
    match tls.map(Tls::reload) {
        Some(Ok(())) => tracing::info!("read the certificate again"),
        Some(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
        None => {}
    }
}
