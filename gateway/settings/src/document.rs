//! One TOML file: its values, where each stands, and what of it may be shown.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::{Anchor, Fault, Place, dotted};
use crate::mask::{floor, mask};
use crate::schema::Schema;

/// Where a setting stands in its file.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    pub key: Range<usize>,
    pub value: Range<usize>,
}

/// A parsed file.
pub(crate) struct Document {
    name: String,
    pub folder: PathBuf,
    text: String,
    pub values: Value,
    spans: BTreeMap<Vec<String>, Spans>,
    /// Octets that must not be shown.
    hidden: Vec<Range<usize>>,
    /// The beginning of the first line that is not TOML: from here on nothing is certain.
    broken_at: Option<usize>,
    pub faults: Vec<Fault>,
}

impl Document {
    /// Parses a file as far as it can be parsed. What cannot is in `faults`.
    pub(crate) fn parse(name: String, folder: PathBuf, text: String, schema: &Schema) -> Self {
        let (table, errors) = DeTable::parse_recoverable(&text);
        let mut reader = Reader { spans: BTreeMap::new(), faults: Vec::new() };
        let values = reader.table(table.get_ref(), &mut Vec::new());
        let Reader { spans, faults } = reader;
        let errors: Vec<_> =
            errors.into_iter().map(|e| (e.span().unwrap_or(0..0), e.message().to_owned())).collect();
        let (hidden, broken_at, faults_so_far) = (Vec::new(), None, Vec::new());
        let mut document =
            Self { name, folder, text, values, spans, hidden, broken_at, faults: faults_so_far };
        document.hide(schema);
        document.syntax_faults(errors, schema);
        for (path, problem) in faults {
            let place = document.place(&path, Anchor::Value).filter(|_| document.is_certain(&path));
            let (path, help) = (dotted(&path), None);
            document.faults.extend(place.map(|place| Fault { place, path, problem, help, suggestion: None }));
        }
        document
    }

    /// Whether the file could not be read to its end.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken_at.is_some()
    }

    /// Whether a setting stands before everything that is not TOML.
    pub(crate) fn is_certain(&self, path: &[String]) -> bool {
        let end = self.spans.get(path).map_or(0, |spans| spans.key.start);
        self.broken_at.is_none_or(|broken| end < broken)
    }

    /// Its name, as it was given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a setting stands in this file.
    pub(crate) fn has(&self, path: &[String]) -> bool {
        path.is_empty() || self.spans.contains_key(path)
    }

    /// For sorting: where a setting begins.
    pub(crate) fn offset(&self, path: &[String]) -> usize {
        self.spans.get(path).map_or(0, |spans| spans.key.start)
    }

    /// Where a setting stands, as people read it.
    pub(crate) fn place(&self, path: &[String], anchor: Anchor) -> Option<Place> {
        if path.is_empty() {
            return Some(self.place_of(0..0));
        }
        let spans = self.spans.get(path)?;
        Some(self.place_of(match anchor {
            Anchor::Key => spans.key.clone(),
            Anchor::Value => spans.value.clone(),
        }))
    }

    fn place_of(&self, span: Range<usize>) -> Place {
        let line = self.line_of(span.start);
        let hidden = self.hidden.iter().filter(|range| range.start < line.end && range.end > line.start);
        self.place_in(line.clone(), span, hidden.cloned().collect())
    }

    /// The octets of the line that holds this one, without its end.
    fn line_of(&self, offset: usize) -> Range<usize> {
        let offset = floor(&self.text, offset);
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[offset..].find('\n').map_or(self.text.len(), |at| offset + at);
        start..end
    }

    fn place_in(&self, line: Range<usize>, span: Range<usize>, hidden: Vec<Range<usize>>) -> Place {
        let start = floor(&self.text, span.start.clamp(line.start, line.end));
        let end = floor(&self.text, span.end.clamp(start, line.end));
        let (shown, marked) = mask(&self.text, line.clone(), start..end, hidden);
        Place::File {
            file: self.name.clone(),
            line: self.text[..line.start].matches('\n').count() + 1,
            column: self.text[line.start..start].chars().count() + 1,
            shown,
            marked,
        }
    }

    /// One slip upsets the lines after it as well, so only the first of a run of such lines is reported.
    fn syntax_faults(&mut self, mut errors: Vec<(Range<usize>, String)>, schema: &Schema) {
        if errors.is_empty() {
            return;
        }
        errors.sort_by_key(|(span, _)| span.start);
        let names = schema.names();
        let mut run_ends = None;
        for (span, message) in errors {
            let line = self.line_of(span.start);
            self.broken_at.get_or_insert(line.start);
            let follows = run_ends.is_some_and(|end: usize| {
                let between = self.text.get(end..line.start).unwrap_or_default().lines().map(str::trim);
                between.into_iter().all(|line| line.is_empty() || line.starts_with('#'))
            });
            run_ends = Some(line.end);
            if follows {
                continue;
            }
            let visible = line.start + names.harmless(&self.text[line.clone()]);
            let hidden = (visible < line.end).then_some(visible..line.end);
            let place = self.place_in(line, span, hidden.into_iter().collect());
            let problem = format!("this is not TOML: {message}");
            let (path, help) = (String::new(), None);
            self.faults.push(Fault { place, path, problem, help, suggestion: None });
        }
    }

    /// Hides every value that is, or may have been meant as, a secret: what the schema calls one, what it does not know,
    /// and addresses with a password in them.
    fn hide(&mut self, schema: &Schema) {
        let mut hidden = Vec::new();
        self.hide_in(&self.values, &mut Vec::new(), schema, &schema.top(), &mut hidden);
        self.hidden = hidden;
    }

    fn hide_in(
        &self,
        value: &Value,
        path: &mut Vec<String>,
        schema: &Schema,
        nodes: &[&Value],
        hidden: &mut Vec<Range<usize>>,
    ) {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(key, below)| (key.clone(), below)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, below)| (at.to_string(), below)).collect()
            }
            _ => Vec::new(),
        };
        if below.is_empty() {
            let text = value.as_str().unwrap_or_default();
            let reference = portico_contract::SecretRef::parse(text).is_some();
            let secret = nodes.iter().any(|node| schema.is_secret(node)) || nodes.is_empty();
            if (secret && !reference) || crate::check::has_credentials(text) {
                hidden.extend(self.spans.get(path).map(|spans| spans.value.clone()));
            }
            return;
        }
        let inside = schema.inside(nodes, Some(value));
        for (key, below) in below {
            let nodes = inside.member(&key);
            path.push(key);
            self.hide_in(below, path, schema, &nodes, hidden);
            path.pop();
        }
    }
}

/// Turns spanned TOML into JSON, and notes where everything stood.
struct Reader {
    spans: BTreeMap<Vec<String>, Spans>,
    faults: Vec<(Vec<String>, String)>,
}

impl Reader {
    fn table(&mut self, table: &DeTable<'_>, path: &mut Vec<String>) -> Value {
        let mut members = Map::new();
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            self.spans.insert(path.clone(), Spans { key: key.span(), value: value.span() });
            let read = self.value(value, path);
            path.pop();
            members.insert(key.get_ref().to_string(), read);
        }
        Value::Object(members)
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &mut Vec<String>) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Integer(digits) => {
                let digits_only = digits.as_str().replace('_', "");
                match i64::from_str_radix(&digits_only, digits.radix()) {
                    Ok(number) => Value::from(number),
                    Err(_) => self.refuse(path, "the number is too large", Value::from(0)),
                }
            }
            DeValue::Float(digits) => {
                let number = digits.as_str().replace('_', "").parse().ok().and_then(Number::from_f64);
                match number {
                    Some(number) => Value::Number(number),
                    None => self.refuse(path, "the number is not finite", Value::from(0)),
                }
            }
            DeValue::Datetime(_) => {
                let problem = "no setting is a date; put text into quotation marks";
                self.refuse(path, problem, Value::Null)
            }
            DeValue::Array(items) => {
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    self.spans.insert(path.clone(), Spans { key: item.span(), value: item.span() });
                    list.push(self.value(item, path));
                    path.pop();
                }
                Value::Array(list)
            }
            DeValue::Table(table) => self.table(table, path),
        }
    }

    fn refuse(&mut self, path: &[String], problem: &str, instead: Value) -> Value {
        self.faults.push((path.to_vec(), problem.to_owned()));
        instead
    }
}
