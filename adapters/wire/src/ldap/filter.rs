//! Search filters from typed values (RFC 4511, section 4.5.1.7). They are sent as they are built: there is no text on the way
//! in which a value could be taken for something else.

use std::fmt;

use portico_contract::{Error, ErrorKind};

use super::AttributeName;
use super::ber::{OCTETS, SEQUENCE, Writer};

/// How deep filters may be nested.
const MAX_DEPTH: usize = 32;
/// Octets that a filter may have once written.
const MAX_OCTETS: usize = 256 * 1024;
/// Octets of a shape.
const MAX_SHAPE: usize = 256;
/// The pieces of a substring.
const INITIAL: u8 = 0x80;
const ANY: u8 = 0x81;
const LAST: u8 = 0x82;

/// A value to compare with: any octets. `Debug` hides it, because it may name a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value(Vec<u8>);

impl Value {
    /// A value of octets, such as an objectGUID.
    pub fn octets(octets: impl Into<Vec<u8>>) -> Self {
        Self(octets.into())
    }

    /// The octets.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value(…{} octets)", self.0.len())
    }
}

/// A filter. Nothing in a value can change its shape: values are sent as octets with a length, never as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of these. Empty: everything (RFC 4526), which Active Directory does not know.
    And(Vec<Filter>),
    /// Any of these. Empty: nothing (RFC 4526), which Active Directory does not know.
    Or(Vec<Filter>),
    /// Not this. Entries for which it is undefined (no such attribute) match neither.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttributeName),
    /// The attribute has this value, by its own rules of comparison.
    Equal(AttributeName, Value),
    /// A value starts with, holds in this order, and ends with. Empty pieces are left out; without any piece it is
    /// [`Filter::Present`].
    Substring {
        /// The attribute.
        attribute: AttributeName,
        /// The start of the value.
        initial: Option<Value>,
        /// What follows somewhere, in order.
        any: Vec<Value>,
        /// The end of the value.
        last: Option<Value>,
    },
    /// A value is at least this, by the attribute's ordering rule.
    AtLeast(AttributeName, Value),
    /// A value is at most this, by the attribute's ordering rule.
    AtMost(AttributeName, Value),
    /// By a rule of the server's own, for example `1.2.840.113556.1.4.1941` (member in a chain of groups) or
    /// `1.2.840.113556.1.4.803` (all bits set) of Active Directory.
    Extensible {
        /// The attribute.
        attribute: AttributeName,
        /// The matching rule, by name or number.
        rule: AttributeName,
        /// Whether the DN of the entry counts as well.
        dn_attributes: bool,
        /// The value.
        value: Value,
    },
}

impl Filter {
    /// `(attribute=value)`.
    pub fn equal(attribute: &AttributeName, value: impl Into<Value>) -> Self {
        Self::Equal(attribute.clone(), value.into())
    }

    /// `(attribute=*value*)`.
    pub fn contains(attribute: &AttributeName, value: impl Into<Value>) -> Self {
        Self::Substring { attribute: attribute.clone(), initial: None, any: vec![value.into()], last: None }
    }

    /// `(attribute=value*)`.
    pub fn starts_with(attribute: &AttributeName, value: impl Into<Value>) -> Self {
        Self::Substring { attribute: attribute.clone(), initial: Some(value.into()), any: vec![], last: None }
    }

    /// What telemetry may show: `(&(objectClass=?)(uid=?))`. Cut at 256 characters.
    pub fn shape(&self) -> String {
        let mut text = String::with_capacity(64);
        shape(self, &mut text, 0);
        if text.len() > MAX_SHAPE {
            let end = text.floor_char_boundary(MAX_SHAPE - 1);
            text.truncate(end);
            text.push('…');
        }
        text
    }

    /// The filter as it is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when it is nested more than 32 deep or longer than 256 KiB.
    pub(super) fn write(&self, to: &mut Writer) -> Result<(), Error> {
        let most = to.len() + MAX_OCTETS;
        if write(self, to, most, 0) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "The question is too long or too deeply nested for the directory; ask for less at once.",
        ))
    }
}

/// Writes a filter; false when it went over a limit.
fn write(filter: &Filter, to: &mut Writer, most: usize, depth: usize) -> bool {
    if depth >= MAX_DEPTH || to.len() > most {
        return false;
    }
    let several =
        |filters: &[Filter], to: &mut Writer| filters.iter().all(|filter| write(filter, to, most, depth + 1));
    let good = match filter {
        Filter::And(all) => to.nested(0xa0, |set| several(all, set)),
        Filter::Or(any) => to.nested(0xa1, |set| several(any, set)),
        Filter::Not(one) => to.nested(0xa2, |not| write(one, not, most, depth + 1)),
        Filter::Present(attribute) => {
            to.octets(0x87, attribute.as_str().as_bytes());
            true
        }
        Filter::Equal(attribute, value) => compare(0xa3, attribute, value, to),
        Filter::AtLeast(attribute, value) => compare(0xa5, attribute, value, to),
        Filter::AtMost(attribute, value) => compare(0xa6, attribute, value, to),
        Filter::Substring { attribute, initial, any, last } => {
            let pieces = pieces(initial.as_ref(), any, last.as_ref());
            if pieces.is_empty() {
                return write(&Filter::Present(attribute.clone()), to, most, depth);
            }
            to.nested(0xa4, |substring| {
                substring.octets(OCTETS, attribute.as_str().as_bytes());
                substring.nested(SEQUENCE, |list| {
                    pieces.iter().for_each(|(tag, piece)| list.octets(*tag, &piece.0));
                });
            });
            true
        }
        Filter::Extensible { attribute, rule, dn_attributes, value } => {
            to.nested(0xa9, |extensible| {
                extensible.octets(0x81, rule.as_str().as_bytes());
                extensible.octets(0x82, attribute.as_str().as_bytes());
                extensible.octets(0x83, &value.0);
                if *dn_attributes {
                    extensible.flag(0x84, true);
                }
            });
            true
        }
    };
    good && to.len() <= most
}

fn compare(tag: u8, name: &AttributeName, value: &Value, to: &mut Writer) -> bool {
    to.nested(tag, |pair| {
        pair.octets(OCTETS, name.as_str().as_bytes());
        pair.octets(OCTETS, &value.0);
    });
    true
}

/// The pieces of a substring that are not empty, each with its tag.
fn pieces<'a>(initial: Option<&'a Value>, any: &'a [Value], last: Option<&'a Value>) -> Vec<(u8, &'a Value)> {
    let tagged = |tag| move |value| (tag, value);
    let all = initial.map(tagged(INITIAL)).into_iter();
    let all = all.chain(any.iter().map(tagged(ANY))).chain(last.map(tagged(LAST)));
    all.filter(|(_, value)| !value.0.is_empty()).collect()
}

/// Writes a filter as RFC 4515 does, with `?` for every value.
fn shape(filter: &Filter, text: &mut String, depth: usize) {
    if depth >= MAX_DEPTH || text.len() > MAX_SHAPE {
        return;
    }
    text.push('(');
    match filter {
        Filter::And(filters) | Filter::Or(filters) => {
            push(text, &[if matches!(filter, Filter::And(_)) { "&" } else { "|" }]);
            filters.iter().for_each(|filter| shape(filter, text, depth + 1));
        }
        Filter::Not(one) => {
            push(text, &["!"]);
            shape(one, text, depth + 1);
        }
        Filter::Present(attribute) => push(text, &[attribute.as_str(), "=*"]),
        Filter::Equal(attribute, _) => push(text, &[attribute.as_str(), "=?"]),
        Filter::AtLeast(attribute, _) => push(text, &[attribute.as_str(), ">=?"]),
        Filter::AtMost(attribute, _) => push(text, &[attribute.as_str(), "<=?"]),
        Filter::Substring { attribute, initial, any, last } => {
            push(text, &[attribute.as_str(), "="]);
            let pieces = pieces(initial.as_ref(), any, last.as_ref());
            let starts = pieces.first().is_some_and(|(tag, _)| *tag == INITIAL);
            let ends = pieces.last().is_some_and(|(tag, _)| *tag == LAST);
            push(text, &[if starts { "?*" } else { "*" }]);
            let inside = pieces.iter().filter(|(tag, _)| *tag == ANY);
            inside.for_each(|_| push(text, &["?*"]));
            push(text, &[if ends { "?" } else { "" }]);
        }
        Filter::Extensible { attribute, rule, dn_attributes, .. } => {
            let dn = if *dn_attributes { ":dn:" } else { ":" };
            push(text, &[attribute.as_str(), dn, rule.as_str(), ":=?"]);
        }
    }
    text.push(')');
}

fn push(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
}

#[cfg(test)]
mod tests;
