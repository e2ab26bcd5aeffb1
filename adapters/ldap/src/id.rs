//! Stable ids: an entryUUID, or an objectGUID, as the text that everybody writes.

use std::fmt;

use portico_contract::{Error, ErrorKind, NativeId};
use portico_wire::ldap::{Entry, Filter, Value};

use crate::settings::Dialect;

/// The id of an entry, its octets in the order in which they are written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id([u8; 16]);

impl Id {
    /// The id that an entry of this dialect has; `None` when it has none that we may read.
    pub(crate) fn of(entry: &Entry, dialect: Dialect) -> Option<Self> {
        match dialect {
            Dialect::OpenLdap => Self::parse(entry.first_text(dialect.id().as_str())?),
            Dialect::ActiveDirectory => {
                let octets: [u8; 16] = entry.first_octets(dialect.id().as_str())?.try_into().ok()?;
                Some(Self::from_microsoft(octets))
            }
        }
    }

    /// An entryUUID as content sync sends it.
    pub(crate) fn from_octets(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// An objectGUID: its first three groups are numbers with the least octet first (MS-DTYP, section 2.3.4.2).
    pub(crate) fn from_microsoft(octets: [u8; 16]) -> Self {
        Self(swapped(octets))
    }

    /// Reads `831162cc-7ab7-1041-873f-83520559fbe9`, in either case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return None;
        }
        let mut octets = [0; 16];
        let mut at = 0;
        for octet in &mut octets {
            if matches!(at, 8 | 13 | 18 | 23) {
                if bytes[at] != b'-' {
                    return None;
                }
                at += 1;
            }
            *octet = hex(bytes[at])? << 4 | hex(bytes[at + 1])?;
            at += 2;
        }
        Some(Self(octets))
    }

    /// The id behind a native id. One that we cannot have given out names nobody.
    pub(crate) fn of_native(native: &NativeId) -> Result<Self, Error> {
        Self::parse(native.as_str()).filter(|id| id.to_string() == native.as_str()).ok_or_else(not_found)
    }

    /// The native id.
    pub(crate) fn native(self) -> NativeId {
        // 36 characters always fit.
        NativeId::new(&self.to_string()).unwrap_or_else(|| unreachable!("an id has 36 characters"))
    }

    /// The condition that an entry has this id.
    pub(crate) fn filter(self, dialect: Dialect) -> Filter {
        match dialect {
            Dialect::OpenLdap => Filter::equal(&dialect.id(), self.to_string()),
            Dialect::ActiveDirectory => Filter::equal(&dialect.id(), Value::octets(swapped(self.0))),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let (mut text, mut at) = ([b'-'; 36], 0);
        for (place, octet) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = DIGITS[usize::from(octet >> 4)];
            text[at + 1] = DIGITS[usize::from(octet & 15)];
            at += 2;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Id(…)")
    }
}

fn swapped(mut octets: [u8; 16]) -> [u8; 16] {
    octets[0..4].reverse();
    octets[4..6].reverse();
    octets[6..8].reverse();
    octets
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// There is nobody with this id.
pub(crate) fn not_found() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "There is no such person in the directory; the entry may have been deleted.",
    )
}
