//! Positions in a directory's changes, as they are written.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use portico_contract::paging::Position;
use sha2::{Digest as _, Sha256};

use crate::map;

/// A position in the changes of a directory. Nothing in it is bound to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Since {
    /// The cookie of content sync.
    Sync(Vec<u8>),
    /// The cookie of DirSync.
    DirSync(Vec<u8>),
    /// The count of one domain controller. Another one counts differently.
    Usn {
        /// A digest of its name.
        server: String,
        /// The last change that was told.
        usn: u64,
    },
}

impl Since {
    pub(crate) fn usn(server: &str, usn: u64) -> Self {
        Self::Usn { server: map::short(&Sha256::digest(server)), usn }
    }

    /// Reads a position; `None` when it is none of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let cookie = || BASE64_STANDARD_NO_PAD.decode(rest).ok().filter(|cookie| !cookie.is_empty());
        match kind {
            "sync" => cookie().map(Self::Sync),
            "dirsync" => cookie().map(Self::DirSync),
            "usn" => {
                let (server, usn) = rest.split_once(':')?;
                Some(Self::Usn { server: server.to_owned(), usn: usn.parse().ok()? })
            }
            _ => None,
        }
    }

    /// Writes it; `None` when it is longer than a position may be (a DirSync cookie grows with the number of domain
    /// controllers): everything is told each time then.
    pub(crate) fn position(&self) -> Option<Position> {
        Position::new(match self {
            Self::Sync(cookie) => format!("sync:{}", BASE64_STANDARD_NO_PAD.encode(cookie)),
            Self::DirSync(cookie) => format!("dirsync:{}", BASE64_STANDARD_NO_PAD.encode(cookie)),
            Self::Usn { server, usn } => format!("usn:{server}:{usn}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_as_they_were() {
        let all = [
            Since::Sync(b"rid=000,csn=20261122115755.020297Z#000000#000#000000".to_vec()),
            Since::DirSync(vec![0, 255, 7]),
            Since::usn("CN=NTDS Settings,CN=DC1", 5_044),
        ];
        for since in all {
            let position = since.position().expect("short enough");
            assert_eq!(Since::parse(position.as_str()), Some(since));
        }
        assert_eq!(Since::DirSync(vec![1; 900]).position(), None);
        for garbage in ["", "sync:", "sync:***", "usn:a:b", "usn:1", "moon:aa", "dirsync"] {
            assert_eq!(Since::parse(garbage), None, "{garbage}");
        }
    }
}
