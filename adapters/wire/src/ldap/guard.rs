//! Stands between the socket and the parser: copies what goes out, checks what comes in.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;

use super::frame::{self, Violation};

/// How much is read at once.
const CHUNK: usize = 32 * 1024;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// UnbindRequest (RFC 4511, section 4.3), with the largest id there is.
const UNBIND: [u8; 10] = [0x30, 0x08, 0x02, 0x04, 0x7f, 0xff, 0xff, 0xff, 0x42, 0x00];

/// What one request may be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A BindResponse.
    Bind,
    /// Entries, references, intermediate answers and then a SearchResultDone.
    Search { max_entries: usize, max_octets: u64 },
}

/// What guard and user of one connection know of each other.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Id of the last request; the parser's library counts them up from 1 on each connection.
    id: i64,
    asked: Option<Asked>,
    entries: usize,
    octets: u64,
    closed: bool,
    fault: Option<Violation>,
}

impl Shared {
    /// The next request is this.
    pub(super) fn ask(&self, asked: Asked) {
        let mut state = self.0.lock();
        state.id += 1;
        state.asked = Some(asked);
        (state.entries, state.octets) = (0, 0);
    }

    /// Whether anything came in answer to the last request.
    pub(super) fn heard(&self) -> bool {
        self.0.lock().octets > 0
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.0.lock().closed
    }

    /// Why the guard ended the connection, if it did.
    pub(super) fn fault(&self) -> Option<Violation> {
        self.0.lock().fault
    }

    fn close(&self, fault: Option<Violation>) {
        let mut state = self.0.lock();
        state.closed = true;
        state.fault = state.fault.or(fault);
    }

    /// Takes one message into account. False when the server says that it ends the connection.
    fn admit(&self, bytes: &[u8]) -> Result<bool, Violation> {
        let message = frame::check(bytes)?;
        if message.id == 0 {
            return Ok(false);
        }
        let mut state = self.0.lock();
        let asked = state.asked.filter(|_| message.id == state.id).ok_or(Violation::Unexpected)?;
        state.octets += bytes.len() as u64;
        match (asked, message.operation) {
            (Asked::Bind, frame::BIND_RESPONSE) => state.asked = None,
            (Asked::Search { max_octets, .. }, _) if state.octets > max_octets => {
                return Err(Violation::Octets(max_octets));
            }
            (Asked::Search { max_entries, .. }, frame::ENTRY | frame::REFERENCE) => {
                state.entries += 1;
                if state.entries > max_entries {
                    return Err(Violation::Entries(max_entries));
                }
            }
            (Asked::Search { .. }, frame::INTERMEDIATE) => {}
            (Asked::Search { .. }, frame::DONE) => state.asked = None,
            _ => return Err(Violation::Unexpected),
        }
        Ok(true)
    }
}

/// Runs until either side ends. When the parser's side does, the server is told.
pub(super) async fn run<T>(server: T, parser: UnixStream, shared: Arc<Shared>, max_frame: usize)
where
    T: AsyncRead + AsyncWrite + Send,
{
    let (from_server, mut to_server) = tokio::io::split(server);
    let (mut from_parser, mut to_parser) = parser.into_split();
    let fault = tokio::select! {
        fault = inbound(from_server, &mut to_parser, &shared, max_frame) => fault,
        _ = tokio::io::copy(&mut from_parser, &mut to_server) => None,
    };
    // First, so that whoever finds the parser's side ended finds the reason as well.
    shared.close(fault);
    drop((from_parser, to_parser));
    let farewell = async {
        to_server.write_all(&UNBIND).await?;
        to_server.shutdown().await
    };
    // It may be gone already; then there is nobody to tell.
    drop(tokio::time::timeout(FAREWELL, farewell).await);
}

/// Copies checked messages. Ends with the reason if there is one, without it when the server closed the connection.
async fn inbound(
    mut server: impl AsyncRead + Unpin,
    parser: &mut (impl AsyncWrite + Unpin),
    shared: &Shared,
    max_frame: usize,
) -> Option<Violation> {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    loop {
        let (whole, end) = match admit_all(&buffer, shared, max_frame) {
            Ok((whole, open)) => (whole, (!open).then_some(None)),
            Err((whole, fault)) => (whole, Some(Some(fault))),
        };
        if whole > 0 && parser.write_all(&buffer.split_to(whole)).await.is_err() {
            return None;
        }
        if let Some(fault) = end {
            return fault;
        }
        buffer.reserve(CHUNK);
        match server.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Checks the whole messages at the start of `buffer`. Gives how many octets may be handed on, and whether the connection
/// goes on.
fn admit_all(buffer: &[u8], shared: &Shared, max_frame: usize) -> Result<(usize, bool), (usize, Violation)> {
    let mut at = 0;
    loop {
        let rest = &buffer[at..];
        let Some(length) = frame::length(rest, max_frame).map_err(|fault| (at, fault))? else {
            return Ok((at, true));
        };
        let Some(message) = rest.get(..length) else { return Ok((at, true)) };
        if !shared.admit(message).map_err(|fault| (at, fault))? {
            return Ok((at, false));
        }
        at += length;
    }
}
