//! A small HTTP/1.1 server for simulators and tests.
//!
//! [`Server::start`] serves one async handler on a loopback port. It is meant for trusted peers on the same
//! machine, yet bounded: connections, request head and the wait for it have limits.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Any error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of requests and answers. One type for both, so that a handler can be tested without a socket.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// More connections than this wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 1_024;
/// How long a connection may take over a request head; idle connections are closed after it too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long `stop` waits for requests in flight.
const DRAIN: Duration = Duration::from_secs(2);

/// An empty body.
pub fn empty() -> Body {
    Empty::new().map_err(never).boxed_unsync()
}

/// A body that is known in full; it gets a `Content-Length`.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(never).boxed_unsync()
}

/// A body made as it is read; it is sent chunked unless the answer names a `Content-Length`. An error in the
/// stream cuts the connection, which is how a caller sees a truncated answer.
pub fn stream<S, E>(chunks: S) -> Body
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Into<BoxError> + 'static,
{
    StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data).map_err(Into::into))).boxed_unsync()
}

/// Instead of an answer: the connection ends without one octet of it, as when a server dies in between.
pub fn hang_up() -> Response<Body> {
    let mut nothing = Response::new(empty());
    nothing.extensions_mut().insert(HangUp);
    nothing
}

/// Marks what [`hang_up`] gives.
#[derive(Debug, Clone, Copy)]
struct HangUp;

fn never(impossible: Infallible) -> BoxError {
    match impossible {}
}

/// Why a body could not be read in full.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The body is longer than the cap; nothing after it was read.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The connection ended or broke the protocol in mid-body.
    #[error("the body broke off")]
    Broken(#[source] BoxError),
}

/// Reads a whole body of at most `cap` bytes.
pub async fn read_capped<B>(body: B, cap: usize) -> Result<Bytes, ReadError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ReadError::Broken(error.into()))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > cap - whole.len() {
            return Err(ReadError::TooLarge(cap));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// A running server. It stops when told to, or at once when dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    /// Listens on `addr` (port 0 takes a free one) and answers every request with `handler`. The listener is
    /// open when this returns. A handler that panics costs its connection, not the server.
    pub async fn start<H, F>(addr: SocketAddr, handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Body>) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(accept(listener, Arc::new(handler), stop.clone(), tasks.clone()));
        Ok(Self { addr, stop, tasks })
    }

    /// [`Server::start`] on a free port of 127.0.0.1.
    pub async fn loopback<H, F>(handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Body>) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), handler).await
    }

    /// The address it listens on, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://address`, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Closes the listener, lets requests in flight end for up to two seconds and cuts what is left.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        // Connections time out by themselves after `DRAIN`, so this ends.
        self.tasks.wait().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept<H, F>(listener: TcpListener, handler: Arc<H>, stop: CancellationToken, tasks: TaskTracker)
where
    H: Fn(Request<Body>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let slot = tokio::select! {
            () = stop.cancelled() => return,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let Ok(slot) = slot else { return };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => {
                tasks.spawn(serve(socket, Arc::clone(&handler), stop.clone(), slot));
            }
            // Out of file descriptors, most likely: give connections a moment to end.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn serve<H, F>(socket: TcpStream, handler: Arc<H>, stop: CancellationToken, slot: OwnedSemaphorePermit)
where
    H: Fn(Request<Body>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let _slot = slot;
    // Answers are small and written whole; waiting to fill a packet only costs the caller 40 ms.
    let _ = socket.set_nodelay(true);
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let answer = handler(request.map(|body| body.map_err(Into::into).boxed_unsync()));
        async move {
            let answer = answer.await;
            // An error of the service is what makes hyper close a connection at once.
            match answer.extensions().get::<HangUp>() {
                Some(HangUp) => Err(io::Error::other("hung up")),
                None => Ok(answer),
            }
        }
    });
    let mut connection = std::pin::pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(socket), service)
    );
    tokio::select! {
        // A peer that hung up or spoke nonsense is its own business.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(DRAIN, connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{self, Connection};

    async fn echo(request: Request<Body>) -> Response<Body> {
        match request.uri().path() {
            "/stream" => {
                let chunks = ["one ", "two ", "three"].map(|word| Ok::<_, BoxError>(Bytes::from(word)));
                Response::new(stream(futures_util::stream::iter(chunks)))
            }
            "/broken" => {
                let chunks = [Ok(Bytes::from("half")), Err(BoxError::from("the disk went away"))];
                Response::new(stream(futures_util::stream::iter(chunks)))
            }
            "/panic" => panic!("a handler's mistake"),
            "/hang-up" => hang_up(),
            _ => match read_capped(request.into_body(), 8).await {
                Ok(body) => Response::new(full(body)),
                Err(_) => Response::builder().status(413).body(empty()).expect("a status"),
            },
        }
    }

    #[tokio::test]
    async fn bodies_go_both_ways_and_the_cap_holds() {
        let server = Server::loopback(echo).await.unwrap();
        let mut connection = Connection::open(server.addr()).await.unwrap();
        for (body, status, answer) in [("12345678", 200, "12345678"), ("", 200, "")] {
            let reply = connection.request("PUT", "/x", &[], body.as_bytes()).await.unwrap();
            assert_eq!((reply.status, reply.text()), (status, answer.into()));
        }
        let reply = connection.request("PUT", "/x", &[], b"123456789").await.unwrap();
        assert_eq!(reply.status, 413);
        let reply = client::get(&format!("{}/stream", server.url()), &[]).await.unwrap();
        assert_eq!(reply.text(), "one two three");
    }

    #[tokio::test]
    async fn a_stream_that_fails_reads_as_broken_and_a_panic_costs_one_connection() {
        let server = Server::loopback(echo).await.unwrap();
        assert!(client::get(&format!("{}/broken", server.url()), &[]).await.is_err());
        assert!(client::get(&format!("{}/panic", server.url()), &[]).await.is_err());
        let mut connection = Connection::open(server.addr()).await.unwrap();
        let error = connection.request("GET", "/hang-up", &[], b"").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(client::get(&format!("{}/x", server.url()), &[]).await.unwrap().status, 200);
    }

    #[tokio::test]
    async fn stop_closes_the_listener_and_idle_connections() {
        let server = Server::loopback(echo).await.unwrap();
        let addr = server.addr();
        let mut connection = Connection::open(addr).await.unwrap();
        assert_eq!(connection.request("GET", "/x", &[], b"").await.unwrap().status, 200);
        server.stop().await;
        assert!(connection.request("GET", "/x", &[], b"").await.is_err());
        assert!(TcpStream::connect(addr).await.is_err());
    }
}
