//! What is read rather than recorded: the state of adapters, certificates, the configuration, our own losses.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use parking_lot::Mutex;

use super::series::{Budget, OVERFLOW};
use crate::drops::{Dropped, Drops};

/// Samples that are there without any adapter: target info, active requests, connections, configuration, its last
/// reload, process start, losses.
pub(super) const FIXED_SAMPLES: usize = 6 + Dropped::ALL.len();

/// Samples of one adapter.
const ADAPTER_SAMPLES: usize = 12;

/// State of a circuit breaker, as it is shown: 0, 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakerGauge {
    /// Calls go through.
    #[default]
    Closed = 0,
    /// One probe is let through.
    HalfOpen = 1,
    /// Nothing is sent.
    Open = 2,
}

/// The state of one adapter at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AdapterGauges {
    /// Calls that hold a place.
    pub in_flight: u64,
    /// Calls that wait for one.
    pub queued: u64,
    /// Streams that hold a place of their own.
    pub streams: u64,
    /// State of the circuit breaker.
    pub breaker: BreakerGauge,
    /// Retries that the budget still allows.
    pub retry_budget: f64,
    /// Calls turned away since start because there was no place.
    pub shed: u64,
    /// Attempts after a first one since start.
    pub retries: u64,
    /// Whether an operator has paused the system.
    pub paused: bool,
    /// Days until the system's certificate expires; negative when it has; `None` without TLS or before the first contact.
    pub certificate_days: Option<i64>,
    /// What is kept in memory of a directory's people; `None` for a system that is no directory.
    pub index: Option<IndexGauges>,
}

/// The people of a directory, as they are kept for searching.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct IndexGauges {
    /// How many.
    pub people: u64,
    /// Octets of memory.
    pub bytes: u64,
    /// Seconds since the directory last told what changed; `None` before it was read for the first time.
    pub age_seconds: Option<f64>,
}

type Read = Box<dyn Fn() -> AdapterGauges + Send + Sync>;

struct Adapter {
    serial: u64,
    label: [KeyValue; 1],
    read: Read,
}

#[derive(Default)]
pub(super) struct Observed {
    adapters: Mutex<BTreeMap<String, Arc<Adapter>>>,
    /// Systems that have a place in the budget. They keep it over a reload.
    places: Mutex<BTreeSet<String>>,
    certificates: Mutex<BTreeMap<String, i64>>,
    config: Mutex<Option<String>>,
    /// Whether the last attempt to read the configuration failed.
    reload_failed: AtomicBool,
    serial: AtomicU64,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) active: AtomicI64,
    pub(super) connections: AtomicI64,
}

impl Observed {
    pub(super) fn refused(&self, reason: &'static str, budget: &Budget) {
        let mut refusals = self.refusals.lock();
        // Without room for one more sample it is counted with the others.
        let known = refusals.contains_key(reason) || budget.claim(1);
        *refusals.entry(if known { reason } else { OVERFLOW }).or_default() += 1;
    }

    pub(super) fn add(self: &Arc<Self>, system: &str, read: Read, budget: &Budget) -> ObservedAdapter {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let mut places = self.places.lock();
        if places.contains(system) || budget.claim(ADAPTER_SAMPLES) {
            places.insert(system.to_owned());
            let label = [KeyValue::new("portico.system", system.to_owned())];
            self.adapters.lock().insert(system.to_owned(), Arc::new(Adapter { serial, label, read }));
        } else {
            tracing::warn!(
                portico.system = system,
                "system has no metrics of its own: there are too many series"
            );
        }
        ObservedAdapter { observed: Arc::downgrade(self), system: system.to_owned(), serial }
    }

    pub(super) fn set_config_hash(&self, hash: &str) {
        *self.config.lock() = Some(hash.to_owned());
    }

    pub(super) fn set_reload_ok(&self, ok: bool) {
        self.reload_failed.store(!ok, Ordering::Relaxed);
    }

    pub(super) fn set_certificate_days(&self, name: &str, days: i64, budget: &Budget) {
        let mut certificates = self.certificates.lock();
        if certificates.contains_key(name) || budget.claim(1) {
            certificates.insert(name.to_owned(), days);
        }
    }

    /// Calls every reader, outside the lock. A reader that panics must not end the thread that exports metrics.
    fn each(&self, mut show: impl FnMut(&AdapterGauges, &[KeyValue])) {
        let adapters: Vec<Arc<Adapter>> = self.adapters.lock().values().cloned().collect();
        for adapter in adapters {
            if let Ok(gauges) = catch_unwind(AssertUnwindSafe(|| (adapter.read)())) {
                show(&gauges, &adapter.label);
            }
        }
    }
}

/// Ends the observation when it is dropped; see [`super::Metrics::observe_adapter`].
#[must_use = "the system is observed only as long as this is kept"]
pub struct ObservedAdapter {
    observed: Weak<Observed>,
    system: String,
    serial: u64,
}

impl std::fmt::Debug for ObservedAdapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObservedAdapter").field("system", &self.system).finish_non_exhaustive()
    }
}

impl Drop for ObservedAdapter {
    fn drop(&mut self) {
        let Some(observed) = self.observed.upgrade() else { return };
        let mut adapters = observed.adapters.lock();
        if adapters.get(&self.system).is_some_and(|adapter| adapter.serial == self.serial) {
            adapters.remove(&self.system);
        }
    }
}

pub(super) fn register(meter: &Meter, observed: &Arc<Observed>, drops: &Arc<Drops>) {
    register_adapters(meter, observed);
    register_indexes(meter, observed);
    register_certificates(meter, observed);
    register_server(meter, observed);

    let config = Arc::clone(observed);
    meter
        .u64_observable_gauge("portico.config.info")
        .with_description("The configuration that runs, by its hash.")
        .with_callback(move |to| {
            if let Some(hash) = config.config.lock().clone() {
                to.observe(1, &[KeyValue::new("portico.config.hash", hash)]);
            }
        })
        .build();

    let reload = Arc::clone(observed);
    meter
        .u64_observable_gauge("portico.config.last_reload_successful")
        .with_description(
            "0 while what was last read of the configuration could not be used; what ran before runs on.",
        )
        .with_callback(move |to| to.observe(u64::from(!reload.reload_failed.load(Ordering::Relaxed)), &[]))
        .build();

    let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |at| at.as_secs_f64());
    meter
        .f64_observable_gauge("process.start_time")
        .with_unit("s")
        .with_description("When the process started, in seconds since 1970.")
        .with_callback(move |to| to.observe(started, &[]))
        .build();

    let drops = Arc::clone(drops);
    meter
        .u64_observable_counter("portico.telemetry.dropped")
        .with_description("What telemetry threw away, by reason.")
        .with_callback(move |to| {
            for (what, word) in Dropped::ALL {
                to.observe(drops.get(what), &[KeyValue::new("portico.telemetry.reason", word)]);
            }
        })
        .build();
}

fn register_server(meter: &Meter, observed: &Arc<Observed>) {
    let running = Arc::clone(observed);
    meter
        .i64_observable_up_down_counter("http.server.active_requests")
        .with_description("Requests that run now.")
        .with_callback(move |to| to.observe(running.active.load(Ordering::Relaxed), &[]))
        .build();
    let open = Arc::clone(observed);
    meter
        .i64_observable_up_down_counter("http.server.open_connections")
        .with_description("Connections that are open now.")
        .with_callback(move |to| to.observe(open.connections.load(Ordering::Relaxed), &[]))
        .build();
    let refused = Arc::clone(observed);
    meter
        .u64_observable_counter("portico.server.refused")
        .with_description("Connections and requests turned away before they were one.")
        .with_callback(move |to| {
            for (reason, count) in refused.refusals.lock().iter() {
                to.observe(*count, &[KeyValue::new("portico.reason", *reason)]);
            }
        })
        .build();
}

fn register_adapters(meter: &Meter, observed: &Arc<Observed>) {
    type Pick = fn(&AdapterGauges) -> u64;
    let counts: [(&'static str, &'static str, Pick); 5] = [
        ("portico.adapter.in_flight", "Calls to the system that run now.", |g| g.in_flight),
        ("portico.adapter.queued", "Calls to the system that wait for a place.", |g| g.queued),
        ("portico.adapter.streams", "Streams from or to the system that run now.", |g| g.streams),
        ("portico.adapter.breaker.state", "Circuit breaker: 0 closed, 1 half open, 2 open.", |g| {
            g.breaker as u64
        }),
        ("portico.adapter.paused", "1 while an operator has paused the system.", |g| u64::from(g.paused)),
    ];
    for (name, description, pick) in counts {
        let observed = Arc::clone(observed);
        meter
            .u64_observable_gauge(name)
            .with_description(description)
            .with_callback(move |to| observed.each(|gauges, label| to.observe(pick(gauges), label)))
            .build();
    }
    let budget = Arc::clone(observed);
    meter
        .f64_observable_gauge("portico.adapter.retry.budget")
        .with_description("Retries that the budget of the system still allows.")
        .with_callback(move |to| budget.each(|gauges, label| to.observe(gauges.retry_budget, label)))
        .build();
    let totals: [(&'static str, &'static str, Pick); 2] = [
        ("portico.adapter.shed", "Calls turned away because the system had no place for them.", |g| g.shed),
        ("portico.adapter.retries", "Attempts after a first one.", |g| g.retries),
    ];
    for (name, description, pick) in totals {
        let observed = Arc::clone(observed);
        meter
            .u64_observable_counter(name)
            .with_description(description)
            .with_callback(move |to| observed.each(|gauges, label| to.observe(pick(gauges), label)))
            .build();
    }
}

fn register_indexes(meter: &Meter, observed: &Arc<Observed>) {
    type Pick = fn(&IndexGauges) -> u64;
    let counts: [(&'static str, &'static str, Pick); 2] = [
        ("portico.index.people", "People of the directory that can be searched.", |index| index.people),
        ("portico.index.bytes", "Octets of memory that the index takes.", |index| index.bytes),
    ];
    for (name, description, pick) in counts {
        let observed = Arc::clone(observed);
        meter
            .u64_observable_gauge(name)
            .with_description(description)
            .with_callback(move |to| {
                observed.each(|gauges, label| {
                    if let Some(index) = &gauges.index {
                        to.observe(pick(index), label);
                    }
                });
            })
            .build();
    }
    let observed = Arc::clone(observed);
    meter
        .f64_observable_gauge("portico.index.age")
        .with_unit("s")
        .with_description("Since the directory last told what changed. Absent until it was read once.")
        .with_callback(move |to| {
            observed.each(|gauges, label| {
                if let Some(age) = gauges.index.and_then(|index| index.age_seconds) {
                    to.observe(age, label);
                }
            });
        })
        .build();
}

fn register_certificates(meter: &Meter, observed: &Arc<Observed>) {
    let peers = Arc::clone(observed);
    meter
        .i64_observable_gauge("portico.adapter.certificate.days")
        .with_description("Days until the certificate of the system expires; negative when it has.")
        .with_callback(move |to| {
            peers.each(|gauges, label| {
                if let Some(days) = gauges.certificate_days {
                    to.observe(days, label);
                }
            });
        })
        .build();
    let own = Arc::clone(observed);
    meter
        .i64_observable_gauge("portico.certificate.days")
        .with_description("Days until a certificate of the gateway expires; negative when it has.")
        .with_callback(move |to| {
            for (name, days) in own.certificates.lock().iter() {
                to.observe(*days, &[KeyValue::new("portico.certificate", name.clone())]);
            }
        })
        .build();
}
