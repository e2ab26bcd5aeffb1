//! Distinguished names (RFC 4514).

use std::fmt;
use std::hash::{Hash, Hasher};

use super::{AttributeName, Uuid};

mod parse;

/// Octets that a name may have.
const MAX_TEXT: usize = 16 * 1024;
/// Parts that a name may have.
const MAX_PARTS: usize = 128;

/// A distinguished name: parsed, or built from typed values. Compared without regard to case, to spaces in a row, to how
/// characters are escaped and to the order inside a part, as nearly all attributes used in names compare. `Debug`
/// hides it, because it names a person.
#[derive(Clone, Default)]
pub struct Dn {
    text: String,
    /// The same name in the one form in which equal names are equal.
    normal: String,
    /// Where each part starts in `text` and in `normal`.
    starts: Vec<(u32, u32)>,
}

/// Why a text is no distinguished name. Never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DnError {
    /// An attribute type, `=` or a value is missing or malformed.
    #[error("a part of the name is not written `attribute=value` (RFC 4514)")]
    Malformed,
    /// A backslash is followed by neither a special character nor two hexadecimal digits.
    #[error("an escape in the name is malformed (RFC 4514, section 2.4)")]
    Escape,
    /// More than 16 KiB or 128 parts.
    #[error("the name is longer than 16 KiB or 128 parts")]
    TooLong,
}

impl Dn {
    /// The empty name: of the root of a server.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a name as RFC 4514 writes it. Spaces around `,`, `+` and `=` are taken as well. Empty: the root.
    ///
    /// # Errors
    /// It is no name, or too long.
    pub fn parse(text: &str) -> Result<Self, DnError> {
        parse::whole(text)
    }

    /// The entry of this name below this one; the value is escaped.
    ///
    /// # Errors
    /// [`DnError::Malformed`] for an empty value, [`DnError::TooLong`].
    pub fn child(&self, attribute: &AttributeName, value: &str) -> Result<Self, DnError> {
        let mut text = format!("{}=", attribute.as_str());
        parse::escape_into(value, &mut text);
        if !self.is_root() {
            text.push(',');
            text.push_str(&self.text);
        }
        Self::parse(&text)
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name in the form in which equal names are equal octet by octet: a key for maps. Not to be sent.
    pub fn normal(&self) -> &str {
        &self.normal
    }

    /// Whether this is the empty name.
    pub fn is_root(&self) -> bool {
        self.starts.is_empty()
    }

    /// How many parts the name has; 0 for the root.
    pub fn depth(&self) -> usize {
        self.starts.len()
    }

    /// The name one level up; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let _own = self.starts.first()?;
        let Some(&(text, normal)) = self.starts.get(1) else { return Some(Self::root()) };
        Some(Self {
            text: self.text.get(text as usize..)?.to_owned(),
            normal: self.normal.get(normal as usize..)?.to_owned(),
            starts: self.starts[1..].iter().map(|(t, n)| (t - text, n - normal)).collect(),
        })
    }

    /// The names above this one, the nearest first, without the root: as [`Dn::normal`] writes them.
    pub fn above(&self) -> impl Iterator<Item = &str> {
        self.starts.iter().skip(1).filter_map(|(_, start)| self.normal.get(*start as usize..))
    }

    /// The attribute type of the first part, as written; `None` for the root.
    pub fn rdn_attribute(&self) -> Option<&str> {
        let (attribute, _) = self.first_part()?.split_once('=')?;
        Some(attribute.trim_matches(' '))
    }

    /// The value of the first part, without escapes; of the first attribute, where the part has several. `None` for the root
    /// and for a value that is not UTF-8.
    pub fn rdn_value(&self) -> Option<String> {
        parse::first_value(self.first_part()?)
    }

    /// Whether this name is `base` or below it. Everything is below the root.
    pub fn is_under(&self, base: &Self) -> bool {
        let Some(above) = self.starts.len().checked_sub(base.starts.len()) else { return false };
        match self.starts.get(above) {
            None => true,
            Some(&(_, start)) => self.normal.get(start as usize..) == Some(base.normal.as_str()),
        }
    }

    /// With the comma behind it, where there is one: reading it stops there.
    fn first_part(&self) -> Option<&str> {
        let &(start, _) = self.starts.first()?;
        let end = self.starts.get(1).map_or(self.text.len(), |(next, _)| *next as usize);
        self.text.get(start as usize..end)
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for Dn {}

impl Hash for Dn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal.hash(state);
    }
}

impl PartialOrd for Dn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.normal.cmp(&other.normal)
    }
}

impl fmt::Debug for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dn(…{} parts)", self.starts.len())
    }
}

/// A name in Active Directory's extended form: `<GUID=…>;<SID=…>;CN=…`. A plain name is one without GUID and SID.
#[derive(Clone, PartialEq, Eq)]
pub struct ExtendedDn {
    /// The octets of the objectGUID, in Microsoft's order.
    pub guid: Option<Uuid>,
    /// The objectSid as sent: `S-1-5-…`, or its octets in hexadecimal digits.
    pub sid: Option<String>,
    /// The name itself.
    pub dn: Dn,
}

impl ExtendedDn {
    /// Reads a name in the extended or the plain form.
    ///
    /// # Errors
    /// It is neither, or too long.
    pub fn parse(text: &str) -> Result<Self, DnError> {
        let (mut rest, mut guid, mut sid) = (text, None, None);
        while let Some(inside) = rest.strip_prefix('<') {
            let (component, after) = inside.split_once('>').ok_or(DnError::Malformed)?;
            let (key, value) = component.split_once('=').ok_or(DnError::Malformed)?;
            match key {
                "GUID" => guid = Some(parse::guid(value).ok_or(DnError::Malformed)?),
                "SID" => sid = Some(value.to_owned()),
                _ => {}
            }
            rest = after.strip_prefix(';').unwrap_or(after);
        }
        Ok(Self { guid, sid, dn: Dn::parse(rest)? })
    }
}

impl fmt::Debug for ExtendedDn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtendedDn(…{} parts)", self.dn.depth())
    }
}

#[cfg(test)]
mod tests;
