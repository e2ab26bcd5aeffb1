//! People over LDAP v3 (RFC 4511): OpenLDAP, Active Directory and Samba, and servers like them.
//!
//! The folder's README is the fact sheet: what the systems do, their quirks, the settings, the fault table, and which
//! test proves what.
//!
//! Read in this order: [`settings`](mod@settings) → `dialect`, `id`, `time`, `account`, `map` (their shapes to ours) →
//! `directory`, `walk`, `links`, `photos`, `units` (questions) → `query`, `snapshot`, `listing` (lists) → `ops` (one file per
//! operation).

mod account;
mod dialect;
mod directory;
mod fault;
mod id;
mod links;
mod listing;
mod map;
mod photos;
mod query;
mod settings;
mod snapshot;
mod time;
mod units;
mod walk;

mod ops {
    mod check;
    mod find;
    mod get;
    mod groups;
    mod list;
    pub(crate) mod org_units;
    pub(crate) mod photo;
}

use std::time::Duration;

use portico_contract::people::{
    FindPeople, GetOrgUnit, GetPerson, GroupsOf, ListOrgUnits, ListPeople, ListReports, ReadPhoto,
};
use portico_contract::{
    Adapter, AdapterBuilder, AdapterKind, Capability, ListOrder, SettingFault, SystemKey,
};

use directory::Directory;

/// The adapter kind `ldap`.
pub const KIND: AdapterKind = AdapterKind {
    name: "ldap",
    summary: "People over LDAP v3: OpenLDAP, Active Directory, Samba",
    settings_schema: settings::schema,
    build,
};

fn build(system: SystemKey, settings: serde_json::Value) -> Result<Adapter, Vec<SettingFault>> {
    let settings = settings::read(settings)?;
    Ok(adapter(Directory::new(system, settings)))
}

fn adapter(directory: Directory) -> Adapter {
    let system = directory.system.clone();
    let quick = Capability::default();
    // The first page of a list reads all of it.
    let listing = Capability {
        filters: query::filters(),
        sorts: query::SORTS.to_vec(),
        natural_sort: Some(query::NATURAL),
        order: ListOrder::Keyset,
        deadline: Duration::from_secs(20),
        attempt_timeout: Duration::from_secs(15),
    };
    let units = Capability {
        filters: ops::org_units::filters(),
        sorts: vec!["name"],
        natural_sort: Some("name"),
        ..listing.clone()
    };
    let has_units = directory.settings.org_units.is_some();
    let has_groups = directory.settings.groups.is_some();
    let mut builder = AdapterBuilder::new(KIND.name, system, directory)
        .on::<ListPeople>(listing.clone())
        .on::<GetPerson>(quick.clone())
        .on::<FindPeople>(quick.clone())
        .on::<ListReports>(listing)
        .on::<ReadPhoto>(quick.clone());
    if has_units {
        builder = builder.on::<ListOrgUnits>(units).on::<GetOrgUnit>(quick.clone());
    }
    if has_groups {
        builder = builder.on::<GroupsOf>(quick);
    }
    builder.build()
}
