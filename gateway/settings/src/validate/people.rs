//! The directory of record, and how tokens and other systems point at it.

use std::collections::BTreeSet;
use std::time::Duration;

use portico_contract::people::{GetPerson, PersonKey};
use portico_contract::{Operation, SystemKey};

use super::Checker;
use crate::fault::nearest;
use crate::raw;
use crate::settings::{People, PersonLinkRule, System};

impl Checker<'_> {
    /// `systems`: those without a fault; `None` when one has, and then nothing is said about them here.
    pub(super) fn people(&mut self, systems: Option<&[System]>) -> Option<People> {
        let raw: raw::People = self.section(&["people"])?;
        let systems = systems?;
        let directories: Vec<&SystemKey> =
            systems.iter().filter(|system| has_people(system)).map(|system| &system.key).collect();
        let directory = self.directory(raw.directory.as_deref(), &directories);
        let known: Vec<&SystemKey> = systems.iter().map(|system| &system.key).collect();
        let mut links = Vec::new();
        for (index, link) in raw.links.into_iter().enumerate() {
            let systems = link.systems.map(|named| self.linked_systems(index, &named, &known));
            links.push(PersonLinkRule { by: link.by.into(), systems });
        }
        let roles = raw.roles.into_iter().map(|(role, groups)| (role, groups.into_iter().collect()));
        Some(People {
            directory: directory?,
            subject: raw.subject.into(),
            roles: roles.collect(),
            changes_every: Duration::from_secs(raw.refresh.changes_seconds),
            everything_every: Duration::from_secs(raw.refresh.everything_hours * 3_600),
            stale_after: Duration::from_secs(raw.refresh.stale_seconds),
            groups_for: Duration::from_secs(raw.refresh.groups_seconds),
            links,
        })
    }

    /// The directory of record. The outer `None` for a fault, the inner one where no system has people.
    fn directory(&mut self, named: Option<&str>, directories: &[&SystemKey]) -> Option<Option<SystemKey>> {
        let all = || directories.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        match (named, directories) {
            (None, []) => Some(None),
            (None, [only]) => Some(Some((*only).clone())),
            (None, _) => self.refuse(
                &["people"],
                "several systems have people, and none is named as the directory of record",
                &format!("set `people.directory` to the one that owns the ids of people: {}", all()),
            ),
            (Some(name), _) => {
                match directories.iter().find(|key| key.as_str() == name) {
                    Some(key) => Some(Some((*key).clone())),
                    None => {
                        let path = ["people", "directory"];
                        let help = match directories {
                        [] => "no configured system has people; add one, for example with `adapter = \"ldap\"`".to_owned(),
                        _ => format!("these systems have people: {}", all()),
                    };
                        self.refuse::<()>(&path, format!("`{name}` is no system that has people"), &help);
                        let meant = nearest(name, directories.iter().map(|key| key.as_str()));
                        if let Some(finding) = self.findings.last_mut() {
                            finding.suggestion = meant.map(str::to_owned);
                        }
                        None
                    }
                }
            }
        }
    }

    fn linked_systems(&mut self, link: usize, named: &[String], known: &[&SystemKey]) -> BTreeSet<SystemKey> {
        let mut systems = BTreeSet::new();
        for (index, name) in named.iter().enumerate() {
            match known.iter().find(|key| key.as_str() == name) {
                Some(key) => {
                    systems.insert((*key).clone());
                }
                None => {
                    let path = ["people", "links", &link.to_string(), "systems", &index.to_string()];
                    self.refuse::<()>(
                        &path,
                        format!("`{name}` is not a configured system"),
                        "name a key below `systems`",
                    );
                }
            }
        }
        systems
    }
}

fn has_people(system: &System) -> bool {
    system.adapter.profile().operations.contains_key(GetPerson::META.id)
}

impl From<raw::PersonKey> for PersonKey {
    fn from(raw: raw::PersonKey) -> Self {
        match raw {
            raw::PersonKey::UserName => Self::UserName,
            raw::PersonKey::EmployeeNumber => Self::EmployeeNumber,
            raw::PersonKey::Email => Self::Email,
        }
    }
}
