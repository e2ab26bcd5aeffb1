//! The listeners, and what all connections share.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::directory::Directory;
use crate::fault::{Fault, On};
use crate::frame::Frames;
use crate::session::Session;
use crate::sim::Options;

/// Connections at once; more are closed as they come.
const MAX_CONNECTIONS: usize = 4_096;
/// For a client to finish its part of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

pub(crate) struct Shared {
    pub directory: RwLock<Directory>,
    pub options: Options,
    pub acceptor: TlsAcceptor,
    pub fault: Mutex<(On, Fault)>,
    /// Rises when all connections are to be cut.
    pub era: watch::Sender<u64>,
    pub open: AtomicUsize,
    pub binds: AtomicU64,
    pub searches: AtomicU64,
}

pub(crate) struct Server {
    pub directory: Directory,
    pub options: Options,
    pub acceptor: TlsAcceptor,
}

/// A server that listens. It stops when dropped.
pub(crate) struct Running {
    pub addr: SocketAddr,
    pub tls_addr: SocketAddr,
    pub shared: Arc<Shared>,
    tasks: JoinSet<()>,
    _stop: DropGuard,
}

impl Server {
    pub(crate) async fn start(self) -> io::Result<Running> {
        let plain = TcpListener::bind(self.options.listen).await?;
        let secured = TcpListener::bind(self.options.listen_tls).await?;
        let (addr, tls_addr) = (plain.local_addr()?, secured.local_addr()?);
        let shared = Arc::new(Shared {
            directory: RwLock::new(self.directory),
            options: self.options,
            acceptor: self.acceptor,
            fault: Mutex::default(),
            era: watch::Sender::new(0),
            open: AtomicUsize::new(0),
            binds: AtomicU64::new(0),
            searches: AtomicU64::new(0),
        });
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (listener, tls) in [(plain, false), (secured, true)] {
            tasks.spawn(accept(listener, tls, Arc::clone(&shared), stop.clone()));
        }
        Ok(Running { addr, tls_addr, shared, tasks, _stop: stop.drop_guard() })
    }
}

impl Running {
    pub(crate) fn cut(&self) {
        self.shared.era.send_modify(|era| *era += 1);
    }

    pub(crate) async fn stop(mut self) {
        self.cut();
        self.tasks.shutdown().await;
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("addr", &self.addr).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, tls: bool, shared: Arc<Shared>, stop: CancellationToken) {
    // The connections end with the task that holds them.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        if connections.len() < MAX_CONNECTIONS {
            connections.spawn(serve(stream, tls, Arc::clone(&shared)));
        }
    }
}

/// Counts a connection as long as it is there.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(stream: TcpStream, tls: bool, shared: Arc<Shared>) {
    shared.open.fetch_add(1, Ordering::SeqCst);
    let _counted = Counted(Arc::clone(&shared));
    let mut era = shared.era.subscribe();
    let _ = stream.set_nodelay(true);
    let talk = async {
        let frames = if tls {
            let handshake = tokio::time::timeout(HANDSHAKE, shared.acceptor.accept(stream));
            let Ok(Ok(stream)) = handshake.await else { return };
            Frames::new(Box::new(stream))
        } else {
            Frames::new(Box::new(stream))
        };
        // What a client does wrong ends its connection and is of no concern here.
        let _ = Box::pin(Session::new(Arc::clone(&shared), tls).run(frames)).await;
    };
    tokio::select! {
        () = talk => {}
        _ = era.changed() => {}
    }
}
