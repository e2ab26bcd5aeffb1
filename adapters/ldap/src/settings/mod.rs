//! Settings: raw as written, then validated into a client and bounds, every fault at once.

mod attributes;
mod parse;
mod reach;

use std::path::PathBuf;
use std::time::Duration;

use portico_contract::{SecretRef, SettingFault};
use portico_wire::ldap::{AttributeName, Client, Dn, Filter};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::dialect;
pub(crate) use attributes::Attributes;
use attributes::RawAttributes;

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
struct Raw {
    /// Whose habits the directory has: `openldap` or `activeDirectory`.
    dialect: Dialect,
    /// The servers, tried in order: `ldaps://ldap1.example.org`, or `ldap://…` with `start_tls`. All of one scheme.
    #[schemars(length(min = 1, max = 8))]
    urls: Vec<String>,
    /// Ask for TLS on an `ldap` connection before anything else is sent (RFC 4511, section 4.14).
    #[serde(default)]
    start_tls: bool,
    /// PEM file of the certificate authorities to trust, instead of the public ones.
    #[schemars(extend("format" = "path"))]
    trust_roots: Option<PathBuf>,
    /// The name that the server's certificate bears, where it is not the host in `urls`.
    tls_name: Option<String>,
    /// Send everything over `ldap` without TLS to another machine, where everybody on the way can read it: the password
    /// and every person. Only for a network that nobody else is on, such as between two containers.
    #[serde(default)]
    plain_ldap: bool,
    /// The service account: a DN, or for Active Directory also `user@realm`. Leave it out for a directory that anybody may read.
    bind_dn: Option<String>,
    /// Where its password is kept.
    password: Option<SecretRef>,
    /// Where people are.
    people: RawPeople,
    /// Where the parts of the organisation are; without it there are none.
    org_units: Option<RawOrgUnits>,
    /// Where groups are; without it nobody is in any.
    groups: Option<RawGroups>,
    /// Which attributes hold what, where they are not the usual ones.
    #[serde(default)]
    attributes: RawAttributes,
    /// Bounds; the defaults suit a server in the same building.
    #[serde(default)]
    limits: RawLimits,
}

/// Who counts as a person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawPeople {
    /// The DN that everybody is below.
    base: String,
    /// A person's entry has one of these object classes. `inetOrgPerson` by default; for Active Directory `user`, of ordinary
    /// accounts only, not computers.
    object_classes: Option<Vec<String>>,
    /// Only entries that meet all of these count.
    #[serde(default)]
    only: Vec<RawCondition>,
}

/// An attribute has this value, by its own rules of comparison.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCondition {
    /// The attribute.
    attribute: String,
    /// The value.
    equals: String,
}

/// The parts of the organisation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawOrgUnits {
    /// The DN that they are below; if it is one itself, it is the top.
    base: String,
    /// A unit's entry has one of these object classes; `organizationalUnit` by default.
    object_classes: Option<Vec<String>>,
}

/// Groups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawGroups {
    /// The DN that they are below.
    base: String,
    /// How the groups of a person are found.
    #[serde(default)]
    member_of: MemberOf,
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
struct RawLimits {
    /// Entries asked for at a time; fewer where the server allows fewer, which is found out and remembered.
    #[schemars(range(min = 1, max = 10_000))]
    page_size: u32,
    /// People that one list may hold; a larger one is shown as limited.
    #[schemars(range(min = 1, max = 1_000_000))]
    list_max_people: usize,
    /// Seconds for which the order of a list is kept between two pages.
    #[schemars(range(min = 1, max = 3_600))]
    list_ttl_seconds: u64,
    /// Seconds for which names of managers and units are remembered.
    #[schemars(range(min = 1, max = 3_600))]
    names_ttl_seconds: u64,
    /// Milliseconds for a connection, TLS and bind included.
    #[schemars(range(min = 1, max = 60_000))]
    connect_timeout_ms: u64,
    /// Milliseconds for one search, or one page of one.
    #[schemars(range(min = 1, max = 600_000))]
    operation_timeout_ms: u64,
    /// Milliseconds that an idle connection is kept; less than the server keeps it.
    #[schemars(range(min = 1, max = 600_000))]
    pool_idle_timeout_ms: u64,
    /// Connections at a time.
    #[schemars(range(min = 1, max = 256))]
    max_connections: usize,
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

/// Where things of one kind are, and what tells them from others.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) base: Dn,
    pub(crate) filter: Filter,
}

/// Validated settings.
pub(crate) struct Settings {
    pub(crate) client: Client,
    pub(crate) dialect: Dialect,
    /// Who we are, where we are somebody.
    pub(crate) bind_name: Option<String>,
    pub(crate) encrypted: bool,
    /// Everything travels unprotected to another machine.
    pub(crate) in_clear: bool,
    pub(crate) people: Place,
    pub(crate) org_units: Option<Place>,
    pub(crate) groups: Option<(Dn, MemberOf)>,
    pub(crate) attributes: Attributes,
    pub(crate) page_size: u32,
    pub(crate) list_max_people: usize,
    pub(crate) list_ttl: Duration,
    pub(crate) names_ttl: Duration,
}

pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(Raw)
}

/// Reads and validates a settings table.
pub(crate) fn read(settings: Value) -> Result<Settings, Vec<SettingFault>> {
    let mut faults = Vec::new();
    let Some(raw) = parse::parse::<Raw>(settings, &mut faults) else { return Err(faults) };
    check_limits(&raw.limits, &mut faults);
    let people = people(&raw.people, raw.dialect, &mut faults);
    let org_units = raw.org_units.as_ref().map(|raw| org_units(raw, &mut faults));
    let groups = raw.groups.as_ref().map(|raw| (base(&raw.base, "groups", &mut faults), raw.member_of));
    let reach = reach::reach(&raw, &mut faults);
    let dialect = raw.dialect;
    let attributes = Attributes::new(dialect, raw.attributes, &mut faults);
    let (Some(reach), Some(people)) = (reach, people) else { return Err(faults) };
    let org_units = match org_units {
        None => None,
        Some(Some(place)) => Some(place),
        Some(None) => return Err(faults),
    };
    let groups = match groups {
        None => None,
        Some((Some(base), how)) => Some((base, how)),
        Some((None, _)) => return Err(faults),
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Settings {
        client: reach.client,
        dialect,
        bind_name: raw.bind_dn,
        encrypted: reach.encrypted,
        in_clear: reach.in_clear,
        people,
        org_units,
        groups,
        attributes,
        page_size: raw.limits.page_size,
        list_max_people: raw.limits.list_max_people,
        list_ttl: Duration::from_secs(raw.limits.list_ttl_seconds),
        names_ttl: Duration::from_secs(raw.limits.names_ttl_seconds),
    })
}

fn base(text: &str, table: &str, faults: &mut Vec<SettingFault>) -> Option<Dn> {
    match Dn::parse(text) {
        Ok(dn) if !dn.is_root() => Some(dn),
        Ok(_) => {
            faults.push(SettingFault::at(&[table, "base"], "is empty; name the entry to start from"));
            None
        }
        Err(why) => {
            faults.push(SettingFault::at(&[table, "base"], format!("is not a DN: {why}")));
            None
        }
    }
}

fn people(raw: &RawPeople, dialect: Dialect, faults: &mut Vec<SettingFault>) -> Option<Place> {
    let base = base(&raw.base, "people", faults);
    let mut all = match &raw.object_classes {
        None => dialect::people_filter(dialect),
        Some(names) => classes(names, "people", faults)?,
    };
    if raw.only.len() > 16 {
        faults.push(SettingFault::at(&["people", "only"], "holds at most 16 conditions"));
    }
    for condition in &raw.only {
        match AttributeName::new(&condition.attribute) {
            Some(name) if !condition.equals.is_empty() => {
                all.push(Filter::equal(&name, condition.equals.as_str()));
            }
            Some(_) => faults.push(SettingFault::at(&["people", "only"], "compares with an empty value")),
            None => faults.push(SettingFault::at(
                &["people", "only"],
                "names something that is not an attribute (RFC 4512, section 2.5)",
            )),
        }
    }
    Some(Place { base: base?, filter: Filter::And(all) })
}

fn org_units(raw: &RawOrgUnits, faults: &mut Vec<SettingFault>) -> Option<Place> {
    let base = base(&raw.base, "org_units", faults);
    let usual = ["organizationalUnit".to_owned()];
    let names = raw.object_classes.as_deref().unwrap_or(&usual);
    let all = classes(names, "org_units", faults)?;
    Some(Place { base: base?, filter: Filter::And(all) })
}

/// One of the classes.
fn classes(names: &[String], table: &str, faults: &mut Vec<SettingFault>) -> Option<Vec<Filter>> {
    // The name of a class has the form of the name of an attribute (RFC 4512, section 1.4).
    let good = |name: &String| AttributeName::new(name).is_some() && !name.contains(';');
    if names.is_empty() || names.len() > 16 || !names.iter().all(good) {
        let why = "names between 1 and 16 object classes, such as `inetOrgPerson`";
        faults.push(SettingFault::at(&[table, "object_classes"], why));
        return None;
    }
    let one = names.iter().map(|name| Filter::equal(&dialect::OBJECT_CLASS, name.as_str()));
    Some(vec![Filter::Or(one.collect())])
}

fn check_limits(raw: &RawLimits, faults: &mut Vec<SettingFault>) {
    let mut bound = |key: &str, value: u64, min: u64, max: u64| {
        if !(min..=max).contains(&value) {
            faults.push(SettingFault::at(&["limits", key], format!("must lie between {min} and {max}")));
        }
    };
    bound("page_size", u64::from(raw.page_size), 1, 10_000);
    bound("list_max_people", raw.list_max_people as u64, 1, 1_000_000);
    bound("list_ttl_seconds", raw.list_ttl_seconds, 1, 3_600);
    bound("names_ttl_seconds", raw.names_ttl_seconds, 1, 3_600);
    bound("connect_timeout_ms", raw.connect_timeout_ms, 1, 60_000);
    bound("operation_timeout_ms", raw.operation_timeout_ms, 1, 600_000);
    bound("pool_idle_timeout_ms", raw.pool_idle_timeout_ms, 1, 600_000);
    bound("max_connections", raw.max_connections as u64, 1, 256);
}
