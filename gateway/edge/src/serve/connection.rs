//! One connection from its first octet to its end.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body::Body as HttpBody;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tower::Service;

use super::activity::Activity;
use super::config::ServeConfig;
use super::drain::{Closing, Phase};
use super::peer::Peer;
use super::service::ConnectionService;
use super::strict::{HeadLimits, StrictIo};
use super::tls::Tls;
use crate::observe::RequestObserver;

/// How HTTP/2 begins (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Fields that hyper takes unless told otherwise.
const HYPERS_FIELDS: usize = 100;
/// How long a new connection has for its first octet while the server finishes.
const FIRST_WORDS: Duration = Duration::from_millis(500);
/// How long a connection that was asked to end may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) config: Arc<ServeConfig>,
    pub(super) observer: Arc<dyn RequestObserver>,
    pub(super) closing: Closing,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) tls: Option<Tls>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Shared {
    pub(super) fn new(
        config: ServeConfig,
        observer: Arc<dyn RequestObserver>,
        phase: watch::Receiver<Phase>,
        tls: Option<Tls>,
    ) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            // Heads come whole and in time from our own reader; a second timer per request would only cost.
            .header_read_timeout(None)
            // An early end of the caller's side cancels the work for it.
            .half_close(false);
        // Our own reader counts the fields. Telling hyper too makes it allocate for every head, so only where its own
        // limit is lower.
        if config.max_fields >= HYPERS_FIELDS {
            http1.max_headers(config.max_fields + 1);
        }
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(config.h2_streams)
            .max_header_list_size(u32::try_from(config.max_head).unwrap_or(u32::MAX))
            .keep_alive_interval(config.h2_ping)
            .keep_alive_timeout(config.h2_ping)
            .max_send_buf_size(64 * 1_024);
        let closing = Closing::default();
        Self { config: Arc::new(config), observer, closing, phase, tls, http1, http2 }
    }
}

/// Serves one connection until it ends, is told to, or breaks a time-out.
pub(super) async fn serve<S, B>(socket: TcpStream, peer: Peer, shared: Arc<Shared>, service: S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible, Future: Send + 'static>
        + Send
        + 'static,
    B: HttpBody<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let mut phase = shared.phase.clone();
    let served = async {
        match &shared.tls {
            None => converse(socket, None, peer, &shared, service).await,
            Some(tls) => match timeout(shared.config.handshake, tls.accept(socket)).await {
                Ok(Ok(stream)) => {
                    let http2 = stream.get_ref().1.alpn_protocol().map(|protocol| protocol == b"h2");
                    converse(stream, http2, peer, &shared, service).await;
                }
                Ok(Err(error)) => {
                    shared.observer.refused("tls_handshake");
                    tracing::debug!(%error, "handshake failed");
                }
                Err(_) => shared.observer.refused("tls_handshake_too_slow"),
            },
        }
    };
    tokio::select! {
        biased;
        () = served => {}
        _ = phase.wait_for(|phase| *phase == Phase::Cut) => shared.observer.refused("cut_at_drain_deadline"),
    }
}

/// Finds out which protocol it is and speaks it. `http2` is what TLS agreed on, if it did.
async fn converse<T, S, B>(mut io: T, http2: Option<bool>, peer: Peer, shared: &Arc<Shared>, service: S)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible, Future: Send + 'static>
        + Send
        + 'static,
    B: HttpBody<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let config = &shared.config;
    let mut phase = shared.phase.clone();
    let mut first = BytesMut::with_capacity(2 * 1_024);
    let speaks_http2 = tokio::select! {
        biased;
        sniffed = timeout(config.first_byte, sniff(&mut io, &mut first)) => match sniffed {
            Ok(Ok(Some(found))) => http2.unwrap_or(found),
            Ok(Ok(None) | Err(_)) => return,
            Err(_) => return shared.observer.refused("first_byte_too_slow"),
        },
        () = nothing_to_lose(&mut phase) => return,
    };
    let activity = Activity::new();
    let service = ConnectionService {
        inner: Mutex::new(service),
        peer,
        activity: Arc::clone(&activity),
        config: Arc::clone(config),
        observer: Arc::clone(&shared.observer),
        closing: shared.closing.clone(),
    };
    if speaks_http2 {
        let io = StrictIo::http2(io, first, Arc::clone(&activity), config.write_stall);
        let connection = shared.http2.serve_connection(TokioIo::new(io), service);
        drive(connection, &activity, config, phase).await;
    } else {
        let limits =
            HeadLimits { octets: config.max_head, fields: config.max_fields, target: config.max_target };
        let io = StrictIo::http1(io, first, Arc::clone(&activity), limits, config.head, config.write_stall);
        let connection = shared.http1.serve_connection(TokioIo::new(io), service);
        drive(connection, &activity, config, phase).await;
    }
}

/// The server finishes and the connection has not said anything for a moment. One that has only just been taken gets that
/// moment: its request is on the way.
async fn nothing_to_lose(phase: &mut watch::Receiver<Phase>) {
    let since = Instant::now();
    drop(phase.wait_for(|phase| *phase >= Phase::Finishing).await);
    sleep_until(since + FIRST_WORDS).await;
}

/// Reads until it is clear whether this is HTTP/2; `None` when the connection ended first.
async fn sniff<T: AsyncRead + Unpin>(io: &mut T, first: &mut BytesMut) -> io::Result<Option<bool>> {
    loop {
        if io.read_buf(first).await? == 0 {
            return Ok(None);
        }
        let seen = first.len().min(PREFACE.len());
        if first[..seen] != PREFACE[..seen] {
            return Ok(Some(false));
        }
        if seen == PREFACE.len() {
            return Ok(Some(true));
        }
    }
}

/// A connection of the HTTP library that can be asked to end.
trait Conversation: Future<Output = Result<(), hyper::Error>> {
    /// HTTP/2 is told to go away at once and finishes its streams; HTTP/1 says so in its next answer.
    const TELLS_AT_ONCE: bool;

    fn end(self: Pin<&mut Self>);
}

impl<I, B, S> Conversation for http1::Connection<I, S>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: HttpBody + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    const TELLS_AT_ONCE: bool = false;

    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, B, S, E> Conversation for http2::Connection<I, S, E>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: HttpBody + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
{
    const TELLS_AT_ONCE: bool = true;

    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Runs a connection beside its idle time-out and the stop signal.
async fn drive<C: Conversation>(
    connection: C,
    activity: &Activity,
    config: &ServeConfig,
    mut phase: watch::Receiver<Phase>,
) {
    tokio::pin!(connection);
    let tell_at = if C::TELLS_AT_ONCE { Phase::Closing } else { Phase::Finishing };
    let mut told = false;
    // Set anew only when it rings: a request costs no timer.
    let timer =
        sleep_until(Instant::now() + patience(activity, config).min(config.idle).min(config.write_stall));
    tokio::pin!(timer);
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended with an error");
                }
                return;
            }
            () = timer.as_mut() => {
                let patience = patience(activity, config);
                let stalled = activity.stalled_for().unwrap_or_default();
                if stalled >= config.write_stall {
                    // All its streams go with it: a peer that reads nothing of one holds our places with the others too.
                    tracing::debug!("a peer takes nothing of an answer");
                    return;
                }
                match activity.idle_for() {
                    Some(idle) if idle >= patience => {
                        if told {
                            return;
                        }
                        connection.as_mut().end();
                        told = true;
                        timer.as_mut().reset(Instant::now() + GOODBYE.min(config.idle));
                    }
                    idle => {
                        let wait = (patience - idle.unwrap_or_default()).min(config.write_stall - stalled);
                        timer.as_mut().reset(Instant::now() + wait);
                    }
                }
            }
            _ = phase.wait_for(|phase| *phase >= tell_at), if !told => {
                connection.as_mut().end();
                told = true;
            }
        }
    }
}

/// How long a connection may be idle: less before its first request than after.
fn patience(activity: &Activity, config: &ServeConfig) -> Duration {
    if activity.served() == 0 { config.first_byte + config.head } else { config.idle }
}
