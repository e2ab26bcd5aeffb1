//! Metrics: one set of instruments, read as Prometheus text on the operations port and sent over OTLP where configured.
//!
//! Labels come from closed sets: routes that were registered, systems from configuration, words of the program. All
//! together they stay under 2,000 samples; what has no room is counted under `_overflow`.

mod from_spans;
mod gauges;
mod labels;
mod series;
mod store;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry::metrics::{Histogram, Meter, MeterProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use parking_lot::Mutex;
use portico_contract::{ErrorKind, SystemKey};

use crate::config::StartError;
use crate::drops::Drops;
use labels::{AttemptKey, CallKey, ServerKey, method_word};
use series::{Budget, HISTOGRAM_COST, MAX_SAMPLES, Series};

pub use gauges::{AdapterGauges, BreakerGauge, IndexGauges, ObservedAdapter};
pub use store::StoreGauges;

/// How often metrics go to the collector.
const EXPORT_INTERVAL: Duration = Duration::from_secs(30);

/// The instruments. Cheap to call: a look-up in a map without a lock and one bound measurement.
pub struct Metrics {
    server: Series<ServerKey>,
    calls: Series<CallKey>,
    attempts: Series<AttemptKey>,
    observed: Arc<gauges::Observed>,
    store: Arc<store::Reader>,
    budget: Arc<Budget>,
    provider: SdkMeterProvider,
    registry: prometheus::Registry,
    /// One reader at a time: a scrape walks everything.
    rendering: Mutex<()>,
}

fn durations(meter: &Meter, name: &'static str, description: &'static str) -> Histogram<f64> {
    meter
        .f64_histogram(name)
        .with_unit("s")
        .with_description(description)
        .with_boundaries(series::BUCKETS.to_vec())
        .build()
}

impl Metrics {
    pub(crate) fn new(
        resource: Resource,
        exporter: Option<opentelemetry_otlp::MetricExporter>,
        drops: Arc<Drops>,
    ) -> Result<Self, StartError> {
        let registry = prometheus::Registry::new();
        let prometheus = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .map_err(|why| StartError::Library(why.to_string()))?;
        let mut provider = SdkMeterProvider::builder().with_resource(resource).with_reader(prometheus);
        if let Some(exporter) = exporter {
            let reader = PeriodicReader::builder(exporter).with_interval(EXPORT_INTERVAL).build();
            provider = provider.with_reader(reader);
        }
        let provider = provider.build();
        let meter = provider.meter("portico");
        let observed = Arc::new(gauges::Observed::default());
        gauges::register(&meter, &observed, &drops);
        let store = Arc::new(store::Reader::default());
        store::register(&meter, &store);

        // Three series for what has no room, and the gauges that are always there.
        let reserved = 3 * HISTOGRAM_COST + gauges::FIXED_SAMPLES + store::STORE_SAMPLES;
        let budget = Arc::new(Budget::new(MAX_SAMPLES - reserved, drops));
        let server = durations(&meter, "http.server.request.duration", "Requests to the API.");
        let calls =
            durations(&meter, "portico.adapter.call.duration", "Calls to a system, retries included.");
        let attempts = durations(&meter, "http.client.request.duration", "Single attempts at a system.");
        let room = || Arc::clone(&budget);
        Ok(Self {
            server: Series::new(server, labels::server, labels::SERVER_OVERFLOW, true, room()),
            calls: Series::new(calls, labels::call, labels::CALL_OVERFLOW, false, room()),
            attempts: Series::new(attempts, labels::attempt, labels::ATTEMPT_OVERFLOW, false, room()),
            observed,
            store,
            budget,
            provider,
            registry,
            rendering: Mutex::new(()),
        })
    }

    /// Names the routes that exist, as templates. Requests to any other are counted under `_OTHER`, so that a path can
    /// never become a label. Call it once at start; calling it again adds.
    pub fn register_routes<'a>(&self, templates: impl IntoIterator<Item = &'a str>) {
        for template in templates {
            self.server.register(template);
        }
    }

    /// Counts a request as active (`http.server.active_requests`) until [`Metrics::request_finished`] is called for it.
    pub fn request_started(&self) {
        self.observed.active.fetch_add(1, Ordering::Relaxed);
    }

    /// Records a request that is over (`http.server.request.duration`). `route` is the template, or `None` when no route
    /// matched; an unknown method or route is counted under `_OTHER`. Every call goes with one of
    /// [`Metrics::request_started`].
    pub fn request_finished(&self, route: Option<&str>, method: &str, status: u16, took: Duration) {
        self.observed.active.fetch_sub(1, Ordering::Relaxed);
        self.server.record(route.unwrap_or(series::OTHER), (method_word(method), status), took.as_secs_f64());
    }

    /// The number of open connections changed by this much (`http.server.open_connections`).
    pub fn connections(&self, change: i64) {
        self.observed.connections.fetch_add(change, Ordering::Relaxed);
    }

    /// Counts a connection or request that was turned away before it was one (`portico.server.refused`). `reason` is a word
    /// of the program.
    pub fn refused(&self, reason: &'static str) {
        self.observed.refused(reason, &self.budget);
    }

    /// Records a call to a system, retries included (`portico.adapter.call.duration`). Single attempts are taken from the
    /// spans and need no call.
    pub fn call_finished(
        &self,
        system: &SystemKey,
        operation: &'static str,
        error: Option<ErrorKind>,
        took: Duration,
    ) {
        let error = error.map_or("", ErrorKind::error_type);
        self.calls.record(system.as_str(), (operation, error), took.as_secs_f64());
    }

    /// Shows a system's state whenever somebody reads the metrics. `read` is called on the reader's thread, must be quick
    /// and must not wait. Observing a system again replaces the earlier one; dropping the answer ends it.
    pub fn observe_adapter(
        &self,
        system: &SystemKey,
        read: Box<dyn Fn() -> AdapterGauges + Send + Sync>,
    ) -> ObservedAdapter {
        self.observed.add(system.as_str(), read, &self.budget)
    }

    /// Shows the hash of the configuration that runs. Call it again after a reload.
    pub fn set_config_hash(&self, hash: &str) {
        self.observed.set_config_hash(hash);
    }

    /// Shows whether the configuration could be used when it was last read again (`portico.config.last_reload_successful`).
    pub fn set_reload_ok(&self, ok: bool) {
        self.observed.set_reload_ok(ok);
    }

    /// Shows the days until a certificate of ours expires; negative when it has. `name` is what the configuration calls
    /// it, for example `listen`.
    pub fn set_certificate_days(&self, name: &str, days: i64) {
        self.observed.set_certificate_days(name, days, &self.budget);
    }

    /// Everything as Prometheus text (exposition format 0.0.4).
    pub fn render(&self) -> String {
        let _one = self.rendering.lock();
        let mut text = String::new();
        if let Err(why) = prometheus::TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
            tracing::warn!(error = %why, "metrics could not be written as text");
        }
        text
    }

    pub(crate) fn provider(&self) -> &SdkMeterProvider {
        &self.provider
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
