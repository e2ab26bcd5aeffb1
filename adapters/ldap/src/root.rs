//! The root entry of a server (RFC 4512, section 5.1): what it is and what it can do.

use portico_contract::{CallContext, Error};
use portico_wire::ldap::{Dn, Entry, Search};

use crate::directory::Directory;

/// Content synchronisation (RFC 4533).
pub(crate) const SYNC: &str = "1.3.6.1.4.1.4203.1.9.1.1";
/// Simple paged results (RFC 2696).
pub(crate) const PAGING: &str = "1.2.840.113556.1.4.319";
/// DirSync (MS-ADTS, section 3.1.1.3.4.1.3).
pub(crate) const DIR_SYNC: &str = "1.2.840.113556.1.4.841";

/// What a server says about itself.
#[derive(Debug, Default)]
pub(crate) struct Root {
    /// Where its data starts.
    pub(crate) contexts: Vec<Dn>,
    controls: Vec<String>,
    /// What it calls itself, where it does.
    pub(crate) vendor: Option<String>,
    /// Active Directory: which of the domain controllers it is.
    pub(crate) server: Option<String>,
    /// Active Directory: how far this controller has counted its changes.
    pub(crate) usn: Option<u64>,
    pub(crate) is_active_directory: bool,
    pub(crate) is_openldap: bool,
}

impl Root {
    pub(crate) fn of(entry: &Entry) -> Self {
        let text = |name: &str| entry.first_text(name).map(printable);
        let vendor = match (text("vendorName"), text("vendorVersion")) {
            (Some(name), Some(version)) => Some(format!("{name} {version}")),
            (name, version) => name.or(version),
        };
        let has = |name: &str, value: &str| entry.texts(name).any(|text| text.eq_ignore_ascii_case(value));
        let is_active_directory = has("supportedCapabilities", "1.2.840.113556.1.4.800");
        let is_openldap =
            has("structuralObjectClass", "OpenLDAProotDSE") || has("objectClass", "OpenLDAProotDSE");
        Self {
            contexts: entry.texts("namingContexts").filter_map(|text| Dn::parse(text).ok()).collect(),
            controls: entry.texts("supportedControl").map(str::to_owned).collect(),
            vendor: vendor.or_else(|| {
                let known = [(is_openldap, "OpenLDAP"), (is_active_directory, "Active Directory")];
                known.into_iter().find(|(is, _)| *is).map(|(_, name)| name.to_owned())
            }),
            server: entry.first_text("dsServiceName").map(str::to_owned),
            usn: entry.first_text("highestCommittedUSN").and_then(|text| text.parse().ok()),
            is_active_directory,
            is_openldap,
        }
    }

    pub(crate) fn has(&self, control: &str) -> bool {
        self.controls.iter().any(|there| there == control)
    }

    /// The naming context that an entry lies in: the innermost.
    pub(crate) fn context_of(&self, dn: &Dn) -> Option<&Dn> {
        self.contexts.iter().filter(|context| dn.is_under(context)).max_by_key(|context| context.depth())
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

impl Directory {
    /// Reads the root entry. Of a server that hides it nothing is known.
    pub(crate) async fn root(&self, context: &CallContext) -> Result<Root, Error> {
        let found = self.ask(context, &Search::root_dse()).await?;
        Ok(found.entries.first().map(Root::of).unwrap_or_default())
    }
}
