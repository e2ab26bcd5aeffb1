//! Who of the directory of record is meant by what another system knows of a person.

use std::collections::BTreeSet;
use std::fmt;

use portico_contract::people::{FindPeople, PersonKey, PersonRecord};
use portico_contract::{NativeId, SystemKey};

use crate::PeopleIndex;

/// For which systems a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Systems {
    /// Every one.
    All,
    /// These only. With none named, the rule holds nowhere.
    Only(BTreeSet<SystemKey>),
}

/// One rule: somebody of these systems is the person of record who has the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which key both must have. Employee numbers are compared exactly, user names and mail addresses whatever their case.
    pub key: PersonKey,
    /// For which systems.
    pub systems: Systems,
}

impl Rule {
    /// Whether the rule holds for a system.
    pub fn holds_for(&self, system: &SystemKey) -> bool {
        match &self.systems {
            Systems::All => true,
            Systems::Only(systems) => systems.contains(system),
        }
    }
}

/// What another system knows a person by. What it does not know stays empty, and no rule finds anybody by it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PersonKeys {
    /// The name to sign in with.
    pub user_name: Option<String>,
    /// Mail addresses, in any order.
    pub emails: Vec<String>,
    /// The number that personnel uses.
    pub employee_number: Option<String>,
}

impl PersonKeys {
    fn values(&self, key: PersonKey) -> &[String] {
        match key {
            PersonKey::UserName => self.user_name.as_slice(),
            PersonKey::EmployeeNumber => self.employee_number.as_slice(),
            PersonKey::Email => &self.emails,
        }
    }
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

/// Keys are personal: only which there are is shown.
impl fmt::Debug for PersonKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonKeys")
            .field("user_name", &self.user_name.is_some())
            .field("emails", &self.emails.len())
            .field("employee_number", &self.employee_number.is_some())
            .finish()
    }
}

/// What linking one person gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// This person of record, and nobody else.
    Linked {
        /// Who, in the directory of record.
        id: NativeId,
        /// The key of the first rule that found them.
        by: PersonKey,
    },
    /// Several may be meant; an operator has to say.
    Ambiguous {
        /// Who, in the directory of record: by id, without repeats, at most [`FindPeople::MOST`].
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
    /// A linker for one system: of the rules, those that hold for it, in their order. Without any, everybody is unlinked.
    pub fn new(record: &'a PeopleIndex, rules: &[Rule], system: &SystemKey) -> Self {
        let rules = rules.iter().filter(|rule| rule.holds_for(system)).map(|rule| rule.key).collect();
        Self { record, rules }
    }

    /// Links one person.
    ///
    /// The first rule that finds anybody decides. If it finds several (over all mail addresses together), that is
    /// ambiguous, whatever the later rules say: a weaker key must not settle what a stronger one leaves open. If it finds
    /// one, a later rule that finds others *without* them disagrees, and that is ambiguous too; one that finds them among
    /// others (a mail address that is shared) does not. Whether accounts are in use makes no difference: between an
    /// old account and a new one an operator decides.
    pub fn link(&self, keys: &PersonKeys) -> Link {
        let mut linked: Option<(NativeId, PersonKey)> = None;
        for &rule in &self.rules {
            let values = keys.values(rule);
            let found = self.found(rule, values);
            match &linked {
                _ if found.is_empty() => {}
                // Asked of the person: what is found is cut where a key is shared by many.
                Some((id, _)) if values.iter().any(|value| self.record.has(id, rule, value)) => {}
                Some((id, _)) => return ambiguous(found.into_iter().chain([id.clone()]).collect(), rule),
                None if found.len() > 1 => return ambiguous(found, rule),
                None => linked = found.into_iter().next().map(|id| (id, rule)),
            }
        }
        linked.map_or(Link::Unlinked, |(id, by)| Link::Linked { id, by })
    }

    fn found(&self, rule: PersonKey, values: &[String]) -> BTreeSet<NativeId> {
        let people = values.iter().flat_map(|value| self.record.find(rule, value));
        people.map(|person| person.native_id()).collect()
    }
}

fn ambiguous(candidates: BTreeSet<NativeId>, rule: PersonKey) -> Link {
    Link::Ambiguous { candidates: candidates.into_iter().take(FindPeople::MOST).collect(), rule }
}
