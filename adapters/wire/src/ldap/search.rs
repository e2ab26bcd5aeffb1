//! One search request.

use std::time::Duration;

use super::{AttributeName, Dn, Filter};

/// How far below the base a search goes (RFC 4511, section 4.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base entry alone.
    Base,
    /// The entries directly below it, without itself.
    One,
    /// It and everything below.
    Subtree,
}

/// Simple paged results (RFC 2696).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Entries wanted. OpenLDAP answers a size above its own cap with result 11 and nothing:
    /// [`super::Completeness::AdminLimit`] without entries.
    pub size: u32,
    /// Of the page before, *on the same [`super::Session`]*; empty for the first page.
    pub cookie: Vec<u8>,
}

/// One key of server-side sorting (RFC 2891).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The attribute.
    pub attribute: AttributeName,
    /// The ordering rule, where it is not the attribute's own.
    pub rule: Option<AttributeName>,
    /// Largest first.
    pub reverse: bool,
}

/// Content synchronisation in the mode `refreshOnly` (RFC 4533).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncRequest {
    /// Of the last run; `None` for everything.
    pub cookie: Option<Vec<u8>>,
    /// Refuse (result 4096, [`portico_contract::ErrorKind::Gone`]) instead of sending everything for a cookie that is too old.
    pub reload_hint: bool,
}

/// Active Directory's change tracking (control `1.2.840.113556.1.4.841`). Works on the root of a naming context only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirSync {
    /// Of the last run; empty for everything.
    pub cookie: Vec<u8>,
    /// Most octets wanted in one answer; 0 leaves it to the server.
    pub max_octets: u32,
    /// Sum of [`dir_sync_flags`].
    pub flags: u32,
}

/// Flags of [`DirSync`].
pub mod dir_sync_flags {
    /// Only what the account may read; without it the account needs the right to replicate the directory.
    pub const OBJECT_SECURITY: u32 = 0x1;
    /// Parents before children.
    pub const ANCESTORS_FIRST: u32 = 0x800;
    /// No secrets.
    pub const PUBLIC_DATA_ONLY: u32 = 0x2000;
    /// Only the changed values of attributes with several.
    pub const INCREMENTAL_VALUES: u32 = 0x8000_0000;
}

/// One search request (RFC 4511, section 4.5.1).
#[derive(Debug, Clone)]
pub struct Search {
    /// What is looked for, as the span names it: `people` gives `search people`.
    pub name: &'static str,
    /// Where to start.
    pub base: Dn,
    /// How far to go.
    pub scope: Scope,
    /// What to find.
    pub filter: Filter,
    /// The attributes wanted; empty: all that are not operational. [`AttributeName::NONE`]: none.
    pub attributes: Vec<AttributeName>,
    /// The operational attributes as well (RFC 3673), such as entryUUID and memberOf in OpenLDAP. Naming them in
    /// `attributes` asks for just those.
    pub operational: bool,
    /// Entries wanted at most; 0 for no limit of ours. What is cut is [`super::Completeness::SizeLimit`].
    pub size_limit: u32,
    /// Time that the *server* may take; `None`: what the call has left. What is cut is
    /// [`super::Completeness::TimeLimit`].
    pub time_limit: Option<Duration>,
    /// Paging.
    pub page: Option<Page>,
    /// Sorting by the server; empty for its own order. Critical: a server that cannot sort so refuses.
    pub sort: Vec<SortKey>,
    /// Content synchronisation.
    pub sync: Option<SyncRequest>,
    /// Active Directory's change tracking.
    pub dir_sync: Option<DirSync>,
    /// Deleted entries as well (Active Directory, control `1.2.840.113556.1.4.417`).
    pub show_deleted: bool,
    /// Names with their GUID and SID (Active Directory, control `1.2.840.113556.1.4.529`).
    pub extended_dn: bool,
    /// No referrals to other naming contexts (Active Directory, control `1.2.840.113556.1.4.1339`).
    pub domain_scope: bool,
}

impl Search {
    /// A search without limits and controls of its own, for all attributes that are not operational.
    pub fn new(name: &'static str, base: Dn, scope: Scope, filter: Filter) -> Self {
        Self {
            name,
            base,
            scope,
            filter,
            attributes: Vec::new(),
            operational: false,
            size_limit: 0,
            time_limit: None,
            page: None,
            sort: Vec::new(),
            sync: None,
            dir_sync: None,
            show_deleted: false,
            extended_dn: false,
            domain_scope: false,
        }
    }

    /// Reads the root entry of the server (RFC 4512, section 5.1): naming contexts, controls, features.
    pub fn root_dse() -> Self {
        let object_class = AttributeName::known("objectClass");
        let mut search = Self::new("root", Dn::root(), Scope::Base, Filter::Present(object_class));
        search.operational = true;
        search
    }
}
