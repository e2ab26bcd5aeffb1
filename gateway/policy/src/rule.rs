//! Rules as an operator writes them.

use std::collections::BTreeSet;

use portico_contract::{SettingFault, SystemKey};
use portico_schemas::{Classification, ResourceType};
use schemars::JsonSchema;
use serde::Deserialize;

/// What is done. Reading includes listing; writing includes creating, changing, handing in, taking back and deleting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// See it, or see that it is there.
    Read,
    /// Change it.
    Write,
    /// Agree to it or refuse it. Nobody decides on what is their own, whatever the rules say.
    Decide,
}

impl Action {
    /// The word used in rules and in `permissions`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Decide => "decide",
        }
    }
}

/// Whom a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Everybody who is signed in.
    Anyone,
    /// Those with this role.
    Role(String),
    /// The owner of the thing.
    Owner,
    /// Those to whom the owner of the thing reports.
    Manager,
    /// Those in the unit that the thing belongs to.
    Unit,
    /// Those for whom the thing waits, and those who stand in for one of them now.
    Assignee,
}

impl Who {
    /// Reads `anyone`, `self`, `manager`, `unit`, `assignee` or `role:NAME`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "anyone" => Some(Self::Anyone),
            "self" => Some(Self::Owner),
            "manager" => Some(Self::Manager),
            "unit" => Some(Self::Unit),
            "assignee" => Some(Self::Assignee),
            _ => text.strip_prefix("role:").filter(|role| !role.is_empty()).map(|r| Self::Role(r.to_owned())),
        }
    }
}

/// One `[[policy.rules]]` table, as written. It allows; there are no rules that forbid.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRule {
    /// What the rule is for, in words; shown when a decision is explained.
    #[serde(default)]
    pub name: Option<String>,
    /// `documents`, `people`, `org-units`, `expense-reports`, `absences`, `tasks` and so on, as in the addresses of the API, or
    /// `*` for every resource.
    pub resource: String,
    /// Keys of the systems it covers; all of them when left out.
    #[serde(default)]
    pub systems: Option<Vec<String>>,
    /// `read`, `write`, `decide`, or several.
    pub actions: Vec<Action>,
    /// `role:NAME`, `self`, `manager`, `assignee`, `unit` or `anyone`.
    pub who: String,
    /// The most sensitive classification it covers: `public`, `internal` (the default), `confidential`, `restricted`.
    #[serde(default)]
    pub up_to: Option<RawClassification>,
}

/// The words for a classification in settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RawClassification {
    /// May be shown to anyone.
    Public,
    /// May be shown to anyone who works here.
    Internal,
    /// May be shown to those whose work needs it.
    Confidential,
    /// May be shown to named persons only.
    Restricted,
}

impl From<RawClassification> for Classification {
    fn from(raw: RawClassification) -> Self {
        match raw {
            RawClassification::Public => Self::Public,
            RawClassification::Internal => Self::Internal,
            RawClassification::Confidential => Self::Confidential,
            RawClassification::Restricted => Self::Restricted,
        }
    }
}

/// A rule that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What the rule is for, in words.
    pub name: Option<String>,
    /// `None` for every resource.
    pub resource: Option<ResourceType>,
    /// `None` for every system.
    pub systems: Option<BTreeSet<SystemKey>>,
    /// Never empty.
    pub actions: BTreeSet<Action>,
    /// Whom it is for.
    pub who: Who,
    /// The most sensitive classification it covers.
    pub up_to: Classification,
}

impl Rule {
    /// Checks a raw rule against the configured systems.
    ///
    /// # Errors
    /// Every fault at once, with paths inside the rule's own table.
    pub fn from_raw(raw: RawRule, known: &BTreeSet<SystemKey>) -> Result<Self, Vec<SettingFault>> {
        let mut faults = Vec::new();
        let named = ResourceType::GOVERNED.iter().copied().find(|resource| resource.plural() == raw.resource);
        if named.is_none() && raw.resource != "*" {
            let all: Vec<_> = ResourceType::GOVERNED.iter().map(|r| format!("`{}`", r.plural())).collect();
            faults.push(SettingFault::at(
                &["resource"],
                format!("there is no such resource; use {} or `*`", all.join(", ")),
            ));
        }
        let systems = raw.systems.map(|keys| systems(&keys, known, &mut faults));
        if raw.actions.is_empty() {
            faults.push(SettingFault::at(
                &["actions"],
                "the rule allows nothing; name `read`, `write`, `decide` or several",
            ));
        }
        let who = Who::parse(&raw.who);
        if who.is_none() {
            faults.push(SettingFault::at(
                &["who"],
                "nobody is called this; use `role:NAME`, `self`, `manager`, `assignee`, `unit` or `anyone`",
            ));
        }
        match (who, faults.is_empty()) {
            (Some(who), true) => Ok(Self {
                name: raw.name,
                resource: named,
                systems,
                actions: raw.actions.into_iter().collect(),
                who,
                up_to: raw.up_to.map_or(Classification::Internal, Classification::from),
            }),
            _ => Err(faults),
        }
    }
}

fn systems(
    keys: &[String],
    known: &BTreeSet<SystemKey>,
    faults: &mut Vec<SettingFault>,
) -> BTreeSet<SystemKey> {
    let mut found = BTreeSet::new();
    for (index, key) in keys.iter().enumerate() {
        match SystemKey::new(key).filter(|key| known.contains(key)) {
            Some(key) => {
                found.insert(key);
            }
            None => faults.push(SettingFault::at(
                &["systems", &index.to_string()],
                format!("no system has the key `{key}`; it would have to be a table `[systems.{key}]`"),
            )),
        }
    }
    found
}
