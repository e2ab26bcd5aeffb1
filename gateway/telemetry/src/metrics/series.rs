//! Series of one histogram, found again by their labels without asking the library.
//!
//! Finding an attribute set in the OpenTelemetry SDK costs 200 ns and more; a bound instrument is that look-up done once.
//! Bound handles stand in lists that are copied when a series is added (a few hundred times in the life of a
//! process) and read without a lock. The lists are short (routes or systems, then words of the program), and most words
//! differ in length already: looking through them costs less than hashing. All histograms together stay inside one
//! budget of Prometheus samples.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Histogram};
use parking_lot::Mutex;

use crate::drops::{Dropped, Drops};

/// Prometheus samples that a process shows at most: every bucket of a histogram is one.
pub(crate) const MAX_SAMPLES: usize = 2_000;

/// Upper bounds in seconds. Few, because each costs a sample per series; they bracket what the promises name: 100 ms of
/// overhead, a slow request at one second, the deadline at ten.
pub(crate) const BUCKETS: [f64; 8] = [0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0];

/// Buckets, the one for everything above, sum and count.
pub(crate) const HISTOGRAM_COST: usize = BUCKETS.len() + 3;

/// Stands for a label that is not one of the known ones.
pub(crate) const OTHER: &str = "_OTHER";

/// Stands for labels for which there was no room.
pub(crate) const OVERFLOW: &str = "_overflow";

/// What is left of [`MAX_SAMPLES`].
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicUsize,
    drops: Arc<Drops>,
}

impl Budget {
    pub(crate) fn new(samples: usize, drops: Arc<Drops>) -> Self {
        Self { left: AtomicUsize::new(samples), drops }
    }

    pub(crate) fn claim(&self, cost: usize) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }
}

type Inner<K> = Vec<(K, BoundHistogram<f64>)>;
type Outer<K> = Vec<(Arc<str>, Inner<K>)>;

fn inner<'a, K>(known: &'a Outer<K>, outer: &str) -> Option<&'a Inner<K>> {
    known.iter().find(|(label, _)| **label == *outer).map(|(_, inner)| inner)
}

/// The list of an outer label, made if it is not there.
fn inner_mut<'a, K>(known: &'a mut Outer<K>, outer: &str) -> &'a mut Inner<K> {
    let at = known.iter().position(|(label, _)| **label == *outer).unwrap_or_else(|| {
        known.push((Arc::from(outer), Inner::new()));
        known.len() - 1
    });
    &mut known[at].1
}

fn series<'a, K: PartialEq>(inner: &'a Inner<K>, key: &K) -> Option<&'a BoundHistogram<f64>> {
    inner.iter().find(|(known, _)| known == key).map(|(_, series)| series)
}

/// The series of one histogram. The outer label comes from configuration or registration, the inner key from the program.
pub(crate) struct Series<K> {
    histogram: Histogram<f64>,
    labels: fn(&str, K) -> Vec<KeyValue>,
    overflow: BoundHistogram<f64>,
    /// Outer labels that were not registered go under [`OTHER`].
    closed: bool,
    known: ArcSwap<Outer<K>>,
    adding: Mutex<()>,
    full: AtomicBool,
    budget: Arc<Budget>,
}

impl<K: Eq + Copy> Series<K> {
    /// `overflow_key` fills the inner labels of the one series that takes what has no room.
    pub(crate) fn new(
        histogram: Histogram<f64>,
        labels: fn(&str, K) -> Vec<KeyValue>,
        overflow_key: K,
        closed: bool,
        budget: Arc<Budget>,
    ) -> Self {
        // Its own room is kept outside the budget, so that it is there when the budget is used up.
        let overflow = histogram.bind(&labels(OVERFLOW, overflow_key));
        let known: Outer<K> = if closed { vec![(Arc::from(OTHER), Inner::new())] } else { Outer::new() };
        Self {
            histogram,
            labels,
            overflow,
            closed,
            known: ArcSwap::from_pointee(known),
            adding: Mutex::new(()),
            full: AtomicBool::new(false),
            budget,
        }
    }

    pub(crate) fn register(&self, outer: &str) {
        let _adding = self.adding.lock();
        let mut known = Outer::clone(&self.known.load());
        inner_mut(&mut known, outer);
        self.known.store(Arc::new(known));
    }

    pub(crate) fn record(&self, outer: &str, key: K, seconds: f64) {
        let known = self.known.load();
        let (outer, found) = match inner(&known, outer) {
            None if self.closed => (OTHER, inner(&known, OTHER)),
            found => (outer, found),
        };
        match found.and_then(|found| series(found, &key)) {
            Some(series) => series.record(seconds),
            None => self.add(outer, key).record(seconds),
        }
    }

    fn add(&self, outer: &str, key: K) -> BoundHistogram<f64> {
        if !self.full.load(Ordering::Relaxed) {
            let _adding = self.adding.lock();
            let mut known = Outer::clone(&self.known.load());
            let inner = inner_mut(&mut known, outer);
            if let Some(series) = series(inner, &key) {
                return series.clone();
            }
            if self.budget.claim(HISTOGRAM_COST) {
                let added = self.histogram.bind(&(self.labels)(outer, key));
                inner.push((key, added.clone()));
                self.known.store(Arc::new(known));
                return added;
            }
            self.full.store(true, Ordering::Relaxed);
        }
        self.budget.drops.add(Dropped::Series, 1);
        self.overflow.clone()
    }
}
