//! Traces, logs, metrics.

use std::collections::BTreeMap;

use portico_contract::SecretRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// The least severe level that is logged.
    pub log_level: LogLevel,
    /// A line for people, or a JSON object a line.
    pub log_format: LogFormat,
    /// Whether the text of a back office's faults is logged. It may hold personal data.
    pub log_backend_text: bool,
    /// Milliseconds from which a request counts as slow and is kept like a failed one.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub slow_request_ms: u64,
    /// The ring of failed and slow requests on disk.
    pub ring: Ring,
    /// A collector that takes OTLP over HTTP.
    #[serde(skip_serializing)]
    pub otlp: Option<Otlp>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log_level: LogLevel::Info,
            log_format: LogFormat::Text,
            log_backend_text: false,
            slow_request_ms: 1_000,
            ring: Ring::default(),
            otlp: None,
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ring {
    /// Its folder; `traces` in the data folder when left out.
    #[schemars(extend("format" = "path"))]
    pub dir: Option<String>,
    /// Mebibytes that it may take; a trace of the largest size has to fit several times.
    #[schemars(range(min = 8, max = 65_536))]
    pub max_mib: u64,
}

impl Default for Ring {
    fn default() -> Self {
        Self { dir: None, max_mib: 64 }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otlp {
    /// The collector's base address, `http` or `https`.
    pub endpoint: String,
    /// Headers for every export. Every value is a secret.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretRef>,
    /// The part of requests whose traces are exported.
    #[serde(default = "sample_ratio")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample_ratio: f64,
}

fn sample_ratio() -> f64 {
    0.05
}
