//! Messages on a connection: a frame at a time, within bounds.

use std::io;

use bytes::{Buf, BytesMut};
use ldap3_lber::Parser;
use ldap3_lber::structure::{PL, StructureTag};
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::LdapMsg;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_util::codec::Encoder as _;

/// Octets of a request, as slapd has it by default for who has not signed in.
const MAX_REQUEST: usize = 262_143;
/// Structures in structures.
const MAX_DEPTH: usize = 128;
/// Written at once.
const CHUNK: usize = 64 * 1_024;

/// A connection, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A request. The filter of a search is kept apart: the message has another in its place.
pub(crate) struct Request {
    pub message: LdapMsg,
    pub filter: Option<StructureTag>,
}

pub(crate) struct Frames {
    stream: Box<dyn Stream>,
    input: BytesMut,
    output: BytesMut,
}

impl Frames {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, input: BytesMut::new(), output: BytesMut::new() }
    }

    /// The stream, to put TLS on; what the client sent too early is dropped with it.
    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// The next request; `None` when the client has closed.
    ///
    /// # Errors
    /// The connection broke, or the client sent what is no message: `InvalidData`.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Request>> {
        loop {
            if let Some(length) = frame_length(&self.input)?
                && self.input.len() >= length
            {
                let request = parse(&self.input[..length]);
                self.input.advance(length);
                return request.map(Some);
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Puts a message behind those that wait, and sends when there is enough.
    pub(crate) async fn send(&mut self, message: LdapMsg) -> io::Result<()> {
        LdapCodec::default().encode(message, &mut self.output)?;
        if self.output.len() >= CHUNK { self.flush().await } else { Ok(()) }
    }

    /// Sends what waits.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        let output = self.output.split();
        self.stream.write_all(&output).await?;
        self.stream.flush().await
    }

    /// Octets that are no message of ours.
    pub(crate) async fn raw(&mut self, octets: &[u8]) -> io::Result<()> {
        self.flush().await?;
        self.stream.write_all(octets).await?;
        self.stream.flush().await
    }

    /// Waits until the client closes, whatever it sends.
    pub(crate) async fn drain(&mut self) {
        let mut sink = [0; 1_024];
        while matches!(self.stream.read(&mut sink).await, Ok(1..)) {}
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The length of the frame that begins here, its header included; `None` while it cannot be told.
fn frame_length(input: &[u8]) -> io::Result<Option<usize>> {
    let [kind, first, rest @ ..] = input else { return Ok(None) };
    if *kind != 0x30 {
        return Err(invalid("not a sequence"));
    }
    if *first < 0x80 {
        return Ok(Some(2 + usize::from(*first)));
    }
    let octets = usize::from(*first & 0x7F);
    if octets == 0 || octets > 8 {
        return Err(invalid("a length that is not definite"));
    }
    let Some(length) = rest.get(..octets) else { return Ok(None) };
    let length = length.iter().fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
    match usize::try_from(length) {
        Ok(length) if length <= MAX_REQUEST => Ok(Some(2 + octets + length)),
        _ => Err(invalid("a request beyond all bounds")),
    }
}

fn parse(frame: &[u8]) -> io::Result<Request> {
    let (_, mut tag) = Parser::new(MAX_DEPTH).parse(frame).map_err(|_| invalid("not BER"))?;
    let filter = take_filter(&mut tag);
    let message = LdapMsg::try_from(tag).map_err(|_| invalid("not a message"))?;
    Ok(Request { message, filter })
}

/// Takes the filter out of a search, and leaves one there that the codec can read.
fn take_filter(message: &mut StructureTag) -> Option<StructureTag> {
    let PL::C(parts) = &mut message.payload else { return None };
    let search = parts.get_mut(1).filter(|op| op.id == 3)?;
    let PL::C(parts) = &mut search.payload else { return None };
    let filter = parts.get_mut(6)?;
    let stand_in = StructureTag { class: filter.class, id: 7, payload: PL::P(b"objectClass".to_vec()) };
    Some(std::mem::replace(filter, stand_in))
}
