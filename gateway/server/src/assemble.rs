//! From settings to the parts of a gateway: a stack per system, the composition over them, the routes over that.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use portico_api::Api;
use portico_compose::{Documents, System, Systems};
use portico_contract::Upstream;
use portico_policy::{BuiltinPolicy, Policy};
use portico_resilience::{Health, stack};
use portico_settings::{LogFormat, LogLevel, Settings};
use portico_telemetry::{
    LogConfig, LogOutput, ObservedAdapter, OtlpConfig, RingConfig, Service, Telemetry, TelemetryConfig,
};

use crate::keys;
use crate::observe::{Calls, FromStack, gauges};

/// The parts that serve requests, and those that show how they are doing.
pub struct Parts {
    /// What the routes need.
    pub api: Api,
    /// One for each system, in the configured order.
    pub health: Vec<Arc<Health>>,
    /// Kept for as long as the gauges are to be shown.
    pub gauges: Vec<ObservedAdapter>,
}

/// Builds every stack once, and everything over them.
///
/// # Errors
/// A key cannot be read or made.
pub fn parts(settings: &Settings, telemetry: &Arc<Telemetry>) -> Result<Parts> {
    let seals = Arc::new(keys::seals(settings)?);
    let policy: Arc<dyn Policy> = Arc::new(BuiltinPolicy::new(settings.rules.clone()));
    let (mut systems, mut health, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for configured in &settings.systems {
        let (system, standing) = assemble(configured, telemetry);
        shown.push(gauges(telemetry, &standing));
        health.push(standing);
        systems.push(system);
    }
    let systems = Arc::new(Systems::new(systems));
    let documents = Documents::new(Arc::clone(&systems), Arc::clone(&policy), Arc::clone(&seals));
    Ok(Parts { api: Api { documents, systems, seals, policy }, health, gauges: shown })
}

fn assemble(configured: &portico_settings::System, telemetry: &Arc<Telemetry>) -> (System, Arc<Health>) {
    let mut profile = (**configured.adapter.profile()).clone();
    if let Some(classification) = configured.classification {
        profile.classification = classification;
    }
    let calls = Arc::new(Calls(Arc::clone(telemetry)));
    let (service, health) = stack(configured.adapter.clone(), &configured.limits, calls);
    let system = System {
        upstream: Upstream::new(configured.key.clone(), Arc::new(profile), service),
        title: configured.title.clone(),
        owner: configured.owner.clone(),
        aliases: configured.aliases.clone(),
        standing: Arc::new(FromStack(Arc::clone(&health))),
    };
    (system, health)
}

/// Starts traces, metrics and logs as configured.
///
/// # Errors
/// A configured value cannot be used; the message says what to do.
pub fn telemetry(settings: &Settings) -> Result<Arc<Telemetry>> {
    let wanted = &settings.telemetry;
    let config = TelemetryConfig {
        service: Service {
            name: "portico".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: format!("{}", settings.listen.api),
        },
        otlp: wanted.otlp.as_ref().map(|otlp| OtlpConfig {
            endpoint: otlp.endpoint.to_string(),
            headers: otlp.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            sample_ratio: otlp.sample_ratio,
            trust_pem: None,
        }),
        ring: Some(RingConfig { dir: wanted.ring.dir.clone(), max_bytes: wanted.ring.max_bytes }),
        slow: wanted.slow_request,
        log: LogConfig {
            format: match wanted.log_format {
                LogFormat::Text => portico_telemetry::LogFormat::Human,
                LogFormat::Json => portico_telemetry::LogFormat::Json,
            },
            level: match wanted.log_level {
                LogLevel::Error => portico_telemetry::LogLevel::Error,
                LogLevel::Warn => portico_telemetry::LogLevel::Warn,
                LogLevel::Info => portico_telemetry::LogLevel::Info,
                LogLevel::Debug => portico_telemetry::LogLevel::Debug,
                LogLevel::Trace => portico_telemetry::LogLevel::Trace,
            },
            backend_text: wanted.log_backend_text,
            output: LogOutput::Stderr,
        },
    };
    let telemetry = Telemetry::start(config).context("telemetry cannot start")?;
    telemetry.metrics().set_config_hash(settings.hash());
    Ok(Arc::new(telemetry))
}

/// How long telemetry may take to send what it holds.
pub const TELEMETRY_FLUSH: Duration = Duration::from_secs(3);
