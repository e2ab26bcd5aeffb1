//! The merged document against the schema: every fault of shape, range and spelling.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use crate::fault::{Finding, dotted, nearest};
use crate::layers::lookup;
use crate::schema::Schema;

/// Choices in choices are followed this deep.
const MAX_DEPTH: usize = 8;

/// Every fault of a document. `None` if the schema itself cannot be used, with the reason.
pub(crate) fn check(schema: &Schema, document: &Value) -> Result<Vec<Finding>, String> {
    let validator = schema.validator()?;
    let mut checker = Checker { schema, document, found: Vec::new() };
    for error in validator.iter_errors(document) {
        checker.take(&error, MAX_DEPTH);
    }
    checker.credentials(document, &mut Vec::new());
    Ok(checker.found)
}

/// Whether a text is an address with a user or password in it (RFC 3986, section 3.2.1).
pub(crate) fn has_credentials(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
            && authority.contains('@')
    })
}

/// The keys a table may have, in words.
pub(crate) fn list_of_keys(keys: &BTreeSet<&str>) -> String {
    let all: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
    match all.as_slice() {
        [only] => format!("the only key here is {only}"),
        several => format!("the keys here are {}", several.join(", ")),
    }
}

struct Checker<'a> {
    schema: &'a Schema,
    document: &'a Value,
    found: Vec<Finding>,
}

impl Checker<'_> {
    fn take(&mut self, error: &ValidationError<'_>, depth: usize) {
        let path: Vec<String> = error.instance_path().iter().map(|part| part.to_string()).collect();
        let nodes = self.schema.at(&path, self.document);
        let secret = nodes.iter().any(|node| self.schema.is_secret(node));
        match error.kind() {
            _ if secret => self.found.push(inline_secret(&path)),
            Kind::AdditionalProperties { unexpected } => self.unknown(&path, unexpected),
            Kind::Required { property } => self.missing(&path, property.as_str().unwrap_or_default()),
            Kind::Enum { options } => self.word(&path, options.as_array().map_or(&[], Vec::as_slice)),
            Kind::Constant { expected_value } => {
                self.word(&path, std::slice::from_ref(expected_value.as_ref()));
            }
            Kind::OneOfNotValid { context } | Kind::AnyOf { context } => self.choice(&path, context, depth),
            Kind::PropertyNames { error } => {
                let key = error.instance().as_str().unwrap_or_default();
                let path: Vec<_> = path.into_iter().chain([key.to_owned()]).collect();
                let problem = "a key has 1 to 32 of the characters `a-z 0-9 -` and starts with a letter";
                self.found.push(Finding::at_key(&path, problem));
            }
            other => {
                let mut finding = Finding::at(&path, self.plain(other, &path));
                if matches!(other, Kind::MinItems { .. } | Kind::MinProperties { .. }) {
                    finding.missing = Some(dotted(&path));
                }
                self.found.push(self.described(finding));
            }
        }
    }

    fn plain(&self, kind: &Kind, path: &[String]) -> String {
        match kind {
            Kind::Type { .. } => {
                let is = lookup(self.document, path).map_or("nothing", name_of);
                format!("this has to be {}, and it is {is}", self.wanted(path))
            }
            Kind::Minimum { limit } => format!("this has to be {limit} or more"),
            Kind::Maximum { limit } => format!("this has to be {limit} or less"),
            Kind::ExclusiveMinimum { limit } => format!("this has to be more than {limit}"),
            Kind::ExclusiveMaximum { limit } => format!("this has to be less than {limit}"),
            Kind::MinLength { limit: 1 } => "this must not be empty".to_owned(),
            Kind::MinLength { limit } => format!("this has to have {limit} characters or more"),
            Kind::MaxLength { limit } => format!("this has to have {limit} characters or fewer"),
            Kind::MinItems { limit: 1 } | Kind::MinProperties { limit: 1 } => {
                "at least one is needed".to_owned()
            }
            Kind::MinItems { limit } => format!("at least {limit} are needed"),
            Kind::MaxItems { limit } => format!("there may be {limit} at most"),
            Kind::UniqueItems => "the same thing stands here twice".to_owned(),
            Kind::Pattern { pattern } => format!("this has to match `{pattern}`"),
            Kind::Format { format } => format!("this has to be a valid {format}"),
            // Never the words of the library: they quote the value.
            other => format!("this does not fit the schema (`{}`)", other.keyword()),
        }
    }

    fn wanted(&self, path: &[String]) -> String {
        let mut kinds = BTreeSet::new();
        for node in self.schema.at(path, self.document) {
            match self.schema.keyword(node, "type") {
                Some(Value::String(kind)) => {
                    kinds.insert(kind.as_str());
                }
                Some(Value::Array(several)) => kinds.extend(several.iter().filter_map(Value::as_str)),
                _ => {}
            }
        }
        let names: Vec<_> = kinds.into_iter().map(wanted_name).collect();
        if names.is_empty() { "of another type".to_owned() } else { names.join(" or ") }
    }

    fn unknown(&mut self, path: &[String], unexpected: &[String]) {
        let nodes = self.schema.at(path, self.document);
        let keys = self.schema.keys(&nodes, lookup(self.document, path));
        let present = lookup(self.document, path).and_then(Value::as_object);
        for key in unexpected {
            let path: Vec<_> = path.iter().chain([key]).cloned().collect();
            let finding = Finding::at_key(&path, "there is no such setting");
            // A key that is there already is not what was meant, unless nothing else is near.
            let absent = keys.iter().copied().filter(|key| present.is_none_or(|map| !map.contains_key(*key)));
            let meant = nearest(key, absent).or_else(|| nearest(key, keys.iter().copied()));
            let finding = Finding { suggestion: meant.map(str::to_owned), ..finding };
            let near = finding.suggestion.is_some();
            self.found.push(if near || keys.is_empty() {
                finding
            } else {
                finding.help(list_of_keys(&keys))
            });
        }
    }

    fn missing(&mut self, path: &[String], key: &str) {
        let below: Vec<_> = path.iter().cloned().chain([key.to_owned()]).collect();
        let missing = Some(dotted(&below));
        let finding = Finding { missing, ..Finding::at_key(path, format!("`{key}` is missing")) };
        let meaning = self.description(&below);
        self.found.push(match meaning {
            Some(meaning) => finding.help(format!("`{}`: {meaning}", dotted(&below))),
            None => finding,
        });
    }

    fn word(&mut self, path: &[String], options: &[Value]) {
        let words: Vec<_> = options.iter().filter_map(Value::as_str).collect();
        let listed: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        let finding = match lookup(self.document, path) {
            Some(Value::String(word)) => {
                Finding::at(path, "there is no such value").suggest(word, words.iter().copied())
            }
            // The type is a fault of its own, unless the schema does not say it.
            Some(_) if self.wanted(path) != "of another type" => return,
            _ => Finding::at(path, "this has to be one of a few words"),
        };
        self.found.push(finding.help(format!("use {}", listed.join(", "))));
    }

    /// A choice between shapes: the faults of the shape that was most likely meant.
    fn choice(&mut self, path: &[String], branches: &[Vec<ValidationError<'static>>], depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let fixed = |error: &ValidationError<'_>| match error.kind() {
            Kind::Constant { expected_value } => Some(expected_value.as_ref().clone()),
            _ => None,
        };
        let words: Vec<Value> = branches.iter().filter_map(|errors| errors.iter().find_map(fixed)).collect();
        if words.len() == branches.len() {
            // None of the words that tell the shapes apart is there.
            let place = branches.iter().flatten().find(|error| fixed(error).is_some());
            let place =
                place.map(|error| error.instance_path().iter().map(|part| part.to_string()).collect());
            return self.word(&place.unwrap_or_else(|| path.to_vec()), &words);
        }
        let tag_missing = |error: &ValidationError<'_>| fixed(error).is_some();
        let best = branches
            .iter()
            .min_by_key(|errors| (errors.iter().filter(|error| tag_missing(error)).count(), errors.len()));
        for error in best.into_iter().flatten() {
            self.take(error, depth);
        }
    }

    fn described(&self, finding: Finding) -> Finding {
        match self.description(&finding.path) {
            Some(meaning) => finding.help(meaning),
            None => finding,
        }
    }

    /// The first paragraph of what the schema says about a setting.
    fn description(&self, path: &[String]) -> Option<String> {
        let nodes = self.schema.at(path, self.document);
        let text = nodes.iter().find_map(|node| self.schema.keyword(node, "description")?.as_str())?;
        let first = text.split("\n\n").next().unwrap_or_default();
        Some(first.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A password in an address is a secret written into the configuration.
    fn credentials(&mut self, value: &Value, path: &mut Vec<String>) {
        let members: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(key, below)| (key.clone(), below)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, below)| (at.to_string(), below)).collect()
            }
            Value::String(text) if has_credentials(text) => {
                let problem = "an address must not carry a user or a password";
                let help = "give them in settings of their own; a password as `file:/path` or `env:NAME`";
                return self.found.push(Finding::at(path, problem).help(help));
            }
            _ => return,
        };
        for (key, below) in members {
            path.push(key);
            self.credentials(below, path);
            path.pop();
        }
    }
}

fn inline_secret(path: &[String]) -> Finding {
    Finding::at(path, "a secret must not stand in the configuration")
        .help("put it into a file or a variable and refer to it: `file:/path` or `env:NAME`")
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

fn wanted_name(kind: &str) -> &'static str {
    match kind {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text in quotation marks",
        "array" => "a list",
        _ => "a table",
    }
}
