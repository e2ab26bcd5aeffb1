//! What the store and the writes on record in it show.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use parking_lot::Mutex;

use super::Metrics;

/// Samples of the store.
pub(super) const STORE_SAMPLES: usize = 10;

/// The store at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StoreGauges {
    /// Writes on record that may have been sent.
    pub accepted: u64,
    /// Writes that were sent and not answered.
    pub sent: u64,
    /// Writes of which nobody knows whether they happened.
    pub unknown: u64,
    /// Seconds since the oldest of these is on record; `None` when there is none.
    pub oldest_unknown_seconds: Option<f64>,
    /// Records that wait to be written.
    pub waiting: u64,
    /// Records that were written since start.
    pub records: u64,
    /// Commits that they shared since start.
    pub commits: u64,
    /// Whether new writes are taken.
    pub writable: bool,
    /// Events that are not published.
    pub outbox: u64,
    /// Seconds since the oldest of these was announced; `None` when there is none.
    pub oldest_event_seconds: Option<f64>,
}

type Read = Arc<dyn Fn() -> StoreGauges + Send + Sync>;

/// Who reads it, once there is a store.
#[derive(Default)]
pub(super) struct Reader(Mutex<Option<Read>>);

impl Reader {
    /// Outside the lock, because a reader may take its time.
    fn read(&self) -> Option<StoreGauges> {
        let read = self.0.lock().clone();
        read.map(|read| read())
    }
}

impl Metrics {
    /// Shows the store from now on. A later reader takes the place of an earlier one.
    pub fn observe_store(&self, read: impl Fn() -> StoreGauges + Send + Sync + 'static) {
        *self.store.0.lock() = Some(Arc::new(read));
    }
}

pub(super) fn register(meter: &Meter, store: &Arc<Reader>) {
    let open = Arc::clone(store);
    meter
        .u64_observable_gauge("portico.writes.open")
        .with_description("Writes that are on record and not settled, by state; at most 10,000 of each.")
        .with_callback(move |to| {
            let Some(now) = open.read() else { return };
            for (state, count) in [("accepted", now.accepted), ("sent", now.sent), ("unknown", now.unknown)] {
                to.observe(count, &[KeyValue::new("portico.write.state", state)]);
            }
        })
        .build();
    type Age = fn(&StoreGauges) -> Option<f64>;
    let ages: [(&'static str, &'static str, Age); 2] = [
        (
            "portico.writes.unknown.age",
            "Since the oldest write of unknown outcome is on record. 0 when there is none.",
            |now| now.oldest_unknown_seconds,
        ),
        (
            "portico.outbox.age",
            "Since the oldest event that is not published was announced. 0 when there is none.",
            |now| now.oldest_event_seconds,
        ),
    ];
    for (name, description, pick) in ages {
        let store = Arc::clone(store);
        meter
            .f64_observable_gauge(name)
            .with_unit("s")
            .with_description(description)
            .with_callback(move |to| {
                if let Some(now) = store.read() {
                    to.observe(pick(&now).unwrap_or(0.0), &[]);
                }
            })
            .build();
    }
    type Pick = fn(&StoreGauges) -> u64;
    let gauges: [(&'static str, &'static str, Pick); 3] = [
        ("portico.store.waiting", "Records that wait to be written.", |now| now.waiting),
        ("portico.store.writable", "1 while new writes are taken.", |now| u64::from(now.writable)),
        ("portico.outbox.pending", "Events that are not published.", |now| now.outbox),
    ];
    for (name, description, pick) in gauges {
        let store = Arc::clone(store);
        meter
            .u64_observable_gauge(name)
            .with_description(description)
            .with_callback(move |to| {
                if let Some(now) = store.read() {
                    to.observe(pick(&now), &[]);
                }
            })
            .build();
    }
    let totals: [(&'static str, &'static str, Pick); 2] = [
        ("portico.store.records", "Records that were written.", |now| now.records),
        ("portico.store.commits", "Commits that they shared.", |now| now.commits),
    ];
    for (name, description, pick) in totals {
        let store = Arc::clone(store);
        meter
            .u64_observable_counter(name)
            .with_description(description)
            .with_callback(move |to| {
                if let Some(now) = store.read() {
                    to.observe(pick(&now), &[]);
                }
            })
            .build();
    }
}
