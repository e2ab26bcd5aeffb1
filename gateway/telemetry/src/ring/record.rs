//! A trace as it is kept on disk, and the line that holds it.
//!
//! A line is `LENGTH CHECKSUM JSON\n`: octets of the JSON and its CRC-32 (ISO 3309), eight hexadecimal digits each. A
//! line that was torn by a crash fails one of the two and is skipped.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use portico_contract::trace::{FinishedTrace, SpanKind, SpanRecord, Value};
use serde::{Deserialize, Serialize};

use crate::config::Service;
use crate::verdict::Kept;

/// Octets before the JSON: two figures and two spaces.
pub(crate) const PREFIX: usize = 18;

/// A trace read back from the ring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTrace {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// Why it was kept.
    pub kept: Kept,
    /// Wall-clock time of the start, in nanoseconds since 1970.
    pub started_unix_nanos: u64,
    /// The gateway that wrote it: name, version, instance.
    pub service: StoredService,
    /// The caller's span, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_parent: Option<String>,
    /// Spans that were over the bound and are missing.
    #[serde(default)]
    pub dropped: usize,
    /// The spans in the order in which they ended.
    pub spans: Vec<StoredSpan>,
}

/// Who wrote a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredService {
    /// `service.name`.
    pub name: String,
    /// `service.version`.
    pub version: String,
    /// `service.instance.id`.
    pub instance: String,
}

/// A span of a stored trace. Times are nanoseconds since the start of the trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredSpan {
    /// 16 hexadecimal digits.
    pub id: String,
    /// The span inside which it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// `server`, `internal`, `client` or `producer`.
    pub kind: Cow<'static, str>,
    /// For example `GET /v1/documents/{id}`.
    pub name: String,
    /// When it started.
    pub start_nanos: u64,
    /// When it ended.
    pub end_nanos: u64,
    /// `error.type`, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Attributes in the order they were set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, StoredValue)>,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StoredValue {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A word of the program or of the configuration.
    Text(String),
}

impl StoredSpan {
    /// The value of an attribute; the last one when it was set more than once.
    pub fn get(&self, key: &str) -> Option<&StoredValue> {
        self.attributes.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of an attribute, if it is one.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            StoredValue::Text(text) => Some(text),
            StoredValue::Flag(_) | StoredValue::Number(_) => None,
        }
    }

    /// The number of an attribute, if it is one.
    pub fn number(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            StoredValue::Number(number) => Some(*number),
            StoredValue::Flag(_) | StoredValue::Text(_) => None,
        }
    }

    /// The flag of an attribute, if it is one.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            StoredValue::Flag(flag) => Some(*flag),
            StoredValue::Number(_) | StoredValue::Text(_) => None,
        }
    }

    /// How long it took.
    pub fn took(&self) -> Duration {
        Duration::from_nanos(self.end_nanos.saturating_sub(self.start_nanos))
    }
}

impl StoredTrace {
    /// When the request came.
    pub fn started_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.started_unix_nanos)
    }

    /// The span of the request itself: the one that ran inside no other of this trace.
    pub fn root(&self) -> Option<&StoredSpan> {
        self.spans.iter().find(|span| span.parent == self.remote_parent)
    }

    /// The spans that ran directly inside this one, in the order in which they started.
    pub fn children<'a>(&'a self, of: &'a StoredSpan) -> Vec<&'a StoredSpan> {
        let mut inside: Vec<_> =
            self.spans.iter().filter(|span| span.parent.as_deref() == Some(&*of.id)).collect();
        inside.sort_by_key(|span| span.start_nanos);
        inside
    }

    pub(crate) fn of(trace: &FinishedTrace, kept: Kept, service: &Service) -> Self {
        Self {
            trace_id: trace.trace_id.to_string(),
            kept,
            started_unix_nanos: trace.started_at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, nanos),
            service: StoredService {
                name: service.name.clone(),
                version: service.version.clone(),
                instance: service.instance.clone(),
            },
            remote_parent: trace.remote_parent.map(|id| id.to_string()),
            dropped: trace.dropped,
            spans: trace.spans.iter().map(stored_span).collect(),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn stored_span(span: &SpanRecord) -> StoredSpan {
    StoredSpan {
        id: span.id.to_string(),
        parent: span.parent.map(|id| id.to_string()),
        kind: Cow::Borrowed(match span.kind {
            SpanKind::Server => "server",
            SpanKind::Internal => "internal",
            SpanKind::Client => "client",
            SpanKind::Producer => "producer",
        }),
        name: span.name.to_string(),
        start_nanos: nanos(span.start),
        end_nanos: nanos(span.end),
        error: span.error.map(str::to_owned),
        attributes: span.attributes.iter().map(|(key, value)| ((*key).to_owned(), stored(value))).collect(),
    }
}

// No wildcard: a new kind of value has to be looked at here before it can reach a disk.
fn stored(value: &Value) -> StoredValue {
    match value {
        Value::Word(word) => StoredValue::Text((*word).to_owned()),
        Value::Configured(text) => StoredValue::Text(text.to_string()),
        Value::Number(number) => StoredValue::Number(*number),
        Value::Flag(flag) => StoredValue::Flag(*flag),
    }
}

/// CRC-32 as in ISO 3309 and zip, a nibble at a time: records are small and rare.
fn checksum(octets: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    const TABLE: [u32; 16] = {
        let mut table = [0_u32; 16];
        let mut nibble = 0;
        while nibble < 16 {
            let mut value = nibble as u32;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 { (value >> 1) ^ POLYNOMIAL } else { value >> 1 };
                bit += 1;
            }
            table[nibble] = value;
            nibble += 1;
        }
        table
    };
    let step = |sum: u32, nibble: u32| TABLE[((sum ^ nibble) & 15) as usize] ^ (sum >> 4);
    !octets.iter().fold(!0, |sum, octet| step(step(sum, u32::from(*octet)), u32::from(*octet >> 4)))
}

/// The line for a trace, its end included.
pub(crate) fn line(trace: &StoredTrace) -> Result<Vec<u8>, serde_json::Error> {
    let json = serde_json::to_vec(trace)?;
    let mut line = format!("{:08x} {:08x} ", json.len(), checksum(&json)).into_bytes();
    line.extend_from_slice(&json);
    line.push(b'\n');
    Ok(line)
}

/// The JSON of a line without its end; `None` when it is torn or altered.
pub(crate) fn payload(line: &[u8]) -> Option<&[u8]> {
    let figure = |at: usize| u32::from_str_radix(std::str::from_utf8(line.get(at..at + 8)?).ok()?, 16).ok();
    let json = line.get(PREFIX..)?;
    let whole = figure(0)? as usize == json.len() && figure(9)? == checksum(json);
    whole.then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_everybody_knows() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }
}
