//! SIGHUP: read the whole configuration again, build everything aside, then swap.
//!
//! All or nothing: with a fault anywhere, what ran goes on running. Only the files behind the *running* configuration,
//! keys for tokens and the certificate, are then read again by themselves, so that somebody's half-written change does
//! not keep a renewed certificate from callers.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use jiff::Timestamp;
use portico_api::Api;
use portico_compose::seal::Seals;
use portico_compose::writes::{Reconciler, Writes};
use portico_contract::AdapterKind;
use portico_edge::auth::Authenticator;
use portico_edge::serve::Tls;
use portico_edge::{InboundConfig, RequestObserver};
use portico_settings::{Fault, Place, Settings, Sources};
use portico_telemetry::Telemetry;

use crate::assemble::{self, Stacked};
use crate::live::Live;
use crate::ops::{self, LastReload, Ops};
use crate::people::{Directory, Keeping};
use crate::{serve, tokens};

/// Where settings come from, at the start and on every reload.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Files, environment, command line.
    pub sources: Sources,
    /// What systems can be configured.
    pub kinds: Vec<&'static AdapterKind>,
}

/// A configuration and everything that was made from it.
pub struct Running {
    pub settings: Settings,
    pub stacks: Vec<Stacked>,
    pub authenticator: Arc<Authenticator>,
    pub directory: Directory,
    /// Ends with the configuration.
    _keeping: Keeping,
}

/// What outlives every configuration.
pub struct Lasting {
    pub telemetry: Arc<Telemetry>,
    pub observer: Arc<dyn RequestObserver>,
    /// Ids and cursors that were given out depend on it, so that it is never read again.
    pub seals: Arc<Seals>,
    /// The store, and the writes under way.
    pub writes: Writes,
}

impl Lasting {
    /// Builds what serves a configuration, and starts to read its directories. Touches nothing that runs. Wants a runtime
    /// around it.
    ///
    /// # Errors
    /// A key for tokens cannot be used, or a value cannot be given to the edge.
    pub fn build(
        &self,
        settings: Settings,
        before: Option<&Running>,
    ) -> Result<(Running, Api, InboundConfig)> {
        let authenticator = Arc::new(Authenticator::new(tokens::accepted(&settings.auth)?)?);
        let inbound = serve::config::inbound(&settings, &self.telemetry, &authenticator, &self.observer)?;
        // Last, because the gauges of a system change hands here.
        let stacked = before.map(|running| (&running.settings, &running.stacks[..]));
        let stacks = assemble::stacks(&settings, &self.telemetry, stacked);
        let known = before.map(|running| (&running.settings, &running.directory));
        let (api, directory) = assemble::api(&settings, &stacks, &self.seals, &self.writes, known);
        let mut _keeping = directory.keep(&self.telemetry);
        if let Some(writes) = &api.writes {
            _keeping.reconcile(Reconciler::new(writes.clone(), assemble::read_backs()), &self.telemetry);
        }
        Ok((Running { settings, stacks, authenticator, directory, _keeping }, api, inbound))
    }
}

/// Reads the configuration again when told to.
pub struct Reloader<S, F> {
    pub origin: Origin,
    pub lasting: Lasting,
    pub running: Running,
    /// The certificate that callers see.
    pub tls: Option<Tls>,
    pub api: Live<S>,
    pub ops_api: Live<Router>,
    pub ops: Arc<Ops>,
    /// Puts the inbound layers around the routes.
    pub make: F,
}

impl<S: Clone, F: Fn(Api, InboundConfig) -> S> Reloader<S, F> {
    /// One reload. Blocks the thread while files are read.
    pub fn reload(&mut self) {
        let faults = match self.prepare() {
            Ok((settings, tls)) => match self.swap(settings, tls.as_ref()) {
                Ok(()) => Vec::new(),
                Err(error) => vec![refused(&format!("{error:#}"))],
            },
            Err(faults) => faults,
        };
        if !faults.is_empty() {
            tracing::error!(
                faults = faults.len(),
                config = self.running.settings.hash(),
                "the configuration cannot be used; what ran before goes on"
            );
            self.reload_files();
        }
        self.ops.reloaded(LastReload { at: Timestamp::now(), faults });
    }

    /// Reads and checks everything, and touches nothing that runs.
    fn prepare(&self) -> Result<(Settings, Option<Tls>), Vec<String>> {
        let Origin { sources, kinds } = &self.origin;
        let settings = portico_settings::reload(sources, kinds, &self.running.settings)
            .map_err(|faults| faults.iter().map(log_fault).collect::<Vec<_>>())?;
        let tls = settings.listen.tls.as_ref().map(serve::load_tls).transpose();
        let tls = tls.context("listen.tls").map_err(|error| vec![refused(&format!("{error:#}"))])?;
        Ok((settings, tls))
    }

    fn swap(&mut self, settings: Settings, tls: Option<&Tls>) -> Result<()> {
        let (next, api, inbound) = self.lasting.build(settings, Some(&self.running))?;
        let (before, hash) = (self.running.settings.hash().to_owned(), next.settings.hash().to_owned());
        self.api.publish((self.make)(api, inbound));
        self.ops_api.publish(ops::routes(Arc::clone(&self.ops), &next.settings));
        self.ops.runs(&next);
        if let (Some(shown), Some(tls)) = (&self.tls, tls) {
            shown.adopt(tls);
        }
        self.lasting.telemetry.metrics().set_config_hash(&hash);
        let systems = next.settings.systems.len();
        // Gauges of systems that are gone end here; their pools with the last request that uses them.
        self.running = next;
        tracing::info!(config = %hash, before = %before, systems, "the configuration was read again and runs");
        Ok(())
    }

    /// Reads the files of the running configuration again; what cannot be read stays as it was.
    fn reload_files(&self) {
        match self.running.authenticator.reload() {
            Ok(()) => tracing::info!("read the keys for tokens again"),
            Err(error) => tracing::error!(%error, "the keys for tokens stay as they were"),
        }
        match self.tls.as_ref().map(Tls::reload) {
            Some(Ok(())) => tracing::info!("read the certificate again"),
            Some(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
            None => {}
        }
    }
}

/// Logs a fault and tells it in one line. Neither holds a value that may be a secret.
fn log_fault(fault: &Fault) -> String {
    let Fault { place, path, problem, help, suggestion } = fault;
    let place = match place {
        Place::File { file, line, column, .. } => format!("{file}:{line}:{column}"),
        Place::Variable(name) | Place::Whole(name) => name.clone(),
    };
    let (help, meant) = (help.as_deref().unwrap_or_default(), suggestion.as_deref().unwrap_or_default());
    tracing::error!(%place, setting = %path, %problem, help, meant, "fault in the configuration");
    let meant = suggestion.as_ref().map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
    let path = if path.is_empty() { String::new() } else { format!(" {path}:") };
    format!("{place}:{path} {problem}{meant}")
}

fn refused(error: &str) -> String {
    tracing::error!(%error, "fault in what the configuration refers to");
    error.to_owned()
}
