//! Sending one request: a place, a connection, a span, and the head of the answer.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, HOST, HeaderName, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderValue};
use hyper::body::Incoming;
use portico_contract::certificate::PeerCertificate;
use portico_contract::trace::{Span, SpanKind, attr};
use portico_contract::{CallContext, Effect, Error, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::{Body, Exchange, Lease, Response};
use super::connect::Dialer;
use super::pool::{Connection, Pool};
use super::request::{Outgoing, Request, Upload};
use super::{Base, Credentials, Trust, fault, tls};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const AGENT: &str = concat!("portico/", env!("CARGO_PKG_VERSION"));

/// Bounds of one client. The defaults suit a server in the same building.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For name, connection and TLS together.
    pub connect_timeout: Duration,
    /// For the head of an answer; an upload that still moves is not cut.
    pub head_timeout: Duration,
    /// Between two octets of a body.
    pub idle_timeout: Duration,
    /// Octets a second that a body has to bring on average, measured over ten seconds of waiting for it.
    pub min_rate: u64,
    /// How long an idle connection is kept. Keep it under what the back office allows (Apache: 5 s).
    pub pool_idle_timeout: Duration,
    /// Connections and HTTP/2 requests at a time.
    pub max_connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            head_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(15),
            min_rate: 1_024,
            pool_idle_timeout: Duration::from_secs(4),
            max_connections: 128,
        }
    }
}

struct Inner {
    dialer: Dialer,
    pool: Arc<Pool>,
    places: Arc<Semaphore>,
    limits: Limits,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
}

/// A client for one base address. Cheap to clone; all clones share the pool.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

impl Client {
    /// Builds a client. Does not connect and needs no runtime.
    ///
    /// # Errors
    /// A sentence for the operator: the trust roots cannot be read, or the credentials cannot stand in a header.
    pub fn new(
        base: Base,
        trust: &Trust,
        credentials: Option<&Credentials>,
        limits: Limits,
    ) -> Result<Self, String> {
        let authorization = credentials.map(Credentials::header).transpose()?;
        let tls = if base.tls { Some(tls::client_config(trust)?) } else { None };
        Ok(Self(Arc::new(Inner {
            host: base.host_header.clone(),
            dialer: Dialer { base, tls, timeout: limits.connect_timeout, peer: PeerCertificate::default() },
            pool: Pool::new(limits.pool_idle_timeout),
            places: Arc::new(Semaphore::new(limits.max_connections)),
            limits,
            authorization,
        })))
    }

    /// The address that the client speaks to.
    pub fn base(&self) -> &Base {
        &self.0.dialer.base
    }

    /// Where the certificate of the back office is noted at every handshake: for
    /// [`portico_contract::AdapterBuilder::peer_certificate`].
    pub fn peer_certificate(&self) -> PeerCertificate {
        self.0.dialer.peer.clone()
    }

    /// Sends one request and waits for the head of its answer, whatever its status. Every call makes one CLIENT span,
    /// which lives until the body has ended.
    ///
    /// # Errors
    /// Those of connecting and of the wire; see the table of each kind in the contract. Statuses are not errors here.
    pub async fn send(&self, context: &CallContext, request: Request<'_>) -> Result<Response, Error> {
        let effect = request.verb.effect;
        let sends = !matches!(request.body, Outgoing::Empty);
        let mut span = self.span(context, request.verb.name);
        match self.attempt(context, &span, request).await {
            Ok((head, lease, upload)) => {
                span.set(attr::HTTP_STATUS, i64::from(head.status().as_u16()));
                if head.status().is_server_error() {
                    span.fail(ErrorKind::BackendStatus);
                }
                let (parts, incoming) = head.into_parts();
                // A server may refuse without having read what was sent, and then take it for the next request.
                let reusable = !(sends && parts.status.is_client_error() || parts.status.is_server_error());
                let exchange = Exchange { lease, span, effect, upload, reusable };
                let body = Body::new(incoming, exchange, &self.0.limits);
                Ok(Response { status: parts.status, headers: parts.headers, body })
            }
            Err(error) => {
                span.fail(error.kind());
                Err(error)
            }
        }
    }

    fn span(&self, context: &CallContext, name: &'static str) -> Span {
        let base = &self.0.dialer.base;
        let mut span = context.span.child(SpanKind::Client, name);
        span.set(attr::HTTP_METHOD, name);
        span.set(attr::SERVER_ADDRESS, Arc::clone(&base.host));
        span.set(attr::SERVER_PORT, i64::from(base.port));
        if context.attempt > 1 {
            span.set(attr::HTTP_RESEND, i64::from(context.attempt - 1));
        }
        span
    }

    async fn attempt(
        &self,
        context: &CallContext,
        span: &Span,
        request: Request<'_>,
    ) -> Result<(http::Response<Incoming>, Lease, Option<Arc<Upload>>), Error> {
        let inner = &*self.0;
        let place = match Arc::clone(&inner.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => Box::pin(self.place()).await?,
        };
        let effect = request.verb.effect;
        let upload = request.body.upload();
        // The stack ends every call at its deadline: where that comes first, a timer of our own would only cost.
        let timed = upload.is_some() || context.deadline.remaining() >= inner.limits.head_timeout;
        let mut message = self.message(span, request)?;
        loop {
            let (mut connection, reused) = match inner.pool.take().await {
                Some(connection) => (connection, true),
                // Boxed: every call would carry the room for a TLS handshake, which is rare.
                None => (Box::pin(inner.dialer.dial()).await?, false),
            };
            if !reused {
                inner.pool.share(&connection);
            }
            let answer = hand_over(&mut connection, message, self.base());
            let answer = if timed {
                Box::pin(patiently(answer, inner.limits.head_timeout, effect, upload.as_deref())).await?
            } else {
                answer.await
            };
            match answer {
                Ok(head) => {
                    let lease = Lease { connection, pool: Arc::clone(&inner.pool), _place: place };
                    return Ok((head, lease, upload));
                }
                // It was idle and closed under our hands: nothing left us, so the next connection may have it.
                Err((_, Some(unsent))) if reused => message = *unsent,
                Err((error, Some(_))) => return Err(fault::not_sent(error)),
                Err((error, None)) => return Err(broken(error, effect, upload.as_deref())),
            }
        }
    }

    /// Waits for a place; not for long.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        let waiting = Arc::clone(&self.0.places).acquire_owned();
        match tokio::time::timeout(self.0.limits.connect_timeout, waiting).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Error::new(
                ErrorKind::QueueFull,
                "All connections to the system behind are in use; try again in a moment.",
            )),
        }
    }

    fn message(&self, span: &Span, request: Request<'_>) -> Result<http::Request<Outgoing>, Error> {
        let inner = &*self.0;
        let prefix = inner.dialer.base.prefix();
        let mut target = String::with_capacity(prefix.len() + request.path.len() + 1);
        target.push_str(prefix);
        target.push_str(request.path);
        if target.is_empty() {
            target.push('/');
        }
        let target = PathAndQuery::from_maybe_shared(Bytes::from(target)).map_err(defect)?;
        let mut message = http::Request::new(request.body);
        *message.method_mut() = request.verb.method().ok_or_else(|| defect("method"))?;
        *message.uri_mut() = Uri::from(target);
        let headers = message.headers_mut();
        *headers = request.headers;
        self.own_headers(span, headers)?;
        Ok(message)
    }

    fn own_headers(&self, span: &Span, headers: &mut HeaderMap) -> Result<(), Error> {
        headers.insert(HOST, self.0.host.clone());
        if let Some(value) = &self.0.authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        let traceparent = Bytes::from(span.context().traceparent());
        headers.insert(TRACEPARENT, HeaderValue::from_maybe_shared(traceparent).map_err(defect)?);
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        // A compressed answer would have to be unpacked under limits for no gain on a local network.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.base();
        write!(f, "Client({}:{})", base.host(), base.port())
    }
}

fn defect(why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, "The gateway made a request that cannot be sent; please report this.")
        .with_source(why.to_string())
}

type Handed = Result<http::Response<Incoming>, (hyper::Error, Option<Box<http::Request<Outgoing>>>)>;

/// Hands a message to a connection. An error that brings it back says that no octet of it was written.
async fn hand_over(connection: &mut Connection, mut message: http::Request<Outgoing>, base: &Base) -> Handed {
    let answer = match connection {
        Connection::Exclusive(exclusive) => exclusive.sender.try_send_request(message).await,
        Connection::Shared(sender) => {
            // HTTP/2 names scheme and authority in the request itself (RFC 9113, section 8.3.1).
            message.headers_mut().remove(HOST);
            let mut parts = std::mem::take(message.uri_mut()).into_parts();
            parts.scheme = Some(base.scheme.clone());
            parts.authority = Some(base.authority.clone());
            *message.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
            sender.try_send_request(message).await
        }
    };
    answer.map_err(|mut failed| {
        let message = failed.take_message().map(Box::new);
        (failed.into_error(), message)
    })
}

/// Waits for the head of an answer. While an upload moves, the clock starts anew.
async fn patiently(
    answer: impl Future<Output = Handed>,
    timeout: Duration,
    effect: Effect,
    upload: Option<&Upload>,
) -> Result<Handed, Error> {
    let mut answer = std::pin::pin!(answer);
    let mut seen = 0;
    loop {
        if let Ok(handed) = tokio::time::timeout(timeout, &mut answer).await {
            return Ok(handed);
        }
        let moved = upload.map_or(0, |upload| upload.pieces.load(Ordering::Relaxed));
        if moved == seen {
            if let Some(upload) = upload {
                upload.abandoned.store(true, Ordering::Release);
            }
            return Err(fault::stalled(effect, "The system behind took too long to begin its answer."));
        }
        seen = moved;
    }
}

fn broken(error: hyper::Error, effect: Effect, upload: Option<&Upload>) -> Error {
    // When the caller's side failed, that is the story; hyper only saw the body end badly.
    if let Some(failure) = upload.and_then(|upload| upload.failure.lock().take()) {
        return failure.with_outcome(fault::sent_outcome(effect));
    }
    fault::before_head(error, effect)
}
