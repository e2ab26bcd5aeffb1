//! Content too large to hold: the base64 text of one member of an answer, decoded while it arrives.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use portico_contract::{ByteStream, Error, ErrorKind};

use super::base64::Decoder;
use super::{Answer, Limits, Value};
use crate::http::Response;

/// Octets that an answer may have before and behind the content.
const AROUND: usize = 64 * 1024;
/// Octets that have to follow the name of the member before it is decided what its value is.
const SEEN: usize = 64;

/// Which form an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// XML-RPC.
    Xml,
    /// JSON-RPC.
    Json,
}

/// What an answer holds that was asked for content.
#[derive(Debug)]
pub enum Member {
    /// The content. Its stream ends with an error when the answer around it is not what it has to be.
    Content(ByteStream),
    /// The member is not there, or is no text: the whole answer, to be decoded as usual.
    Answer(Bytes),
}

/// Looks in an answer for the member of this name and gives its text, decoded from base64, as a stream. Never more than a
/// few pieces of it are held. What stands around it is held, 64 KiB at most on either side, and checked once the content
/// has ended: it has to be an answer with this member.
///
/// # Errors
/// Those of the wire; `InvalidResponse` when what comes before the content is none of the protocol's;
/// `LimitExceeded` when an answer without content is too large.
pub async fn member(
    protocol: Protocol,
    response: Response,
    name: &'static str,
    limits: &Limits,
) -> Result<Member, Error> {
    let mut body = response.body.into_stream();
    let mut head = BytesMut::new();
    let mut ended = false;
    while !ended {
        match body.next().await.transpose()? {
            Some(piece) => head.extend_from_slice(&piece),
            None => ended = true,
        }
        match place(protocol, &head, name, ended) {
            Place::At(at) => {
                let first = head.split_off(at).freeze();
                let reading = Reading {
                    protocol,
                    name,
                    head: head.freeze(),
                    tail: Vec::new(),
                    decoder: Decoder::default(),
                    inside: true,
                    limits: *limits,
                };
                return Ok(Member::Content(reading.stream(first, body)));
            }
            Place::Unknown if head.len() > limits.answer => break,
            Place::Unknown => {}
            Place::Nowhere => {
                while let Some(piece) = body.next().await.transpose()? {
                    head.extend_from_slice(&piece);
                    if head.len() > limits.answer {
                        return Err(too_large());
                    }
                }
                ended = true;
            }
        }
    }
    if head.len() > limits.answer { Err(too_large()) } else { Ok(Member::Answer(head.freeze())) }
}

enum Place {
    /// The content begins here.
    At(usize),
    /// There is none.
    Nowhere,
    /// More is needed to tell.
    Unknown,
}

fn place(protocol: Protocol, head: &[u8], name: &str, ended: bool) -> Place {
    let marker = match protocol {
        Protocol::Xml => format!("<name>{name}</name>"),
        Protocol::Json => format!("\"{name}\":"),
    };
    let Some(at) = memchr::memmem::find(head, marker.as_bytes()) else {
        return if ended || head.len() > AROUND { Place::Nowhere } else { Place::Unknown };
    };
    let behind = at + marker.len();
    if head.len() < behind + SEEN && !ended {
        return Place::Unknown;
    }
    // Nothing may make what is found here mean something else: no comments, sections or types before it.
    if at > AROUND || (protocol == Protocol::Xml && memchr::memmem::find(&head[..at], b"<!").is_some()) {
        return Place::Nowhere;
    }
    let mut rest = space(&head[behind..]);
    match protocol {
        Protocol::Json => match rest.strip_prefix(b"\"") {
            Some(text) => Place::At(head.len() - text.len()),
            None => Place::Nowhere,
        },
        Protocol::Xml => {
            let Some(value) = rest.strip_prefix(b"<value>") else { return Place::Nowhere };
            rest = value;
            for tag in [&b"<string>"[..], b"<base64>"] {
                rest = space(rest).strip_prefix(tag).unwrap_or(rest);
            }
            if rest.starts_with(b"<") && rest.len() == value.len() {
                return Place::Nowhere;
            }
            Place::At(head.len() - rest.len())
        }
    }
}

fn space(octets: &[u8]) -> &[u8] {
    octets.trim_ascii_start()
}

/// A stream in the middle of an answer.
struct Reading {
    protocol: Protocol,
    name: &'static str,
    head: Bytes,
    tail: Vec<u8>,
    decoder: Decoder,
    inside: bool,
    limits: Limits,
}

impl Reading {
    fn stream(self, first: Bytes, body: ByteStream) -> ByteStream {
        let body = stream::iter([Ok(first)]).chain(body);
        ByteStream::new(stream::unfold((Some(self), Box::pin(body)), |(reading, mut body)| async move {
            let mut reading = reading?;
            loop {
                let step = match body.next().await {
                    Some(Ok(piece)) => reading.piece(&piece),
                    Some(Err(error)) => Err(error),
                    None => return reading.end().err().map(|error| (Err(error), (None, body))),
                };
                match step {
                    Ok(octets) if octets.is_empty() => {}
                    Ok(octets) => return Some((Ok(octets), (Some(reading), body))),
                    Err(error) => return Some((Err(error), (None, body))),
                }
            }
        }))
    }

    fn piece(&mut self, piece: &[u8]) -> Result<Bytes, Error> {
        if !self.inside {
            self.behind(piece)?;
            return Ok(Bytes::new());
        }
        let end = match self.protocol {
            Protocol::Xml => memchr::memchr(b'<', piece),
            Protocol::Json => memchr::memchr(b'"', piece),
        };
        let Some(end) = end else { return self.decoder.push(piece) };
        self.inside = false;
        self.behind(&piece[end..])?;
        let octets = self.decoder.push(&piece[..end])?;
        self.decoder.finish()?;
        Ok(octets)
    }

    fn behind(&mut self, octets: &[u8]) -> Result<(), Error> {
        if self.tail.len() + octets.len() > AROUND {
            return Err(too_large());
        }
        self.tail.extend_from_slice(octets);
        Ok(())
    }

    /// All has come: without its content, the answer has to be one that holds an empty text in its place.
    fn end(&self) -> Result<(), Error> {
        let around = [&self.head[..], &self.tail[..]].concat();
        let found = match self.protocol {
            Protocol::Xml => match crate::xmlrpc::value(&around, None, &self.limits)? {
                Answer::Value(value) => has_empty(&value, self.name),
                Answer::Fault(_) => false,
            },
            Protocol::Json => serde_json::from_slice::<serde_json::Value>(&around).is_ok_and(|value| {
                value.get("result").is_some_and(|result| has_empty_json(result, self.name))
            }),
        };
        if found && !self.inside { Ok(()) } else { Err(broken()) }
    }
}

fn has_empty(value: &Value, name: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_empty(item, name)),
        Value::Struct(members) => members.iter().any(|(member, value)| {
            let empty = match value {
                Value::Text(text) => text.is_empty(),
                Value::Octets(octets) => octets.is_empty(),
                _ => false,
            };
            (member == name && empty) || has_empty(value, name)
        }),
        _ => false,
    }
}

fn has_empty_json(value: &serde_json::Value, name: &str) -> bool {
    match value {
        serde_json::Value::Array(items) => items.iter().any(|item| has_empty_json(item, name)),
        serde_json::Value::Object(members) => members
            .iter()
            .any(|(member, value)| (member == name && value == "") || has_empty_json(value, name)),
        _ => false,
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        "The answer of the system behind is larger than the limit in its settings.",
    )
}

fn broken() -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        "The answer of the system behind is not what it has to be around the content that it gave.",
    )
}
