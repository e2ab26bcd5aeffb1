//! People over LDAP v3 (RFC 4511): OpenLDAP, Active Directory and Samba, and servers like them.
//!
//! The folder's README is the fact sheet: what the systems do, their quirks, the settings, the fault table, and which
//! test proves what.
//!
//! Read in this order: [`settings`](mod@settings) → `dialect`, `id`, `time`, `account`, `map` (their shapes to ours) →
//! `directory`, `walk`, `links`, `photos`, `units` (questions) → `query`, `push_down`, `snapshot`, `listing` (lists) → `ops` (one file per
//! operation).

mod account;
mod changes;
mod dialect;
mod directory;
mod fault;
mod id;
mod links;
mod listing;
mod map;
mod photos;
mod push_down;
mod query;
mod root;
mod settings;
mod snapshot;
mod time;
mod units;
mod walk;

mod ops {
    mod check;
    mod find;
    mod get;
    pub(crate) mod groups;
    mod list;
    pub(crate) mod org_units;
    pub(crate) mod photo;
}

use std::time::Duration;

use portico_contract::people::{
    FindPeople, GetOrgUnit, GetPerson, GroupsOf, ListOrgUnits, ListPeople, ListReports, PeopleChanges,
    ReadPhoto,
};
use portico_contract::{
    Adapter, AdapterBuilder, AdapterKind, Capability, ListOrder, SettingFault, SystemKey,
};
use portico_schemas::ChangeDetection;

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

/// How long it may take to tell everybody.
const TELLING: Duration = Duration::from_secs(600);

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
    // Everybody is read for it, a hundred thousand people too.
    let telling = Capability { deadline: TELLING, attempt_timeout: TELLING, ..Capability::default() };
    let units = Capability {
        filters: ops::org_units::filters(),
        sorts: vec!["name"],
        natural_sort: Some("name"),
        order: ListOrder::Keyset,
        ..Capability::default()
    };
    let has_units = directory.settings.org_units.is_some();
    let has_groups = directory.settings.groups.is_some();
    let certificate = directory.settings.client.peer_certificate();
    let mut builder = AdapterBuilder::new(KIND.name, system, directory)
        .peer_certificate(certificate)
        .on::<ListPeople>(listing.clone())
        .on::<GetPerson>(quick.clone())
        .on::<FindPeople>(quick.clone())
        .on::<ListReports>(listing)
        .on::<ReadPhoto>(quick.clone())
        .on::<PeopleChanges>(telling)
        .change_detection(ChangeDetection::Native)
        .quirk("A person's manager and unit are shown as they were up to a minute ago.")
        .quirk("A list is kept in its order for two minutes; after that the next page is read again.")
        .quirk("Directories that cannot tell changes are read whole each time.");
    if has_units {
        builder = builder.on::<ListOrgUnits>(units).on::<GetOrgUnit>(quick.clone());
    }
    if has_groups {
        builder = builder.on::<GroupsOf>(quick);
    }
    builder.build()
}

#[cfg(test)]
mod tests;
