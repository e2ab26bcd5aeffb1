//! A TCP proxy in user space that does to a connection what networks and sick servers do.
//!
//! It stands between a client and one target, forwards bytes untouched and applies the [`Fault`] that is set at
//! that moment. Response bytes are counted per exchange: the count starts anew when the client begins another
//! HTTP/1 request on the same connection. Faults that need the end of a request (`Replace`) or tell requests
//! apart understand plain HTTP/1 only; all others work for any protocol.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

mod meter;
mod relay;
#[cfg(test)]
mod tests;

/// More connections at once than this are closed as they come.
const MAX_CONNECTIONS: usize = 8_192;

/// What happens to the connections. Unless noted, a fault applies to new connections and to the next bytes of
/// open ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fault {
    /// Bytes pass untouched.
    #[default]
    None,
    /// The answer's first byte is held back for this long.
    Delay(Duration),
    /// The listener is closed: the kernel refuses new connections, which therefore cannot be counted. Open
    /// connections are reset.
    RefuseConnections,
    /// New connections are accepted, counted and reset at once. Open ones are left alone.
    ResetOnAccept,
    /// Reset (RST) once this many bytes of the answer have passed. With 0 the target has the request in full
    /// and its answer is lost.
    ResetAfter(u64),
    /// Silence once this many bytes of the answer have passed: the connection stays open until the client
    /// closes it, whatever is set later. A half-open peer.
    Stall(u64),
    /// Connections are accepted and read, nothing reaches the target, no answer ever comes. A connection that
    /// lost bytes this way stays silent, whatever is set later.
    BlackHole,
    /// Proper close (FIN) once this many bytes of the answer have passed: a truncated body.
    Truncate(u64),
    /// A whole HTTP/1 request is taken, never forwarded, and answered with these bytes; then the connection is
    /// closed. The bytes are a complete answer, status line included.
    Replace(Bytes),
    /// The answer trickles at this many bytes a second; 0 counts as 1.
    Throttle {
        /// Bytes a second, per connection.
        bytes_per_second: u64,
    },
    /// The request is forwarded in full; when the target answers, the answer is thrown away and the connection
    /// closed: committed, then dropped.
    DropResponse,
}

/// What went through the proxy since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted, reset ones included, refused ones not.
    pub connections: u64,
    /// Of those, the ones that are open now.
    pub open: u64,
    /// HTTP/1 request heads seen in full, whether forwarded or not.
    pub requests: u64,
    /// Bytes forwarded to the target.
    pub to_target: u64,
    /// Bytes sent to clients, canned answers included.
    pub to_client: u64,
}

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    open: AtomicU64,
    requests: AtomicU64,
    to_target: AtomicU64,
    to_client: AtomicU64,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    fault: watch::Sender<Fault>,
    counters: Counters,
    stop: CancellationToken,
}

/// A running proxy; it ends with all its connections when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    /// `None` while connections are refused.
    acceptor: Mutex<Option<JoinHandle<()>>>,
    /// Bound and never listening: keeps the port ours while the listener is closed.
    _placeholder: TcpSocket,
    _stop: DropGuard,
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1 and forwards to `target`, without a fault. The target need not be up.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let placeholder = bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let addr = placeholder.local_addr()?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            target,
            fault: watch::Sender::new(Fault::None),
            counters: Counters::default(),
            stop: stop.clone(),
        });
        let listener = bind(addr)?.listen(1_024)?;
        let acceptor = Mutex::new(Some(tokio::spawn(accept(listener, Arc::clone(&shared)))));
        Ok(Self { addr, shared, acceptor, _placeholder: placeholder, _stop: stop.drop_guard() })
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://address`, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Switches the fault. When this returns, the listener is closed or open as the fault says.
    ///
    /// # Panics
    /// If the port, which the proxy keeps bound, cannot be listened on again.
    pub async fn set(&self, fault: Fault) {
        let mut acceptor = self.acceptor.lock().await;
        let refuse = fault == Fault::RefuseConnections;
        self.shared.fault.send_replace(fault);
        match (refuse, acceptor.take()) {
            (true, Some(running)) => {
                running.abort();
                // The listener is closed once the task is gone.
                let _ = running.await;
            }
            (false, None) => {
                let listener = bind(self.addr).and_then(|socket| socket.listen(1_024));
                let listener = listener.expect("the proxy's own port can be listened on again");
                *acceptor = Some(tokio::spawn(accept(listener, Arc::clone(&self.shared))));
            }
            (_, unchanged) => *acceptor = unchanged,
        }
    }

    /// What went through so far.
    pub fn counts(&self) -> Counts {
        let Counters { connections, open, requests, to_target, to_client } = &self.shared.counters;
        Counts {
            connections: connections.load(Ordering::SeqCst),
            open: open.load(Ordering::SeqCst),
            requests: requests.load(Ordering::SeqCst),
            to_target: to_target.load(Ordering::SeqCst),
            to_client: to_client.load(Ordering::SeqCst),
        }
    }
}

/// Several sockets may bind one port as long as only one listens; the address may be reused at once.
fn bind(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((client, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        shared.counters.connections.fetch_add(1, Ordering::SeqCst);
        if *shared.fault.borrow() == Fault::ResetOnAccept {
            let _ = client.set_zero_linger();
            continue;
        }
        if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            let shared = Arc::clone(&shared);
            shared.counters.open.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                relay::relay(client, &shared).await;
                shared.counters.open.fetch_sub(1, Ordering::SeqCst);
                drop(slot);
            });
        }
    }
}
