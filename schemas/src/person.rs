//! References to people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How any resource points at a person, whether or not that person is linked to the directory of record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonRef {
    /// The person's id in this API; absent while no link to the directory of record is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The configured key of the system that named the person.
    pub system: String,
    /// The key that this system uses for the person.
    pub native_id: String,
    /// The name to show.
    pub display: String,
}

/// The person who is asking, as the token names them (RFC 7519) and as the policy sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// `sub` of the token: the stable key of the person at the identity provider.
    pub subject: String,
    /// The name to show; the subject where the token has none.
    pub display_name: String,
    /// Roles that policy rules can name, sorted.
    pub roles: Vec<String>,
    /// Organisational units the person belongs to, sorted.
    pub units: Vec<String>,
    /// What the person may do, as `resource:action` pairs, sorted: for drawing menus, not a promise for each object.
    pub permissions: Vec<String>,
}
