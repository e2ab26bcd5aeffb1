//! One connection through the proxy: two directions that share the state of the current exchange.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::meter::Meter;
use super::{Fault, Shared};

const BUFFER: usize = 16 * 1024;
/// After a proper close, how long the client's last bytes are still read: closing with unread bytes would turn
/// the FIN into a reset and might take the answer's end with it.
const LINGER: Duration = Duration::from_secs(1);
/// How long the target may go on answering a client that closed its sending side.
const HALF_CLOSED: Duration = Duration::from_secs(60);
/// A throttled answer is cut into this many pieces a second.
const PIECES_PER_SECOND: u64 = 20;

/// How a connection ends.
enum End {
    Close,
    Reset,
    Answer(Bytes),
}

/// What both directions know about the current exchange.
#[derive(Default)]
struct Exchange {
    /// Bytes of its answer that have passed.
    sent: AtomicU64,
    /// The connection has gone silent for good.
    silent: AtomicBool,
}

pub(super) async fn relay(mut client: TcpStream, shared: &Shared) {
    let _ = client.set_nodelay(true);
    // A target that is down still leaves us able to be silent or to answer in its place.
    let mut target = TcpStream::connect(shared.target).await.ok();
    if let Some(target) = &target {
        let _ = target.set_nodelay(true);
    }
    let exchange = Exchange::default();
    let end = {
        let (client_read, client_write) = client.split();
        let (target_read, target_write) = target.as_mut().map(TcpStream::split).unzip();
        tokio::select! {
            end = upward(client_read, target_write, &exchange, shared) => end,
            end = downward(target_read, client_write, &exchange, shared) => end,
            () = refused(shared) => Ok(End::Reset),
            () = shared.stop.cancelled() => Ok(End::Close),
        }
    };
    match end {
        Ok(End::Close) => close(client).await,
        Ok(End::Answer(bytes)) => {
            if client.write_all(&bytes).await.is_ok() {
                shared.counters.to_client.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            }
            close(client).await;
        }
        Ok(End::Reset) | Err(_) => {
            let _ = client.set_zero_linger();
        }
    }
}

async fn close(mut client: TcpStream) {
    let _ = client.shutdown().await;
    let mut discarded = [0; 4096];
    let drain = async { while client.read(&mut discarded).await.is_ok_and(|read| read > 0) {} };
    let _ = tokio::time::timeout(LINGER, drain).await;
}

/// Ends when connections are to be refused.
async fn refused(shared: &Shared) {
    let mut fault = shared.fault.subscribe();
    if fault.wait_for(|fault| *fault == Fault::RefuseConnections).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Client to target.
async fn upward(
    mut client: ReadHalf<'_>,
    mut target: Option<WriteHalf<'_>>,
    exchange: &Exchange,
    shared: &Shared,
) -> io::Result<End> {
    let (mut buffer, mut meter) = (vec![0; BUFFER], Meter::default());
    loop {
        let read = client.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        let seen = meter.feed(&buffer[..read]);
        shared.counters.requests.fetch_add(seen.heads, Ordering::SeqCst);
        if seen.begun {
            exchange.sent.store(0, Ordering::SeqCst);
        }
        let fault = shared.fault.borrow().clone();
        match fault {
            Fault::BlackHole => exchange.silent.store(true, Ordering::SeqCst),
            Fault::Replace(answer) => {
                if seen.ended {
                    return Ok(End::Answer(answer));
                }
                continue;
            }
            _ => {}
        }
        if exchange.silent.load(Ordering::SeqCst) {
            continue;
        }
        let Some(target) = &mut target else { return Ok(End::Reset) };
        target.write_all(&buffer[..read]).await?;
        shared.counters.to_target.fetch_add(read as u64, Ordering::SeqCst);
    }
    if let (Some(target), false) = (&mut target, exchange.silent.load(Ordering::SeqCst)) {
        // The client may only have closed its sending side: the answer still goes down.
        target.shutdown().await?;
        tokio::time::sleep(HALF_CLOSED).await;
    }
    Ok(End::Close)
}

/// Target to client.
async fn downward(
    target: Option<ReadHalf<'_>>,
    client: WriteHalf<'_>,
    exchange: &Exchange,
    shared: &Shared,
) -> io::Result<End> {
    let Some(mut target) = target else { return std::future::pending().await };
    let mut down = Down { client, exchange, shared };
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = target.read(&mut buffer).await?;
        if exchange.silent.load(Ordering::SeqCst) {
            return down.silence().await;
        }
        if read == 0 {
            return Ok(End::Close);
        }
        let bytes = &buffer[..read];
        let fault = shared.fault.borrow().clone();
        match fault {
            Fault::Delay(delay) => {
                if exchange.sent.load(Ordering::SeqCst) == 0 {
                    tokio::time::sleep(delay).await;
                }
                down.forward(bytes).await?;
            }
            Fault::ResetAfter(limit) => {
                if down.forward_up_to(limit, bytes).await? {
                    return Ok(End::Reset);
                }
            }
            Fault::Truncate(limit) => {
                if down.forward_up_to(limit, bytes).await? {
                    return Ok(End::Close);
                }
            }
            Fault::Stall(limit) => {
                if down.forward_up_to(limit, bytes).await? {
                    return down.silence().await;
                }
            }
            Fault::BlackHole => return down.silence().await,
            Fault::DropResponse => {
                let interim = interim_len(bytes);
                down.forward(&bytes[..interim]).await?;
                if interim < bytes.len() {
                    return Ok(End::Close);
                }
            }
            Fault::Throttle { bytes_per_second } => down.trickle(bytes_per_second.max(1), bytes).await?,
            Fault::None | Fault::RefuseConnections | Fault::ResetOnAccept | Fault::Replace(_) => {
                down.forward(bytes).await?;
            }
        }
    }
}

/// How many bytes at the front are `100 Continue`: the permission to send a body is not yet an answer.
fn interim_len(bytes: &[u8]) -> usize {
    if !bytes.starts_with(b"HTTP/1.1 100") {
        return 0;
    }
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |end| end + 4)
}

struct Down<'a> {
    client: WriteHalf<'a>,
    exchange: &'a Exchange,
    shared: &'a Shared,
}

impl Down<'_> {
    async fn forward(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.client.write_all(bytes).await?;
        self.exchange.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        self.shared.counters.to_client.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        Ok(())
    }

    /// True once the exchange has had `limit` bytes.
    async fn forward_up_to(&mut self, limit: u64, bytes: &[u8]) -> io::Result<bool> {
        let left = limit.saturating_sub(self.exchange.sent.load(Ordering::SeqCst));
        let passing = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.forward(&bytes[..passing]).await?;
        Ok(passing as u64 == left)
    }

    async fn trickle(&mut self, rate: u64, bytes: &[u8]) -> io::Result<()> {
        let piece = usize::try_from(rate.div_ceil(PIECES_PER_SECOND)).unwrap_or(usize::MAX);
        for piece in bytes.chunks(piece) {
            self.forward(piece).await?;
            tokio::time::sleep(Duration::from_micros(piece.len() as u64 * 1_000_000 / rate)).await;
        }
        Ok(())
    }

    /// Leaves the connection open; the other direction notices when the client gives up.
    async fn silence(&mut self) -> io::Result<End> {
        self.exchange.silent.store(true, Ordering::SeqCst);
        std::future::pending().await
    }
}
