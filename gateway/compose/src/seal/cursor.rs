//! Cursors: where a list goes on, for one person, one route and one query, for a day.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use jiff::{SignedDuration, Timestamp};
use portico_contract::paging::Position;
use portico_contract::{Error, ErrorKind, SystemKey};
use portico_schemas::{FieldError, SourceStatus};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Seals;

const LABEL: &[u8] = b"portico cursor 1";
const NONCE_LEN: usize = 24;
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Octets that a sealed cursor may have.
const MAX_LEN: usize = 2_048;

/// Where one source stands in a traversal.
#[derive(Debug, Clone, PartialEq)]
pub enum SourcePosition {
    /// Not asked yet.
    Start,
    /// Goes on here.
    Next(Position),
    /// Has given everything.
    Done,
    /// Failed on an earlier page and stays so for this traversal.
    Failed(SourceStatus),
}

/// Where a traversal stands, source by source, in the order of the first page.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// Every source of the traversal.
    pub sources: Vec<(SystemKey, SourcePosition)>,
}

/// As small as it can be: a cursor travels in an address.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Seconds since 1970 when it was made.
    t: i64,
    /// Hash over route, query and person.
    b: String,
    /// System key and `n…` next, `d` done, `f…` failed, `s` start.
    s: Vec<(String, String)>,
}

impl Seals {
    /// Seals a cursor to a route, a query and a person.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] when the positions of the sources do not fit into 2 KiB.
    pub fn seal_cursor(&self, cursor: &Cursor, bound_to: &str, now: Timestamp) -> Result<String, Error> {
        let sealed = Sealed {
            t: now.as_second(),
            b: binding(bound_to),
            s: cursor.sources.iter().map(|(key, at)| (key.as_str().to_owned(), encode(at))).collect(),
        };
        let plain = serde_json::to_vec(&sealed).unwrap_or_default();
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let cipher = XChaCha20Poly1305::new(Key::from_slice(&self.cursors));
        let payload = Payload { msg: &plain, aad: LABEL };
        let body = cipher.encrypt(&nonce, payload).map_err(|_| too_large())?;
        let text = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &body].concat());
        if text.len() > MAX_LEN { Err(too_large()) } else { Ok(text) }
    }

    /// Opens a cursor.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCursor`] when it was altered, is older than 24 hours, or was made for another route, query
    /// or person.
    pub fn open_cursor(&self, text: &str, bound_to: &str, now: Timestamp) -> Result<Cursor, Error> {
        let sealed = self.decrypt(text).ok_or_else(|| refused("it was altered or was not made here"))?;
        if sealed.b != binding(bound_to) {
            return Err(refused("it was made for another route, another query or another person"));
        }
        let made = Timestamp::from_second(sealed.t).map_err(|_| refused("it was altered"))?;
        if now.duration_since(made) > LIFETIME {
            return Err(refused("it is older than 24 hours"));
        }
        let mut sources = Vec::with_capacity(sealed.s.len());
        for (key, at) in &sealed.s {
            let pair = SystemKey::new(key).zip(decode(at));
            sources.push(pair.ok_or_else(|| refused("it comes from another version of the gateway"))?);
        }
        Ok(Cursor { sources })
    }

    fn decrypt(&self, text: &str) -> Option<Sealed> {
        if text.len() > MAX_LEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN)?;
        let cipher = XChaCha20Poly1305::new(Key::from_slice(&self.cursors));
        let plain = cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: LABEL }).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

fn binding(bound_to: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(bound_to.as_bytes())[..12])
}

fn encode(at: &SourcePosition) -> String {
    match at {
        SourcePosition::Start => "s".to_owned(),
        SourcePosition::Next(position) => format!("n{}", position.as_str()),
        SourcePosition::Done => "d".to_owned(),
        SourcePosition::Failed(status) => format!("f{}", status.as_str()),
    }
}

fn decode(text: &str) -> Option<SourcePosition> {
    let (tag, rest) = text.split_at_checked(1)?;
    match tag {
        "s" => Some(SourcePosition::Start),
        "n" => Position::new(rest).map(SourcePosition::Next),
        "d" => Some(SourcePosition::Done),
        "f" => serde_json::from_value(rest.into()).ok().map(SourcePosition::Failed),
        _ => None,
    }
}

fn refused(why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidCursor,
        format!("The cursor cannot be used: {why}. Start again without one."),
    )
    .with_fields(vec![FieldError { detail: why.to_owned(), pointer: "?cursor".to_owned() }])
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        "The list cannot go on: the sources' positions do not fit into a cursor. Ask fewer systems at once.",
    )
}
