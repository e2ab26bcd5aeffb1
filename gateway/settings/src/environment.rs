//! Settings from the environment: `PORTICO_LISTEN__API` is `listen.api`.
//!
//! A variable is only ever text, so the schema says what it has to be; nothing is guessed, and what does not fit is
//! refused. `_` in a variable stands for `-` in the key of a system: `PORTICO_SYSTEMS__HR_FILES__TITLE`.

use std::collections::BTreeSet;
use std::ffi::OsString;

use serde_json::{Number, Value, json};

use crate::fault::{Fault, Place, dotted, nearest};
use crate::schema::Schema;

const PREFIX: &str = "PORTICO_";

/// A variable that sets a setting.
#[derive(Clone)]
pub(crate) struct Variable {
    pub name: String,
    pub path: Vec<String>,
    value: Value,
}

impl Variable {
    /// A document that holds this one setting.
    pub(crate) fn tree(&self) -> Value {
        self.path.iter().rev().fold(self.value.clone(), |below, key| json!({ (key.as_str()): below }))
    }
}

/// Reads variables against the documents they lie over.
pub(crate) struct Environment<'a> {
    pub schema: &'a Schema,
    /// What the files say.
    pub files: &'a Value,
    /// Variables that are secrets, because an `env:` reference names them.
    pub secrets: BTreeSet<String>,
}

impl Environment<'_> {
    /// Reads all variables; what cannot be read is a fault.
    pub(crate) fn read(&self, given: &[(OsString, OsString)]) -> (Vec<Variable>, Vec<Fault>) {
        let mut variables: Vec<Variable> = Vec::new();
        let mut faults = Vec::new();
        // A system's adapter decides how its settings are read, so it is read first.
        let (first, rest): (Vec<_>, Vec<_>) =
            given.iter().partition(|(name, _)| name.to_string_lossy().ends_with("__ADAPTER"));
        for (name, value) in first.into_iter().chain(rest) {
            let name = name.to_string_lossy().into_owned();
            if self.secrets.contains(&name) {
                continue;
            }
            let document = self.with(&variables);
            let read = self.path(&name, &document).and_then(|path| {
                let text =
                    value.to_str().ok_or_else(|| fault(&name, &path, "the value is not UTF-8 text"))?;
                let value = self.value(&name, &path, text, &document)?;
                Ok(Variable { name: name.clone(), path, value })
            });
            match read {
                Ok(variable) => variables.push(variable),
                Err(found) => faults.push(*found),
            }
        }
        (variables, faults)
    }

    fn with(&self, variables: &[Variable]) -> Value {
        let mut document = self.files.clone();
        for variable in variables.iter().filter(|variable| variable.name.ends_with("__ADAPTER")) {
            let mut at = &mut document;
            for key in &variable.path {
                if !at.is_object() {
                    *at = json!({});
                }
                at = &mut at[key.as_str()];
            }
            *at = variable.value.clone();
        }
        document
    }

    /// The keys that a variable's name stands for.
    fn path(&self, name: &str, document: &Value) -> Result<Vec<String>, Box<Fault>> {
        let rest = name.strip_prefix(PREFIX).unwrap_or(name);
        if rest.chars().any(|c| c.is_lowercase()) {
            let mut found = fault(name, &[], "names of variables are written in capitals");
            found.suggestion = Some(name.to_uppercase());
            return Err(found);
        }
        let mut path: Vec<String> = Vec::new();
        let parts: Vec<_> = rest.split("__").map(str::to_lowercase).collect();
        for (index, part) in parts.iter().enumerate() {
            let (part, below) = (part.clone(), &parts[index + 1..]);
            let nodes = self.schema.at(&path, document);
            let instance = crate::layers::lookup(document, &path);
            if nodes.iter().any(|node| self.schema.keyword(node, "type") == Some(&json!("array"))) {
                let problem = "a list of tables cannot be set from the environment; write it in the file";
                return Err(fault(name, &path, problem));
            }
            let keys = self.schema.keys(&nodes, instance);
            let key = if keys.contains(part.as_str()) {
                part
            } else if nodes.iter().any(|node| self.is_map(node)) && !part.is_empty() {
                existing(instance, &part).unwrap_or_else(|| part.replace('_', "-"))
            } else {
                return Err(unknown(name, &path, &part, &keys, below));
            };
            path.push(key);
        }
        Ok(path)
    }

    fn is_map(&self, node: &Value) -> bool {
        self.schema.keyword(node, "additionalProperties").is_some_and(Value::is_object)
    }

    /// The text as the schema wants it.
    fn value(&self, name: &str, path: &[String], text: &str, document: &Value) -> Result<Value, Box<Fault>> {
        let nodes = self.schema.at(path, document);
        let mut wanted = None;
        for node in nodes {
            let kinds = match self.schema.keyword(node, "type") {
                Some(Value::String(kind)) => vec![kind.as_str()],
                Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            for kind in kinds {
                if let Some(value) = self.typed(kind, node, text) {
                    return Ok(value);
                }
                wanted.get_or_insert_with(|| kind.to_owned());
            }
        }
        let problem = match wanted.as_deref() {
            Some("integer") => "this has to be a whole number, in digits",
            Some("number") => "this has to be a number, such as 0.5",
            Some("boolean") => "this has to be `true` or `false`",
            Some("array") => "a list of tables cannot be set from the environment; write it in the file",
            Some("object") => {
                "this is a table; set its keys one by one, with `__` and the key after the name"
            }
            _ => "the type of this setting is not known here; write it in the file",
        };
        Err(fault(name, path, problem))
    }

    fn typed(&self, kind: &str, node: &Value, text: &str) -> Option<Value> {
        match kind {
            "string" => Some(Value::String(text.to_owned())),
            "boolean" => text.parse::<bool>().ok().map(Value::Bool),
            // No sign but a minus, no spaces, no exponent: what a person would call digits.
            "integer" => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let plain = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
                text.parse::<i64>().ok().filter(|_| plain).map(Value::from)
            }
            "number" => {
                let plain = text.bytes().all(|octet| octet.is_ascii_digit() || b".-".contains(&octet));
                text.parse().ok().filter(|_| plain).and_then(Number::from_f64).map(Value::Number)
            }
            "array" => {
                let item = self.schema.keyword(node, "items")?;
                let kind = self.schema.keyword(item, "type")?.as_str()?;
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                (kind != "object" && kind != "array")
                    .then(|| parts.map(|part| self.typed(kind, item, part)).collect())?
            }
            _ => None,
        }
    }
}

/// The key of a table that a part of a name stands for: `HR_FILES` may be `hr-files`.
fn existing(instance: Option<&Value>, part: &str) -> Option<String> {
    let mut keys = instance?.as_object()?.keys();
    keys.find(|key| key.to_lowercase().replace('-', "_") == part).cloned()
}

fn unknown(name: &str, path: &[String], part: &str, keys: &BTreeSet<&str>, below: &[String]) -> Box<Fault> {
    let problem = if keys.is_empty() {
        format!("`{}` has no keys below it", dotted(path))
    } else {
        "there is no such setting".to_owned()
    };
    let suggestion = nearest(part, keys.iter().copied()).map(|key| {
        let path = path.iter().map(String::as_str).chain([key]).chain(below.iter().map(String::as_str));
        let parts: Vec<_> = path.map(|key| key.to_uppercase().replace('-', "_")).collect();
        format!("{PREFIX}{}", parts.join("__"))
    });
    let help = (!keys.is_empty() && suggestion.is_none()).then(|| crate::check::list_of_keys(keys));
    Box::new(Fault { suggestion, help, ..*fault(name, &[], &problem) })
}

/// Never with the value: it may be a secret in the wrong place.
fn fault(name: &str, path: &[String], problem: &str) -> Box<Fault> {
    Box::new(Fault {
        place: Place::Variable(name.to_owned()),
        path: dotted(path),
        problem: problem.to_owned(),
        help: None,
        suggestion: None,
    })
}
