//! Starting and stopping.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use parking_lot::Mutex;
use portico_contract::trace::TraceSink;

use crate::config::{Service, StartError, TelemetryConfig};
use crate::drops::{Dropped, Drops};
use crate::export::{self, Control};
use crate::failure::Failures;
use crate::logs::{self, LineWriter};
use crate::metrics::Metrics;
use crate::sink::Sink;
use crate::{panic, ring};

/// The longest that a shutdown takes, whatever it was given.
pub const MAX_SHUTDOWN: Duration = Duration::from_secs(3);

/// Kept back from a shutdown for the last log lines.
const FOR_LINES: Duration = Duration::from_millis(200);

/// Telemetry that runs. Dropping it shuts it down with a deadline of a second.
pub struct Telemetry {
    sink: Arc<Sink>,
    metrics: Arc<Metrics>,
    failures: Arc<Failures>,
    drops: Arc<Drops>,
    lines: LineWriter,
    /// Requests are sampled when a random number lies below it.
    sample_below: u64,
    subscriber: Mutex<Option<logs::Subscriber>>,
    running: Mutex<Option<Running>>,
}

struct Running {
    ring_done: Option<Receiver<()>>,
    control: Option<Control>,
    logs: Option<SdkLoggerProvider>,
}

/// How a shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShutdownReport {
    /// Whether everything that waited was sent and written in time.
    pub complete: bool,
    /// How long it took.
    pub took: Duration,
}

impl Telemetry {
    /// Starts everything that is configured, and installs the log and the panic hook for the whole process. If the process
    /// has a log already, that one stays.
    ///
    /// Needs no runtime and may be called on one. Nothing is sent before it returns: a collector that is down is no error.
    ///
    /// # Errors
    /// A configured value cannot be used, the ring's folder cannot be written, or the machine gives no thread.
    #[expect(clippy::needless_pass_by_value, reason = "secrets inside it are meant to end here")]
    pub fn start(config: TelemetryConfig) -> Result<Self, StartError> {
        let foreign_text = config.log.backend_text;
        let telemetry = Self::start_without_log(&config)?;
        if let Some(subscriber) = telemetry.take_subscriber() {
            // An error means that there is a log already: tests that run several gateways in one process.
            let _first = tracing::subscriber::set_global_default(subscriber).is_ok();
        }
        panic::install(foreign_text);
        Ok(telemetry)
    }

    pub(crate) fn start_without_log(config: &TelemetryConfig) -> Result<Self, StartError> {
        let drops = Arc::new(Drops::default());
        let resource = resource(&config.service);
        let sample_below = config.otlp.as_ref().map_or(0, |otlp| share(otlp.sample_ratio));
        let lines = logs::start_writer(config.log.output.clone(), Arc::clone(&drops))?;
        let mut export =
            config.otlp.as_ref().map(|otlp| export::start(otlp, &resource, &drops)).transpose()?;
        let (ring, ring_done) = config
            .ring
            .as_ref()
            .map(|ring| ring::start(ring, config.service.clone(), Arc::clone(&drops)))
            .transpose()?
            .unzip();
        let (mut spans, mut metric_exporter, mut log_provider, mut control) = (None, None, None, None);
        if let Some(export) = export.take() {
            let provider = SdkLoggerProvider::builder().with_resource(resource.clone());
            log_provider = Some(provider.with_batch_exporter(export.logs).build());
            spans = Some(export.spans);
            metric_exporter = Some(export.metrics);
            control = Some(export.control);
        }
        let metrics = Arc::new(Metrics::new(resource, metric_exporter, Arc::clone(&drops))?);
        let subscriber = logs::subscriber(&config.log, lines.clone(), log_provider.as_ref());
        Ok(Self {
            sink: Arc::new(Sink { slow: config.slow, metrics: Arc::clone(&metrics), export: spans, ring }),
            metrics,
            failures: Arc::new(Failures::new(config.log.backend_text)),
            drops,
            lines,
            sample_below,
            subscriber: Mutex::new(Some(subscriber)),
            running: Mutex::new(Some(Running { ring_done, control, logs: log_provider })),
        })
    }

    pub(crate) fn take_subscriber(&self) -> Option<logs::Subscriber> {
        self.subscriber.lock().take()
    }

    /// Takes finished trees. Give it to every [`portico_contract::trace::Span::root`].
    pub fn sink(&self) -> Arc<dyn TraceSink> {
        self.sink.clone()
    }

    /// Our own sampling decision for one request, by the configured ratio; always `false` without a collector.
    pub fn sample(&self) -> bool {
        self.sample_below == u64::MAX || (self.sample_below > 0 && rand::random::<u64>() < self.sample_below)
    }

    /// The instruments.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The log of failures.
    pub fn failures(&self) -> &Arc<Failures> {
        &self.failures
    }

    /// Everything as Prometheus text, for the operations port.
    pub fn render_metrics(&self) -> String {
        self.metrics.render()
    }

    /// How much was thrown away for this reason since start.
    pub fn dropped(&self, what: Dropped) -> u64 {
        self.drops.get(what)
    }

    /// Sends and writes what waits, then stops. Blocks the thread for at most `deadline` and never longer than
    /// [`MAX_SHUTDOWN`]: on a runtime, call it through `spawn_blocking`. What could not be sent by then is lost. Trees that
    /// finish afterwards are counted as dropped. A second call does nothing.
    pub fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        let begun = Instant::now();
        let deadline = begun + deadline.min(MAX_SHUTDOWN);
        let Some(running) = self.running.lock().take() else {
            return ShutdownReport { complete: true, took: Duration::ZERO };
        };
        let stop_by = deadline.checked_sub(FOR_LINES).unwrap_or(begun).max(begun);
        let mut complete = self.stop_parts(running, stop_by);
        complete &= self.lines.flush(deadline);
        ShutdownReport { complete, took: begun.elapsed() }
    }

    /// Stops all parts at once, each on a thread of its own: the SDK's own shutdowns know no deadline.
    fn stop_parts(&self, running: Running, stop_by: Instant) -> bool {
        let mut waiting: Vec<Receiver<()>> = Vec::new();
        let mut end = None;
        if let Some(control) = running.control {
            let _told = control.close.send(());
            waiting.push(control.spans_done);
            end = Some(control.end);
            let metrics = Arc::clone(&self.metrics);
            waiting.push(aside("portico-stop-metrics", move || drop(metrics.provider().shutdown())));
        }
        if let Some(logs) = running.logs {
            waiting.push(aside("portico-stop-logs", move || drop(logs.shutdown())));
        }
        if let Some(done) = running.ring_done {
            let sink = Arc::clone(&self.sink);
            waiting
                .push(aside("portico-stop-ring", move || sink.ring.iter().for_each(ring::RingQueue::stop)));
            waiting.push(done);
        }
        let mut complete = true;
        for done in waiting {
            let left = stop_by.saturating_duration_since(Instant::now());
            complete &= !matches!(done.recv_timeout(left), Err(RecvTimeoutError::Timeout));
        }
        // Ends the runtime, and with it every request that still waits for a collector.
        drop(end);
        complete
    }
}

/// Runs on a thread of its own. The receiver is closed when it has ended.
fn aside(name: &str, work: impl FnOnce() + Send + 'static) -> Receiver<()> {
    let (alive, done) = sync_channel(0);
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _alive: std::sync::mpsc::SyncSender<()> = alive;
        work();
    });
    // Without a thread nothing is sent: the closure and `alive` are gone, and the receiver is closed.
    drop(spawned);
    done
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.shutdown(Duration::from_secs(1));
    }
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

/// Only what is configured: what the library would detect by itself (environment, host) is not asked for.
fn resource(service: &Service) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", service.name.clone()),
            KeyValue::new("service.version", service.version.clone()),
            KeyValue::new("service.instance.id", service.instance.clone()),
        ])
        .build()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 2^64, clamped")]
fn share(ratio: f64) -> u64 {
    if ratio >= 1.0 { u64::MAX } else { (ratio.max(0.0) * (u64::MAX as f64)) as u64 }
}

#[cfg(test)]
mod tests;
