//! From settings to the parts of a gateway: a stack per system, the composition over them, the routes over that.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use portico_api::Api;
use portico_compose::absences::Absences;
use portico_compose::delegations::Delegations;
use portico_compose::expenses::Expenses;
use portico_compose::people::People;
use portico_compose::seal::Seals;
use portico_compose::tasks::Tasks;
use portico_compose::writes::{ReadBack, Writes};
use portico_compose::{Documents, Ground, System, Systems};
use portico_contract::certificate::PeerCertificate;
use portico_contract::{CallService, Upstream};
use portico_policy::{BuiltinPolicy, Policy};
use portico_resilience::{Health, stack};
use portico_settings::{LogFormat, LogLevel, Settings};
use portico_telemetry::{
    LogConfig, LogOutput, ObservedAdapter, OtlpConfig, RingConfig, Service, Telemetry, TelemetryConfig,
};

use crate::observe::{Calls, FromStack, gauges};
use crate::people::{Directory, Shown};

/// The stack over one system. It is kept over a reload that leaves the system as it was: what its breaker, its places
/// and its pool know is not lost.
#[derive(Clone)]
pub struct Stacked {
    service: CallService,
    /// How it is doing.
    pub health: Arc<Health>,
    /// The certificate that the system showed last.
    pub certificate: PeerCertificate,
    /// What is kept of its people.
    pub index: Shown,
    /// Shown for as long as this is kept.
    _gauges: Arc<ObservedAdapter>,
}

/// A stack for each system, in the configured order: those that `running` has already, and new ones.
pub fn stacks(
    settings: &Settings,
    telemetry: &Arc<Telemetry>,
    running: Option<(&Settings, &[Stacked])>,
) -> Vec<Stacked> {
    let kept = |wanted: &portico_settings::System| {
        let (before, stacks) = running?;
        let found = before.systems.iter().zip(stacks).find(|(system, _)| system.works_like(wanted));
        found.map(|(_, stacked)| stacked.clone())
    };
    settings.systems.iter().map(|system| kept(system).unwrap_or_else(|| stacked(system, telemetry))).collect()
}

fn stacked(configured: &portico_settings::System, telemetry: &Arc<Telemetry>) -> Stacked {
    let calls = Arc::new(Calls(Arc::clone(telemetry)));
    let (service, health) = stack(configured.adapter.clone(), &configured.limits, calls);
    let certificate = configured.adapter.peer_certificate().clone();
    let index = Shown::default();
    let gauges = Arc::new(gauges(telemetry, &health, &certificate, &index));
    Stacked { service, health, certificate, index, _gauges: gauges }
}

/// What the routes need: composition and policy over the stacks, which are in the order of the settings.
///
/// `writes` go on under the new configuration. What `running` knows of people is taken over where its directories are still what they were.
pub fn api(
    settings: &Settings,
    stacks: &[Stacked],
    seals: &Arc<Seals>,
    writes: &Writes,
    running: Option<(&Settings, &Directory)>,
) -> (Api, Directory) {
    let policy: Arc<dyn Policy> = Arc::new(BuiltinPolicy::new(settings.rules.clone()));
    let systems = settings.systems.iter().zip(stacks).map(|(configured, stacked)| {
        system(configured, stacked.service.clone(), Arc::clone(&stacked.health))
    });
    let systems = Arc::new(Systems::new(systems.collect()));
    let documents = Documents::new(Arc::clone(&systems), Arc::clone(&policy), Arc::clone(seals));
    let directory = Directory::new(settings, &systems, seals, running);
    stacks.iter().for_each(|stacked| stacked.index.show(&directory.indexes));
    let (indexes, identity) = (directory.indexes.clone(), directory.identity.clone());
    let people =
        People::new(Arc::clone(&systems), Arc::clone(&policy), Arc::clone(seals), indexes, identity.clone());
    let links = directory.links.clone();
    let writes = Some(writes.over(Arc::clone(&systems), Arc::clone(&policy), Arc::clone(seals)));
    let ground = Ground::new(
        Arc::clone(&systems),
        Arc::clone(&policy),
        identity.clone(),
        links.clone(),
        Arc::clone(seals),
        writes.clone(),
    );
    let api = Api {
        documents,
        people,
        expenses: Expenses::new(ground.clone()),
        absences: Absences::new(ground.clone()),
        tasks: Tasks::new(ground.clone()),
        delegations: Delegations::new(ground),
        writes,
        links,
        identity,
        systems,
        seals: Arc::clone(seals),
        policy,
    };
    (api, directory)
}

/// How it is seen whether writes of unknown outcome happened, of every domain.
pub fn read_backs() -> Vec<Arc<dyn ReadBack>> {
    [Expenses::read_backs(), Absences::read_backs(), Tasks::read_backs()].into_iter().flatten().collect()
}

/// A system as the composition knows it.
pub fn system(configured: &portico_settings::System, service: CallService, health: Arc<Health>) -> System {
    let mut profile = (**configured.adapter.profile()).clone();
    if let Some(classification) = configured.classification {
        profile.classification = classification;
    }
    System {
        upstream: Upstream::new(configured.key.clone(), Arc::new(profile), service),
        title: configured.title.clone(),
        owner: configured.owner.clone(),
        aliases: configured.aliases.clone(),
        standing: Arc::new(FromStack(health)),
    }
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
