//! serde_json with our limits, the place of failures, and numbers by their digits.
//!
//! Every deserializer and visitor on the way down is wrapped: what passes is counted, and where a
//! [`crate::rpc::Decimal`] is asked for, the digits are taken as they stand.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use crate::rpc::{Budget, DECIMAL, Fail};

/// The limit that was passed: the error type of serde_json cannot carry it.
pub(super) type Over = Cell<Option<&'static str>>;

/// A deserializer, counted.
pub(super) struct Exact<'b, D> {
    pub(super) inner: D,
    pub(super) budget: &'b Budget,
    pub(super) over: &'b Over,
}

fn counted<E: serde::de::Error>(over: &Over, result: Result<(), Fail>) -> Result<(), E> {
    result.map_err(|fail| {
        if let Fail::Limit(what) = fail {
            over.set(Some(what));
        }
        E::custom("over a limit")
    })
}

macro_rules! through {
    ($($method:ident($($name:ident: $type:ty),*) $known:expr;)*) => { $(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let watch = Watch { visitor, budget: self.budget, over: self.over, known: $known };
            self.inner.$method($($name,)* watch)
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Exact<'_, D> {
    type Error = D::Error;

    through! {
        deserialize_any() &[]; deserialize_bool() &[]; deserialize_i64() &[]; deserialize_u64() &[]; deserialize_f64() &[];
        deserialize_str() &[]; deserialize_string() &[]; deserialize_bytes() &[]; deserialize_byte_buf() &[];
        deserialize_option() &[]; deserialize_unit() &[]; deserialize_seq() &[]; deserialize_map() &[];
        deserialize_identifier() &[]; deserialize_tuple(len: usize) &[];
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) fields;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) &[];
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u128 f32 char unit_struct tuple_struct ignored_any
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name != DECIMAL {
            let watch = Watch { visitor, budget: self.budget, over: self.over, known: &[] };
            return self.inner.deserialize_newtype_struct(name, watch);
        }
        counted(self.over, self.budget.value())?;
        let digits = <&'de RawValue as serde::Deserialize>::deserialize(self.inner)?.get();
        match digits.as_bytes().first() {
            Some(b'0'..=b'9' | b'-') => visitor.visit_borrowed_str(digits),
            Some(b't' | b'f') => visitor.visit_bool(digits == "true"),
            Some(b'n') => visitor.visit_unit(),
            Some(b'"') => Err(D::Error::invalid_type(serde::de::Unexpected::Str(""), &visitor)),
            Some(b'[') => Err(D::Error::invalid_type(serde::de::Unexpected::Seq, &visitor)),
            _ => Err(D::Error::invalid_type(serde::de::Unexpected::Map, &visitor)),
        }
    }
}

struct Watch<'b, V> {
    visitor: V,
    budget: &'b Budget,
    over: &'b Over,
    known: &'static [&'static str],
}

impl<V> Watch<'_, V> {
    fn text<E: serde::de::Error>(&self, octets: usize) -> Result<(), E> {
        counted(self.over, self.budget.value().and_then(|()| self.budget.text(octets)))
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty);)*) => { $(
        fn $method<E: serde::de::Error>(self, value: $type) -> Result<V::Value, E> {
            counted(self.over, self.budget.value())?;
            self.visitor.$method(value)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watch<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    scalars! { visit_bool(bool); visit_i64(i64); visit_u64(u64); visit_f64(f64); }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<V::Value, E> {
        self.text(text.len())?;
        self.visitor.visit_str(text)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.text(text.len())?;
        self.visitor.visit_borrowed_str(text)
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<V::Value, E> {
        self.text(text.len())?;
        self.visitor.visit_string(text)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        counted(self.over, self.budget.value())?;
        self.visitor.visit_unit()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        counted(self.over, self.budget.value())?;
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Exact { inner, budget: self.budget, over: self.over })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Exact { inner, budget: self.budget, over: self.over })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        counted(self.over, self.budget.value().and_then(|()| self.budget.enter()))?;
        let value = self.visitor.visit_seq(Within {
            inner,
            budget: self.budget,
            over: self.over,
            known: self.known,
        })?;
        self.budget.leave();
        Ok(value)
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        counted(self.over, self.budget.value().and_then(|()| self.budget.enter()))?;
        let value = self.visitor.visit_map(Within {
            inner,
            budget: self.budget,
            over: self.over,
            known: self.known,
        })?;
        self.budget.leave();
        Ok(value)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        counted(self.over, self.budget.value())?;
        self.visitor.visit_enum(inner)
    }
}

struct Within<'b, A> {
    inner: A,
    budget: &'b Budget,
    over: &'b Over,
    known: &'static [&'static str],
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Within<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.budget.at_element();
        let value = self.inner.next_element_seed(Seed { seed, budget: self.budget, over: self.over })?;
        self.budget.past();
        Ok(value)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Within<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(Key { seed, budget: self.budget, known: self.known })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.inner.next_value_seed(Seed { seed, budget: self.budget, over: self.over })?;
        self.budget.past();
        Ok(value)
    }
}

struct Seed<'b, S> {
    seed: S,
    budget: &'b Budget,
    over: &'b Over,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Exact { inner, budget: self.budget, over: self.over })
    }
}

/// The name of a member, noted as the place where the decoder stands.
struct Key<'b, S> {
    seed: S,
    budget: &'b Budget,
    known: &'static [&'static str],
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        let name = inner.deserialize_str(Name)?;
        self.budget.at_member(&name, self.known);
        self.seed.deserialize(serde::de::value::CowStrDeserializer::new(name))
    }
}

/// Borrows where there are no escapes.
struct Name;

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
