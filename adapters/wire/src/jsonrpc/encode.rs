//! Calls as JSON.

use std::cell::Cell;
use std::io;

use ::base64::Engine as _;
use ::base64::prelude::BASE64_STANDARD;
use portico_contract::{Error, ErrorKind};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::value::RawValue;

use super::MEDIA_TYPE;
use crate::rpc::{Encoded, Value};

/// Encodes a call of `method` with these parameters.
///
/// # Errors
/// `Internal` when [`Value::Content`] stands in two places.
pub fn call(id: i64, method: &str, params: &Value) -> Result<Encoded, Error> {
    #[derive(serde::Serialize)]
    struct Call<'a> {
        jsonrpc: &'static str,
        method: &'a str,
        id: i64,
        params: Json<'a>,
    }
    let place = Place::default();
    let call = Call { jsonrpc: "2.0", method, id, params: Json { value: params, place: &place } };
    let mut head = Vec::with_capacity(256);
    serde_json::to_writer(Counting { into: &mut head, place: &place }, &call).map_err(defect)?;
    let tail = match place.bodies.get() {
        0 => None,
        1 => Some(head.split_off(place.at.get())),
        _ => return Err(defect("two bodies in one call")),
    };
    Ok(Encoded { media_type: MEDIA_TYPE, head, tail })
}

/// How much is written, and where the body has its place.
#[derive(Default)]
struct Place {
    written: Cell<usize>,
    at: Cell<usize>,
    bodies: Cell<usize>,
}

struct Counting<'a> {
    into: &'a mut Vec<u8>,
    place: &'a Place,
}

impl io::Write for Counting<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.into.extend_from_slice(octets);
        self.place.written.set(self.into.len());
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Json<'a> {
    value: &'a Value,
    place: &'a Place,
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = self.place;
        match self.value {
            Value::Nil => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Decimal(value) => {
                let digits = RawValue::from_string(value.to_string()).map_err(serde::ser::Error::custom)?;
                digits.serialize(serializer)
            }
            Value::Text(text) => serializer.serialize_str(text),
            Value::DateTime(text) => serializer.serialize_str(text),
            Value::Octets(octets) => serializer.serialize_str(&BASE64_STANDARD.encode(octets)),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for value in items {
                    list.serialize_element(&Json { value, place })?;
                }
                list.end()
            }
            Value::Struct(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name.as_ref(), &Json { value, place })?;
                }
                map.end()
            }
            Value::Content => {
                place.bodies.set(place.bodies.get() + 1);
                // Behind the quote that comes next: serde_json writes what it has at once.
                place.at.set(place.written.get() + 1);
                serializer.serialize_str("")
            }
        }
    }
}

fn defect(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, "The gateway made a call that cannot be sent; please report this.")
        .with_source(why.to_string())
}
