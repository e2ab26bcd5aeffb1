//! `[people]` as it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which directory knows the staff, and how other systems and tokens point at it.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct People {
    /// The directory of record: the key of the system that owns the ids of people. May be left out where only one system
    /// has people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// What the subject of a token is in that directory.
    pub subject: PersonKey,
    /// Roles that groups of the directory give: `finance = ["Finance approvers"]`.
    #[schemars(extend("propertyNames" = { "minLength": 1 }))]
    pub roles: BTreeMap<String, Vec<String>>,
    /// How groups, units and reports are kept in mind, and the index for searching.
    pub refresh: Refresh,
    /// How people of other systems are found in the directory of record: `[[people.links]]`, in order.
    pub links: Vec<Link>,
}

#[derive(Default, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PersonKey {
    /// The name to sign in with, whatever the case.
    #[default]
    UserName,
    /// The number that personnel uses, exactly.
    EmployeeNumber,
    /// Any mail address, whatever the case.
    Email,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Refresh {
    /// Seconds from one look for changes to the next.
    #[schemars(range(min = 5, max = 86_400))]
    pub changes_seconds: u64,
    /// Hours after which everybody is read again, changes or not.
    #[schemars(range(min = 1, max = 168))]
    pub everything_hours: u64,
    /// Seconds after which what is known is called stale.
    #[schemars(range(min = 10, max = 604_800))]
    pub stale_seconds: u64,
    /// Seconds for which the groups of a person are believed. Longer without the directory, they give no role.
    #[schemars(range(min = 5, max = 86_400))]
    pub groups_seconds: u64,
}

impl Default for Refresh {
    fn default() -> Self {
        Self { changes_seconds: 60, everything_hours: 6, stale_seconds: 600, groups_seconds: 300 }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// The key that both systems must have for the person.
    pub by: PersonKey,
    /// Keys of the systems that it holds for; every one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub systems: Option<Vec<String>>,
}
