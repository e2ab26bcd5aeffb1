//! Answers: one object with a result or an error.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use portico_contract::{Error, ErrorKind};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::exact::{Exact, Over};
use crate::rpc::{Answer, Budget, Fail, Fault, Limits};

/// The envelope takes one level of its own, and an error's data another.
const ENVELOPE: usize = 3;

/// Decodes the answer to the call with this id.
///
/// # Errors
/// `InvalidResponse` for everything that is not an answer of JSON-RPC to this call, or holds a value of another shape than
/// `T`; `LimitExceeded` beyond a limit.
pub fn decode<T>(octets: &[u8], id: i64, limits: &Limits) -> Result<Answer<T>, Error>
where
    T: for<'de> Deserialize<'de>,
{
    if octets.len() > limits.answer {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            "The answer of the system behind is larger than the limit in its settings.",
        ));
    }
    let budget = Budget::new(Limits { depth: limits.depth.saturating_add(ENVELOPE), ..*limits });
    let over = Over::default();
    let fail = |error: serde_json::Error| match over.get() {
        Some(limit) => Fail::Limit(limit),
        None if error.is_data() => Fail::from_message(&error.to_string()),
        None => Fail::shape("JSON", "something else"),
    };
    let mut json = serde_json::Deserializer::from_slice(octets);
    let envelope = Envelope::<T>::deserialize(Exact { inner: &mut json, budget: &budget, over: &over });
    let envelope = envelope.and_then(|envelope| json.end().map(|()| envelope));
    let envelope = envelope.map_err(|error| budget.error(fail(error)))?;
    // A system that could not read the call has no id to give.
    if envelope.id.is_some_and(|answered| answered != id)
        || (envelope.id.is_none() && envelope.error.is_none())
    {
        return Err(budget.error(Fail::shape("the id of the call", "another one")));
    }
    match (envelope.result, envelope.error) {
        (None, Some(error)) => Ok(Answer::Fault(error.into_fault())),
        (Some(_), Some(_)) => Err(budget.error(Fail::shape("a result or an error", "both"))),
        (Some(value), None) => Ok(Answer::Value(value)),
        (None, None) => T::deserialize(de::value::UnitDeserializer::<Fail>::new())
            .map(Answer::Value)
            .map_err(|_| budget.error(Fail::shape("a result or an error", "neither"))),
    }
}

struct Envelope<T> {
    id: Option<i64>,
    result: Option<T>,
    error: Option<RawError>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FIELDS: &[&str] = &["jsonrpc", "id", "result", "error"];
        deserializer.deserialize_struct("Envelope", FIELDS, EnvelopeVisitor(PhantomData))
    }
}

struct EnvelopeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EnvelopeVisitor<T> {
    type Value = Envelope<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of JSON-RPC")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<T>, A::Error> {
        let (mut id, mut result, mut error, mut version) = (None, None, None, false);
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let again = match &*name {
                "jsonrpc" => std::mem::replace(&mut version, map.next_value::<Cow<'de, str>>()? == "2.0"),
                "id" => id.replace(map.next_value::<Option<i64>>()?).is_some(),
                "result" => result.replace(map.next_value()?).is_some(),
                "error" => error.replace(map.next_value::<Option<RawError>>()?).is_some(),
                _ => map.next_value::<IgnoredAny>().map(|_| false)?,
            };
            if again {
                return Err(de::Error::duplicate_field("member"));
            }
        }
        if !version {
            return Err(de::Error::missing_field("jsonrpc"));
        }
        Ok(Envelope { id: id.flatten(), result, error: error.flatten() })
    }
}

#[derive(serde::Deserialize)]
struct RawError {
    code: i64,
    message: String,
    data: Option<RawData>,
}

/// What Python servers add: the exception, and its own message.
#[derive(serde::Deserialize)]
struct RawData {
    name: Option<String>,
    message: Option<String>,
}

impl RawError {
    fn into_fault(self) -> Fault {
        let (name, message) = self.data.map_or((None, None), |data| (data.name, data.message));
        Fault::new(self.code, name, message.unwrap_or(self.message))
    }
}
