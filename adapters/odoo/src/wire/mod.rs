//! Odoo's shapes, read strictly: null is `false`, a link is `[id, "name"]`, times are UTC without saying so.

mod records;

pub(crate) use records::*;

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};

/// A value that Odoo writes as `false` when there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaybeVisitor(PhantomData))
    }
}

struct MaybeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MaybeVisitor<T> {
    type Value = Maybe<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or false")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Maybe<T>, E> {
        match value {
            false => Ok(Maybe(None)),
            true => Err(E::invalid_type(de::Unexpected::Bool(true), &self)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Maybe<T>, E> {
        Ok(Maybe(None))
    }

    fn visit_none<E: de::Error>(self) -> Result<Maybe<T>, E> {
        Ok(Maybe(None))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Maybe<T>, E> {
        T::deserialize(value.into_deserializer()).map(|value| Maybe(Some(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Maybe<T>, E> {
        T::deserialize(value.into_deserializer()).map(|value| Maybe(Some(value)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Maybe<T>, E> {
        T::deserialize(text.into_deserializer()).map(|value| Maybe(Some(value)))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Maybe<T>, E> {
        T::deserialize(BorrowedStrDeserializer::new(text)).map(|value| Maybe(Some(value)))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Maybe<T>, E> {
        T::deserialize(text.into_deserializer()).map(|value| Maybe(Some(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Maybe<T>, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(seq)).map(|value| Maybe(Some(value)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Maybe<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|value| Maybe(Some(value)))
    }
}

/// A many-to-one: `[id, "name"]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Link(pub(crate) i64, Maybe<String>);

impl Link {
    /// The name to show; what Odoo itself writes for a record without one.
    pub(crate) fn display(&self) -> String {
        self.1.0.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| format!("#{}", self.0))
    }
}

/// A time, in UTC, to the second. Odoo keeps microseconds and compares with them, but does not tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_stamp(&text).map(Self).ok_or_else(|| {
            de::Error::invalid_value(de::Unexpected::Str(""), &"a time such as 2026-11-22 12:41:24")
        })
    }
}

fn parse_stamp(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.replacen(' ', "T", 1).parse().ok().filter(|_| text.len() == 19)?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// A time as Odoo writes it; what is below a second is cut.
pub(crate) fn stamp_text(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = text.parse().ok().filter(|_| text.len() == 10);
        day.map(Self)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(""), &"a day such as 2026-11-22"))
    }
}

impl Link {
    /// A link that we make.
    pub(crate) fn named(id: i64, name: &str) -> Self {
        Self(id, Maybe(Some(name.to_owned())))
    }
}
