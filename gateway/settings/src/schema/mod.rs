//! The JSON Schema of the configuration: what is published, and what everything here is checked against.

mod tidy;
mod walk;

use portico_contract::{AdapterKind, SecretRef};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::raw;

pub(crate) use walk::{Schema, member};

/// JSON Schema 2020-12 of a whole configuration file, with the settings of these adapter kinds. Editors that know the
/// schema complete and check the file while it is written.
pub fn json_schema(kinds: &[&AdapterKind]) -> Value {
    let mut root = generate::<raw::File>();
    tidy::tidy(&mut root);
    let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    let mut conditions = Vec::new();
    for kind in kinds {
        let reference = embed(&mut root, kind);
        let needs_settings = root.pointer(&format!("/$defs/adapter.{}/required", kind.name));
        let needs_settings = needs_settings.and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let mut then = json!({ "properties": { "settings": { "$ref": reference } } });
        if needs_settings {
            then["required"] = json!(["settings"]);
        }
        let this_kind =
            json!({ "properties": { "adapter": { "const": kind.name } }, "required": ["adapter"] });
        conditions.push(json!({ "if": this_kind, "then": then }));
    }
    if let Some(system) = root.pointer_mut("/$defs/System").filter(|_| !kinds.is_empty()) {
        system["properties"]["adapter"]["enum"] = json!(names);
        system["allOf"] = Value::Array(conditions);
    }
    root
}

/// Puts the schema of a kind's settings, and what it refers to, among the definitions.
fn embed(root: &mut Value, kind: &AdapterKind) -> String {
    let name = format!("adapter.{}", kind.name);
    let mut settings = (kind.settings_schema)().to_value();
    tidy::tidy(&mut settings);
    tidy::prefix_references(&mut settings, &name);
    let mut inner = Value::Null;
    if let Some(members) = settings.as_object_mut() {
        members.remove("$schema");
        inner = members.remove("$defs").unwrap_or_default();
    }
    if let Some(definitions) = root["$defs"].as_object_mut() {
        if let Value::Object(inner) = inner {
            definitions.extend(inner.into_iter().map(|(key, schema)| (format!("{name}.{key}"), schema)));
        }
        definitions.insert(name.clone(), settings);
    }
    format!("#/$defs/{name}")
}

fn generate<T: schemars::JsonSchema>() -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// The pattern by which a reference to a secret is known in any schema.
fn secret_pattern() -> String {
    let schema = generate::<SecretRef>();
    schema["pattern"].as_str().unwrap_or_default().to_owned()
}
