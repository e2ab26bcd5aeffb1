//! What a person may do with a thing now, and what they have to send for it.

use std::collections::BTreeSet;

use portico_schemas::{AllowedAction, Method};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// One action without a JSON body.
pub fn action(name: &str, method: Method, href: String) -> AllowedAction {
    AllowedAction { name: name.to_owned(), method, href, input_schema: None }
}

/// One action with a body of this schema, which [`input_schema`] made.
pub fn action_with(name: &str, method: Method, href: String, schema: &Value) -> AllowedAction {
    AllowedAction { input_schema: Some(schema.clone()), ..action(name, method, href) }
}

/// The JSON Schema of a body, whole: from the same type as the published contract. Make it once, in a `LazyLock`.
pub fn input_schema<T: ToSchema>() -> Value {
    let mut all = Vec::new();
    T::schemas(&mut all);
    let mut known = Map::new();
    for (name, schema) in all {
        known.insert(name, local(serde_json::to_value(schema).unwrap_or_default()));
    }
    let mut schema = local(serde_json::to_value(T::schema()).unwrap_or_default());
    let mut definitions = Map::new();
    let mut wanted = references(&schema);
    while let Some(name) = wanted.pop_first() {
        if let Some(definition) = known.remove(&name) {
            wanted.extend(references(&definition));
            definitions.insert(name, definition);
        }
    }
    if let (Value::Object(members), false) = (&mut schema, definitions.is_empty()) {
        members.insert("$defs".to_owned(), Value::Object(definitions));
    }
    schema
}

const PUBLISHED: &str = "#/components/schemas/";
const LOCAL: &str = "#/$defs/";

/// References point into the contract; in a schema that stands alone they point into itself.
fn local(mut schema: Value) -> Value {
    each_reference(&mut schema, &mut |reference| {
        if let Some(name) = reference.strip_prefix(PUBLISHED) {
            *reference = format!("{LOCAL}{name}");
        }
    });
    schema
}

fn references(schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_reference(&mut schema.clone(), &mut |reference| {
        names.extend(reference.strip_prefix(LOCAL).map(str::to_owned));
    });
    names
}

/// Schemas come from our own types, so their depth is known.
fn each_reference(value: &mut Value, see: &mut impl FnMut(&mut String)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(reference) if name == "$ref" => see(reference),
                    other => each_reference(other, see),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_reference(item, see)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(ToSchema)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Outer {
        /// How much.
        amount: portico_schemas::Money,
        note: Option<String>,
    }

    #[test]
    fn a_schema_stands_alone() {
        let schema = input_schema::<Outer>();
        assert_eq!(schema["required"], serde_json::json!(["amount"]));
        assert_eq!(schema["properties"]["amount"]["$ref"].as_str(), Some("#/$defs/Money"), "{schema}");
        assert!(schema["$defs"]["Money"]["properties"]["amount"].is_object(), "{schema}");
        assert!(!schema.to_string().contains(PUBLISHED));
    }
}
