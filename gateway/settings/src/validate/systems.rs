//! The systems, and the rules about them.

use std::collections::{BTreeMap, BTreeSet};

use portico_contract::{Adapter, AdapterKind, SystemKey};
use portico_policy::{RawRule, Rule};
use portico_resilience::SystemLimits;
use portico_schemas::Owner;
use serde_json::Value;

use super::{Checker, owned};
use crate::fingerprint::Fingerprint;
use crate::layers::{Layers, lookup};
use crate::limits::Limits;
use crate::raw;
use crate::settings::System;

impl Checker<'_> {
    pub(super) fn systems(&mut self, layers: &Layers, kinds: &[&AdapterKind]) -> Option<Vec<System>> {
        let mut keys = self.keys_of_systems();
        // In the order of the file: lists are merged in it where nothing else orders them.
        keys.sort_by_key(|key| layers.order(&owned(&["systems", key.as_str()])));
        let mut systems = Vec::new();
        for key in &keys {
            systems.push(self.system(key, kinds));
        }
        let systems: Option<Vec<_>> = systems.into_iter().collect();
        let systems = systems?;
        self.aliases(&systems);
        Some(systems)
    }

    fn keys_of_systems(&self) -> Vec<SystemKey> {
        let table = self.document.get("systems").and_then(Value::as_object);
        table.into_iter().flat_map(|table| table.keys()).filter_map(|key| SystemKey::new(key)).collect()
    }

    fn system(&mut self, key: &SystemKey, kinds: &[&AdapterKind]) -> Option<System> {
        // Part by part, so that no part hides the faults of another.
        let limits = self.limits(key);
        let adapter = self.adapter(key, kinds);
        let raw: raw::System = self.rest_of_section(&["systems", key.as_str()])?;
        let mut aliases = Vec::new();
        for (index, text) in raw.aliases.iter().enumerate() {
            match SystemKey::new(text) {
                Some(alias) => aliases.push(alias),
                None => {
                    let problem = "this is not the key of a system";
                    let help = "a key has 1 to 32 of the characters `a-z 0-9 -` and starts with a letter";
                    let path = ["systems", key.as_str(), "aliases", &index.to_string()];
                    self.refuse::<()>(&path, problem, help);
                }
            }
        }
        let raw::Owner { team, contact, hours } = raw.owner;
        Some(System {
            key: key.clone(),
            aliases,
            title: raw.title,
            owner: Owner { team, contact, hours },
            classification: raw.classification.map(Into::into),
            limits: limits?,
            adapter: adapter?,
            fingerprint: self.fingerprint(key),
        })
    }

    fn fingerprint(&self, key: &SystemKey) -> Fingerprint {
        let part = |name: &str| lookup(self.document, &owned(&["systems", key.as_str(), name]));
        Fingerprint::of(&[part("adapter"), part("limits"), part("settings")])
    }

    fn limits(&mut self, key: &SystemKey) -> Option<Limits> {
        let path = ["systems", key.as_str(), "limits"];
        let raw: SystemLimits = self.rest_of_section(&path)?;
        raw.validate().map_err(|faults| self.take(&owned(&path), faults)).ok()
    }

    fn adapter(&mut self, key: &SystemKey, kinds: &[&AdapterKind]) -> Option<Adapter> {
        let path = ["systems", key.as_str(), "settings"];
        let name = self.document.pointer(&format!("/systems/{key}/adapter"))?.as_str()?;
        let Some(kind) = kinds.iter().find(|kind| kind.name == name) else {
            // With kinds to choose from, the schema has said so.
            if kinds.is_empty() {
                let path = ["systems", key.as_str(), "adapter"];
                self.refuse::<()>(
                    &path,
                    "there is no such adapter",
                    "this program has been built without any",
                );
            }
            return None;
        };
        let settings: serde_json::Map<String, Value> = self.section(&path)?;
        let built = (kind.build)(key.clone(), Value::Object(settings));
        built.map_err(|faults| self.take(&owned(&path), faults)).ok()
    }

    /// An old key must lead to one system.
    fn aliases(&mut self, systems: &[System]) {
        let mut taken: BTreeMap<&SystemKey, &SystemKey> =
            systems.iter().map(|system| (&system.key, &system.key)).collect();
        for system in systems {
            for (index, alias) in system.aliases.iter().enumerate() {
                if let Some(holder) = taken.insert(alias, &system.key) {
                    let path = ["systems", system.key.as_str(), "aliases", &index.to_string()];
                    let problem = format!("`{alias}` leads to the system `{holder}` already");
                    self.refuse::<()>(
                        &path,
                        problem,
                        "a key that was used once belongs to one system for ever",
                    );
                }
            }
        }
    }

    pub(super) fn rules(&mut self) -> Option<Vec<Rule>> {
        let policy: Option<raw::Policy> = self.section(&["policy"]);
        // A system with a fault of its own is known all the same.
        let known: BTreeSet<SystemKey> = self.keys_of_systems().into_iter().collect();
        let mut rules = Vec::new();
        for index in 0..self.count(&["policy", "rules"]) {
            let index = index.to_string();
            let raw: Option<RawRule> = self.section(&["policy", "rules", &index]);
            let Some(raw) = raw else { continue };
            let named: Vec<_> = raw.systems.iter().flatten().cloned().collect();
            match Rule::from_raw(raw, &known) {
                Ok(rule) => rules.push(rule),
                Err(faults) => {
                    let before = self.findings.len();
                    self.take(&owned(&["policy", "rules", &index]), faults);
                    for finding in self.findings.iter_mut().skip(before) {
                        let wrong =
                            finding.path.get(4).and_then(|index| named.get(index.parse::<usize>().ok()?));
                        if let (Some(wrong), Some("systems")) =
                            (wrong, finding.path.get(3).map(String::as_str))
                        {
                            let keys = known.iter().map(SystemKey::as_str);
                            finding.suggestion = crate::fault::nearest(wrong, keys).map(str::to_owned);
                        }
                    }
                }
            }
        }
        policy.map(|_| rules)
    }
}
