//! Taking connections, and stopping to.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body::Body as HttpBody;
use portico_schemas::ProblemCode;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::task::TaskTracker;
use tower::Service;

use super::config::ServeConfig;
use super::connection::{self, Shared};
use super::drain::{Drain, Phase};
use super::peer::Peer;
use super::tls::Tls;
use crate::observe::RequestObserver;
use crate::problem::problem;

/// Connections that the system may hold for us before we take them.
const BACKLOG: i32 = 1_024;
/// Octets that the system holds unsent for one connection before it says that there is no room. Its own default is
/// megabytes, of which a slow caller takes so long that it looks like one who takes nothing.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1_024;
/// Waits after a failed accept: the first, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// A socket that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    config: ServeConfig,
    tls: Option<Tls>,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut at the deadline; 0 when everything in flight finished.
    pub cut: usize,
}

impl Server {
    /// Listens on an address; port 0 takes a free one.
    ///
    /// # Errors
    /// Those of the system. The address can be taken again right after a restart (`SO_REUSEADDR`).
    pub fn bind(address: SocketAddr, config: ServeConfig) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Self::from_listener(socket.into(), config)
    }

    /// Takes a socket that listens already, for example one that systemd holds over restarts.
    ///
    /// # Errors
    /// Those of the system.
    pub fn from_listener(listener: std::net::TcpListener, config: ServeConfig) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, config, tls: None })
    }

    /// Speaks TLS. Keep a clone of `tls` to reload the certificate.
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `drain` is given and everything in flight has finished or was cut.
    ///
    /// `service` must always be ready, as axum's routers are; each connection gets a clone.
    pub async fn serve<S, B>(self, service: S, observer: Arc<dyn RequestObserver>, drain: Drain) -> Drained
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible, Future: Send + 'static>
            + Clone
            + Send
            + 'static,
        B: HttpBody<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let (phase, seen) = watch::channel(Phase::Serving);
        let places = Arc::new(Semaphore::new(self.config.max_connections.min(Semaphore::MAX_PERMITS)));
        let shared = Arc::new(Shared::new(self.config, observer, seen, self.tls));
        let tasks = TaskTracker::new();
        let take = |socket: TcpStream, address: SocketAddr| {
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                shared.observer.refused("too_many_connections");
                return turn_away(socket, shared.tls.is_some());
            };
            tune(&socket);
            let peer = Peer { address, trusted: shared.config.trusted.lists(address.ip()) };
            let place = Place::new(place, &shared.observer);
            let serving = connection::serve(socket, peer, Arc::clone(&shared), service.clone());
            tasks.spawn(async move {
                serving.await;
                drop(place);
            });
        };

        tokio::select! {
            biased;
            () = drain.begun() => {}
            () = accept(&self.listener, &*shared.observer, &take) => {}
        }
        let begun = Instant::now();
        let deadline = begun + shared.config.drain_deadline;
        shared.closing.begin();
        phase.send_replace(Phase::Closing);
        tokio::select! {
            () = sleep_until((begun + shared.config.drain_grace).min(deadline)) => {}
            () = accept(&self.listener, &*shared.observer, &take) => {}
        }
        // Whoever the system has taken for us already would be reset with the listener.
        while let Some(Ok((socket, address))) = self.listener.accept().now_or_never() {
            take(socket, address);
        }
        drop(self.listener);
        phase.send_replace(Phase::Finishing);
        tasks.close();
        let cut = match timeout_at(deadline, tasks.wait()).await {
            Ok(()) => 0,
            Err(_) => tasks.len(),
        };
        phase.send_replace(Phase::Cut);
        tasks.wait().await;
        Drained { cut }
    }
}

/// Small answers go out at once, large ones in pieces. A connection that is gone already fails here and soon again.
fn tune(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(socket).set_tcp_notsent_lowat(UNSENT);
}

/// What connections come from; a trait so that a test can run out of files.
trait Listen {
    fn next(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Listen for TcpListener {
    async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.accept().await
    }
}

/// Takes connections for ever. Running out of files neither ends nor spins the loop: it waits, a little longer each time.
async fn accept(
    listener: &impl Listen,
    observer: &dyn RequestObserver,
    take: &impl Fn(TcpStream, SocketAddr),
) {
    let mut wait = BACKOFF.0;
    loop {
        match listener.next().await {
            Ok((socket, address)) => {
                wait = BACKOFF.0;
                take(socket, address);
            }
            Err(error) if is_peers(&error) => {}
            Err(error) => {
                observer.refused("accept_failed");
                tracing::warn!(%error, wait_ms = wait.as_millis(), "accept failed");
                sleep(wait).await;
                wait = (wait * 2).min(BACKOFF.1);
            }
        }
    }
}

/// Whether the connection was gone before we took it, which says nothing about us.
fn is_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// Answers a connection that is over the cap, without waiting for it: a few octets into an empty send buffer.
fn turn_away(socket: TcpStream, tls: bool) {
    if tls {
        return;
    }
    let mut problem = problem(
        ProblemCode::Overloaded,
        "The gateway has no room for another connection. Try again in a moment.",
    );
    problem.retry_after = Some(1);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
         cache-control: no-store\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    if let Ok(mut socket) = socket.into_std() {
        let _ = socket.write_all(answer.as_bytes());
        let _ = socket.shutdown(std::net::Shutdown::Write);
    }
}

/// A connection's place under the cap.
struct Place {
    observer: Arc<dyn RequestObserver>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn new(permit: OwnedSemaphorePermit, observer: &Arc<dyn RequestObserver>) -> Self {
        observer.connections(1);
        Self { observer: Arc::clone(observer), _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.observer.connections(-1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::observe::LogOnly;

    /// `EMFILE`, on Linux and the BSDs.
    const TOO_MANY_FILES: i32 = 24;

    struct OutOfFiles {
        tries: AtomicU32,
        fails: u32,
    }

    impl Listen for OutOfFiles {
        async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
            if self.tries.fetch_add(1, Ordering::SeqCst) < self.fails {
                return Err(io::Error::from_raw_os_error(TOO_MANY_FILES));
            }
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn running_out_of_files_neither_ends_nor_spins_the_loop() {
        let listener = OutOfFiles { tries: AtomicU32::new(0), fails: u32::MAX };
        let none = |_, _| {};
        let minute = tokio::time::timeout(Duration::from_secs(60), accept(&listener, &LogOnly, &none));
        assert!(minute.await.is_err(), "the loop ended");
        let tries = listener.tries.load(Ordering::SeqCst);
        assert!((60..80).contains(&tries), "{tries} tries in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn the_loop_goes_on_once_there_are_files_again() {
        let listener = OutOfFiles { tries: AtomicU32::new(0), fails: 3 };
        let none = |_, _| {};
        let soon = tokio::time::timeout(Duration::from_millis(100), accept(&listener, &LogOnly, &none));
        assert!(soon.await.is_err());
        assert_eq!(listener.tries.load(Ordering::SeqCst), 4);
    }
}
