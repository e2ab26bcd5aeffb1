//! Requests, as they are sent (RFC 4511, section 4).

use portico_contract::Error;

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, SEQUENCE, Writer};
use super::control;
use super::search::{Scope, Search};

const BIND: u8 = 0x60;
const SEARCH: u8 = 0x63;
const CONTROLS: u8 = 0xa0;
/// A password in a bind.
const SIMPLE: u8 = 0x80;
/// UnbindRequest (section 4.3), with the largest id there is.
pub(super) const UNBIND: [u8; 10] = [0x30, 0x08, 0x02, 0x04, 0x7f, 0xff, 0xff, 0xff, 0x42, 0x00];

/// An operation with its controls: a message without its id.
#[derive(Clone)]
pub(super) struct Request(Vec<u8>);

impl Request {
    /// BindRequest (section 4.2) with a name and a password; both empty for nobody.
    pub(super) fn bind(name: &str, password: &str) -> Self {
        let mut writer = Writer::default();
        writer.nested(BIND, |bind| {
            bind.number(INTEGER, 3);
            bind.octets(OCTETS, name.as_bytes());
            bind.octets(SIMPLE, password.as_bytes());
        });
        Self(writer.into_octets())
    }

    /// SearchRequest (section 4.5.1). Without a time of its own the server may take `time_left` seconds.
    ///
    /// # Errors
    /// Those of [`super::Filter`]: nested too deeply, or too long.
    pub(super) fn search(search: &Search, time_left: u64) -> Result<Self, Error> {
        let time = search.time_limit.map_or(time_left, |limit| limit.as_secs().max(1));
        let mut writer = Writer::default();
        writer.nested(SEARCH, |request| {
            request.octets(OCTETS, search.base.as_str().as_bytes());
            request.number(ENUMERATED, scope(search.scope));
            // Aliases are shown as they are.
            request.number(ENUMERATED, 0);
            request.number(INTEGER, i64::from(search.size_limit.min(i32::MAX.unsigned_abs())));
            request.number(INTEGER, i64::from(i32::try_from(time).unwrap_or(i32::MAX)));
            // Values too, not types alone.
            request.flag(BOOLEAN, false);
            let written = search.filter.write(request);
            request.nested(SEQUENCE, |list| attributes(search, list));
            written
        })?;
        let mut controls = Writer::default();
        control::write(search, &mut controls);
        if controls.len() > 0 {
            writer.octets(CONTROLS, &controls.into_octets());
        }
        Ok(Self(writer.into_octets()))
    }

    /// The message with this id.
    pub(super) fn message(&self, id: i32) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.nested(SEQUENCE, |message| {
            message.number(INTEGER, i64::from(id));
            message.raw(&self.0);
        });
        writer.into_octets()
    }
}

fn scope(scope: Scope) -> i64 {
    match scope {
        Scope::Base => 0,
        Scope::One => 1,
        Scope::Subtree => 2,
    }
}

fn attributes(search: &Search, list: &mut Writer) {
    for name in &search.attributes {
        list.octets(OCTETS, name.selector().as_bytes());
    }
    if search.operational {
        if search.attributes.is_empty() {
            list.octets(OCTETS, b"*");
        }
        list.octets(OCTETS, b"+");
    }
}

#[cfg(test)]
pub(super) mod tests;
