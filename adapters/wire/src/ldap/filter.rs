//! Search filters from typed values (RFC 4511, section 4.5.1.7; written as RFC 4515 says).

use std::fmt;

use portico_contract::{Error, ErrorKind};

use super::AttributeName;

/// How deep filters may be nested.
const MAX_DEPTH: usize = 32;
/// Octets that a filter may have once written.
const MAX_TEXT: usize = 256 * 1024;

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

/// A filter. Nothing in a value can change its shape: every octet that is not a letter or a digit is escaped.
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
        let mut text = String::new();
        write(self, &mut text, &Writing { values: false }, 0);
        if text.len() > 256 {
            let end = text.floor_char_boundary(255);
            text.truncate(end);
            text.push('…');
        }
        text
    }

    /// The filter as RFC 4515 writes it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when it is nested more than 32 deep or longer than 256 KiB.
    pub(super) fn render(&self) -> Result<String, Error> {
        let mut text = String::with_capacity(64);
        if write(self, &mut text, &Writing { values: true }, 0) {
            return Ok(text);
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "The question is too long or too deeply nested for the directory; ask for less at once.",
        ))
    }
}

struct Writing {
    values: bool,
}

/// Writes a filter; false when it went over a limit.
fn write(filter: &Filter, text: &mut String, how: &Writing, depth: usize) -> bool {
    if depth >= MAX_DEPTH || text.len() > MAX_TEXT {
        return false;
    }
    text.push('(');
    let good = match filter {
        Filter::And(all) => several('&', all, text, how, depth),
        Filter::Or(any) => several('|', any, text, how, depth),
        Filter::Not(one) => {
            text.push('!');
            write(one, text, how, depth + 1)
        }
        Filter::Present(attribute) => {
            text.push_str(attribute.as_str());
            text.push_str("=*");
            true
        }
        Filter::Equal(attribute, value) => compare(attribute, "=", value, text, how),
        Filter::AtLeast(attribute, value) => compare(attribute, ">=", value, text, how),
        Filter::AtMost(attribute, value) => compare(attribute, "<=", value, text, how),
        Filter::Substring { attribute, initial, any, last } => {
            text.push_str(attribute.as_str());
            text.push('=');
            substring(initial.as_ref(), any, last.as_ref(), text, how);
            true
        }
        Filter::Extensible { attribute, rule, dn_attributes, value } => {
            text.push_str(attribute.as_str());
            if *dn_attributes {
                text.push_str(":dn");
            }
            text.push(':');
            compare(rule, ":=", value, text, how)
        }
    };
    text.push(')');
    good && text.len() <= MAX_TEXT
}

fn several(sign: char, filters: &[Filter], text: &mut String, how: &Writing, depth: usize) -> bool {
    text.push(sign);
    filters.iter().all(|filter| write(filter, text, how, depth + 1))
}

fn compare(name: &AttributeName, sign: &str, value: &Value, text: &mut String, how: &Writing) -> bool {
    text.push_str(name.as_str());
    text.push_str(sign);
    escape(value, text, how);
    true
}

fn substring(initial: Option<&Value>, any: &[Value], last: Option<&Value>, text: &mut String, how: &Writing) {
    let some = |value: &&Value| !value.0.is_empty();
    if let Some(value) = initial.filter(some) {
        escape(value, text, how);
    }
    text.push('*');
    for value in any.iter().filter(some) {
        escape(value, text, how);
        text.push('*');
    }
    if let Some(value) = last.filter(some) {
        escape(value, text, how);
    }
}

/// RFC 4515, section 3: any octet may be written as a backslash and two hexadecimal digits.
fn escape(value: &Value, text: &mut String, how: &Writing) {
    if !how.values {
        text.push('?');
        return;
    }
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for &octet in &value.0 {
        if octet.is_ascii_alphanumeric() {
            text.push(char::from(octet));
        } else {
            text.push('\\');
            text.push(char::from(HEX[usize::from(octet >> 4)]));
            text.push(char::from(HEX[usize::from(octet & 15)]));
        }
    }
}

#[cfg(test)]
mod tests;
