//! Who asks, what a list may show, and the facts that decide about one thing.

use std::collections::BTreeSet;

use portico_schemas::{Classification, PersonRef};

/// The person on whose behalf a call is made. Never the service account: an adapter that impersonates uses this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Stable key at the identity provider (`sub`, RFC 7519).
    pub subject: String,
    /// The name to show.
    pub display_name: String,
    /// The person's id in the directory of record, where linked.
    pub person_id: Option<String>,
    /// Roles that policy rules can name.
    pub roles: BTreeSet<String>,
    /// Organisational units the person belongs to.
    pub units: BTreeSet<String>,
    /// Subjects of those who report to the person, where known.
    pub reports: BTreeSet<String>,
    /// Subjects of those in whose place the person may decide now.
    pub stands_in_for: BTreeSet<String>,
}

/// What part of a list a person may see. The policy decides it *before* paging and the adapter filters by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// Things whose owner is one of these subjects.
    Owners(BTreeSet<String>),
    /// Things that belong to one of these units.
    Units(BTreeSet<String>),
    /// Things that wait for one of these people.
    Assignees(BTreeSet<String>),
    /// Things that any of these scopes shows.
    Any(Vec<Scope>),
    /// Nothing. The composition answers without a call.
    None,
}

impl Scope {
    /// Whether the scope shows a thing with these facts.
    pub fn shows(&self, facts: &Facts) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Owners(subjects) => facts.owner.as_ref().is_some_and(|o| subjects.contains(&o.native_id)),
            Self::Units(units) => facts.unit.as_ref().is_some_and(|u| units.contains(u)),
            Self::Assignees(people) => facts.assignees.iter().any(|person| people.contains(person)),
            Self::Any(scopes) => scopes.iter().any(|scope| scope.shows(facts)),
        }
    }
}

/// Typed facts about one thing, on which authorisation is decided. An adapter fills in what its system knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whose it is.
    pub owner: Option<PersonRef>,
    /// The organisational unit it belongs to.
    pub unit: Option<String>,
    /// For whom it waits, by the system's keys. Empty for what waits for nobody in particular.
    pub assignees: BTreeSet<String>,
    /// How sensitive it is; `None` takes the system's configured classification.
    pub classification: Option<Classification>,
}
