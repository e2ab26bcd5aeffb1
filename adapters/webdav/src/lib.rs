//! Documents over WebDAV (RFC 4918): Apache mod_dav, WsgiDAV, and servers like them.
//!
//! The folder's README is the fact sheet: what the system does, its quirks, the settings, the fault table.
//!
//! Read in this order: [`settings`](mod@settings) → `client` (requests) → `propfind` (their shapes) → `map` (ours) →
//! `ops` (one file per operation).

mod client;
mod fault;
mod location;
mod map;
mod precondition;
mod propfind;
mod query;
mod settings;
mod walk;
mod writing;

mod ops {
    mod check;
    mod children;
    mod copy;
    mod create_folder;
    mod delete;
    mod get;
    mod list;
    mod move_to;
    mod name_child;
    mod read_content;
    mod write_content;
}

use std::time::Duration;

use portico_contract::documents::{
    CopyDocument, CreateFolder, DeleteDocument, GetDocument, ListChildren, ListDocuments, MoveDocument,
    NameChild, ReadContent, WriteContent,
};
use portico_contract::{
    Adapter, AdapterBuilder, AdapterKind, Capability, ListOrder, Reconciliation, SettingFault, SystemKey,
};
use portico_schemas::ChangeDetection;

use client::Dav;

/// The adapter kind `webdav`.
pub const KIND: AdapterKind = AdapterKind {
    name: "webdav",
    summary: "Documents and folders over WebDAV (RFC 4918), for example Apache mod_dav",
    settings_schema: settings::schema,
    build,
};

fn build(system: SystemKey, settings: serde_json::Value) -> Result<Adapter, Vec<SettingFault>> {
    Ok(adapter(system, Dav::new(settings::read(settings)?)))
}

/// How long an upload may take: there is no answer before its end.
const UPLOAD: Duration = Duration::from_secs(600);

fn adapter(system: SystemKey, dav: Dav) -> Adapter {
    let listing = Capability {
        filters: query::filters(),
        sorts: vec!["path"],
        natural_sort: Some("path"),
        order: ListOrder::Keyset,
        ..Capability::default()
    };
    let children = Capability { sorts: query::CHILD_SORTS.to_vec(), ..listing.clone() };
    let quick = Capability::default();
    // A folder is copied or deleted with all that is in it before there is an answer.
    let deep = Capability {
        deadline: Duration::from_secs(60),
        attempt_timeout: Duration::from_secs(50),
        ..Capability::default()
    };
    let upload = Capability { deadline: UPLOAD, attempt_timeout: UPLOAD, ..Capability::default() };
    let certificate = dav.client.peer_certificate();
    AdapterBuilder::new(KIND.name, system, dav)
        .peer_certificate(certificate)
        .on::<ListDocuments>(listing)
        .on::<ListChildren>(children)
        .on::<GetDocument>(quick.clone())
        .on::<ReadContent>(quick.clone())
        .on::<NameChild>(quick.clone())
        .on::<WriteContent>(upload)
        .on::<CreateFolder>(quick)
        .on::<MoveDocument>(deep.clone())
        .on::<CopyDocument>(deep.clone())
        .on::<DeleteDocument>(deep)
        .change_detection(ChangeDetection::SnapshotDifference)
        .reconciliation(Reconciliation::ByKey)
        .id_follows_path()
        .uniform_facts()
        .quirk("The id of a document is its path: it changes when the document, or a folder around it, is moved or renamed.")
        .quirk("A listing of all documents walks the folders; a page may hold fewer items than asked for, or none, and still go on.")
        .quirk("Names that hold an escaped slash, a control character or octets that are not UTF-8 cannot be addressed and are left out of listings.")
        .quirk("Changes made in the store itself are found by comparing listings, not announced by it.")
        .build()
}

#[cfg(test)]
mod tests;
