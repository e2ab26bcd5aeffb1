//! The example configuration loads, is complete, and its schema is the committed one.

use std::path::Path;
use std::time::Duration;

use portico_settings::{Algorithm, LogLevel};
use serde_json::Value;

use crate::support::{KINDS, MINIMAL, example, folder, load, whole_example};

#[test]
fn the_example_loads_as_it_stands() {
    let folder = folder();
    let settings = load(&folder, &example()).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(settings.listen.api.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.listen.ops.to_string(), "127.0.0.1:9464");
    assert_eq!(settings.data_dir, folder.path().join("data"));
    assert_eq!(settings.telemetry.ring.dir, folder.path().join("data/traces"));
    assert_eq!(settings.telemetry.ring.max_bytes, 64 * 1024 * 1024);
    assert_eq!(settings.rules.len(), 2);
    assert_eq!(settings.systems[0].key.as_str(), "contracts");
    assert_eq!(settings.systems[0].owner.team, "Corporate IT");
    assert!(
        settings.keys.ids.is_none() && settings.rate_limit.is_none() && settings.telemetry.otlp.is_none()
    );
}

#[test]
fn the_example_loads_with_everything_optional_in_it() {
    let folder = folder();
    let settings = load(&folder, &whole_example()).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(settings.auth.keys.len(), 2);
    assert_eq!(settings.auth.keys[1].algorithm, Algorithm::EdDsa);
    assert_eq!(settings.auth.keys[1].file, folder.path().join("login-2027.pem"));
    assert_eq!(settings.keys.ids.unwrap().expose(), &[0xab; 64]);
    assert_eq!(settings.keys.cursors.unwrap().expose(), &[0xcd; 32]);
    assert_eq!(settings.runtime.workers.get(), 2);
    assert_eq!(settings.runtime.drain_timeout, Duration::from_secs(25));
    assert_eq!(settings.telemetry.log_level, LogLevel::Info);
    let tls = settings.listen.tls.unwrap();
    assert_eq!(tls.key.file(), Some(folder.path().join("tls/portico-key.pem")));
    assert!(settings.listen.trusted_proxies[1].contains("10.20.7.1".parse().unwrap()));
}

#[test]
fn what_the_example_calls_a_default_is_one() {
    // A commented default that is not the default would lie to every reader. These differ on purpose.
    let not_defaults = [
        "auth.keys",
        "cors",
        "keys",
        "listen.tls",
        "listen.trusted_proxies",
        "ops.allowed_hosts",
        "people.directory",
        "people.links",
        "people.roles",
        "policy.rules",
        "rate_limit",
        "runtime.workers",
        "store.audit_anchor",
        "store.postgres",
        "systems.contracts",
        "systems.staff",
        "telemetry.otlp",
        "telemetry.ring.dir",
    ];
    let folder = folder();
    let shown = |text: &str| {
        let settings = load(&folder, text).unwrap();
        let table: toml::Table = settings.redacted_toml().parse().unwrap();
        let mut leaves = Vec::new();
        flatten(&serde_json::to_value(table).unwrap(), "", &mut leaves);
        leaves.retain(|(path, _)| !not_defaults.iter().any(|known| path.starts_with(known)));
        leaves
    };
    assert_eq!(shown(&example()), shown(&whole_example()));
}

fn flatten(value: &Value, path: &str, leaves: &mut Vec<(String, Value)>) {
    match value.as_object() {
        Some(members) => {
            for (key, below) in members {
                flatten(below, format!("{path}.{key}").trim_start_matches('.'), leaves);
            }
        }
        None => leaves.push((path.to_owned(), value.clone())),
    }
}

#[test]
fn the_example_shows_every_setting() {
    let schema = portico_settings::json_schema(&[]);
    let text = whole_example();
    let mut missing = Vec::new();
    for definition in schema["$defs"].as_object().unwrap().values().chain([&schema]) {
        let keys = definition["properties"].as_object().into_iter().flatten().map(|(key, _)| key);
        missing.extend(keys.filter(|key| {
            !text.lines().any(|line| {
                // One of two that exclude each other stands in prose.
                let line = line.trim_start_matches("# ");
                let header = line.trim_matches(['[', ']']);
                line.starts_with(&format!("{key} =")) || header.split('.').any(|part| part == *key)
            })
        }));
    }
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn the_least_configuration_is_small() {
    let settings = load(&folder(), MINIMAL).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(settings.listen.api.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.listen.limits.head_timeout, Duration::from_secs(10));
    assert_eq!(settings.listen.limits.min_body_bytes_per_second, 1024);
    assert_eq!(settings.data_dir, Path::new("/var/lib/portico"));
    assert!(settings.ops.token.is_none());
}

#[test]
fn the_hash_is_of_the_meaning() {
    let folder = folder();
    let hash = |text: &str| load(&folder, text).unwrap().hash().to_owned();
    let plain = hash(MINIMAL);
    assert_eq!(plain.len(), 16);
    assert_eq!(plain, hash(&format!("[listen]\nops = \"127.0.0.1:9464\"\n# a comment\n{MINIMAL}")));
    assert_ne!(plain, hash(&format!("[listen]\nops = \"127.0.0.1:9465\"\n{MINIMAL}")));
}

/// The committed schema also has the settings of every adapter in the registry, which this crate does not know.
#[test]
fn the_published_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/config/portico.schema.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let current = portico_settings::json_schema(&[]);
    assert_eq!(committed["properties"], current["properties"], "write it anew with `portico config-schema`");
    for (name, definition) in current["$defs"].as_object().unwrap() {
        let mut committed = committed["$defs"][name].clone();
        if name == "System" {
            committed.as_object_mut().unwrap().remove("allOf");
            committed["properties"]["adapter"].as_object_mut().unwrap().remove("enum");
        }
        assert_eq!(&committed, definition, "`{name}`: write it anew with `portico config-schema`");
    }
}

#[test]
fn the_schema_accepts_the_example() {
    let schema = portico_settings::json_schema(KINDS);
    let table: toml::Table = whole_example().parse().unwrap();
    let document = serde_json::to_value(table).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
}
