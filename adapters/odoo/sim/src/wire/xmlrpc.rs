//! XML-RPC: reads calls, and writes answers as the marshaller of Python's `xmlrpc.client` does, line ends included.

use roxmltree::{Document, Node};

use crate::error::Error;
use crate::value::{Value, float_repr};

/// What XML-RPC allows an integer to be; `xmlrpc.client.Marshaller.dump_long`.
const INTEGERS: std::ops::RangeInclusive<i64> = -2_147_483_648..=2_147_483_647;

/// The method and the parameters of a call.
pub(crate) fn read(body: &str) -> Result<(String, Vec<Value>), Error> {
    let document = Document::parse(body).map_err(|_| {
        Error::python("xml.parsers.expat.ExpatError", "not well-formed (invalid token): line 1, column 0")
    })?;
    let root = document.root_element();
    let method = child(root, "methodName").map(text).unwrap_or_default();
    let params = child(root, "params").map_or_else(
        || Ok(Vec::new()),
        |params| {
            let values = elements(params).filter_map(|param| child(param, "value"));
            values.map(value).collect::<Result<Vec<_>, _>>()
        },
    )?;
    Ok((method, params))
}

fn elements<'a, 'b>(node: Node<'a, 'b>) -> impl Iterator<Item = Node<'a, 'b>> {
    node.children().filter(Node::is_element)
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    elements(node).find(|child| child.tag_name().name() == name)
}

fn text(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect()
}

/// `xmlrpc.client.Unmarshaller`.
fn value(node: Node<'_, '_>) -> Result<Value, Error> {
    let Some(typed) = elements(node).next() else { return Ok(Value::Str(text(node))) };
    let said = text(typed);
    let bad = || Error::python("ValueError", &format!("could not convert string to float: '{said}'"));
    Ok(match typed.tag_name().name() {
        "int" | "i4" | "i8" | "i1" | "i2" | "biginteger" => {
            Value::Int(said.trim().parse().map_err(|_| bad())?)
        }
        "boolean" => match said.trim() {
            "0" => Value::FALSE,
            "1" => Value::TRUE,
            _ => return Err(Error::python("TypeError", "bad boolean value")),
        },
        "double" | "float" | "bigdecimal" => Value::Float(said.trim().parse().map_err(|_| bad())?),
        "string" => Value::Str(said),
        "base64" => Value::Str(said.split_whitespace().collect()),
        // 20261122T12:41:24, which the ORM takes as it takes its own form.
        "dateTime.iso8601" => Value::Str(date_time(said.trim())),
        "nil" => Value::None,
        "array" => {
            let data = child(typed, "data");
            let values = data.into_iter().flat_map(elements).map(value);
            Value::List(values.collect::<Result<_, _>>()?)
        }
        "struct" => {
            let mut pairs: Vec<(String, Value)> = Vec::new();
            for member in elements(typed) {
                let name = child(member, "name").map(text).unwrap_or_default();
                let held = child(member, "value").map_or(Ok(Value::None), value)?;
                pairs.retain(|(known, _)| *known != name);
                pairs.push((name, held));
            }
            Value::Map(pairs)
        }
        other => return Err(Error::python("xmlrpc.client.ResponseError", other)),
    })
}

fn date_time(said: &str) -> String {
    let digits = said.len() == 17 && said.as_bytes().get(8) == Some(&b'T') && said.is_ascii();
    if !digits {
        return said.to_owned();
    }
    format!("{}-{}-{} {}", &said[..4], &said[4..6], &said[6..8], &said[9..])
}

/// A whole answer with a result.
pub(crate) fn answer(result: &Value) -> Result<String, Error> {
    let mut out = String::from("<params>\n<param>\n");
    write(&mut out, result)?;
    out.push_str("</param>\n</params>\n");
    Ok(envelope(&out))
}

/// A whole answer with a fault.
pub(crate) fn fault(code: i64, said: &str) -> String {
    let mut out = String::from("<fault>\n");
    let fault = Value::map([("faultCode", Value::Int(code)), ("faultString", Value::str(said))]);
    // A number and a text can always be written.
    let _ = write(&mut out, &fault);
    out.push_str("</fault>\n");
    envelope(&out)
}

/// `dumps` of `odoo/addons/base/controllers/rpc.py`.
fn envelope(inner: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<methodResponse>\n{inner}\n</methodResponse>\n")
}

fn write(out: &mut String, value: &Value) -> Result<(), Error> {
    match value {
        Value::None => return Err(Error::cannot_marshal()),
        Value::Bool(yes) => simple(out, "boolean", if *yes { "1" } else { "0" }),
        Value::Int(number) if INTEGERS.contains(number) => simple(out, "int", &number.to_string()),
        Value::Int(_) => return Err(Error::python("OverflowError", "int exceeds XML-RPC limits")),
        Value::Float(number) => simple(out, "double", &float_repr(*number)),
        Value::Str(text) => {
            out.push_str("<value><string>");
            escape(out, text);
            out.push_str("</string></value>\n");
        }
        Value::List(list) => {
            out.push_str("<value><array><data>\n");
            for value in list {
                write(out, value)?;
            }
            out.push_str("</data></array></value>\n");
        }
        Value::Map(pairs) => {
            out.push_str("<value><struct>\n");
            for (name, value) in pairs {
                out.push_str("<member>\n<name>");
                escape(out, name);
                out.push_str("</name>\n");
                write(out, value)?;
                out.push_str("</member>\n");
            }
            out.push_str("</struct></value>\n");
        }
    }
    Ok(())
}

fn simple(out: &mut String, kind: &str, text: &str) {
    for part in ["<value><", kind, ">", text, "</", kind, "></value>\n"] {
        out.push_str(part);
    }
}

/// Control characters are left out (`dump_unicode` of rpc.py), as XML 1.0 has no way to write them.
fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => out.push(letter),
            letter if letter < ' ' => {}
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_sends_is_read() {
        let body = "<?xml version='1.0'?><methodCall><methodName>m</methodName><params>\
            <param><value>bare &amp; bold</value></param>\
            <param><value><array><data><value><boolean>1</boolean></value><value><double>33.335</double></value>\
            <value><nil/></value></data></array></value></param>\
            <param><value><struct><member><name>a</name><value><dateTime.iso8601>20261122T12:41:24\
            </dateTime.iso8601></value></member></struct></value></param></params></methodCall>";
        let (method, params) = read(body).unwrap();
        assert_eq!(method, "m");
        assert_eq!(params[0], Value::str("bare & bold"));
        assert_eq!(params[1], Value::List(vec![Value::TRUE, Value::Float(33.335), Value::None]));
        assert_eq!(params[2].get("a"), Some(&Value::str("2026-11-22 12:41:24")));
        for broken in ["", "<a", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_xml_rpc_cannot_carry_is_a_fault() {
        assert!(answer(&Value::Int(1 << 31)).is_err());
        assert!(answer(&Value::List(vec![Value::None])).is_err());
        assert!(answer(&Value::str("bell \u{7} rings")).unwrap().contains(">bell  rings<"));
    }
}
