//! One message from the server: is it of a size, a depth and lengths that it may be read? Nothing is decoded before.

use portico_contract::{Error, ErrorKind};

use super::ber::{Header, SEQUENCE, header};
use super::message::Message;

/// Octets that one message may have at most.
pub(super) const MAX_FRAME: usize = 4 * 1024 * 1024;
/// How deep elements may be nested.
pub(super) const MAX_DEPTH: usize = 64;
/// Elements of one message.
pub(super) const MAX_ELEMENTS: usize = 262_144;

/// Why a message was not taken. The connection has ended with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violation {
    /// It does not begin like a message of LDAP.
    NotLdap,
    /// A length is indefinite, which LDAP forbids.
    Indefinite,
    /// A tag or a length cannot be LDAP's, or an element reaches past the one around it.
    Lengths,
    /// Larger than this many octets.
    Frame(usize),
    /// Nested too deeply.
    Depth,
    /// Too many elements.
    Elements,
    /// Well-formed, but not shaped as RFC 4511 says.
    Shape,
    /// It answers something else than what was asked.
    Unexpected,
    /// More entries than this.
    Entries(usize),
    /// More octets in one result than this.
    Octets(u64),
}

impl Violation {
    /// The failure as the caller sees it. Names the limit.
    pub(super) fn error(self) -> Error {
        let invalid = |detail| Error::new(ErrorKind::InvalidResponse, detail);
        let exceeded = |detail: String| Error::new(ErrorKind::LimitExceeded, detail);
        match self {
            Self::NotLdap => invalid("The directory did not answer in LDAP."),
            Self::Indefinite => {
                invalid("A message of the directory has an indefinite length, which LDAP forbids.")
            }
            Self::Lengths => invalid("The lengths in a message of the directory contradict each other."),
            Self::Shape => invalid("A message of the directory is not shaped as LDAP says."),
            Self::Unexpected => invalid("The directory answered something that it was not asked."),
            Self::Frame(most) => {
                exceeded(format!("A message of the directory is larger than {most} octets."))
            }
            Self::Depth => {
                exceeded(format!("A message of the directory is nested more than {MAX_DEPTH} deep."))
            }
            Self::Elements => {
                exceeded(format!("A message of the directory has more than {MAX_ELEMENTS} elements."))
            }
            Self::Entries(most) => {
                exceeded(format!("The directory sent more than {most} entries; ask for pages, or for less."))
            }
            Self::Octets(most) => {
                exceeded(format!("The directory sent more than {most} octets; ask for pages, or for less."))
            }
        }
    }
}

/// How many octets the message at the start of `bytes` has; `None` while that cannot be told.
pub(super) fn length(bytes: &[u8], max_frame: usize) -> Result<Option<usize>, Violation> {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Err(Violation::NotLdap);
    }
    match header(bytes) {
        Header::Incomplete => Ok(None),
        Header::Indefinite => Err(Violation::Indefinite),
        Header::Unusable => Err(Violation::Lengths),
        Header::Whole { head, content, .. } => match head.checked_add(content) {
            Some(length) if length <= max_frame => Ok(Some(length)),
            _ => Err(Violation::Frame(max_frame)),
        },
    }
}

/// Checks one whole message and reads it.
pub(super) fn check(frame: &[u8]) -> Result<Message<'_>, Violation> {
    nesting(frame)?;
    Message::read(frame).ok_or(Violation::Shape)
}

/// Walks over every element without recursion: lengths fit into each other, depth and number are bounded.
fn nesting(frame: &[u8]) -> Result<(), Violation> {
    let mut ends = [0_usize; MAX_DEPTH];
    let (mut depth, mut at, mut elements) = (0, 0, 0);
    loop {
        while depth > 0 && at == ends[depth - 1] {
            depth -= 1;
        }
        if at == frame.len() {
            return Ok(());
        }
        let end = if depth == 0 { frame.len() } else { ends[depth - 1] };
        let (tag, head, content) = match header(&frame[at..end]) {
            Header::Whole { tag, head, content } => (tag, head, content),
            Header::Indefinite => return Err(Violation::Indefinite),
            Header::Incomplete | Header::Unusable => return Err(Violation::Lengths),
        };
        elements += 1;
        if elements > MAX_ELEMENTS {
            return Err(Violation::Elements);
        }
        at += head;
        let inner_end = at.checked_add(content).filter(|inner| *inner <= end).ok_or(Violation::Lengths)?;
        if tag & 0x20 == 0 {
            at = inner_end;
        } else if depth == MAX_DEPTH {
            return Err(Violation::Depth);
        } else {
            ends[depth] = inner_end;
            depth += 1;
        }
    }
}

#[cfg(test)]
mod tests;
