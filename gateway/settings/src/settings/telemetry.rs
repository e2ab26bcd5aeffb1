//! Traces, logs, metrics.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Traces, logs, metrics.
#[derive(Debug)]
pub struct Telemetry {
    /// The least severe level that is logged.
    pub log_level: LogLevel,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Whether the text of a back office's faults is logged. It may hold personal data.
    pub log_backend_text: bool,
    /// A request that takes longer is kept like a failed one.
    pub slow_request: Duration,
    /// The ring of failed and slow requests on disk.
    pub ring: Ring,
    /// A collector; `None` where there is none.
    pub otlp: Option<Otlp>,
}

/// Levels of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Somebody has to act.
    Error,
    /// Somebody should look.
    Warn,
    /// What happens.
    Info,
    /// For finding faults.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word used in settings and filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// The ring of failed and slow requests on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Its folder.
    pub dir: PathBuf,
    /// The most it may take.
    pub max_bytes: u64,
}

/// A collector (OTLP over HTTP).
pub struct Otlp {
    /// The base address; `/v1/traces` and the like are added to it.
    pub endpoint: Url,
    /// Headers for every export. All values are secrets.
    pub headers: BTreeMap<String, SecretString>,
    /// The part of requests whose traces are exported, 0 to 1. Failed and slow ones are kept on disk whatever it says.
    pub sample_ratio: f64,
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("endpoint", &self.endpoint.as_str())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("sample_ratio", &self.sample_ratio)
            .finish()
    }
}
