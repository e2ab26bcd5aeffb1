//! Every key of the example, misspelt and mistyped: the fault names the right line and the right key.

use std::ops::Range;

use portico_settings::Faults;
use tempfile::TempDir;
use toml::de::{DeArray, DeTable, DeValue};

use crate::support::{folder, line, load, whole_example};

/// A key as it stands in the text, and the path of what it names.
pub(crate) struct Key {
    path: Vec<String>,
    span: Range<usize>,
}

/// A value that is not a table.
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    pub(crate) span: Range<usize>,
    wrong: Vec<&'static str>,
}

#[derive(Default)]
pub(crate) struct Found {
    keys: Vec<Key>,
    pub(crate) leaves: Vec<Leaf>,
}

impl Found {
    fn table(&mut self, table: &DeTable<'_>, path: &[String]) {
        for (key, value) in table {
            let path = [path, &[key.get_ref().to_string()]].concat();
            self.keys.push(Key { path: path.clone(), span: key.span() });
            self.value(value.get_ref(), value.span(), &path);
        }
    }

    fn value(&mut self, value: &DeValue<'_>, span: Range<usize>, path: &[String]) {
        let wrong = match value {
            DeValue::Table(table) => return self.table(table, path),
            DeValue::Array(items) => {
                self.items(items, path);
                if items.iter().any(|item| matches!(item.get_ref(), DeValue::Table(_))) {
                    return;
                }
                vec!["7", "\"text\"", "true"]
            }
            DeValue::String(_) => vec!["7", "true", "[]", "{}", "1.5", "1979-05-27"],
            DeValue::Integer(_) => vec!["\"7\"", "10.7", "true", "[]", "-1", "99999999999999999999"],
            DeValue::Float(_) => vec!["\"0.5\"", "true", "inf", "nan"],
            DeValue::Boolean(_) => vec!["\"yes\"", "1", "\"true\""],
            DeValue::Datetime(_) => vec!["7"],
        };
        self.leaves.push(Leaf { path: path.to_vec(), span, wrong });
    }

    fn items(&mut self, items: &DeArray<'_>, path: &[String]) {
        for (index, item) in items.iter().enumerate() {
            self.value(item.get_ref(), item.span(), &[path, &[index.to_string()]].concat());
        }
    }
}

/// Every key that the parser knows, and the keys in headers, which it knows only once each.
pub(crate) fn everything(text: &str) -> Found {
    let mut found = Found::default();
    found.table(DeTable::parse(text).unwrap().get_ref(), &[]);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(header) = line.strip_prefix('[') {
            let start = at + line.len() - header.trim_start_matches('[').len();
            let inner = header.trim_start_matches('[').trim_end().trim_end_matches(']');
            let mut offset = start;
            let mut path = Vec::new();
            for part in inner.split('.') {
                path.push(part.to_owned());
                let span = offset..offset + part.len();
                if !found.keys.iter().any(|key| key.span == span) {
                    found.keys.push(Key { path: path.clone(), span: span.clone() });
                }
                offset = span.end + 1;
            }
        }
        at += line.len();
    }
    found
}

pub(crate) fn mutated(text: &str, span: &Range<usize>, by: &str) -> String {
    format!("{}{by}{}", &text[..span.start], &text[span.end..])
}

fn refused(folder: &TempDir, text: &str, what: &str) -> Faults {
    match load(folder, text) {
        Err(faults) => faults,
        Ok(_) => panic!("{what} was accepted"),
    }
}

pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

#[test]
fn every_misspelt_key_is_found_with_its_line_and_what_was_meant() {
    let (folder, text) = (folder(), whole_example());
    let keys = everything(&text).keys;
    assert!(keys.len() > 100, "only {} keys", keys.len());
    for key in keys {
        // The keys of systems, of headers and of roles are free.
        let path: Vec<_> = key.path.iter().map(String::as_str).collect();
        let free =
            matches!(path[..], ["systems", _] | ["telemetry", "otlp", "headers", _] | ["people", "roles", _]);
        if free {
            continue;
        }
        let name = key.path.last().unwrap().clone();
        let (first, last) = (&name[..1], &name[name.len() - 1..]);
        let misspelt = [
            format!("{name}q"),
            format!("{}q", &name[..name.len() - 1]),
            format!("{last}{}", &name[first.len()..]),
        ];
        for wrong in misspelt.iter().filter(|wrong| **wrong != name) {
            let what = format!("`{wrong}` for `{}`", key.path.join("."));
            let faults = refused(&folder, &mutated(&text, &key.span, wrong), &what);
            let here = line_of(&text, key.span.start);
            let fault =
                faults.iter().find(|fault| line(fault) == here && fault.path.ends_with(wrong.as_str()));
            let fault = fault.unwrap_or_else(|| panic!("{what} in line {here}:\n{faults}"));
            assert_eq!(fault.suggestion.as_deref(), Some(name.as_str()), "{what}:\n{faults}");
        }
    }
}

#[test]
fn every_mistyped_value_is_found_with_its_line_and_path() {
    let (folder, text) = (folder(), whole_example());
    let leaves = everything(&text).leaves;
    assert!(leaves.len() > 90, "only {} values", leaves.len());
    for leaf in leaves {
        for wrong in &leaf.wrong {
            let what = format!("`{wrong}` for `{}`", leaf.path.join("."));
            let faults = refused(&folder, &mutated(&text, &leaf.span, wrong), &what);
            let here = line_of(&text, leaf.span.start);
            let name = leaf.path.iter().rfind(|key| key.parse::<usize>().is_err()).unwrap();
            let there = faults.iter().any(|fault| line(fault) == here && fault.path.contains(name.as_str()));
            assert!(there, "{what} in line {here}:\n{faults}");
            // One slip is one fault, unless something else leans on the value.
            assert!(faults.iter().len() <= 2, "{what}:\n{faults}");
        }
    }
}

#[test]
fn every_missing_line_is_noticed_or_optional() {
    let (folder, text) = (folder(), whole_example());
    let mut section = "";
    for (number, removed) in text.lines().enumerate() {
        section = if removed.starts_with('[') { removed } else { section };
        let Some((name, _)) = removed.split_once(" = ").filter(|_| !removed.starts_with('#')) else {
            continue;
        };
        let rest: Vec<_> =
            text.lines().enumerate().filter(|(at, _)| *at != number).map(|(_, line)| line).collect();
        let required = [
            "issuer",
            "audience",
            "id",
            "algorithm",
            "file",
            "secret",
            "resource",
            "actions",
            "who",
            "title",
            "adapter",
            "team",
            "contact",
            "hours",
            "certificate",
            "key",
            "endpoint",
            "requests_per_second",
            "base_url",
            "username",
            "password",
            "owner",
            "dialect",
            "urls",
            "people",
            "by",
            "host",
            "database",
            "user",
        ];
        // A role may be known by its socket alone.
        let is_required = required.contains(&name) && (section, name) != ("[store.postgres]", "password");
        match load(&folder, &rest.join("\n")) {
            Ok(_) => assert!(!is_required, "`{name}` may be left out"),
            Err(faults) => {
                assert!(is_required, "`{name}` is required:\n{faults}");
                assert_eq!(faults.iter().len(), 1, "`{name}`:\n{faults}");
            }
        }
    }
}
