//! Settings: raw as written, then validated into a client and bounds, every fault at once.

mod attributes;
mod parse;
mod raw;
mod reach;

use std::time::Duration;

use portico_contract::SettingFault;
use portico_wire::ldap::{AttributeName, Client, Dn, Filter};
use serde_json::Value;

use crate::dialect;
pub(crate) use attributes::Attributes;
pub(crate) use raw::{Dialect, MemberOf};
use raw::{Raw, RawLimits, RawOrgUnits, RawPeople};

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
    /// What the unit at the base is called, whatever its entry says.
    pub(crate) top_unit_name: Option<String>,
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
        top_unit_name: raw.org_units.and_then(|units| units.top_unit_name),
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
    if raw.top_unit_name.as_ref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 200) {
        let why = "must have between 1 and 200 characters; leave it out to show the name of the entry";
        faults.push(SettingFault::at(&["org_units", "top_unit_name"], why));
    }
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
