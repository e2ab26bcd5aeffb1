//! What a PROPFIND finds: the properties of items, independent of how a flavour writes them.

use jiff::Timestamp;

use crate::flavour::{Flavour, TagRule};
use crate::lock::Lock;
use crate::path::Path;
use crate::tree::{Kind, Node};
use crate::xml::{Ask, PropName};

/// One item of a listing.
pub(crate) struct Found<'a> {
    pub path: Path,
    /// `None` for a name that is only locked.
    pub node: Option<&'a Node>,
    pub locks: Vec<&'a Lock>,
}

/// What a multi-status answer is made from.
pub(crate) struct Listing<'a> {
    pub items: Vec<Found<'a>>,
    pub ask: &'a Ask,
    pub rule: TagRule,
    pub now: Timestamp,
    /// Octets that are free and used, where the product says.
    pub quota: (u64, u64),
}

/// The value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Collection(bool),
    SupportedLock,
    LockDiscovery,
}

/// Live properties that Apache shows, in its order.
pub(crate) const APACHE: [&str; 8] = [
    "resourcetype",
    "creationdate",
    "getcontentlength",
    "getlastmodified",
    "getetag",
    "supportedlock",
    "lockdiscovery",
    "getcontenttype",
];
/// Live properties that WsgiDAV shows, in its order.
pub(crate) const WSGIDAV: [&str; 11] = [
    "resourcetype",
    "creationdate",
    "quota-used-bytes",
    "quota-available-bytes",
    "getcontentlength",
    "getcontenttype",
    "getlastmodified",
    "displayname",
    "getetag",
    "lockdiscovery",
    "supportedlock",
];

impl Listing<'_> {
    fn names(&self) -> &'static [&'static str] {
        match self.rule.flavour {
            Flavour::Apache => &APACHE,
            Flavour::WsgiDav => &WSGIDAV,
        }
    }

    /// The properties that were asked of an item, in the order of the answer, each with its value or `None` when the
    /// item does not have it.
    pub fn values(&self, item: &Found<'_>) -> Vec<(PropName, Option<Value>)> {
        if let Ask::Props(names) = self.ask {
            return names.iter().map(|name| (name.clone(), self.value(item, name))).collect();
        }
        let dead = item.node.map(|node| &node.dead);
        let live = self.names().iter().map(|local| PropName::dav(local));
        live.chain(dead.into_iter().flat_map(|dead| dead.keys().cloned()))
            .filter(|name| !self.only_by_name(item, name))
            .filter_map(|name| self.value(item, &name).map(|value| (name, Some(value))))
            .collect()
    }

    /// Whether a property is shown to those who name it, but not to those who ask for everything.
    fn only_by_name(&self, item: &Found<'_>, name: &PropName) -> bool {
        let file = item.node.is_some_and(|node| !node.is_folder());
        self.rule.flavour == Flavour::WsgiDav && file && name.is_dav() && name.local.starts_with("quota-")
    }

    fn value(&self, item: &Found<'_>, name: &PropName) -> Option<Value> {
        if name.is_dav() && self.names().contains(&name.local.as_str()) {
            return self.live(item, &name.local);
        }
        item.node?.dead.get(name).cloned().map(Value::Text)
    }

    fn live(&self, item: &Found<'_>, local: &str) -> Option<Value> {
        match local {
            "resourcetype" => return Some(Value::Collection(item.node.is_some_and(Node::is_folder))),
            "supportedlock" => return Some(Value::SupportedLock),
            "lockdiscovery" => return Some(Value::LockDiscovery),
            _ => {}
        }
        let node = item.node?;
        let apache = self.rule.flavour == Flavour::Apache;
        let text = match (local, &node.kind) {
            ("creationdate", _) => node.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            ("getlastmodified", _) => crate::answer::http_date(node.modified),
            ("getcontentlength", Kind::File(content)) => content.length().to_string(),
            ("getetag", _) => {
                let tag = self.rule.tag(node, self.now)?;
                if apache { tag.header() } else { tag.octets }
            }
            ("getcontenttype", Kind::Folder(_)) if apache => "httpd/unix-directory".to_owned(),
            ("getcontenttype", Kind::File(_)) => self.rule.flavour.media_type(item.path.name()?)?.to_owned(),
            ("displayname", _) => item.path.name().unwrap_or("root").to_owned(),
            ("quota-available-bytes", Kind::Folder(_)) => self.quota.0.to_string(),
            ("quota-used-bytes", Kind::Folder(_)) => self.quota.1.to_string(),
            // WsgiDAV has these for files, too, but empty.
            ("quota-available-bytes" | "quota-used-bytes", Kind::File(_)) => String::new(),
            _ => return None,
        };
        Some(Value::Text(text))
    }
}
