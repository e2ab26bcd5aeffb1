//! Calls as XML.

use ::base64::Engine as _;
use ::base64::prelude::BASE64_STANDARD;
use portico_contract::{Error, ErrorKind};

use super::MEDIA_TYPE;
use crate::rpc::{Encoded, Value};
use crate::xml::Writer;

/// Encodes a call of `method` with these parameters.
///
/// # Errors
/// `InvalidInput` when a text holds a character that XML cannot carry. `Internal` when [`Value::Content`] stands in two
/// places.
pub fn call(method: &str, parameters: &[Value]) -> Result<Encoded, Error> {
    let mut place = None;
    let mut writer = Writer::new().start("methodCall", &[]).start("methodName", &[]).text(method).end();
    writer = writer.start("params", &[]);
    for parameter in parameters {
        writer = value(writer.start("param", &[]), parameter, &mut place)?.end();
    }
    let mut head = writer.end().end().finish()?;
    let tail = place.map(|place| head.split_off(place));
    Ok(Encoded { media_type: MEDIA_TYPE, head, tail })
}

/// Writes `<value>…</value>` into the open element.
pub(super) fn value(writer: Writer, value: &Value, place: &mut Option<usize>) -> Result<Writer, Error> {
    let writer = writer.start("value", &[]);
    let scalar = |writer: Writer, name, text: &str| writer.start(name, &[]).text(text).end();
    let writer = match value {
        Value::Nil => writer.empty("nil", &[]),
        Value::Bool(value) => scalar(writer, "boolean", if *value { "1" } else { "0" }),
        Value::Int(value) => {
            let name = if i32::try_from(*value).is_ok() { "int" } else { "i8" };
            scalar(writer, name, &value.to_string())
        }
        Value::Decimal(value) => scalar(writer, "double", &value.to_string()),
        Value::Text(text) => scalar(writer, "string", text),
        Value::DateTime(text) => scalar(writer, "dateTime.iso8601", text),
        Value::Octets(octets) => scalar(writer, "base64", &BASE64_STANDARD.encode(octets)),
        Value::Array(items) => {
            let mut writer = writer.start("array", &[]).start("data", &[]);
            for item in items {
                writer = self::value(writer, item, place)?;
            }
            writer.end().end()
        }
        Value::Struct(members) => {
            let mut writer = writer.start("struct", &[]);
            for (name, member) in members {
                let named = writer.start("member", &[]).start("name", &[]).text(name).end();
                writer = self::value(named, member, place)?.end();
            }
            writer.end()
        }
        Value::Content => {
            // The empty text closes the start tag.
            let writer = writer.start("string", &[]).text("");
            if place.replace(writer.written()).is_some() {
                return Err(two_bodies());
            }
            writer.end()
        }
    };
    Ok(writer.end())
}

fn two_bodies() -> Error {
    Error::new(ErrorKind::Internal, "The gateway put two bodies into one call; please report this.")
}
