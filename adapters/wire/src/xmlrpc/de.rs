//! A serde deserializer that reads values where the pull reader stands.

use std::borrow::Cow;

use ::base64::Engine as _;
use ::base64::prelude::BASE64_STANDARD;
use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::rpc::{Budget, DECIMAL, Decimal, Fail, Value};
use crate::xml::{Content, Reader};

/// The reader, and what the answer may still cost.
pub(super) struct Decoder<'x> {
    pub(super) reader: Reader<'x>,
    pub(super) budget: Budget,
}

impl<'x> Decoder<'x> {
    /// Opens the next child of the open element, which has to have this name.
    pub(super) fn element(&mut self, name: &'static str) -> Result<(), Fail> {
        if self.element_or_end(name)? {
            return Ok(());
        }
        Err(Fail::Wire(self.reader.expected(name, "nothing")))
    }

    /// Opens the next child, which has to have this name, or closes the open element after its last one.
    fn element_or_end(&mut self, name: &'static str) -> Result<bool, Fail> {
        match self.reader.child().map_err(Fail::Wire)? {
            Some(found) if found.is("", name) => Ok(true),
            Some(_) => Err(Fail::Wire(self.reader.expected(name, "another element"))),
            None => Ok(false),
        }
    }

    /// Opens the next `<value>` of the open element.
    pub(super) fn node(&mut self) -> Result<Node<'_, 'x>, Fail> {
        self.element("value")?;
        self.open_node()
    }

    /// Reads what the open `<value>` is. A scalar is then read, and its `<value>` closed.
    fn open_node(&mut self) -> Result<Node<'_, 'x>, Fail> {
        self.budget.value()?;
        let name = match self.reader.content().map_err(Fail::Wire)? {
            Content::Text(text) => return self.scalar(Kind::Text, text),
            Content::Child(name) => name,
        };
        let kind = match (name.namespace.is_empty(), name.local) {
            (true, "string") => Kind::Text,
            (true, "int" | "i4" | "i8") => Kind::Int,
            (true, "boolean") => Kind::Bool,
            (true, "double") => Kind::Double,
            (true, "dateTime.iso8601") => Kind::DateTime,
            (true, "base64") => Kind::Octets,
            (true, "nil") => Kind::Nil,
            (true, "array") => {
                self.element("data")?;
                return Ok(Node { decoder: self, is: Is::Array });
            }
            (true, "struct") => return Ok(Node { decoder: self, is: Is::Struct }),
            _ => return Err(Fail::Wire(self.reader.expected("a type of XML-RPC", "another element"))),
        };
        let text = self.reader.text().map_err(Fail::Wire)?;
        self.reader.close().map_err(Fail::Wire)?;
        self.scalar(kind, text)
    }

    fn scalar(&mut self, kind: Kind, text: Cow<'x, str>) -> Result<Node<'_, 'x>, Fail> {
        self.budget.text(text.len())?;
        Ok(Node { decoder: self, is: Is::Scalar(kind, text) })
    }

    /// Closes what a list (`data`, `array`, `value`) or a structure (`value`) is wrapped in.
    fn close(&mut self, elements: usize) -> Result<(), Fail> {
        for _ in 0..elements {
            self.reader.close().map_err(Fail::Wire)?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Bool,
    Double,
    DateTime,
    Octets,
    Nil,
}

enum Is<'x> {
    Scalar(Kind, Cow<'x, str>),
    Array,
    Struct,
}

/// One value. A scalar is read; the elements of a list or a structure follow in the reader.
pub(super) struct Node<'a, 'x> {
    decoder: &'a mut Decoder<'x>,
    is: Is<'x>,
}

impl<'x> Node<'_, 'x> {
    /// The value itself.
    pub(super) fn into_value(self) -> Result<Value, Fail> {
        let Self { decoder, is } = self;
        match is {
            Is::Scalar(kind, text) => scalar_value(kind, text),
            Is::Array => {
                decoder.budget.enter()?;
                let mut items = Vec::new();
                while decoder.element_or_end("value")? {
                    items.push(decoder.open_node()?.into_value()?);
                }
                decoder.budget.leave();
                decoder.close(2)?;
                Ok(Value::Array(items))
            }
            Is::Struct => {
                decoder.budget.enter()?;
                let mut members = Vec::new();
                while decoder.element_or_end("member")? {
                    decoder.element("name")?;
                    let name = decoder.reader.text().map_err(Fail::Wire)?.into_owned();
                    let value = decoder.node()?.into_value()?;
                    decoder.close(1)?;
                    members.push((Cow::Owned(name), value));
                }
                decoder.budget.leave();
                decoder.close(1)?;
                Ok(Value::Struct(members))
            }
        }
    }
}

fn scalar_value(kind: Kind, text: Cow<'_, str>) -> Result<Value, Fail> {
    Ok(match kind {
        Kind::Text => Value::Text(Cow::Owned(text.into_owned())),
        Kind::Int => Value::Int(int(&text)?),
        Kind::Bool => Value::Bool(boolean(&text)?),
        Kind::Double => Value::Decimal(decimal(&text)?.0),
        Kind::DateTime => Value::DateTime(text.into_owned()),
        Kind::Octets => Value::Octets(octets(&text)?),
        Kind::Nil => nil(&text).map(|()| Value::Nil)?,
    })
}

fn int(text: &str) -> Result<i64, Fail> {
    text.trim().parse().map_err(|_| Fail::shape("a whole number", "other characters"))
}

fn boolean(text: &str) -> Result<bool, Fail> {
    match text.trim() {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(Fail::shape("0 or 1", "other characters")),
    }
}

fn decimal(text: &str) -> Result<Decimal, Fail> {
    Decimal::parse(text).ok_or_else(|| Fail::shape("a decimal number", "other characters"))
}

fn nil(text: &str) -> Result<(), Fail> {
    if text.trim().is_empty() { Ok(()) } else { Err(Fail::shape("nothing", "text")) }
}

fn octets(text: &str) -> Result<Vec<u8>, Fail> {
    // Python breaks its lines.
    let packed: Vec<u8> = text.bytes().filter(|octet| !octet.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(packed).map_err(|_| Fail::shape("base64", "other characters"))
}

impl<'de> Deserializer<'de> for Node<'_, 'de> {
    type Error = Fail;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fail> {
        match self.is {
            Is::Scalar(kind, text) => match kind {
                Kind::Text | Kind::DateTime => match text {
                    Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                    Cow::Owned(text) => visitor.visit_string(text),
                },
                Kind::Int => visitor.visit_i64(int(&text)?),
                Kind::Bool => visitor.visit_bool(boolean(&text)?),
                // Whoever asks for a binary float gets one; `Decimal` asks for the digits.
                Kind::Double => {
                    decimal(&text)?;
                    visitor.visit_f64(text.trim().parse().map_err(|_| Fail::shape("a number", "text"))?)
                }
                Kind::Octets => visitor.visit_byte_buf(octets(&text)?),
                Kind::Nil => nil(&text).and_then(|()| visitor.visit_unit()),
            },
            Is::Array => {
                let decoder = self.decoder;
                decoder.budget.enter()?;
                let mut elements = Elements { decoder, ended: false };
                let value = visitor.visit_seq(&mut elements)?;
                elements.end()?;
                decoder.budget.leave();
                decoder.close(2)?;
                Ok(value)
            }
            Is::Struct => Self::members(self.decoder, &[], visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fail> {
        match &self.is {
            Is::Scalar(Kind::Nil, text) => nil(text).and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fail> {
        match self.is {
            Is::Scalar(Kind::Double | Kind::Int, text) if name == DECIMAL => match text {
                Cow::Borrowed(digits) => visitor.visit_borrowed_str(digits),
                Cow::Owned(digits) => visitor.visit_string(digits),
            },
            // A number written as text is text.
            Is::Scalar(Kind::Text, _) if name == DECIMAL => Err(Fail::shape("a decimal number", "text")),
            _ if name == DECIMAL => self.deserialize_any(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fail> {
        match self.is {
            Is::Struct => Self::members(self.decoder, fields, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fail> {
        match self.is {
            Is::Scalar(Kind::Text, text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(Fail::shape("a word", "something else")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl<'x> Node<'_, 'x> {
    fn members<V: Visitor<'x>>(
        decoder: &mut Decoder<'x>,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fail> {
        decoder.budget.enter()?;
        let mut members = Members { decoder, known, ended: false };
        let value = visitor.visit_map(&mut members)?;
        members.end()?;
        decoder.budget.leave();
        decoder.close(1)?;
        Ok(value)
    }
}

struct Elements<'a, 'x> {
    decoder: &'a mut Decoder<'x>,
    ended: bool,
}

impl Elements<'_, '_> {
    /// A visitor may stop early; a list may not go on then.
    fn end(&mut self) -> Result<(), Fail> {
        if self.ended || !self.decoder.element_or_end("value")? {
            return Ok(());
        }
        Err(Fail::shape("fewer elements", "more of them"))
    }
}

impl<'x> SeqAccess<'x> for &mut Elements<'_, 'x> {
    type Error = Fail;

    fn next_element_seed<S: DeserializeSeed<'x>>(&mut self, seed: S) -> Result<Option<S::Value>, Fail> {
        if self.ended || !self.decoder.element_or_end("value")? {
            self.ended = true;
            return Ok(None);
        }
        self.decoder.budget.at_element();
        let value = seed.deserialize(self.decoder.open_node()?)?;
        self.decoder.budget.past();
        Ok(Some(value))
    }
}

struct Members<'a, 'x> {
    decoder: &'a mut Decoder<'x>,
    known: &'static [&'static str],
    ended: bool,
}

impl Members<'_, '_> {
    fn end(&mut self) -> Result<(), Fail> {
        if self.ended || !self.decoder.element_or_end("member")? {
            return Ok(());
        }
        Err(Fail::shape("fewer members", "more of them"))
    }
}

impl<'x> MapAccess<'x> for &mut Members<'_, 'x> {
    type Error = Fail;

    fn next_key_seed<S: DeserializeSeed<'x>>(&mut self, seed: S) -> Result<Option<S::Value>, Fail> {
        if self.ended || !self.decoder.element_or_end("member")? {
            self.ended = true;
            return Ok(None);
        }
        self.decoder.element("name")?;
        let name = self.decoder.reader.text().map_err(Fail::Wire)?;
        self.decoder.budget.at_member(&name, self.known);
        seed.deserialize(CowStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'x>>(&mut self, seed: S) -> Result<S::Value, Fail> {
        let value = seed.deserialize(self.decoder.node()?)?;
        self.decoder.budget.past();
        self.decoder.close(1)?;
        Ok(value)
    }
}
