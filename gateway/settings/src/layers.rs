//! Files and environment laid over each other, and the way back from a setting to where it was written.

use std::collections::BTreeSet;

use config::{Config, ConfigError, Map, Source, ValueKind};
use portico_contract::SecretRef;
use serde_json::Value;

use crate::document::Document;
use crate::environment::Variable;
use crate::fault::{Fault, Finding, Place, dotted};
use crate::schema::Schema;

/// Everything that was given, in layers, and what comes out of it.
pub(crate) struct Layers {
    pub documents: Vec<Document>,
    pub variables: Vec<Variable>,
    pub merged: Value,
}

impl Layers {
    /// Lays the variables over the documents, each over those before it. Lists are replaced as a whole.
    pub(crate) fn merge(documents: Vec<Document>, variables: Vec<Variable>) -> Result<Self, ConfigError> {
        let merged = overlay(documents.iter().map(|document| document.values.clone()))?;
        let mut layers = Self { documents, variables, merged };
        let set = layers.variables.iter().map(Variable::tree);
        layers.merged = overlay([layers.merged.clone()].into_iter().chain(set))?;
        Ok(layers)
    }

    /// Turns a finding into a fault with a place: the last layer that has the setting, or its nearest parent. `None` if
    /// that is a file which could not be read so far.
    pub(crate) fn locate(&self, finding: Finding) -> Option<Fault> {
        let Finding { path, anchor, problem, help, suggestion, .. } = finding;
        let mut certain = true;
        let place = (0..=path.len()).rev().find_map(|length| {
            let part = &path[..length];
            let anchor = if length == path.len() { anchor } else { crate::fault::Anchor::Key };
            let variable = self.variables.iter().rev().find(|variable| variable.path == part && length > 0);
            if let Some(variable) = variable {
                return Some(Place::Variable(variable.name.clone()));
            }
            let document = self.documents.iter().rev().find(|document| document.has(part))?;
            certain = document.is_certain(part);
            document.place(part, anchor)
        });
        let place = place.unwrap_or_else(|| Place::Whole("environment".to_owned()));
        certain.then(|| Fault { place, path: dotted(&path), problem, help, suggestion })
    }

    /// The folder against which a relative path in this setting resolves: that of the file it stands in; for a variable,
    /// that of the first file.
    pub(crate) fn folder(&self, path: &[String]) -> std::path::PathBuf {
        let by_variable = self.variables.iter().any(|variable| variable.path == path);
        let holder = self.documents.iter().rev().find(|document| document.has(path) && !by_variable);
        let document = holder.or(self.documents.first());
        document.map(|document| document.folder.clone()).unwrap_or_default()
    }

    /// Where a setting comes in the order of the files.
    pub(crate) fn order(&self, path: &[String]) -> (usize, usize) {
        let found = self.documents.iter().enumerate().find(|(_, document)| document.has(path));
        found.map_or((usize::MAX, 0), |(index, document)| (index, document.offset(path)))
    }

    /// The merged document with every path made absolute.
    pub(crate) fn resolved(&self, schema: &Schema) -> Value {
        let mut resolved = self.merged.clone();
        let mut path = Vec::new();
        self.resolve(&mut resolved, &mut path, schema, &schema.top());
        resolved
    }

    fn resolve(&self, value: &mut Value, path: &mut Vec<String>, schema: &Schema, nodes: &[&Value]) {
        match value {
            Value::Object(_) => {
                let inside = schema.inside(nodes, Some(value));
                for (key, below) in value.as_object_mut().into_iter().flatten() {
                    path.push(key.clone());
                    self.resolve(below, path, schema, &inside.member(key));
                    path.pop();
                }
            }
            Value::Array(_) => {
                let inside = schema.inside(nodes, Some(value));
                for (index, below) in value.as_array_mut().into_iter().flatten().enumerate() {
                    path.push(index.to_string());
                    self.resolve(below, path, schema, &inside.member(&index.to_string()));
                    path.pop();
                }
            }
            Value::String(text) => {
                if nodes.iter().any(|node| schema.is_secret(node)) {
                    if let Some(file) = SecretRef::parse(text).and_then(|reference| reference.file()) {
                        *text = format!("file:{}", self.folder(path).join(file).display());
                    }
                } else if nodes.iter().any(|node| schema.is_path(node)) {
                    *text = self.folder(path).join(text.as_str()).display().to_string();
                }
            }
            _ => {}
        }
    }
}

/// Names of variables that `env:` references in a document name: they are secrets, not settings.
pub(crate) fn referenced_variables(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|below| referenced_variables(below, found)),
        Value::Array(items) => items.iter().for_each(|below| referenced_variables(below, found)),
        Value::String(text) => found.extend(text.strip_prefix("env:").map(str::to_owned)),
        _ => {}
    }
}

/// A setting of a document, by its path.
pub(crate) fn lookup<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| crate::schema::member(value, key))
}

/// `config` reads paths out of the names of top-level keys (`a.b`, `a[0]`), so ours go below one name of our own.
const ROOT: &str = "portico";

#[derive(Debug, Clone)]
struct Typed(config::Value);

impl Source for Typed {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, config::Value>, ConfigError> {
        Ok([(ROOT.to_owned(), self.0.clone())].into_iter().collect())
    }
}

fn overlay(layers: impl IntoIterator<Item = Value>) -> Result<Value, ConfigError> {
    let builder = layers.into_iter().fold(Config::builder(), |builder, layer| {
        builder.add_source(Typed(config::Value::new(None, kind_of(layer))))
    });
    let merged = builder.build()?.cache;
    // Kinds are taken as they are: reading them through `config` would coerce them.
    let mut root = value_of(merged);
    let ours = root.get_mut(ROOT).map(Value::take);
    Ok(ours.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}

fn kind_of(value: Value) -> ValueKind {
    let wrap = |value| config::Value::new(None, kind_of(value));
    match value {
        Value::Null => ValueKind::Nil,
        Value::Bool(flag) => ValueKind::Boolean(flag),
        Value::String(text) => ValueKind::String(text),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => ValueKind::I64(number),
            (None, Some(number)) => ValueKind::U64(number),
            (None, None) => ValueKind::Float(number.as_f64().unwrap_or_default()),
        },
        Value::Array(items) => ValueKind::Array(items.into_iter().map(wrap).collect()),
        Value::Object(members) => {
            ValueKind::Table(members.into_iter().map(|(key, value)| (key, wrap(value))).collect())
        }
    }
}

fn value_of(value: config::Value) -> Value {
    match value.kind {
        ValueKind::Nil => Value::Null,
        ValueKind::Boolean(flag) => Value::Bool(flag),
        ValueKind::String(text) => Value::String(text),
        ValueKind::I64(number) => number.into(),
        ValueKind::U64(number) => number.into(),
        // We never put these in.
        ValueKind::I128(_) | ValueKind::U128(_) => Value::Null,
        ValueKind::Float(number) => number.into(),
        ValueKind::Array(items) => items.into_iter().map(value_of).collect(),
        ValueKind::Table(members) => members.into_iter().map(|(key, value)| (key, value_of(value))).collect(),
    }
}
