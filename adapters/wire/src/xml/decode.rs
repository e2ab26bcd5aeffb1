//! From octets to text: one declared encoding, and no contradiction about it.

use std::borrow::Cow;

use portico_contract::{Error, ErrorKind};

use super::chars::{Fault, all_chars};
use super::{Limits, Reader, declaration};

/// The encoding that an adapter expects of its system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8: the rule.
    #[default]
    Utf8,
    /// ISO-8859-1: for a system that is known to use it.
    Latin1,
}

impl Encoding {
    fn is_named(self, name: &str, octets: &[u8]) -> bool {
        match self {
            Self::Utf8 => {
                name.eq_ignore_ascii_case("utf-8")
                    || (name.eq_ignore_ascii_case("us-ascii") && octets.is_ascii())
            }
            Self::Latin1 => name.eq_ignore_ascii_case("iso-8859-1"),
        }
    }
}

/// A decoded document that can be read.
#[derive(Debug)]
pub struct Document<'b> {
    text: Cow<'b, str>,
}

impl<'b> Document<'b> {
    /// Decodes octets. `charset` is the parameter of the media type, where there was one (RFC 7303, section 3).
    ///
    /// # Errors
    /// `InvalidResponse` when byte-order mark, declaration, media type and octets contradict each other or the expected
    /// encoding, or when a character is none of XML's.
    pub fn decode(octets: &'b [u8], encoding: Encoding, charset: Option<&str>) -> Result<Self, Error> {
        Self::read(octets, encoding, charset).map_err(|(expected, found)| fault("the start", expected, found))
    }

    fn read(octets: &'b [u8], encoding: Encoding, charset: Option<&str>) -> Result<Self, Fault> {
        if charset.is_some_and(|name| !encoding.is_named(name.trim_matches('"'), octets)) {
            return Err(("the agreed encoding", "a media type that names another"));
        }
        let (marked, rest) = match octets {
            [0xEF, 0xBB, 0xBF, rest @ ..] => (true, rest),
            [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, ..] | [_, 0, ..] => {
                return Err(("the agreed encoding", "UTF-16 or UTF-32"));
            }
            rest => (false, rest),
        };
        if marked && encoding != Encoding::Utf8 {
            return Err(("the agreed encoding", "a byte-order mark of UTF-8"));
        }
        let text = match encoding {
            Encoding::Utf8 => {
                Cow::Borrowed(std::str::from_utf8(rest).map_err(|_| ("UTF-8", "octets that are not UTF-8"))?)
            }
            Encoding::Latin1 => Cow::Owned(rest.iter().copied().map(char::from).collect()),
        };
        if text.starts_with('\u{FEFF}') || !all_chars(&text) {
            return Err(("characters of XML", "a character that XML excludes"));
        }
        if let Some(end) = text.find("?>").filter(|_| text.starts_with("<?xml")) {
            // `<?xml-stylesheet` is an ordinary processing instruction.
            let declared = text[5..].starts_with([' ', '\t', '\r', '\n']);
            let named = if declared { declaration::parse(&text[..end + 2])? } else { None };
            if named.is_some_and(|name| !encoding.is_named(name, rest)) {
                return Err(("the agreed encoding", "a declaration that names another"));
            }
        }
        Ok(Self { text })
    }

    /// Reads it from the start. `known` are the local names of elements that an error message may show.
    pub fn reader(&self, limits: Limits, known: &'static [&'static str]) -> Reader<'_> {
        Reader::new(&self.text, limits, known)
    }
}

pub(super) fn fault(path: &str, expected: &str, found: &str) -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        format!("The XML of the system behind cannot be used at {path}: expected {expected}, found {found}."),
    )
}
