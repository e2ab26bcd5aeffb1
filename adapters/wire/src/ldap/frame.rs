//! One message from the server: is it safe to hand to the parser, and is it what the parser expects?
//!
//! `lber` recurses once for each level and allocates for each element; `ldap3` panics on messages of another shape
//! than RFC 4511 gives them, and on texts that are not UTF-8. What passes here harms neither.

use portico_contract::{Error, ErrorKind};

use super::ber::{BOOLEAN, ENUMERATED, Header, INTEGER, OCTETS, Reader, SEQUENCE, SET, header};

/// Octets that one message may have at most.
pub(super) const MAX_FRAME: usize = 4 * 1024 * 1024;
/// How deep elements may be nested.
pub(super) const MAX_DEPTH: usize = 64;
/// Elements of one message: each costs the parser about fifty octets, twice.
pub(super) const MAX_ELEMENTS: usize = 262_144;

/// BindResponse, SearchResultEntry and so on (RFC 4511, section 4).
pub(super) const BIND_RESPONSE: u8 = 0x61;
pub(super) const ENTRY: u8 = 0x64;
pub(super) const DONE: u8 = 0x65;
pub(super) const REFERENCE: u8 = 0x73;
pub(super) const EXTENDED_RESPONSE: u8 = 0x78;
pub(super) const INTERMEDIATE: u8 = 0x79;
const CONTROLS: u8 = 0xa0;
const REFERRAL: u8 = 0xa3;

/// Why a message was not handed on. The connection has ended with it.
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

/// A message that was checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    /// Which request it answers; 0 for none.
    pub(super) id: i64,
    /// Tag of the operation.
    pub(super) operation: u8,
    /// Content of the operation.
    pub(super) content: &'a [u8],
}

/// Checks one whole message.
pub(super) fn check(frame: &[u8]) -> Result<Message<'_>, Violation> {
    nesting(frame)?;
    shape(frame).ok_or(Violation::Shape)
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

/// LDAPMessage (RFC 4511, section 4.1.1) and the answers there are to what we send.
fn shape(frame: &[u8]) -> Option<Message<'_>> {
    let mut outer = Reader(frame);
    let mut message = Reader(outer.expect(SEQUENCE)?);
    let id = message.number(INTEGER).filter(|id| (0..=i64::from(i32::MAX)).contains(id))?;
    let (operation, content) = message.any()?;
    // Nothing unsolicited goes to the parser: Active Directory misplaces an element in it.
    if id == 0 {
        return (operation == EXTENDED_RESPONSE).then_some(Message { id, operation, content });
    }
    if let Some(controls) = message.optional(CONTROLS) {
        all(controls, SEQUENCE, control)?;
    }
    let good = message.is_done()
        && match operation {
            BIND_RESPONSE | DONE | EXTENDED_RESPONSE => result(content).is_some(),
            ENTRY => entry(content).is_some(),
            REFERENCE => all(content, OCTETS, text).is_some(),
            INTERMEDIATE => intermediate(content).is_some(),
            _ => false,
        };
    good.then_some(Message { id, operation, content })
}

fn all(content: &[u8], tag: u8, check: fn(&[u8]) -> Option<()>) -> Option<()> {
    let mut reader = Reader(content);
    while !reader.is_done() {
        check(reader.expect(tag)?)?;
    }
    Some(())
}

fn text(content: &[u8]) -> Option<()> {
    std::str::from_utf8(content).is_ok().then_some(())
}

fn octets(_content: &[u8]) -> Option<()> {
    Some(())
}

fn control(content: &[u8]) -> Option<()> {
    let mut reader = Reader(content);
    text(reader.expect(OCTETS)?)?;
    if let Some(critical) = reader.optional(BOOLEAN) {
        critical.first()?;
    }
    reader.optional(OCTETS);
    reader.is_done().then_some(())
}

/// LDAPResult and what may follow it in answers to a bind or an extended request.
fn result(content: &[u8]) -> Option<()> {
    let mut reader = Reader(content);
    reader.number(ENUMERATED).filter(|code| (0..=i64::from(i32::MAX)).contains(code))?;
    text(reader.expect(OCTETS)?)?;
    text(reader.expect(OCTETS)?)?;
    while !reader.is_done() {
        match reader.any()? {
            (REFERRAL, uris) => all(uris, OCTETS, text)?,
            // serverSaslCreds, responseName, responseValue.
            (0x87 | 0x8b, _) => {}
            (0x8a, name) => text(name)?,
            _ => return None,
        }
    }
    Some(())
}

fn entry(content: &[u8]) -> Option<()> {
    let mut reader = Reader(content);
    text(reader.expect(OCTETS)?)?;
    all(reader.expect(SEQUENCE)?, SEQUENCE, attribute)?;
    reader.is_done().then_some(())
}

fn attribute(content: &[u8]) -> Option<()> {
    let mut reader = Reader(content);
    text(reader.expect(OCTETS)?)?;
    all(reader.expect(SET)?, OCTETS, octets)?;
    reader.is_done().then_some(())
}

fn intermediate(content: &[u8]) -> Option<()> {
    let mut reader = Reader(content);
    if let Some(name) = reader.optional(0x80) {
        text(name)?;
    }
    reader.optional(0x81);
    reader.is_done().then_some(())
}

/// The result code and the diagnostic text of a checked answer that has a result.
pub(super) fn result_of<'a>(message: &Message<'a>) -> Option<(u32, &'a str)> {
    let mut reader = Reader(message.content);
    let code = u32::try_from(reader.number(ENUMERATED)?).ok()?;
    reader.expect(OCTETS)?;
    Some((code, std::str::from_utf8(reader.expect(OCTETS)?).ok()?))
}

#[cfg(test)]
mod tests;
