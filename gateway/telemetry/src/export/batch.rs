//! From finished trees to requests: a bounded queue and batches by size and time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry_sdk::trace::SpanExporter as _;
use portico_contract::trace::FinishedTrace;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::convert::to_otel;
use crate::drops::{Dropped, Drops};

/// Trees that may wait.
pub(crate) const QUEUE_TRACES: usize = 2_048;

/// Spans that may wait in all trees together: about 10 MiB.
pub(crate) const QUEUE_SPANS: usize = 16_384;

/// A batch is sent when it has this many spans …
const BATCH_SPANS: usize = 512;

/// … or its first one has waited this long.
const BATCH_WAIT: Duration = Duration::from_secs(1);

/// The way to the collector. Never waits.
pub(crate) struct SpanQueue {
    traces: mpsc::Sender<Arc<FinishedTrace>>,
    waiting: Arc<AtomicUsize>,
    drops: Arc<Drops>,
}

impl SpanQueue {
    pub(crate) fn new(
        traces: mpsc::Sender<Arc<FinishedTrace>>,
        waiting: Arc<AtomicUsize>,
        drops: Arc<Drops>,
    ) -> Self {
        Self { traces, waiting, drops }
    }

    pub(crate) fn send(&self, trace: Arc<FinishedTrace>) {
        let spans = trace.spans.len();
        if self.waiting.fetch_add(spans, Ordering::Relaxed) + spans <= QUEUE_SPANS
            && self.traces.try_send(trace).is_ok()
        {
            return;
        }
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        self.drops.add(Dropped::SpanQueue, spans);
    }
}

pub(crate) struct Batcher {
    incoming: mpsc::Receiver<Arc<FinishedTrace>>,
    waiting: Arc<AtomicUsize>,
    exporter: opentelemetry_otlp::SpanExporter,
    drops: Arc<Drops>,
}

impl Batcher {
    pub(crate) fn new(
        incoming: mpsc::Receiver<Arc<FinishedTrace>>,
        waiting: Arc<AtomicUsize>,
        exporter: opentelemetry_otlp::SpanExporter,
        drops: Arc<Drops>,
    ) -> Self {
        Self { incoming, waiting, exporter, drops }
    }

    /// Sends until it is told to close and the queue is empty.
    pub(crate) async fn run(mut self, mut closing: oneshot::Receiver<()>) {
        let mut closed = false;
        loop {
            let first = tokio::select! {
                trace = self.incoming.recv() => trace,
                _told = &mut closing, if !closed => {
                    closed = true;
                    // What waits is still handed out; nothing more is taken.
                    self.incoming.close();
                    continue;
                }
            };
            let Some(first) = first else { return };
            let batch = self.fill(first, &mut closing, &mut closed).await;
            let count = batch.len();
            if let Err(why) = self.exporter.export(batch).await {
                self.drops.add(Dropped::SpanExport, count);
                tracing::debug!(error = %why, spans = count, "spans were not taken by the collector");
            }
        }
    }

    async fn fill(
        &mut self,
        first: Arc<FinishedTrace>,
        closing: &mut oneshot::Receiver<()>,
        closed: &mut bool,
    ) -> Vec<opentelemetry_sdk::trace::SpanData> {
        let mut batch = Vec::with_capacity(BATCH_SPANS);
        let until = Instant::now() + BATCH_WAIT;
        let mut next = Some(first);
        while let Some(trace) = next {
            self.waiting.fetch_sub(trace.spans.len(), Ordering::Relaxed);
            to_otel(&trace, &mut batch);
            if batch.len() >= BATCH_SPANS {
                break;
            }
            next = tokio::select! {
                trace = timeout_at(until, self.incoming.recv()) => trace.ok().flatten(),
                _told = &mut *closing, if !*closed => {
                    *closed = true;
                    self.incoming.close();
                    self.incoming.recv().await
                }
            };
        }
        batch
    }
}
