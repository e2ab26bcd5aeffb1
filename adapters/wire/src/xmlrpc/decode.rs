//! Answers: `<methodResponse>` with one value or a fault.

use std::borrow::Cow;

use portico_contract::{Error, ErrorKind};
use serde::Deserialize;

use super::de::{Decoder, Node};
use crate::rpc::{Answer, Budget, Fail, Fault, Limits, Value};
use crate::xml::{self, Document, Encoding, Reader};

/// Element names, all fixed: an error may show them.
const NAMES: &[&str] = &[
    "methodResponse",
    "params",
    "param",
    "fault",
    "value",
    "array",
    "data",
    "struct",
    "member",
    "name",
    "int",
    "i4",
    "i8",
    "boolean",
    "string",
    "double",
    "dateTime.iso8601",
    "base64",
    "nil",
];

/// Elements that one value inside another takes: `value`, `struct`, `member`.
const ELEMENTS_PER_DEPTH: usize = 3;

/// Decodes an answer. `charset` is the parameter of its media type, where there was one.
///
/// # Errors
/// `InvalidResponse` for everything that is not an answer of XML-RPC, or holds a value of another shape than `T`;
/// `LimitExceeded` beyond a limit.
pub fn decode<T>(octets: &[u8], charset: Option<&str>, limits: &Limits) -> Result<Answer<T>, Error>
where
    T: for<'de> Deserialize<'de>,
{
    if octets.len() > limits.answer {
        return Err(too_large());
    }
    let document = Document::decode(octets, Encoding::Utf8, charset)?;
    from_reader(document.reader(xml_limits(limits), NAMES), limits)
}

/// [`decode`] from a reader that stands at its start. What is decoded may borrow from the document.
///
/// # Errors
/// As [`decode`].
pub fn from_reader<'x, T: Deserialize<'x>>(reader: Reader<'x>, limits: &Limits) -> Result<Answer<T>, Error> {
    read(reader, limits, |node| T::deserialize(node))
}

/// Decodes an answer into a value of whatever shape.
///
/// # Errors
/// As [`decode`].
pub fn value(octets: &[u8], charset: Option<&str>, limits: &Limits) -> Result<Answer<Value>, Error> {
    if octets.len() > limits.answer {
        return Err(too_large());
    }
    let document = Document::decode(octets, Encoding::Utf8, charset)?;
    read(document.reader(xml_limits(limits), NAMES), limits, |node| node.into_value())
}

fn xml_limits(limits: &Limits) -> xml::Limits {
    let depth = limits.depth.saturating_mul(ELEMENTS_PER_DEPTH).saturating_add(8);
    xml::Limits { depth, text: limits.text, ..xml::Limits::default() }
}

fn read<'x, T>(
    mut reader: Reader<'x>,
    limits: &Limits,
    of: impl FnOnce(Node<'_, 'x>) -> Result<T, Fail>,
) -> Result<Answer<T>, Error> {
    reader.root("", "methodResponse")?;
    let name = reader.child()?;
    let budget = Budget::new(*limits);
    let mut decoder = Decoder { reader, budget };
    let answer = match name.map(|name| (name.namespace.is_empty(), name.local)) {
        Some((true, "params")) => {
            let value = decoder.element("param").and_then(|()| decoder.node()).and_then(of);
            let value = value.map_err(|fail| decoder.budget.error(fail))?;
            decoder.reader.close()?;
            Answer::Value(value)
        }
        Some((true, "fault")) => {
            let fault = decoder.node().and_then(RawFault::deserialize);
            let fault = fault.map_err(|fail| decoder.budget.error(fail))?;
            Answer::Fault(Fault::new(fault.code, None, fault.message.into_owned()))
        }
        Some(_) => return Err(decoder.reader.expected("params or a fault", "another element")),
        None => return Err(decoder.reader.expected("params or a fault", "nothing")),
    };
    // `param` or `fault`, then the root.
    decoder.reader.close()?;
    decoder.reader.close()?;
    decoder.reader.finish()?;
    Ok(answer)
}

#[derive(Deserialize)]
struct RawFault<'x> {
    #[serde(rename = "faultCode")]
    code: i64,
    #[serde(rename = "faultString", borrow)]
    message: Cow<'x, str>,
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        "The answer of the system behind is larger than the limit in its settings.",
    )
}
