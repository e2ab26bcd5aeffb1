//! Traces, logs, metrics.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use url::Url;

use super::Checker;
use crate::raw;
use crate::settings::{LogFormat, LogLevel, Otlp, Ring, Telemetry};

impl Checker<'_> {
    pub(super) fn telemetry(&mut self, data_dir: Option<&Path>) -> Option<Telemetry> {
        let raw: raw::Telemetry = self.rest_of_section(&["telemetry"])?;
        let dir = match raw.ring.dir {
            Some(dir) => self.folder(&["telemetry", "ring", "dir"], &dir),
            None => data_dir.map(|dir| dir.join("traces")),
        };
        let otlp = raw.otlp.map(|otlp| self.otlp(&otlp));
        Some(Telemetry {
            log_level: log_level(raw.log_level),
            log_format: match raw.log_format {
                raw::LogFormat::Text => LogFormat::Text,
                raw::LogFormat::Json => LogFormat::Json,
            },
            log_backend_text: raw.log_backend_text,
            slow_request: Duration::from_millis(raw.slow_request_ms),
            ring: Ring { dir: dir?, max_bytes: raw.ring.max_mib * 1024 * 1024 },
            otlp: match otlp {
                Some(None) => return None,
                other => other.flatten(),
            },
        })
    }

    fn otlp(&mut self, raw: &raw::Otlp) -> Option<Otlp> {
        let at = ["telemetry", "otlp"];
        let endpoint = Url::parse(&raw.endpoint).ok();
        let endpoint = endpoint.filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
        });
        if endpoint.is_none() {
            let help = "write `http://127.0.0.1:4318`; `/v1/traces` and the like are added to it";
            self.refuse::<()>(&[at[0], at[1], "endpoint"], "this is not an address of a collector", help);
        }
        let mut headers = BTreeMap::new();
        for (name, reference) in &raw.headers {
            let path = [at[0], at[1], "headers", name];
            let is_name = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
            if !is_name {
                let help = "a name has letters, digits and dashes";
                self.refuse::<()>(&path, "this is not the name of a header", help);
            }
            let value = self.secret(&path, reference);
            headers.extend(value.map(|value| (name.to_ascii_lowercase(), value)));
        }
        Some(Otlp { endpoint: endpoint?, headers, sample_ratio: raw.sample_ratio })
    }
}

fn log_level(raw: raw::LogLevel) -> LogLevel {
    match raw {
        raw::LogLevel::Error => LogLevel::Error,
        raw::LogLevel::Warn => LogLevel::Warn,
        raw::LogLevel::Info => LogLevel::Info,
        raw::LogLevel::Debug => LogLevel::Debug,
        raw::LogLevel::Trace => LogLevel::Trace,
    }
}
