//! Names of attributes.

use std::borrow::Cow;
use std::fmt;

/// An attribute description (RFC 4512, section 2.5): a name or a dotted number, with options. At most 255 octets.
/// Compared without regard to case.
#[derive(Clone)]
pub struct AttributeName {
    text: Cow<'static, str>,
    /// First value asked for, in Active Directory's range retrieval.
    from: Option<u32>,
}

impl AttributeName {
    /// Asks for no attributes at all, only names of entries (RFC 4511, section 4.5.1.8). For [`super::Search`] only.
    pub const NONE: Self = Self::known("1.1");

    /// Checks and takes a description. `None` unless it is one: letters, digits and hyphens beginning with a letter, or
    /// numbers with dots, then options after semicolons.
    pub fn new(text: &str) -> Option<Self> {
        is_description(text.as_bytes()).then(|| Self { text: Cow::Owned(text.to_owned()), from: None })
    }

    /// A description that is in the program. Fails to compile in a constant, and panics elsewhere, unless it is one.
    pub const fn known(text: &'static str) -> Self {
        assert!(is_description(text.as_bytes()), "not an attribute description (RFC 4512, section 2.5)");
        Self { text: Cow::Borrowed(text), from: None }
    }

    /// Asks for the values from this position on (`member;range=1500-*`, Active Directory's range retrieval). The first
    /// value has position 0. Only the list of attributes of a search takes notice of it.
    #[must_use]
    pub fn from_position(&self, first: u32) -> Self {
        Self { text: self.text.clone(), from: Some(first) }
    }

    /// The description, without a range.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As it stands in the list of attributes of a search.
    pub(super) fn selector(&self) -> Cow<'_, str> {
        match self.from {
            None => Cow::Borrowed(&self.text),
            Some(first) => Cow::Owned(format!("{};range={first}-*", self.text)),
        }
    }
}

impl PartialEq for AttributeName {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text) && self.from == other.from
    }
}

impl Eq for AttributeName {}

impl fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `oid options` of RFC 4512, section 2.5, in one pass that can also run at compile time.
const fn is_description(text: &[u8]) -> bool {
    if text.is_empty() || text.len() > 255 {
        return false;
    }
    let mut end = 0;
    while end < text.len() && text[end] != b';' {
        end += 1;
    }
    if !is_oid(text, end) {
        return false;
    }
    // Options: one or more of letter, digit and hyphen after each semicolon.
    let mut at = end;
    while at < text.len() {
        at += 1;
        let start = at;
        while at < text.len() && text[at] != b';' {
            if !(text[at].is_ascii_alphanumeric() || text[at] == b'-') {
                return false;
            }
            at += 1;
        }
        if at == start {
            return false;
        }
    }
    true
}

/// Whether `text[..end]` is a `descr` or a `numericoid` (RFC 4512, section 1.4).
pub(super) const fn is_oid(text: &[u8], end: usize) -> bool {
    if end == 0 {
        return false;
    }
    let numeric = text[0].is_ascii_digit();
    if !numeric && !text[0].is_ascii_alphabetic() {
        return false;
    }
    let mut dots = 0;
    let mut at = 1;
    while at < end {
        let byte = text[at];
        let good = if numeric {
            byte.is_ascii_digit() || (byte == b'.' && text[at - 1] != b'.')
        } else {
            byte.is_ascii_alphanumeric() || byte == b'-'
        };
        if !good {
            return false;
        }
        if byte == b'.' {
            dots += 1;
        }
        at += 1;
    }
    !numeric || (dots > 0 && text[end - 1] != b'.')
}
