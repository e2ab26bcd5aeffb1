//! The configuration that is in effect: defaults filled in, secrets hidden, and a hash over it.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::schema::{Schema, member};

/// Fills in every default that the schema knows.
pub(crate) fn with_defaults(schema: &Schema, document: &Value) -> Value {
    let mut effective = document.clone();
    fill(schema, &mut effective, &schema.top(), Some(document));
    effective
}

/// `written` is what the document has here; nothing below a default.
fn fill(schema: &Schema, value: &mut Value, nodes: &[&Value], written: Option<&Value>) {
    let below = |key: &str| written.and_then(|written| member(written, key));
    match value {
        Value::Object(_) => {
            let inside = schema.inside(nodes, written);
            let keys = schema.keys(nodes, Some(value));
            let Value::Object(members) = value else { return };
            for key in keys {
                let nodes = inside.member(key);
                let default = nodes.iter().find_map(|node| schema.keyword(node, "default"));
                if let (Some(default), false) = (default, members.contains_key(key)) {
                    members.insert(key.to_owned(), default.clone());
                }
            }
            for (key, value) in members {
                fill(schema, value, &inside.member(key), below(key));
            }
        }
        Value::Array(items) => {
            let inside = schema.inside(nodes, written);
            for (index, value) in items.iter_mut().enumerate() {
                let index = index.to_string();
                fill(schema, value, &inside.member(&index), below(&index));
            }
        }
        _ => {}
    }
}

/// 16 hexadecimal digits over a document. Keys are sorted, so that their order in the file does not count.
pub(crate) fn hash(effective: &Value) -> String {
    let mut hasher = Sha256::new();
    feed(effective, &mut hasher);
    hasher.finalize().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}

fn feed(value: &Value, hasher: &mut Sha256) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            hasher.update(b"{");
            for (key, below) in sorted {
                hasher.update(Value::from(key.as_str()).to_string());
                hasher.update(b":");
                feed(below, hasher);
                hasher.update(b",");
            }
            hasher.update(b"}");
        }
        Value::Array(items) => {
            hasher.update(b"[");
            for below in items {
                feed(below, hasher);
                hasher.update(b",");
            }
            hasher.update(b"]");
        }
        // 1 and 1.0 mean the same where a number is wanted.
        Value::Number(number) if number.as_f64().is_some_and(|n| n.fract() == 0.0 && n.abs() < 9e15) => {
            hasher.update(format!("{:.0}", number.as_f64().unwrap_or_default()));
        }
        other => hasher.update(other.to_string()),
    }
}

/// The document as TOML, with `***` for every secret. What a reference points to is shown: it is not secret, and it is
/// what one looks for.
pub(crate) fn redacted_toml(schema: &Schema, effective: &Value) -> String {
    let mut shown = effective.clone();
    redact(schema, &mut shown, &schema.top());
    toml::to_string_pretty(&shown).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
}

fn redact(schema: &Schema, value: &mut Value, nodes: &[&Value]) {
    match value {
        Value::Object(_) => {
            let inside = schema.inside(nodes, Some(value));
            for (key, below) in value.as_object_mut().into_iter().flatten() {
                redact(schema, below, &inside.member(key));
            }
        }
        Value::Array(_) => {
            let inside = schema.inside(nodes, Some(value));
            for (index, below) in value.as_array_mut().into_iter().flatten().enumerate() {
                redact(schema, below, &inside.member(&index.to_string()));
            }
        }
        Value::String(text) if nodes.iter().any(|node| schema.is_secret(node)) => {
            // Only settings without a fault are ever dumped, but a dump must be safe by itself.
            *text = match portico_contract::SecretRef::parse(text) {
                Some(reference) => format!("*** from {}", reference.as_str()),
                None => "***".to_owned(),
            };
        }
        _ => {}
    }
}
