//! The directory of record at work: indexes, links, who asks, and the tasks that keep them up to date.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use portico_compose::Systems;
use portico_compose::people::{
    Identity, IdentityConfig, IndexOptions, IndexState, Indexes, LinkRule, LinkSystems, Links,
};
use portico_compose::seal::Seals;
use portico_compose::writes::Reconciler;
use portico_contract::trace::{Span, SpanKind, attr};
use portico_contract::{CallContext, SystemKey};
use portico_settings::{PersonLinkRule, Settings};
use portico_telemetry::{IndexGauges, Telemetry};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// What is known of people under one configuration.
pub struct Directory {
    pub indexes: Indexes,
    pub links: Links,
    pub identity: Option<Identity>,
}

impl Directory {
    /// Nothing is read yet; what `running` has read is taken over for systems that work as before.
    pub fn new(
        settings: &Settings,
        systems: &Arc<Systems>,
        seals: &Arc<Seals>,
        running: Option<(&Settings, &Self)>,
    ) -> Self {
        let wanted = &settings.people;
        let options = IndexOptions {
            interval: wanted.changes_every,
            whole_every: wanted.everything_every,
            stale_after: wanted.stale_after,
            ..IndexOptions::default()
        };
        let indexes = Indexes::new(systems, options);
        if let Some((before, directory)) = running {
            adopt(&indexes, settings, before, directory);
        }
        let rules = wanted.links.iter().map(rule).collect();
        let links = Links::new(wanted.directory.clone(), rules, indexes.clone(), Arc::clone(seals));
        let identity = wanted.directory.clone().map(|directory| {
            let config = IdentityConfig {
                directory,
                key: wanted.subject,
                roles: wanted.roles.clone(),
                ttl: wanted.groups_for,
            };
            Identity::new(Arc::clone(systems), indexes.clone(), links.clone(), Arc::clone(seals), config)
        });
        Self { indexes, links, identity }
    }

    /// Waits until every directory was read once or could not be, and no longer than this.
    pub async fn first_reading(&self, patience: Duration) {
        let mut changed = self.indexes.changed();
        let waits = |index: &IndexState| index.read_at.is_none() && index.last_error.is_none();
        let read =
            async { while self.indexes.state().iter().any(waits) && changed.changed().await.is_ok() {} };
        // Whoever waits has said for how long; what is not read by then answers for itself.
        let _ = tokio::time::timeout(patience, read).await;
    }

    /// Starts the tasks, on the runtime that this is called on. Each look for changes is a tree of its own, as likely to be
    /// sampled as a request.
    pub fn keep(&self, telemetry: &Arc<Telemetry>) -> Keeping {
        let telemetry = Arc::clone(telemetry);
        let poll = move |system: &SystemKey, time| {
            let (sink, sampled) = (telemetry.sink(), telemetry.sample());
            let mut span = Span::root(sink, None, sampled, SpanKind::Internal, "poll people");
            span.set(attr::SYSTEM, Arc::<str>::from(system.as_str()));
            let context = CallContext { span: span.context(), ..CallContext::internal("portico", time) };
            (span, context)
        };
        Keeping(vec![
            tokio::spawn(self.indexes.clone().keep(poll, pending())),
            tokio::spawn(self.links.clone().keep(pending())),
        ])
    }
}

fn adopt(indexes: &Indexes, settings: &Settings, before: &Settings, running: &Directory) {
    for system in &settings.systems {
        if before.systems.iter().any(|known| known.works_like(system)) {
            indexes.adopt(&running.indexes, &system.key);
        }
    }
}

fn rule(rule: &PersonLinkRule) -> LinkRule {
    let systems = rule.systems.clone();
    LinkRule { key: rule.by, systems: systems.map_or(LinkSystems::All, LinkSystems::Only) }
}

impl Keeping {
    /// Looks at open writes, on the runtime that this is called on. Each look is a tree of its own.
    pub fn reconcile(&mut self, reconciler: Reconciler, telemetry: &Arc<Telemetry>) {
        let telemetry = Arc::clone(telemetry);
        let look = move |system: &SystemKey, time| {
            let (sink, sampled) = (telemetry.sink(), telemetry.sample());
            let mut span = Span::root(sink, None, sampled, SpanKind::Internal, "reconcile");
            span.set(attr::SYSTEM, Arc::<str>::from(system.as_str()));
            let context = CallContext { span: span.context(), ..CallContext::internal("portico", time) };
            (span, context)
        };
        self.0.push(tokio::spawn(reconciler.keep(look, pending())));
    }
}

/// Tasks of one configuration. They end when this is dropped.
pub struct Keeping(Vec<JoinHandle<()>>);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// The index over one system, for its gauges. Which one it is changes with the configuration; the gauges stay.
#[derive(Clone, Default)]
pub struct Shown(Arc<ArcSwapOption<Indexes>>);

impl Shown {
    /// From now on the gauges show these.
    pub fn show(&self, indexes: &Indexes) {
        self.0.store(Some(Arc::new(indexes.clone())));
    }

    /// `None` for a system that is no directory.
    pub fn gauges(&self, system: &SystemKey) -> Option<IndexGauges> {
        let indexes = self.0.load_full()?;
        let index = indexes.state().into_iter().find(|index| index.system == *system)?;
        Some(IndexGauges {
            people: index.people as u64,
            bytes: index.bytes as u64,
            age_seconds: index.age.map(|age| age.as_secs_f64()),
        })
    }
}

/// How an index is doing, for the operations port. Says nothing about any person.
pub fn status(index: &IndexState) -> Value {
    json!({
        "system": index.system.as_str(),
        "people": index.people,
        "bytes": index.bytes,
        "readAt": index.read_at,
        "ageSeconds": index.age.map(|age| age.as_secs()),
        "stale": index.stale,
        "lastError": index.last_error.as_ref().map(|(kind, detail)| json!({
            "code": kind.code(),
            "errorType": kind.error_type(),
            "detail": detail,
        })),
    })
}
