//! The HTTP client for the collector. It runs on our own runtime wherever it is called from: the OpenTelemetry SDK
//! calls it from threads that have none.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_http::{HttpClient, HttpError};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use crate::config::StartError;
use crate::drops::{Dropped, Drops};
use crate::limit::RateLimiter;

/// For one exchange, answer included.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Attempts at one batch.
const ATTEMPTS: u32 = 3;

/// Before the second attempt; doubled before the third.
const PAUSE: Duration = Duration::from_millis(250);

/// The longest pause that a collector may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Octets of an answer that are read: an OTLP answer is a few.
const MAX_ANSWER: usize = 64 * 1024;

pub(super) type Connector = HttpsConnector<HttpConnector>;

/// Checks the endpoint and takes a slash off its end.
pub(super) fn base(endpoint: &str) -> Result<String, StartError> {
    let refuse = |why: &str| StartError::Endpoint { endpoint: endpoint.to_owned(), why: why.to_owned() };
    let uri: Uri = endpoint.parse().map_err(|why: http::uri::InvalidUri| refuse(&why.to_string()))?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        _ => return Err(refuse("it is neither an http nor an https address")),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(refuse("it names no host"));
    }
    if uri.query().is_some() {
        return Err(refuse("it has a query"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(StartError::Endpoint {
            endpoint: format!(
                "{}://…@{}",
                uri.scheme_str().unwrap_or("http"),
                uri.host().unwrap_or_default()
            ),
            why: "it carries credentials; give them as a header".to_owned(),
        });
    }
    Ok(endpoint.trim_end_matches('/').to_owned())
}

/// HTTP, and TLS that trusts the given certificates or else the public ones.
pub(super) fn connector(trust_pem: Option<&str>) -> Result<Connector, StartError> {
    let refuse = |why: String| StartError::Trust { why };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(trust_pem.unwrap_or_default().as_bytes()) {
        let certificate = certificate.map_err(|why| refuse(why.to_string()))?;
        roots.add(certificate).map_err(|why| refuse(why.to_string()))?;
    }
    if trust_pem.is_some() && roots.is_empty() {
        return Err(refuse("there is no certificate in it".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = hyper_rustls::HttpsConnectorBuilder::new();
    let builder = if roots.is_empty() {
        builder.with_provider_and_webpki_roots(provider).map_err(|why| refuse(why.to_string()))?
    } else {
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| refuse(why.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        builder.with_tls_config(tls)
    };
    Ok(builder.https_or_http().enable_http1().enable_http2().build())
}

/// Sends OTLP requests, tries again where the collector says it is busy, and says once a minute why sending fails.
pub(super) struct CollectorClient {
    inner: Arc<Inner>,
    handle: Handle,
}

struct Inner {
    client: Client<Connector, Full<Bytes>>,
    /// The configured fields.
    headers: HeaderMap,
    /// What to count when a request is lost for good; spans are counted by the batcher, which knows how many.
    lost: Option<Dropped>,
    drops: Arc<Drops>,
    complaints: RateLimiter<&'static str>,
}

impl CollectorClient {
    pub(super) fn new(
        handle: Handle,
        connector: Connector,
        headers: HeaderMap,
        lost: Option<Dropped>,
        drops: Arc<Drops>,
    ) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(2)
            .build(connector);
        let complaints = RateLimiter::new(Duration::from_secs(60));
        Self { inner: Arc::new(Inner { client, headers, lost, drops, complaints }), handle }
    }
}

impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorClient").finish_non_exhaustive()
    }
}

impl HttpClient for CollectorClient {
    // What `async_trait` would write.
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let inner = Arc::clone(&self.inner);
        let task = self.handle.spawn(async move { inner.send(request).await });
        Box::pin(async move { task.await.map_err(|_ended| HttpError::from("telemetry is shutting down"))? })
    }
}

enum Failed {
    /// Tried again, after this long if the collector said so.
    Passing(&'static str, Option<Duration>),
    Lasting(&'static str),
}

impl Inner {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut attempt = 1;
        let mut pause = PAUSE;
        loop {
            let why = match self.attempt(&request).await {
                Ok(response) => return Ok(response),
                Err(Failed::Passing(_, asked)) if attempt < ATTEMPTS => {
                    let jitter = rand::random_range(0.5..1.0);
                    sleep(asked.unwrap_or(pause.mul_f64(jitter)).min(LONGEST_PAUSE)).await;
                    attempt += 1;
                    pause *= 2;
                    continue;
                }
                Err(Failed::Passing(why, _) | Failed::Lasting(why)) => why,
            };
            if let Some(lost) = self.lost {
                self.drops.add(lost, 1);
            }
            if let Some(suppressed) = self.complaints.admit(why) {
                let to = request.uri();
                tracing::warn!(url.full = %to, error = why, suppressed, "telemetry was not taken by the collector");
            }
            return Err(HttpError::from(why));
        }
    }

    /// What says how the body is written, and what is configured. Anything else the library took from the environment
    /// (`OTEL_EXPORTER_OTLP_HEADERS`), and the configuration alone says what leaves this machine.
    fn fields(&self, request: &Request<Bytes>) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for name in [CONTENT_TYPE, CONTENT_ENCODING, USER_AGENT] {
            if let Some(value) = request.headers().get(&name) {
                fields.insert(name, value.clone());
            }
        }
        fields.extend(self.headers.clone());
        fields
    }

    async fn attempt(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let mut outgoing = Request::new(Full::new(request.body().clone()));
        *outgoing.method_mut() = request.method().clone();
        *outgoing.uri_mut() = request.uri().clone();
        *outgoing.headers_mut() = self.fields(request);
        let exchange = async {
            let response = self.client.request(outgoing).await.map_err(|why| {
                Failed::Passing(if why.is_connect() { "no connection" } else { "connection lost" }, None)
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await;
            let body = body.map_err(|_| Failed::Lasting("answer broken or too large"))?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        // A collector that does not answer in time may have taken it: not again.
        let response =
            timeout(TIMEOUT, exchange).await.map_err(|_| Failed::Lasting("no answer in time"))??;
        match response.status() {
            status if status.is_success() => Ok(response),
            // OTLP specification, "Retryable Response Codes".
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                let asked = response.headers().get(http::header::RETRY_AFTER);
                let asked =
                    asked.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
                Err(Failed::Passing("collector busy", asked))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Failed::Lasting("collector refuses our credentials"))
            }
            status if status.is_redirection() => {
                Err(Failed::Lasting("collector redirects, which is not followed"))
            }
            _ => Err(Failed::Lasting("collector refuses")),
        }
    }
}
