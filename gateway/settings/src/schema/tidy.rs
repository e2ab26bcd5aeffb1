//! Makes a generated schema say what TOML can say: no nulls, plain lists of words, no keys beyond those that are named.

use serde_json::{Map, Value, json};

/// Tidies a schema and everything below it.
pub(super) fn tidy(schema: &mut Value) {
    each_below(schema, &mut tidy);
    let Some(node) = schema.as_object_mut() else { return };
    drop_null(node);
    join_words(node);
    deny_unknown(node);
}

/// Makes references to local definitions point at `#/$defs/{prefix}.…`.
pub(super) fn prefix_references(schema: &mut Value, prefix: &str) {
    each_below(schema, &mut |below| prefix_references(below, prefix));
    if let Some(Value::String(reference)) = schema.get_mut("$ref")
        && let Some(name) = reference.strip_prefix("#/$defs/")
    {
        *reference = format!("#/$defs/{prefix}.{name}");
    }
}

/// Visits the schemas directly below one. Only keywords that hold schemas are entered, so that a *property* called
/// `default` or `type` is not taken for a keyword.
fn each_below(schema: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let Some(node) = schema.as_object_mut() else { return };
    for (keyword, value) in node {
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(map)) => {
                map.values_mut().for_each(&mut *visit);
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                list.iter_mut().for_each(&mut *visit);
            }
            (
                "items"
                | "additionalProperties"
                | "if"
                | "then"
                | "else"
                | "not"
                | "propertyNames"
                | "contains",
                below,
            ) => visit(below),
            _ => {}
        }
    }
}

/// TOML has no null: what may be null may simply be left out.
fn drop_null(node: &mut Map<String, Value>) {
    if node.get("default").is_some_and(Value::is_null) {
        node.remove("default");
    }
    if let Some(default) = node.get_mut("default") {
        drop_null_members(default);
    }
    if let Some(Value::Array(words)) = node.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(types)) = node.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            node.insert("type".to_owned(), only);
        }
    }
    let is_null = |branch: &Value| branch == &json!({ "type": "null" });
    for keyword in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = node.get_mut(keyword) else { continue };
        branches.retain(|branch| !is_null(branch));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            node.remove(keyword);
            for (name, value) in only {
                node.entry(name).or_insert(value);
            }
        }
    }
}

fn drop_null_members(value: &mut Value) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, below| !below.is_null());
        members.values_mut().for_each(drop_null_members);
    }
}

/// Documented words come as one branch each, which makes for poor faults: join them into one list.
fn join_words(node: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = node.get("oneOf") else { return };
    let mut words = Vec::new();
    let mut meanings = Vec::new();
    for branch in branches {
        let several = branch.get("enum").and_then(Value::as_array).cloned();
        let Some(these) = several.or_else(|| Some(vec![branch.get("const")?.clone()])) else { return };
        if branch.get("properties").is_some() || these.iter().any(|word| !word.is_string()) {
            return;
        }
        if let (Some(meaning), [Value::String(word)]) =
            (branch.get("description").and_then(Value::as_str), these.as_slice())
        {
            meanings.push(format!("`{word}`: {meaning}"));
        }
        words.extend(these);
    }
    node.remove("oneOf");
    node.insert("type".to_owned(), json!("string"));
    node.insert("enum".to_owned(), Value::Array(words));
    if !meanings.is_empty() {
        let first = node.get("description").and_then(Value::as_str).unwrap_or_default();
        let text = format!("{first}\n\n{}", meanings.join("\n"));
        node.insert("description".to_owned(), json!(text.trim()));
    }
}

/// A table that names its keys takes no others, whoever wrote its schema.
fn deny_unknown(node: &mut Map<String, Value>) {
    let composed = ["allOf", "anyOf", "oneOf", "$ref", "additionalProperties", "patternProperties"];
    let is_table = node.get("type").is_some_and(|kind| kind == "object");
    if is_table && node.contains_key("properties") && !composed.iter().any(|k| node.contains_key(*k)) {
        node.insert("additionalProperties".to_owned(), json!(false));
    }
}
