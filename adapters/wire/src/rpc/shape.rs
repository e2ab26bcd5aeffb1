//! Why a value does not have the shape that was expected, in words that hold nothing of it.

use std::fmt;

use portico_contract::Error;
use serde::de::{Expected, Unexpected};

/// A failure of decoding, without its place.
pub(crate) enum Fail {
    /// The document below is broken.
    Wire(Error),
    /// More than a limit of ours.
    Limit(&'static str),
    /// Another shape.
    Shape {
        /// In our words.
        expected: String,
        /// The kind of thing; never the thing.
        found: &'static str,
    },
}

impl Fail {
    pub(crate) fn shape(expected: impl Into<String>, found: &'static str) -> Self {
        Self::Shape { expected: expected.into(), found }
    }

    /// From the message of a serde error, of which the value and whatever an adapter wrote is dropped. What was expected
    /// is told by a visitor, in fixed words.
    pub(crate) fn from_message(message: &str) -> Self {
        let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
        let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
        let after = |prefix: &str| message.strip_prefix(prefix);
        if let Some(rest) = after("invalid type: ").or_else(|| after("invalid value: ")) {
            let word = rest.split([' ', ',']).next().unwrap_or_default();
            return Self::shape(expected.unwrap_or("another value"), word_for(word));
        }
        if let Some(rest) = after("missing field `") {
            // The name of a field of ours.
            let name = rest.trim_end_matches('`');
            return Self::shape(format!("the member {name}"), "none");
        }
        match message.split(' ').next().unwrap_or_default() {
            "duplicate" => Self::shape("a member once", "the same one twice"),
            "unknown" => Self::shape("a known word", "another one"),
            "invalid" if after("invalid length").is_some() => {
                Self::shape(expected.unwrap_or("another number of elements"), "another number of them")
            }
            _ => Self::shape("a usable value", "one that cannot be used"),
        }
    }
}

fn word_for(word: &str) -> &'static str {
    match word {
        "boolean" => "a boolean",
        "integer" => "a whole number",
        "floating" => "a decimal",
        "string" | "character" => "text",
        "byte" => "octets",
        "null" | "unit" | "Option" => "nothing",
        "sequence" => "a list",
        "map" => "a structure",
        _ => "something else",
    }
}

impl fmt::Debug for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fail")
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer has another shape")
    }
}

impl std::error::Error for Fail {}

impl serde::de::Error for Fail {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::from_message(&message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
            Unexpected::Float(_) => "a decimal",
            Unexpected::Char(_) | Unexpected::Str(_) => "text",
            Unexpected::Bytes(_) => "octets",
            Unexpected::Unit | Unexpected::Option => "nothing",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a structure",
            _ => "something else",
        };
        Self::shape(expected.to_string(), found)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }
}
