//! What telemetry needs to know, already validated by the settings.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::logs::LogOutput;

/// Octets that the ring on disk may take, unless configured.
pub const RING_DEFAULT_BYTES: u64 = 64 * 1024 * 1024;

/// Octets that the ring needs at least: a trace of the largest size has to fit into one of its segments.
pub const RING_LEAST_BYTES: u64 = 8 * 1024 * 1024;

/// From which duration on a request counts as slow, unless configured.
pub const SLOW_DEFAULT: Duration = Duration::from_secs(1);

/// Everything that [`crate::Telemetry::start`] takes.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// Who we are in traces, metrics and logs.
    pub service: Service,
    /// A collector that speaks OTLP over HTTP; `None` sends nothing anywhere.
    pub otlp: Option<OtlpConfig>,
    /// The ring on disk for failed and slow requests; `None` keeps nothing.
    pub ring: Option<RingConfig>,
    /// A request that takes at least this long is slow: exported and kept whether sampled or not.
    pub slow: Duration,
    /// How and what to log.
    pub log: LogConfig,
}

impl TelemetryConfig {
    /// No collector, no ring, logs for people at `info`.
    pub fn quiet(name: &str, version: &str, instance: &str) -> Self {
        Self {
            service: Service { name: name.into(), version: version.into(), instance: instance.into() },
            otlp: None,
            ring: None,
            slow: SLOW_DEFAULT,
            log: LogConfig::default(),
        }
    }
}

/// The `service.*` resource attributes (OpenTelemetry semantic conventions, service).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `service.name`.
    pub name: String,
    /// `service.version`.
    pub version: String,
    /// `service.instance.id`: tells replicas apart; the same over restarts.
    pub instance: String,
}

/// A collector. The three signals go to `v1/traces`, `v1/metrics` and `v1/logs` under the endpoint.
#[derive(Debug, Clone)]
pub struct OtlpConfig {
    /// `http://host:4318` or `https://…`, with or without a path.
    pub endpoint: String,
    /// Sent with every request, for example `Authorization`. `Debug` does not show the values.
    pub headers: Vec<(String, SecretString)>,
    /// Share of ordinary requests to export, 0 to 1. Failed and slow ones are exported anyway.
    pub sample_ratio: f64,
    /// Certificates (PEM) to trust instead of the public ones, for a collector with a certificate of the site's own.
    pub trust_pem: Option<String>,
}

/// The ring on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingConfig {
    /// The folder; made if it is missing.
    pub dir: PathBuf,
    /// Octets that it may take in all, at least [`RING_LEAST_BYTES`].
    pub max_bytes: u64,
}

/// How and what to log.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least severe level that is written.
    pub level: LogLevel,
    /// Also write what back offices said, word for word, when a call fails. It may hold personal data: off by default.
    pub backend_text: bool,
    /// Where lines go.
    pub output: LogOutput,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Human,
            level: LogLevel::Info,
            backend_text: false,
            output: LogOutput::Stderr,
        }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line to read.
    Human,
    /// A JSON object per line.
    Json,
}

/// The least severe level that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Something has to be done now.
    Error,
    /// Something may have to be done.
    Warn,
    /// What happens in normal work, a few lines an hour.
    Info,
    /// For finding a fault.
    Debug,
    /// Everything.
    Trace,
}

/// Why telemetry could not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The collector's address cannot be used.
    #[error(
        "the OTLP endpoint `{endpoint}` cannot be used: {why}. Give an absolute http or https address, \
        for example http://127.0.0.1:4318"
    )]
    Endpoint {
        /// As configured.
        endpoint: String,
        /// What is wrong with it.
        why: String,
    },
    /// A header for the collector cannot be sent.
    #[error(
        "the OTLP header `{name}` cannot be sent: its name or its value has characters that HTTP does not allow"
    )]
    Header {
        /// The name, as configured.
        name: String,
    },
    /// The certificates for the collector cannot be used.
    #[error(
        "the certificates to trust for the OTLP endpoint cannot be used: {why}. \
        Give PEM with at least one CERTIFICATE block"
    )]
    Trust {
        /// What is wrong with them.
        why: String,
    },
    /// The share of requests to export is not a share.
    #[error("the sample ratio is {ratio}; it must lie between 0 and 1")]
    SampleRatio {
        /// As configured.
        ratio: f64,
    },
    /// The ring is too small to keep anything.
    #[error("the trace ring may take {bytes} octets; it needs at least {RING_LEAST_BYTES}")]
    RingTooSmall {
        /// As configured.
        bytes: u64,
    },
    /// The ring's folder cannot be made or written to.
    #[error("the trace ring's folder `{}` cannot be used: {source}. \
        Make it writable for the user that runs the gateway, or leave the ring out", dir.display())]
    RingFolder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The machine refused a thread.
    #[error(
        "cannot start a background thread for telemetry: {0}. \
        Look at the limit on processes of the user that runs the gateway"
    )]
    Thread(#[source] std::io::Error),
    /// The OpenTelemetry library refused.
    #[error("the OpenTelemetry library refused to start: {0}")]
    Library(String),
}
