//! Over real sockets: what the accept loop lets in, for how long, and how it stops.

mod limits;
mod smuggling;
mod stopping;
mod two;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::{HeaderMap, Request};
use parking_lot::Mutex;
use portico_simkit::client::{self, Connection};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use crate::observe::{RequestObserver, RequestRecord};
use crate::problem::ApiError;

/// Remembers what was refused.
#[derive(Default)]
pub(super) struct Recorder {
    refused: Mutex<Vec<&'static str>>,
    open: std::sync::atomic::AtomicI64,
}

impl RequestObserver for Recorder {
    fn finished(&self, _record: &RequestRecord<'_>) {}

    fn refused(&self, reason: &'static str) {
        self.refused.lock().push(reason);
    }

    fn connections(&self, change: i64) {
        self.open.fetch_add(change, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Recorder {
    fn refused(&self) -> Vec<&'static str> {
        self.refused.lock().clone()
    }

    fn open(&self) -> i64 {
        self.open.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// A running server.
pub(super) struct Running {
    address: SocketAddr,
    drain: Drain,
    recorder: Arc<Recorder>,
    /// Each permit lets one `/slow` request finish.
    gate: Arc<Semaphore>,
    /// `/slow` requests that have begun.
    begun: Arc<Semaphore>,
    task: JoinHandle<Drained>,
}

pub(super) fn start(config: ServeConfig) -> Running {
    start_with(config, None)
}

pub(super) fn start_with(config: ServeConfig, tls: Option<Tls>) -> Running {
    let mut server = Server::bind("127.0.0.1:0".parse().unwrap(), config).unwrap();
    if let Some(tls) = tls {
        server = server.with_tls(tls);
    }
    let address = server.local_addr().unwrap();
    let (drain, recorder) = (Drain::new(), Arc::new(Recorder::default()));
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let service = routes(Arc::clone(&gate), Arc::clone(&begun));
    let observer = Arc::clone(&recorder) as Arc<dyn RequestObserver>;
    let task = tokio::spawn(server.serve(service, observer, drain.clone()));
    Running { address, drain, recorder, gate, begun, task }
}

fn routes(gate: Arc<Semaphore>, begun: Arc<Semaphore>) -> Router {
    let (drip_gate, drip_begun) = (Arc::clone(&gate), Arc::clone(&begun));
    // An answer whose head is out long before its body.
    let drip = move || async move {
        Body::from_stream(futures_util::stream::once(async move {
            drip_begun.add_permits(1);
            drip_gate.acquire().await.unwrap().forget();
            Ok::<_, std::io::Error>("dripped")
        }))
    };
    let slow = move || async move {
        begun.add_permits(1);
        gate.acquire().await.unwrap().forget();
        "slow"
    };
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/seen", get(seen))
        .route("/debug", get(async |request: Request<Body>| format!("{request:?}")))
        .route("/echo", post(echo))
        .route("/slow", get(slow))
        .route("/drip", get(drip))
        .route("/large", get(large))
        .route("/whole", get(async || vec![b'x'; 32 * 1_024 * 1_024]))
}

/// 16 MiB in pieces: more than any buffer on the way holds.
async fn large() -> Body {
    let piece = bytes::Bytes::from(vec![b'x'; 64 * 1_024]);
    Body::from_stream(futures_util::stream::iter(
        (0..256).map(move |_| Ok::<_, std::io::Error>(piece.clone())),
    ))
}

async fn seen(headers: HeaderMap, request: Request<Body>) -> String {
    let peer = request.extensions().get::<Peer>().copied().unwrap();
    let mut names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    format!("{} {}", peer.address.ip(), names.join(" "))
}

async fn echo(request: Request<Body>) -> Result<axum::body::Bytes, ApiError> {
    Ok(crate::body::collect(request.into_body(), 1_024 * 1_024).await?)
}

impl Running {
    async fn connect(&self) -> Connection {
        Connection::open(self.address).await.unwrap()
    }

    /// Sends octets on a connection of their own and gives back everything until the server closes.
    async fn raw(&self, octets: &[u8]) -> String {
        let answer = client::raw(self.address, octets).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Waits until this many `/slow` requests are inside.
    async fn slow_inside(&self, count: u32) {
        tokio::time::timeout(Duration::from_secs(10), self.begun.acquire_many(count))
            .await
            .unwrap()
            .unwrap()
            .forget();
    }
}

pub(super) fn quick() -> ServeConfig {
    ServeConfig { drain_grace: Duration::from_millis(50), ..ServeConfig::default() }
}
