//! What travels in calls and answers, and what records hold.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// A value of Python as far as the external API can carry it. Records hold `Bool(false)` where there is nothing, as the
/// ORM shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Python's `None`, which XML-RPC cannot carry here.
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Value>),
    /// In the order of insertion, as a dictionary of Python.
    Map(Vec<(String, Value)>),
}

impl Value {
    pub const FALSE: Self = Self::Bool(false);
    pub const TRUE: Self = Self::Bool(true);

    pub fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    pub fn ids(ids: impl IntoIterator<Item = i64>) -> Self {
        Self::List(ids.into_iter().map(Self::Int).collect())
    }

    pub fn map<const N: usize>(pairs: [(&str, Self); N]) -> Self {
        Self::Map(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Python's truth.
    pub fn truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(yes) => *yes,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(pairs) => !pairs.is_empty(),
        }
    }

    /// Nothing: `None` or `False`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::None | Self::Bool(false))
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(yes) => Some(i64::from(*yes)),
            _ => None,
        }
    }

    /// The id of a record; `False` and 0 are none.
    pub fn as_id(&self) -> Option<i64> {
        match self {
            Self::Int(id) if *id > 0 => Some(*id),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as Python's float() does")]
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::Int(number) => Some(*number as f64),
            Self::Bool(yes) => Some(f64::from(u8::from(*yes))),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The entry of a dictionary.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(pairs) => pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The ids of a list of ids, or of one id.
    pub fn id_list(&self) -> Vec<i64> {
        match self {
            Self::List(list) => list.iter().filter_map(Self::as_id).collect(),
            other => other.as_id().into_iter().collect(),
        }
    }

    /// As Python's `repr` shows it.
    pub fn repr(&self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => float_repr(*number),
            Self::Str(text) => string_repr(text),
            Self::List(list) => {
                format!("[{}]", list.iter().map(Self::repr).collect::<Vec<_>>().join(", "))
            }
            Self::Map(pairs) => {
                let pairs =
                    pairs.iter().map(|(name, value)| format!("{}: {}", string_repr(name), value.repr()));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// From JSON, as Python's `json.loads` reads it.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::None,
            Json::Bool(yes) => Self::Bool(*yes),
            Json::Number(number) => {
                number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap_or_default()), Self::Int)
            }
            Json::String(text) => Self::Str(text.clone()),
            Json::Array(list) => Self::List(list.iter().map(Self::from_json).collect()),
            Json::Object(object) => {
                let pairs = object.iter().map(|(name, value)| (name.clone(), Self::from_json(value)));
                Self::Map(pairs.collect())
            }
        }
    }

    /// For the tests that look into the simulator.
    pub fn to_json(&self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Bool(yes) => Json::Bool(*yes),
            Self::Int(number) => Json::from(*number),
            Self::Float(number) => Json::from(*number),
            Self::Str(text) => Json::String(text.clone()),
            Self::List(list) => Json::Array(list.iter().map(Self::to_json).collect()),
            Self::Map(pairs) => {
                Json::Object(pairs.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
            }
        }
    }
}

/// Python's `repr` of a float: the shortest digits that give the same number, an exponent from 1e16 on and below 1e-4.
pub(crate) fn float_repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let text = number.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// Python's `repr` of a string, for text without control characters other than line ends and tabs.
fn string_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            letter if letter == quote => {
                let _ = write!(out, "\\{quote}");
            }
            letter => out.push(letter),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_in_python() {
        let known = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (33.34, "33.34"),
            (1.0, "1.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (0.1 + 0.2, "0.30000000000000004"),
        ];
        for (number, text) in known {
            assert_eq!(float_repr(number), text);
        }
    }

    #[test]
    fn strings_look_as_in_python() {
        for (text, shown) in [("a", "'a'"), ("it's", "\"it's\""), ("a\n\"'", "'a\\n\"\\''"), ("ä", "'ä'")] {
            assert_eq!(Value::str(text).repr(), shown);
        }
    }
}
