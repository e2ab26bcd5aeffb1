//! The settings table as it is written.

use std::path::PathBuf;

use portico_contract::SecretRef;
use schemars::JsonSchema;
use serde::Deserialize;

use super::attributes::RawAttributes;

/// Whose habits the directory has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Dialect {
    /// OpenLDAP's slapd, and servers like it: entryUUID, content sync.
    #[serde(rename = "openldap")]
    OpenLdap,
    /// Active Directory, and Samba as a domain controller.
    #[serde(rename = "activeDirectory")]
    ActiveDirectory,
}

/// The `settings` table of a system with `adapter = "ldap"`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    /// Whose habits the directory has: `openldap` or `activeDirectory`.
    pub(super) dialect: Dialect,
    /// The servers, tried in order: `ldaps://ldap1.example.org`, or `ldap://…` with `start_tls`. All of one scheme.
    #[schemars(length(min = 1, max = 8))]
    pub(super) urls: Vec<String>,
    /// Ask for TLS on an `ldap` connection before anything else is sent (RFC 4511, section 4.14).
    #[serde(default)]
    pub(super) start_tls: bool,
    /// PEM file of the certificate authorities to trust, instead of the public ones.
    #[schemars(extend("format" = "path"))]
    pub(super) trust_roots: Option<PathBuf>,
    /// The name that the server's certificate bears, where it is not the host in `urls`.
    pub(super) tls_name: Option<String>,
    /// Send everything over `ldap` without TLS to another machine, where everybody on the way can read it: the password
    /// and every person. Only for a network that nobody else is on, such as between two containers.
    #[serde(default)]
    pub(super) plain_ldap: bool,
    /// The service account: a DN, or for Active Directory also `user@realm`. Leave it out for a directory that anybody may read.
    pub(super) bind_dn: Option<String>,
    /// Where its password is kept.
    pub(super) password: Option<SecretRef>,
    /// Where people are.
    pub(super) people: RawPeople,
    /// Where the parts of the organisation are; without it there are none.
    pub(super) org_units: Option<RawOrgUnits>,
    /// Where groups are; without it nobody is in any.
    pub(super) groups: Option<RawGroups>,
    /// Which attributes hold what, where they are not the usual ones.
    #[serde(default)]
    pub(super) attributes: RawAttributes,
    /// Bounds; the defaults suit a server in the same building.
    #[serde(default)]
    pub(super) limits: RawLimits,
}

/// Who counts as a person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPeople {
    /// The DN that everybody is below.
    pub(super) base: String,
    /// A person's entry has one of these object classes. `inetOrgPerson` by default; for Active Directory `user`, of ordinary
    /// accounts only, not computers.
    pub(super) object_classes: Option<Vec<String>>,
    /// Only entries that meet all of these count.
    #[serde(default)]
    pub(super) only: Vec<RawCondition>,
}

/// An attribute has this value, by its own rules of comparison.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCondition {
    /// The attribute.
    pub(super) attribute: String,
    /// The value.
    pub(super) equals: String,
}

/// The parts of the organisation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrgUnits {
    /// The DN that they are below; if it is one itself, it is the top.
    pub(super) base: String,
    /// A unit's entry has one of these object classes; `organizationalUnit` by default.
    pub(super) object_classes: Option<Vec<String>>,
    /// What the top is called, where its entry has a technical name such as `people`.
    #[schemars(length(min = 1, max = 200))]
    pub(super) top_unit_name: Option<String>,
}

/// Groups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroups {
    /// The DN that they are below.
    pub(super) base: String,
    /// How the groups of a person are found.
    #[serde(default)]
    pub(super) member_of: MemberOf,
}

/// How the groups of a person are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum MemberOf {
    /// By looking for the person among the members, and by what `memberOf` says on top. `memberOf` alone is not believed: it
    /// may be missing after an offline load, and many servers do not have it.
    #[default]
    Auto,
    /// By looking for the person among the members.
    Search,
    /// By the person's `memberOf` alone, for directories where it is kept and looking for members is slow.
    Attribute,
}

/// Bounds on what one answer may cost.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    /// Entries asked for at a time; fewer where the server allows fewer, which is found out and remembered.
    #[schemars(range(min = 1, max = 10_000))]
    pub(super) page_size: u32,
    /// People that one list may hold; a larger one is shown as limited.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) list_max_people: usize,
    /// Seconds for which the order of a list is kept between two pages.
    #[schemars(range(min = 1, max = 3_600))]
    pub(super) list_ttl_seconds: u64,
    /// Seconds for which names of managers and units are remembered.
    #[schemars(range(min = 1, max = 3_600))]
    pub(super) names_ttl_seconds: u64,
    /// Milliseconds for a connection, TLS and bind included.
    #[schemars(range(min = 1, max = 60_000))]
    pub(super) connect_timeout_ms: u64,
    /// Milliseconds for one search, or one page of one.
    #[schemars(range(min = 1, max = 600_000))]
    pub(super) operation_timeout_ms: u64,
    /// Milliseconds that an idle connection is kept; less than the server keeps it.
    #[schemars(range(min = 1, max = 600_000))]
    pub(super) pool_idle_timeout_ms: u64,
    /// Connections at a time.
    #[schemars(range(min = 1, max = 256))]
    pub(super) max_connections: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            page_size: 500,
            list_max_people: 200_000,
            list_ttl_seconds: 120,
            names_ttl_seconds: 60,
            connect_timeout_ms: 2_000,
            operation_timeout_ms: 10_000,
            pool_idle_timeout_ms: 60_000,
            max_connections: 16,
        }
    }
}
