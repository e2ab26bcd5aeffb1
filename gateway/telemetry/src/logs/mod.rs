//! Logs: `tracing` events as lines on standard error, and to the collector where one is configured.

mod output;

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{LogConfig, LogFormat, LogLevel};

pub use output::LogOutput;
pub(crate) use output::{LineWriter, start as start_writer};

/// Libraries that speak in the middle of sending: what they say would be sent, which makes them say more.
const TRANSPORT: [&str; 9] =
    ["hyper", "hyper_util", "hyper_rustls", "h2", "rustls", "tower", "tonic", "reqwest", "opentelemetry"];

const SDK: [&str; 4] =
    ["opentelemetry_sdk", "opentelemetry_otlp", "opentelemetry-otlp", "opentelemetry-prometheus"];

pub(crate) type Subscriber = Box<dyn tracing::Subscriber + Send + Sync>;

/// The whole of logging, not yet installed.
pub(crate) fn subscriber(
    config: &LogConfig,
    writer: LineWriter,
    provider: Option<&SdkLoggerProvider>,
) -> Subscriber {
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match config.format {
        LogFormat::Human => fmt::layer().with_ansi(false).with_target(false).with_writer(writer).boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
    };
    let lines = lines.with_filter(for_lines(config.level));
    let bridge = provider
        .map(|provider| OpenTelemetryTracingBridge::new(provider).with_filter(for_collector(config.level)));
    Box::new(Registry::default().with(lines).with(bridge))
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// Transport libraries are heard from `warn` on, so that `debug` shows our own steps and not every frame. The SDK is not
/// heard at all: our client says once a minute why sending fails.
fn for_lines(least: LogLevel) -> Targets {
    let quiet = level(least).min(LevelFilter::WARN);
    Targets::new()
        .with_default(level(least))
        .with_targets(TRANSPORT.map(|target| (target, quiet)))
        .with_targets(SDK.map(|target| (target, LevelFilter::OFF)))
}

fn for_collector(least: LogLevel) -> Targets {
    Targets::new()
        .with_default(level(least))
        .with_targets(TRANSPORT.map(|target| (target, LevelFilter::OFF)))
        .with_targets(SDK.map(|target| (target, LevelFilter::OFF)))
        .with_target("portico_telemetry::export", LevelFilter::OFF)
}

#[cfg(test)]
mod tests;
