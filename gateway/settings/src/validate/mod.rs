//! Raw settings to validated ones: what takes more than a schema to judge.
//!
//! Sections are read one by one, and one that has a fault of shape is left alone, so that no fault hides another and none
//! is reported twice.

mod auth;
mod listen;
mod people;
mod store;
mod systems;
mod telemetry;

use std::fs;

use portico_contract::{AdapterKind, SecretRef, SettingFault};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::effective;
use crate::fault::{Finding, nearest};
use crate::layers::{Layers, lookup};
use crate::raw;
use crate::schema::Schema;
use crate::settings::Settings;

/// Certificates, keys and the like are smaller than this.
const MAX_PEM_BYTES: u64 = 1024 * 1024;

/// Checks everything that the schema has not found fault with. `None` only with findings, there or in `bad`: the paths
/// that have a fault already.
pub(crate) fn validate(
    layers: &Layers,
    schema: &Schema,
    kinds: &[&AdapterKind],
    bad: &[Vec<String>],
) -> (Option<Settings>, Vec<Finding>) {
    let mut resolved = layers.resolved(schema);
    // A secret that was written into the file has been reported. With a reference in its place, what stands beside it is
    // judged all the same.
    let is_secret = |path: &[String]| {
        schema.at(path, &layers.merged).iter().any(|node| schema.is_secret(node))
            && lookup(&resolved, path).is_some()
    };
    let (inline, bad): (Vec<_>, Vec<_>) = bad.iter().cloned().partition(|path| is_secret(path));
    for path in &inline {
        put(&mut resolved, path, Value::from("env:PORTICO_NO_SUCH_SECRET"));
    }
    let mut checker = Checker { document: &resolved, bad: &bad, findings: Vec::new() };
    let settings = checker.settings(layers, schema, kinds);
    let mut findings = checker.findings;
    findings.retain(|finding| !inline.contains(&finding.path));
    (settings.filter(|_| inline.is_empty()), findings)
}

/// Replaces a value that is there.
fn put(document: &mut Value, path: &[String], value: Value) {
    let found = path.iter().try_fold(document, |below, key| match below {
        Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
        other => other.get_mut(key),
    });
    if let Some(found) = found {
        *found = value;
    }
}

struct Checker<'a> {
    /// The merged document with absolute paths.
    document: &'a Value,
    bad: &'a [Vec<String>],
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn settings(&mut self, layers: &Layers, schema: &Schema, kinds: &[&AdapterKind]) -> Option<Settings> {
        // All of them first, so that every one reports its faults.
        let listen = self.listen();
        let runtime = self.runtime();
        let auth = self.auth();
        let systems = self.systems(layers, kinds);
        let rules = self.rules();
        let people = self.people(systems.as_deref());
        let cors_origins = self.cors_origins();
        let keys = self.keys();
        let ops = self.ops();
        let data: Option<raw::Data> = self.section(&["data"]);
        let data_dir = data.and_then(|data| self.folder(&["data", "dir"], &data.dir));
        let telemetry = self.telemetry(data_dir.as_deref());
        let store = self.store(data_dir.as_deref());
        let rate_limit = self.rate_limit();
        if !self.bad.is_empty() || !self.findings.is_empty() {
            // It will not come into effect, so what that would be is not worked out.
            return None;
        }
        let effective = effective::with_defaults(schema, &layers.merged);
        Some(Settings {
            listen: listen?,
            runtime: runtime?,
            auth: auth?,
            rules: rules?,
            cors_origins: cors_origins?,
            keys: keys?,
            ops: ops?,
            telemetry: telemetry?,
            rate_limit: rate_limit?,
            data_dir: data_dir?,
            store: store?,
            people: people?,
            systems: systems?,
            hash: effective::hash(&effective),
            redacted: effective::redacted_toml(schema, &effective),
            effective,
        })
    }

    /// Whether a fault was found at or below a path.
    fn is_bad(&self, path: &[String]) -> bool {
        self.bad.iter().any(|bad| bad.starts_with(path))
    }

    /// Reads a section; an absent one is read as empty. `None` if it has a fault already.
    fn section<T: DeserializeOwned>(&mut self, path: &[&str]) -> Option<T> {
        let path = owned(path);
        if self.is_bad(&path) { None } else { self.read(&path, lookup(self.document, &path)) }
    }

    /// Reads a section without the settings that have a fault already, so that the others are judged all the same. For
    /// sections whose settings do not lean on each other.
    fn rest_of_section<T: DeserializeOwned>(&mut self, path: &[&str]) -> Option<T> {
        let path = owned(path);
        let mut rest = lookup(self.document, &path).cloned();
        for bad in self.bad.iter().filter(|bad| bad.starts_with(&path)) {
            let (last, parents) = bad.get(path.len()..)?.split_last()?;
            let parent = parents.iter().try_fold(rest.as_mut()?, |value, key| value.get_mut(key.as_str()));
            // An element of a list cannot be left out: those after it would be called by other numbers.
            parent?.as_object_mut()?.remove(last);
        }
        self.read(&path, rest.as_ref())
    }

    fn read<T: DeserializeOwned>(&mut self, path: &[String], value: Option<&Value>) -> Option<T> {
        let absent = Value::Object(serde_json::Map::new());
        match serde_path_to_error::deserialize(value.unwrap_or(&absent)) {
            Ok(section) => Some(section),
            // The schema has said why.
            Err(_) if value.is_none() || self.is_bad(path) => None,
            Err(error) => {
                let inner = error.path().to_string();
                let below = inner.split('.').filter(|key| !key.is_empty()).map(str::to_owned);
                let path: Vec<_> = path.iter().cloned().chain(below).collect();
                // Never the words of the library: they quote the value.
                self.findings.push(Finding::at(&path, "the value cannot be used here"));
                None
            }
        }
    }

    /// How many elements a list has.
    fn count(&self, path: &[&str]) -> usize {
        lookup(self.document, &owned(path)).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Reports, and gives `None` for the value that there is not.
    fn refuse<T>(&mut self, path: &[&str], problem: impl Into<String>, help: &str) -> Option<T> {
        self.findings.push(Finding::at(&owned(path), problem).help(help));
        None
    }

    /// Faults that a part found in its own table.
    fn take(&mut self, table: &[String], faults: Vec<SettingFault>) {
        for fault in faults {
            let path: Vec<_> = table.iter().cloned().chain(fault.path).collect();
            let word = lookup(self.document, &path).and_then(Value::as_str);
            let mut finding = Finding::at(&path, fault.detail);
            // Where the sentence lists what would be right in `backquotes`, the nearest of it was probably meant.
            let listed = finding.problem.split('`').skip(1).step_by(2).filter(|listed| Some(*listed) != word);
            finding.suggestion = word.and_then(|word| nearest(word, listed)).map(str::to_owned);
            self.findings.push(finding);
        }
    }

    fn secret(&mut self, path: &[&str], reference: &SecretRef) -> Option<SecretString> {
        match reference.load() {
            Ok(secret) => Some(secret),
            Err(why) => self.refuse(path, why, "make it, or correct the reference"),
        }
    }

    /// The text of a PEM file.
    fn pem(&mut self, path: &[&str], file: &str) -> Option<String> {
        let read = fs::metadata(file).map_err(|error| error.to_string()).and_then(|about| {
            if about.len() > MAX_PEM_BYTES {
                return Err("it is larger than 1 MiB".to_owned());
            }
            fs::read_to_string(file).map_err(|error| error.to_string())
        });
        match read {
            Ok(text) if text.contains("-----BEGIN ") => Some(text),
            Ok(_) => {
                self.refuse(path, format!("`{file}` is not a PEM file"), "it has a line `-----BEGIN …-----`")
            }
            Err(why) => self.refuse(
                path,
                format!("cannot read `{file}`: {why}"),
                "relative paths start at the folder of the configuration file",
            ),
        }
    }

    /// A folder that may yet have to be made.
    fn folder(&mut self, path: &[&str], text: &str) -> Option<std::path::PathBuf> {
        let folder = std::path::PathBuf::from(text);
        match fs::metadata(&folder) {
            Ok(about) if !about.is_dir() => {
                self.refuse(path, format!("`{text}` is not a folder"), "name a folder")
            }
            _ => Some(folder),
        }
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|key| (*key).to_owned()).collect()
}
