//! Where every finished tree ends up, sampled or not.

use std::sync::Arc;
use std::time::Duration;

use portico_contract::trace::{FinishedTrace, TraceSink};

use crate::export::SpanQueue;
use crate::metrics::Metrics;
use crate::ring::RingQueue;
use crate::verdict::verdict;

/// Decides about a tree at its end. Takes no lock and never waits; an ordinary tree is measured and forgotten.
pub(crate) struct Sink {
    pub(crate) slow: Duration,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) export: Option<SpanQueue>,
    pub(crate) ring: Option<RingQueue>,
}

impl TraceSink for Sink {
    fn finished(&self, trace: FinishedTrace) {
        self.metrics.take_spans(&trace);
        let kept = verdict(&trace, self.slow);
        let export = self.export.as_ref().filter(|_| kept.is_some() || trace.sampled);
        let ring = self.ring.as_ref().zip(kept);
        if export.is_none() && ring.is_none() {
            return;
        }
        let trace = Arc::new(trace);
        if let Some((ring, kept)) = ring {
            ring.keep(Arc::clone(&trace), kept);
        }
        if let Some(export) = export {
            export.send(trace);
        }
    }
}
