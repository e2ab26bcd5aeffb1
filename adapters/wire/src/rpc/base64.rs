//! Base64 (RFC 4648, section 4) in pieces, both ways.

use ::base64::Engine as _;
use ::base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use portico_contract::{ByteStream, Error, ErrorKind};

/// Turns a body into its base64 text, piece by piece: at most two octets wait for the next piece.
pub fn encode(body: ByteStream) -> ByteStream {
    let state = (body, Vec::with_capacity(3), false);
    ByteStream::new(stream::unfold(state, |(mut body, mut kept, ended)| async move {
        if ended {
            return None;
        }
        loop {
            match body.next().await {
                Some(Ok(piece)) => {
                    let text = aligned(&mut kept, &piece);
                    if !text.is_empty() {
                        return Some((Ok(Bytes::from(text)), (body, kept, false)));
                    }
                }
                Some(Err(error)) => return Some((Err(error), (body, kept, true))),
                None if kept.is_empty() => return None,
                None => return Some((Ok(Bytes::from(BASE64_STANDARD.encode(&kept))), (body, kept, true))),
            }
        }
    }))
}

/// Encodes as many octets as make whole groups of three, and keeps the rest.
fn aligned(kept: &mut Vec<u8>, piece: &[u8]) -> String {
    let first = if kept.is_empty() { 0 } else { (3 - kept.len()).min(piece.len()) };
    kept.extend_from_slice(&piece[..first]);
    let rest = &piece[first..];
    let whole = rest.len() - rest.len() % 3;
    let mut text = String::with_capacity((whole / 3 + 1) * 4);
    if kept.len() == 3 {
        BASE64_STANDARD.encode_string(&*kept, &mut text);
        kept.clear();
    }
    BASE64_STANDARD.encode_string(&rest[..whole], &mut text);
    kept.extend_from_slice(&rest[whole..]);
    text
}

/// Decodes base64 text that comes in pieces. White space is passed over.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    kept: Vec<u8>,
    ended: bool,
}

impl Decoder {
    /// Decodes as many groups of four as are there.
    pub(super) fn push(&mut self, text: &[u8]) -> Result<Bytes, Error> {
        let text = match text.iter().any(u8::is_ascii_whitespace) {
            true => {
                &text.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect::<Vec<_>>()[..]
            }
            false => text,
        };
        if text.is_empty() {
            return Ok(Bytes::new());
        }
        if self.ended {
            return Err(broken());
        }
        let first = if self.kept.is_empty() { 0 } else { (4 - self.kept.len()).min(text.len()) };
        self.kept.extend_from_slice(&text[..first]);
        let rest = &text[first..];
        let whole = rest.len() - rest.len() % 4;
        let mut octets = Vec::with_capacity((whole / 4 + 1) * 3);
        if self.kept.len() == 4 {
            self.group(&mut octets)?;
        }
        if whole > 0 {
            if self.ended {
                return Err(broken());
            }
            BASE64_STANDARD.decode_vec(&rest[..whole], &mut octets).map_err(|_| broken())?;
            self.ended = rest[whole - 1] == b'=';
        }
        if self.ended && whole < rest.len() {
            return Err(broken());
        }
        self.kept.extend_from_slice(&rest[whole..]);
        Ok(octets.into())
    }

    fn group(&mut self, octets: &mut Vec<u8>) -> Result<(), Error> {
        BASE64_STANDARD.decode_vec(&self.kept, octets).map_err(|_| broken())?;
        self.ended = self.kept.ends_with(b"=");
        self.kept.clear();
        Ok(())
    }

    /// Whether the text may end here.
    pub(super) fn finish(&self) -> Result<(), Error> {
        if self.kept.is_empty() { Ok(()) } else { Err(broken()) }
    }
}

fn broken() -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        "The content that the system behind gave cannot be used: expected base64, found other characters.",
    )
}
