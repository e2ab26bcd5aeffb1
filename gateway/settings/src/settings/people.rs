//! The directory of record, and how tokens and other systems point at it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use portico_contract::SystemKey;
use portico_contract::people::PersonKey;

/// People, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// The system that owns the ids of people; `None` where no system has people.
    pub directory: Option<SystemKey>,
    /// What the subject of a token is in that directory.
    pub subject: PersonKey,
    /// Roles that groups give: the role, and the names of the groups.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// From one look for changes to the next.
    pub changes_every: Duration,
    /// After this long everybody is read again.
    pub everything_every: Duration,
    /// After this long what is known is called stale.
    pub stale_after: Duration,
    /// For how long the groups of a person are believed.
    pub groups_for: Duration,
    /// In the order of the file.
    pub links: Vec<PersonLinkRule>,
}

/// How people of other systems are found in the directory of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLinkRule {
    /// The key that both systems must have for the person.
    pub by: PersonKey,
    /// The systems that it holds for; `None` for every one.
    pub systems: Option<BTreeSet<SystemKey>>,
}
