//! Settings: from files and environment, over a strict check, to values that the gateway can use as they are.
//!
//! ```text
//! files ─┐                       schema, ranges,        single values, files,
//!        ├─▶ merged document ──▶ spelling ────────────▶ adapters ─────────────▶ Settings
//! env  ──┘      (`config`)       (`json_schema`)        (`validate`)
//!                     └──────────────── every fault at once, with its place ──▶ Faults
//! ```
//!
//! Whatever can be wrong is found in one go and reported with file, line, column, the setting's path, what is wrong,
//! what would be right, and the word that was probably meant. Nothing is coerced: `10.7` is not a whole number and
//! `"yes"` is not a flag. Secrets are references (`file:`, `env:`); one that is written into a file is a fault that does
//! not print it. Relative paths resolve against the folder of the file that they stand in.
#![warn(missing_docs)]

mod check;
mod document;
mod effective;
mod environment;
mod fault;
mod fingerprint;
mod layers;
mod limits;
mod mask;
mod network;
mod raw;
mod render;
mod restart;
mod schema;
mod settings;
mod sources;
mod validate;

use std::collections::BTreeSet;
use std::fmt;

use portico_contract::AdapterKind;

pub use fault::{Fault, Faults, Place};
pub use limits::Limits;
pub use network::Network;
pub use schema::json_schema;
pub use settings::{
    Algorithm, Auth, AuthKey, Keys, Listen, ListenLimits, LogFormat, LogLevel, Ops, Otlp, People,
    PersonLinkRule, RateLimit, Ring, Runtime, SealingKey, Settings, Store, StoreKeep, StorePlace,
    StorePostgres, System, Telemetry, Tls,
};
pub use sources::Sources;

use document::Document;
use environment::Environment;
use fault::Finding;
use layers::Layers;
use schema::Schema;

/// Reads, merges and checks settings, fetches secrets, and builds the adapters. Does not connect anywhere.
///
/// # Errors
/// Every fault at once, in the order of the files and then of the variables.
pub fn load(sources: &Sources, kinds: &[&AdapterKind]) -> Result<Settings, Faults> {
    Loader::new(kinds).load(sources)
}

/// Reads settings again for a gateway that runs with others: as [`load`], and a change of what takes a restart
/// (sockets, threads, keys, the data folder, telemetry) is a fault that says so.
///
/// # Errors
/// As [`load`].
pub fn reload(sources: &Sources, kinds: &[&AdapterKind], running: &Settings) -> Result<Settings, Faults> {
    Loader::new(kinds).reload(sources, running)
}

/// Loads any number of configurations for the same adapter kinds. Most of the time that [`load`] takes goes into the
/// schema; here it is spent once.
pub struct Loader<'a> {
    kinds: &'a [&'a AdapterKind],
    schema: Schema,
}

impl fmt::Debug for Loader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds.iter().map(|kind| kind.name)).finish()
    }
}

impl<'a> Loader<'a> {
    /// For systems of these kinds.
    pub fn new(kinds: &'a [&'a AdapterKind]) -> Self {
        Self { kinds, schema: Schema::new(kinds) }
    }

    /// As [`load`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn load(&self, sources: &Sources) -> Result<Settings, Faults> {
        self.load_beside(sources, None)
    }

    /// As [`reload`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn reload(&self, sources: &Sources, running: &Settings) -> Result<Settings, Faults> {
        self.load_beside(sources, Some(running))
    }

    fn load_beside(&self, sources: &Sources, running: Option<&Settings>) -> Result<Settings, Faults> {
        let schema = &self.schema;
        let mut faults = Vec::new();
        let mut documents = Vec::new();
        for layer in &sources.layers {
            match layer.read() {
                Ok(text) => documents.push(Document::parse(layer.name(), layer.folder(), text, schema)),
                Err(why) => faults.push(unreadable(layer.name(), &why)),
            }
        }
        if !faults.is_empty() {
            // Whatever the missing file sets would be reported as missing.
            return Err(finish(faults, &documents));
        }
        let broken = documents.iter().any(Document::is_broken);
        documents.iter_mut().for_each(|document| faults.append(&mut document.faults));
        let layers = layer(sources, documents, schema, &mut faults)?;
        let findings = match check::check(schema, &layers.merged) {
            Ok(findings) => findings,
            Err(why) => return Err(finish(vec![unreadable("schema".to_owned(), &why)], &layers.documents)),
        };
        // What could not be read may hold what seems to be missing: only faults of what *was* read are certain.
        let unread: BTreeSet<String> = faults.iter().map(|fault| fault.path.clone()).collect();
        let uncertain = |finding: &Finding| {
            finding.missing.as_ref().is_some_and(|setting| broken || unread.contains(setting))
        };
        let findings: Vec<_> = findings.into_iter().filter(|finding| !uncertain(finding)).collect();
        let bad: Vec<Vec<String>> = findings.iter().map(|finding| finding.path.clone()).collect();
        faults.extend(findings.into_iter().filter_map(|finding| layers.locate(finding)));
        if broken {
            return Err(finish(faults, &layers.documents));
        }
        if let Some(running) = running {
            let wanted = effective::with_defaults(schema, &layers.merged);
            let fixed = restart::check(&running.effective, &wanted).into_iter();
            // A value that cannot be used has been reported as that.
            let fixed = fixed.filter(|finding| !bad.iter().any(|bad| bad.starts_with(&finding.path)));
            faults.extend(fixed.filter_map(|finding| layers.locate(finding)));
        }
        let (settings, findings) = validate::validate(&layers, schema, self.kinds, &bad);
        faults.extend(findings.into_iter().filter_map(|finding| layers.locate(finding)));
        match settings {
            Some(settings) if faults.is_empty() => Ok(settings),
            _ => Err(finish(faults, &layers.documents)),
        }
    }
}

fn layer(
    sources: &Sources,
    documents: Vec<Document>,
    schema: &Schema,
    faults: &mut Vec<Fault>,
) -> Result<Layers, Faults> {
    let failed =
        |error: config::ConfigError| Faults(vec![unreadable("settings".to_owned(), &error.to_string())]);
    let files = Layers::merge(documents, Vec::new()).map_err(failed)?;
    let mut secrets = BTreeSet::new();
    layers::referenced_variables(&files.merged, &mut secrets);
    for (_, value) in &sources.variables {
        secrets.extend(value.to_str().and_then(|text| text.strip_prefix("env:")).map(str::to_owned));
    }
    let environment = Environment { schema, files: &files.merged, secrets };
    let (variables, mut unread) = environment.read(&sources.variables);
    faults.append(&mut unread);
    if variables.is_empty() {
        return Ok(files);
    }
    Layers::merge(files.documents, variables).map_err(failed)
}

fn unreadable(name: String, why: &str) -> Fault {
    Fault {
        place: Place::Whole(name),
        path: String::new(),
        problem: format!("the configuration cannot be read: {why}"),
        help: None,
        suggestion: None,
    }
}

/// Puts faults in order: files as given, lines, then variables.
fn finish(mut faults: Vec<Fault>, documents: &[Document]) -> Faults {
    let rank = |fault: &Fault| match &fault.place {
        Place::Whole(_) => (0, 0, 0, String::new()),
        Place::File { file, line, column, .. } => {
            let layer = documents.iter().position(|document| document.name() == file).unwrap_or(usize::MAX);
            (layer.saturating_add(1), *line, *column, String::new())
        }
        Place::Variable(name) => (usize::MAX, 0, 0, name.clone()),
    };
    faults.sort_by_cached_key(rank);
    faults.dedup();
    if faults.is_empty() {
        // Settings are only withheld with a reason; should one be forgotten, say so and do not start.
        faults.push(unreadable("settings".to_owned(), "this is a mistake in the gateway; please report it"));
    }
    Faults(faults)
}
