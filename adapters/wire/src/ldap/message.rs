//! Messages of the server (RFC 4511, section 4.1.1), read in one pass.
//!
//! The reader goes where the RFC says that something is, and nowhere else: it looks into no value, and it recurses into
//! nothing. What has another shape is refused whole.

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE};
use super::entry::Entry;

/// BindResponse, SearchResultEntry and so on (RFC 4511, section 4).
const BIND_RESPONSE: u8 = 0x61;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;
const REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
const INTERMEDIATE: u8 = 0x79;
const CONTROLS: u8 = 0xa0;
const REFERRAL: u8 = 0xa3;

/// A message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// Which request it answers; 0 for none.
    pub(super) id: i32,
    pub(super) answer: Answer<'a>,
    pub(super) controls: Controls<'a>,
}

/// The answers there are to what we send.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all of them are entries: a box would be one more allocation for each"
)]
pub(super) enum Answer<'a> {
    Bind(Outcome<'a>),
    Entry(Entry),
    /// Addresses where more might be found.
    Reference(Vec<&'a str>),
    Done(Outcome<'a>),
    Extended(Outcome<'a>),
    Intermediate {
        name: Option<&'a str>,
        value: Option<&'a [u8]>,
    },
    /// Unasked for: the server ends the connection (RFC 4511, section 4.4.1).
    Farewell,
}

/// LDAPResult, as far as it is of use here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome<'a> {
    pub(super) code: u32,
    /// For the log of the server's administrator. May name entries.
    pub(super) text: &'a str,
}

/// The controls of a message, checked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Controls<'a>(&'a [u8]);

impl<'a> Controls<'a> {
    /// The value of the control of this type; `Some(None)` when it has none.
    pub(super) fn value(self, oid: &str) -> Option<Option<&'a [u8]>> {
        let mut all = Reader(self.0);
        while let Some(one) = all.expect(SEQUENCE) {
            if let Some((found, value)) = control(one)
                && found == oid
            {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Message<'a> {
    /// Reads a whole message; `None` when it is not shaped as the RFC says.
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(frame);
        let mut message = Reader(outer.expect(SEQUENCE)?);
        let id = i32::try_from(message.number(INTEGER)?).ok().filter(|id| *id >= 0)?;
        let (operation, content) = message.any()?;
        // Active Directory misplaces an element in this one, so nothing else of it is looked at.
        if id == 0 {
            let farewell = Self { id, answer: Answer::Farewell, controls: Controls::default() };
            return (operation == EXTENDED_RESPONSE).then_some(farewell);
        }
        let answer = match operation {
            BIND_RESPONSE => Answer::Bind(outcome(content)?),
            ENTRY => Answer::Entry(Entry::read(content)?),
            REFERENCE => Answer::Reference(texts(content)?),
            DONE => Answer::Done(outcome(content)?),
            EXTENDED_RESPONSE => Answer::Extended(outcome(content)?),
            INTERMEDIATE => intermediate(content)?,
            _ => return None,
        };
        let controls = message.optional(CONTROLS).unwrap_or_default();
        let good = message.is_done() && outer.is_done() && are_controls(controls);
        good.then_some(Self { id, answer, controls: Controls(controls) })
    }
}

fn text(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content).ok()
}

fn texts(content: &[u8]) -> Option<Vec<&str>> {
    let (mut reader, mut texts) = (Reader(content), Vec::new());
    while !reader.is_done() {
        texts.push(text(reader.expect(OCTETS)?)?);
    }
    Some(texts)
}

fn are_controls(content: &[u8]) -> bool {
    let mut all = Reader(content);
    while let Some(one) = all.expect(SEQUENCE) {
        if control(one).is_none() {
            return false;
        }
    }
    all.is_done()
}

/// Type and value of a control; whether it is critical says nothing in an answer.
fn control(content: &[u8]) -> Option<(&str, Option<&[u8]>)> {
    let mut reader = Reader(content);
    let oid = text(reader.expect(OCTETS)?)?;
    if let Some(critical) = reader.optional(BOOLEAN) {
        critical.first()?;
    }
    let value = reader.optional(OCTETS);
    reader.is_done().then_some((oid, value))
}

/// LDAPResult and what may follow it in answers to a bind or an extended request.
fn outcome(content: &[u8]) -> Option<Outcome<'_>> {
    let mut reader = Reader(content);
    let code = reader.number(ENUMERATED).filter(|code| *code <= i64::from(i32::MAX))?;
    let _matched = text(reader.expect(OCTETS)?)?;
    let outcome = Outcome { code: u32::try_from(code).ok()?, text: text(reader.expect(OCTETS)?)? };
    while !reader.is_done() {
        match reader.any()? {
            (REFERRAL, uris) => drop(texts(uris)?),
            // serverSaslCreds, responseName, responseValue.
            (0x87 | 0x8b, _) => {}
            (0x8a, name) => drop(text(name)?),
            _ => return None,
        }
    }
    Some(outcome)
}

fn intermediate(content: &[u8]) -> Option<Answer<'_>> {
    let mut reader = Reader(content);
    let name = match reader.optional(0x80) {
        Some(name) => Some(text(name)?),
        None => None,
    };
    let value = reader.optional(0x81);
    reader.is_done().then_some(Answer::Intermediate { name, value })
}

#[cfg(test)]
pub(super) mod tests;
