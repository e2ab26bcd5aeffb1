//! Finding one's way in the schema: which part of it speaks about a path of keys.

use std::collections::BTreeSet;

use jsonschema::Validator;
use portico_contract::AdapterKind;
use serde_json::Value;

use crate::mask::Names;

/// References and branches are followed this deep; ours need five.
const MAX_DEPTH: usize = 16;

/// The schema of the whole configuration.
pub(crate) struct Schema {
    root: Value,
    secret_pattern: String,
    /// Compiled once: that takes longer than to check a document with it. Or why it cannot be used.
    validator: Result<Validator, String>,
}

impl Schema {
    pub(crate) fn new(kinds: &[&AdapterKind]) -> Self {
        let root = super::json_schema(kinds);
        let validator = jsonschema::draft202012::new(&root).map_err(|error| {
            format!("the schema of an adapter's settings cannot be used: {}", error.masked())
        });
        Self { root, secret_pattern: super::secret_pattern(), validator }
    }

    /// What checks a document.
    ///
    /// # Errors
    /// Why the schema itself cannot be used.
    pub(crate) fn validator(&self) -> Result<&Validator, String> {
        self.validator.as_ref().map_err(Clone::clone)
    }

    /// The schemas that apply to a path in this document; none when it is not known. Several where a choice is open.
    pub(crate) fn at(&self, path: &[String], document: &Value) -> Vec<&Value> {
        let mut nodes = vec![&self.root];
        let mut instance = Some(document);
        for key in path {
            nodes = self.inside(&nodes, instance).member(key);
            instance = instance.and_then(|value| member(value, key));
        }
        nodes
    }

    /// The schemas that apply to a whole document.
    pub(crate) fn top(&self) -> Vec<&Value> {
        vec![&self.root]
    }

    /// What is known of the members of a value, from the schemas that apply to it. For walks over a whole document:
    /// [`Self::at`] starts from the top for every path.
    pub(crate) fn inside<'a>(&'a self, nodes: &[&'a Value], instance: Option<&Value>) -> Inside<'a> {
        let parts = nodes.iter().map(|node| {
            let mut parts = Vec::new();
            self.parts(node, instance, MAX_DEPTH, &mut parts);
            parts
        });
        Inside(parts.collect())
    }

    /// The keys that a table may have.
    pub(crate) fn keys<'a>(&'a self, nodes: &[&'a Value], instance: Option<&Value>) -> BTreeSet<&'a str> {
        let mut parts = Vec::new();
        nodes.iter().for_each(|node| self.parts(node, instance, MAX_DEPTH, &mut parts));
        let properties = parts.iter().filter_map(|part| part.get("properties")?.as_object());
        properties.flat_map(|map| map.keys().map(String::as_str)).collect()
    }

    /// A keyword of a node, or of what it refers to.
    pub(crate) fn keyword<'a>(&'a self, node: &'a Value, name: &str) -> Option<&'a Value> {
        let mut node = node;
        for _ in 0..MAX_DEPTH {
            if let Some(found) = node.get(name) {
                return Some(found);
            }
            node = self.target(node)?;
        }
        None
    }

    /// Whether a node is a reference to a secret.
    pub(crate) fn is_secret(&self, node: &Value) -> bool {
        self.keyword(node, "pattern").is_some_and(|pattern| *pattern == self.secret_pattern.as_str())
    }

    /// Whether a node is the path of a file or folder.
    pub(crate) fn is_path(&self, node: &Value) -> bool {
        self.keyword(node, "format").is_some_and(|format| format == "path")
    }

    /// The names of all settings, and those that stand for a plain value, or a list of them, and for a secret nowhere.
    pub(crate) fn names(&self) -> Names<'_> {
        let (mut open, mut closed) = (BTreeSet::new(), BTreeSet::new());
        let definitions = self.root.get("$defs").and_then(Value::as_object);
        let tables = definitions.into_iter().flat_map(|map| map.values()).chain([&self.root]);
        let mut parts = Vec::new();
        tables.for_each(|table| self.parts(table, None, MAX_DEPTH, &mut parts));
        for (name, node) in parts.iter().filter_map(|part| part.get("properties")?.as_object()).flatten() {
            let node = self.keyword(node, "items").unwrap_or(node);
            let kind = self.keyword(node, "type").and_then(Value::as_str);
            let plain = matches!(kind, Some("string" | "integer" | "number" | "boolean"));
            let names = if plain && !self.is_secret(node) { &mut open } else { &mut closed };
            names.insert(name.as_str());
        }
        Names { open: &open - &closed, known: &open | &closed }
    }

    fn target<'a>(&'a self, node: &Value) -> Option<&'a Value> {
        self.root.pointer(node.get("$ref")?.as_str()?.strip_prefix('#')?)
    }

    /// A node and everything that applies beside it: what it refers to, all of `allOf`, and the branches that the
    /// instance does not rule out.
    fn parts<'a>(
        &'a self,
        node: &'a Value,
        instance: Option<&Value>,
        depth: usize,
        found: &mut Vec<&'a Value>,
    ) {
        let Some(depth) = depth.checked_sub(1) else { return };
        found.push(node);
        if let Some(target) = self.target(node) {
            self.parts(target, instance, depth, found);
        }
        let branches = |keyword| node.get(keyword).and_then(Value::as_array).into_iter().flatten();
        for all in branches("allOf") {
            self.parts(all, instance, depth, found);
        }
        for one in branches("oneOf").chain(branches("anyOf")) {
            if !self.words_contradict(one, instance) {
                self.parts(one, instance, depth, found);
            }
        }
        if let (Some(condition), Some(then)) = (node.get("if"), node.get("then")) {
            let named = condition.get("properties").and_then(Value::as_object);
            let known = |key: &String| instance.is_none_or(|value| value.get(key).is_some());
            if named.is_some_and(|map| map.keys().all(known)) && !self.words_contradict(condition, instance) {
                self.parts(then, instance, depth, found);
            }
        }
    }

    /// Whether a branch fixes a word (`kind = "basic"`) that the instance has differently.
    fn words_contradict(&self, branch: &Value, instance: Option<&Value>) -> bool {
        let branch = self.target(branch).unwrap_or(branch);
        let properties = branch.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().any(|(key, node)| {
            let fixed = self.keyword(node, "const");
            let actual = instance.and_then(|value| value.get(key));
            fixed.is_some_and(|word| actual.is_some_and(|actual| actual != word))
        })
    }
}

/// The schemas that apply to a value, each with everything that applies beside it.
pub(crate) struct Inside<'a>(Vec<Vec<&'a Value>>);

impl<'a> Inside<'a> {
    /// The schemas that apply to a member of a table or an element of a list; none when it is not known.
    pub(crate) fn member(&self, key: &str) -> Vec<&'a Value> {
        self.0.iter().flat_map(|parts| Self::step(parts, key)).collect()
    }

    fn step(parts: &[&'a Value], key: &str) -> Vec<&'a Value> {
        let named: Vec<_> = parts.iter().filter_map(|part| part.get("properties")?.get(key)).collect();
        if !named.is_empty() {
            return named;
        }
        let any = |part: &&'a Value| {
            let rest = part.get("additionalProperties").filter(|rest| rest.is_object());
            let is_index = key.bytes().all(|octet| octet.is_ascii_digit());
            rest.or_else(|| part.get("items").filter(|_| is_index))
        };
        parts.iter().filter_map(any).collect()
    }
}

/// The member of a table, or the element of a list.
pub(crate) fn member<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => value.get(key),
    }
}
