//! The systems, and the rules about them.

use std::collections::{BTreeMap, BTreeSet};

use portico_contract::{AdapterKind, SystemKey};
use portico_policy::Rule;
use portico_schemas::Owner;
use serde_json::Value;

use super::{Checker, owned};
use crate::fault::Finding;
use crate::layers::Layers;
use crate::raw;
use crate::settings::System;

impl Checker<'_> {
    pub(super) fn systems(&mut self, layers: &Layers, kinds: &[&AdapterKind]) -> Option<Vec<System>> {
        let mut keys = self.keys_of_systems();
        // In the order of the file: lists are merged in it where nothing else orders them.
        keys.sort_by_key(|key| layers.order(&owned(&["systems", key.as_str()])));
        let mut systems = Vec::new();
        for key in &keys {
            let raw: Option<raw::System> = self.section(&["systems", key.as_str()]);
            systems.push(raw.and_then(|raw| self.system(key, raw, kinds)));
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

    fn system(&mut self, key: &SystemKey, raw: raw::System, kinds: &[&AdapterKind]) -> Option<System> {
        let table = owned(&["systems", key.as_str()]);
        let below = |name: &str| [table.as_slice(), &[name.to_owned()]].concat();
        let mut aliases = Vec::new();
        for (index, text) in raw.aliases.iter().enumerate() {
            match SystemKey::new(text) {
                Some(alias) => aliases.push(alias),
                None => {
                    let path = [below("aliases"), vec![index.to_string()]].concat();
                    let problem = "a key has 1 to 32 of the characters `a-z 0-9 -` and starts with a letter";
                    self.findings.push(Finding::at(&path, problem));
                }
            }
        }
        let limits = raw.limits.validate().map_err(|faults| self.take(&below("limits"), faults));
        let Some(kind) = kinds.iter().find(|kind| kind.name == raw.adapter) else {
            let problem = "this gateway has no such adapter";
            self.findings.push(Finding::at(&below("adapter"), problem));
            return None;
        };
        let settings = Value::Object(raw.settings);
        let built = (kind.build)(key.clone(), settings);
        let adapter = built.map_err(|faults| self.take(&below("settings"), faults));
        let raw::Owner { team, contact, hours } = raw.owner;
        Some(System {
            key: key.clone(),
            aliases,
            title: raw.title,
            owner: Owner { team, contact, hours },
            classification: raw.classification.map(Into::into),
            limits: limits.ok()?,
            adapter: adapter.ok()?,
        })
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
        let raw: raw::Policy = self.section(&["policy"])?;
        // A system with a fault of its own is known all the same.
        let known: BTreeSet<SystemKey> = self.keys_of_systems().into_iter().collect();
        let mut rules = Vec::new();
        for (index, raw) in raw.rules.into_iter().enumerate() {
            let named: Vec<_> = raw.systems.iter().flatten().cloned().collect();
            match Rule::from_raw(raw, &known) {
                Ok(rule) => rules.push(rule),
                Err(faults) => {
                    let before = self.findings.len();
                    self.take(&owned(&["policy", "rules", &index.to_string()]), faults);
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
        Some(rules)
    }
}
