//! Arguments of remote calls.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

/// A value as both codecs can send it. `Debug` shows its kind alone: arguments hold credentials and what people wrote.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing: `<nil/>`, `null`.
    Nil,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal number, written with its own digits.
    Decimal(Decimal),
    /// Text.
    Text(Cow<'static, str>),
    /// A date and time of XML-RPC, `20261122T12:41:18`, without a time zone; text in JSON.
    DateTime(String),
    /// Octets: `<base64>`; base64 text in JSON.
    Octets(Vec<u8>),
    /// A list.
    Array(Vec<Value>),
    /// Named members, in this order.
    Struct(Vec<(Cow<'static, str>, Value)>),
    /// The place where the body of a request is streamed in, as base64 text. At most one in a call.
    Content,
}

impl Value {
    /// A structure with these members.
    pub fn members<const N: usize>(members: [(&'static str, Value); N]) -> Self {
        Self::Struct(members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
    }

    /// A list of these.
    pub fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }

    /// The kind of value, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Decimal(_) => "a decimal",
            Self::Text(_) => "text",
            Self::DateTime(_) => "a date and time",
            Self::Octets(_) => "octets",
            Self::Array(_) => "a list",
            Self::Struct(_) => "a structure",
            Self::Content => "content",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value)
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Self::Array(value)
    }
}
