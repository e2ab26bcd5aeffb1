//! What telemetry had to throw away, counted by reason. Whatever is bounded drops; whatever drops is counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why something was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Spans that found the export queue full, because the collector is slow or gone.
    SpanQueue,
    /// Spans that the collector did not take.
    SpanExport,
    /// Traces that found the queue to the ring full.
    RingQueue,
    /// Traces that could not be written to the ring: another process writes it, or the disk refuses.
    RingWrite,
    /// Log lines that found the log queue full, because nobody reads our standard error.
    LogLines,
    /// Batches of log records that the collector did not take.
    LogExport,
    /// Collections of metrics that the collector did not take.
    MetricExport,
    /// Measurements counted under `_overflow` because there are too many series.
    Series,
}

impl Dropped {
    /// Every reason with its name in the metrics.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::SpanQueue, "span_queue"),
        (Self::SpanExport, "span_export"),
        (Self::RingQueue, "ring_queue"),
        (Self::RingWrite, "ring_write"),
        (Self::LogLines, "log_lines"),
        (Self::LogExport, "log_export"),
        (Self::MetricExport, "metric_export"),
        (Self::Series, "series"),
    ];
}

#[derive(Debug, Default)]
pub(crate) struct Drops([AtomicU64; Dropped::ALL.len()]);

impl Drops {
    pub(crate) fn add(&self, what: Dropped, count: usize) {
        self.0[what as usize].fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(&self, what: Dropped) -> u64 {
        self.0[what as usize].load(Ordering::Relaxed)
    }
}
