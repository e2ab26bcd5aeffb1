//! How the products differ: entity tags, properties, words.

pub(crate) mod apache;
pub(crate) mod wsgidav;

use std::time::Duration;

use jiff::Timestamp;

use crate::answer::{Answer, Made, Refusal};
use crate::condition::Tag;
use crate::lock::Lock;
use crate::path::Path;
use crate::property::Listing;
use crate::tree::{Kind, Node};
use crate::xml::{Change, PropName};

/// Which product a simulator stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Apache mod_dav 2.4 with mod_dav_fs.
    Apache,
    /// WsgiDAV 4.4 with its file system provider.
    WsgiDav,
}

/// How an entity tag is made and shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TagRule {
    pub flavour: Flavour,
    pub weak_window: Duration,
}

impl TagRule {
    /// The tag of an item now. WsgiDAV has none for folders.
    pub fn tag(self, node: &Node, now: Timestamp) -> Option<Tag> {
        let length = match &node.kind {
            Kind::File(content) => Some(content.length()),
            Kind::Folder(_) => None,
        };
        match self.flavour {
            Flavour::Apache => {
                let octets = format!("{:x}-{:x}", length.unwrap_or(4_096), node.modified.as_microsecond());
                let age = Duration::try_from(now.duration_since(node.modified)).unwrap_or_default();
                Some(Tag { weak: age <= self.weak_window, octets })
            }
            Flavour::WsgiDav => {
                let (serial, modified) = (node.serial, node.modified.as_second());
                length.map(|length| Tag { weak: false, octets: format!("{serial}-{modified}-{length}") })
            }
        }
    }
}

impl Flavour {
    /// What the `Server` header says.
    pub(crate) fn server(self) -> &'static str {
        match self {
            Self::Apache => "Apache/2.4.71 (simulator)",
            Self::WsgiDav => "WsgiDAV/4.4.0 (simulator)",
        }
    }

    pub(crate) fn href(self, path: &Path, folder: bool) -> String {
        path.href(folder, self == Self::Apache)
    }

    pub(crate) fn refuse(self, refusal: &Refusal, now: Timestamp, origin: &str) -> Answer {
        match self {
            Self::Apache => apache::refuse(refusal, origin),
            Self::WsgiDav => wsgidav::refuse(refusal, now),
        }
    }

    /// 201. `shown` is the path as the answer repeats it.
    pub(crate) fn created(
        self,
        made: Made,
        shown: &str,
        tag: Option<&Tag>,
        now: Timestamp,
        origin: &str,
    ) -> Answer {
        match self {
            Self::Apache => apache::created(made, shown, origin),
            Self::WsgiDav => wsgidav::created(tag, now),
        }
    }

    /// 204. Only WsgiDAV says the new tag.
    pub(crate) fn changed(self, tag: Option<&Tag>) -> Answer {
        match self {
            Self::Apache => crate::answer::answer(204, &[], ""),
            Self::WsgiDav => wsgidav::changed(tag),
        }
    }

    pub(crate) fn multistatus(self, listing: &Listing<'_>) -> Answer {
        match self {
            Self::Apache => apache::multistatus(listing),
            Self::WsgiDav => wsgidav::multistatus(listing),
        }
    }

    /// The answer to a PROPPATCH. `refused` are the properties that cannot be set; if there are any, nothing was.
    pub(crate) fn patched(self, href: &str, changes: &[Change], refused: &[&PropName]) -> Answer {
        match self {
            Self::Apache => apache::patched(href, changes, refused),
            Self::WsgiDav => wsgidav::patched(href, changes, refused),
        }
    }

    /// The answer to a LOCK: new with its token in a header, or refreshed.
    pub(crate) fn locked(self, lock: &Lock, new: bool, made: bool, now: Timestamp) -> Answer {
        match self {
            Self::Apache => apache::locked(lock, new, now),
            Self::WsgiDav => wsgidav::locked(lock, new, made, now),
        }
    }

    /// A token that was not given out before.
    pub(crate) fn token(self, number: u64) -> String {
        let mixed = [1u64, 2, 3, 4].map(|part| mix(number.wrapping_mul(4).wrapping_add(part)));
        let hex: String = mixed.iter().map(|part| format!("{part:016x}")).collect();
        match self {
            Self::Apache => format!(
                "opaquelocktoken:{}-{}-4{}-8{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[13..16],
                &hex[17..20],
                &hex[20..32]
            ),
            Self::WsgiDav => format!("opaquelocktoken:0x{hex}"),
        }
    }

    /// The media type that the product derives from a name; it never keeps the one that was sent.
    pub(crate) fn media_type(self, name: &str) -> Option<&'static str> {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let (plain, with_charset) = match extension.as_deref() {
            Some("txt") => ("text/plain", "text/plain; charset=utf-8"),
            Some("md") => ("text/markdown", "text/markdown; charset=utf-8"),
            Some("csv") => ("text/csv", "text/csv; charset=utf-8"),
            Some("html" | "htm") => ("text/html", "text/html; charset=utf-8"),
            Some("pdf") => ("application/pdf", "application/pdf"),
            Some("xml") => ("application/xml", "application/xml; charset=utf-8"),
            Some("json") => ("application/json", "application/json; charset=utf-8"),
            Some("png") => ("image/png", "image/png"),
            Some("jpg" | "jpeg") => ("image/jpeg", "image/jpeg"),
            Some("odt") => {
                let odt = "application/vnd.oasis.opendocument.text";
                (odt, odt)
            }
            _ => return (self == Self::WsgiDav).then_some("application/octet-stream"),
        };
        Some(if self == Self::Apache { plain } else { with_charset })
    }
}

/// splitmix64: spreads small numbers over all 64 bits.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
