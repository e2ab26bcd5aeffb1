//! Numbers as they stand on the wire.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal as Exact;
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// The name by which our decoders know that the digits themselves are wanted.
pub(crate) const TOKEN: &str = "$portico::Decimal";

/// A decimal number, read from its digits. Never through binary floating point, with either codec.
///
/// Other deserializers give it what they have: text or a whole number. A binary float is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(pub Exact);

impl Decimal {
    /// Reads decimal digits, with or without an exponent, as Python and JSON write them. `None` when they are none, or
    /// more than 28 of them.
    pub fn parse(digits: &str) -> Option<Self> {
        let digits = digits.trim_matches([' ', '\t', '\n', '\r']);
        let plain = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
        if !plain || digits.len() > 64 {
            return None;
        }
        let exact = if digits.contains(['e', 'E']) {
            Exact::from_scientific(digits).ok()?
        } else {
            Exact::from_str_exact(digits).ok()?
        };
        Some(Self(exact))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TOKEN, Digits)
    }
}

struct Digits;

impl<'de> Visitor<'de> for Digits {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number")
    }

    fn visit_str<E: de::Error>(self, digits: &str) -> Result<Decimal, E> {
        Decimal::parse(digits).ok_or_else(|| E::invalid_type(de::Unexpected::Str(""), &self))
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Decimal, E> {
        Ok(Decimal(whole.into()))
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Decimal, E> {
        Ok(Decimal(whole.into()))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Decimal, D::Error> {
        let digits = Cow::<'_, str>::deserialize(deserializer)?;
        self.visit_str(&digits)
    }
}
