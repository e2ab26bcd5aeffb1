//! Sending to a collector, from a thread and a small runtime of its own: whatever the collector does, no request waits
//! for it and no worker of the gateway is blocked.

mod batch;
mod client;
mod convert;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::Receiver;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use secrecy::ExposeSecret as _;
use tokio::sync::{mpsc, oneshot};

use crate::config::{OtlpConfig, StartError};
use crate::drops::{Dropped, Drops};
use client::CollectorClient;

pub(crate) use batch::SpanQueue;

/// What sends the three signals.
pub(crate) struct Export {
    pub(crate) spans: SpanQueue,
    pub(crate) metrics: MetricExporter,
    pub(crate) logs: LogExporter,
    pub(crate) control: Control,
}

/// Ends the sending of spans, then the runtime that all signals are sent on.
pub(crate) struct Control {
    /// Told to send what waits and to take no more.
    pub(crate) close: oneshot::Sender<()>,
    /// Closed when the last span has been sent or given up.
    pub(crate) spans_done: Receiver<()>,
    /// Dropped to end the runtime.
    pub(crate) end: oneshot::Sender<()>,
}

/// Checks the configuration and starts the thread.
pub(crate) fn start(
    config: &OtlpConfig,
    resource: &Resource,
    drops: &Arc<Drops>,
) -> Result<Export, StartError> {
    if !(0.0..=1.0).contains(&config.sample_ratio) {
        return Err(StartError::SampleRatio { ratio: config.sample_ratio });
    }
    let base = client::base(&config.endpoint)?;
    let headers = headers(config)?;
    let connector = client::connector(config.trust_pem.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_name("portico-export")
        .build()
        .map_err(StartError::Thread)?;
    let client = |lost| {
        let (handle, connector) = (runtime.handle().clone(), connector.clone());
        CollectorClient::new(handle, connector, headers.clone(), lost, Arc::clone(drops))
    };
    let url = |signal: &str| format!("{base}/v1/{signal}");
    let failed = |why: opentelemetry_otlp::ExporterBuildError| StartError::Library(why.to_string());

    let mut spans = prepared(SpanExporter::builder().with_http(), url("traces"))
        .with_http_client(client(None))
        .build()
        .map_err(failed)?;
    opentelemetry_sdk::trace::SpanExporter::set_resource(&mut spans, resource);
    let metrics = prepared(MetricExporter::builder().with_http(), url("metrics"))
        .with_http_client(client(Some(Dropped::MetricExport)))
        .build()
        .map_err(failed)?;
    let logs = prepared(LogExporter::builder().with_http(), url("logs"))
        .with_http_client(client(Some(Dropped::LogExport)))
        .build()
        .map_err(failed)?;

    let (traces, incoming) = mpsc::channel(batch::QUEUE_TRACES);
    let waiting = Arc::new(AtomicUsize::new(0));
    let queue = SpanQueue::new(traces, Arc::clone(&waiting), Arc::clone(drops));
    let batcher = batch::Batcher::new(incoming, waiting, spans, Arc::clone(drops));
    let (close, closing) = oneshot::channel();
    let (end, ending) = oneshot::channel::<()>();
    let (alive, spans_done) = std::sync::mpsc::sync_channel(0);
    let work = move || {
        runtime.block_on(async move {
            let sending = tokio::spawn(async move {
                let _alive = alive;
                batcher.run(closing).await;
            });
            // Metrics and logs still go out after the last span, until the end is told.
            let _ended = ending.await;
            sending.abort();
        });
        runtime_end();
    };
    std::thread::Builder::new().name("portico-export".to_owned()).spawn(work).map_err(StartError::Thread)?;
    Ok(Export { spans: queue, metrics, logs, control: Control { close, spans_done, end } })
}

/// Where the thread ends; the runtime's tasks have been dropped with it.
fn runtime_end() {
    tracing::debug!("telemetry export ended");
}

fn prepared<B: WithHttpConfig + WithExportConfig>(builder: B, url: String) -> B {
    builder
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url)
        .with_timeout(client::TIMEOUT)
        // Its pauses block the thread; our client makes its own attempts instead.
        .with_retry_policy(RetryPolicy::disabled())
}

fn headers(config: &OtlpConfig) -> Result<HeaderMap, StartError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let (Ok(field), Ok(mut value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value.expose_secret()))
        else {
            return Err(StartError::Header { name: name.clone() });
        };
        value.set_sensitive(true);
        headers.insert(field, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
