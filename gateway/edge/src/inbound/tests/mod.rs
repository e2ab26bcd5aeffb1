//! The layers as a whole, around a few routes.

mod answers;
mod refusals;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::{get, put};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use portico_contract::access::Principal;
use portico_contract::trace::{FinishedTrace, TraceSink};
use portico_contract::{Error, ErrorKind};
use portico_schemas::{Problem, ProblemCode};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::*;
use crate::auth::{Algorithm, AuthConfig, ClaimNames, Grant, KeyPair, KeySource, Minter};
use crate::observe::{RequestObserver, RequestRecord};
use crate::{ApiResult, RequestContext};

/// Keeps what telemetry would be told.
#[derive(Default)]
struct Seen {
    traces: Mutex<Vec<FinishedTrace>>,
    records: Mutex<Vec<Record>>,
    failures: Mutex<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Record {
    method: &'static str,
    route: Option<String>,
    status: u16,
    sent: u64,
    complete: bool,
    problem: Option<ProblemCode>,
    error_type: Option<&'static str>,
}

impl TraceSink for Seen {
    fn finished(&self, trace: FinishedTrace) {
        self.traces.lock().push(trace);
    }
}

impl RequestObserver for Seen {
    fn finished(&self, record: &RequestRecord<'_>) {
        self.records.lock().push(Record {
            method: record.method,
            route: record.route.map(str::to_owned),
            status: record.status,
            sent: record.sent,
            complete: record.complete,
            problem: record.problem,
            error_type: record.error_type,
        });
    }

    fn failed(&self, code: ProblemCode, error: &Error, trace_id: portico_contract::trace::TraceId) {
        self.failures.lock().push(format!("{} {trace_id} {error} {:?}", code.as_str(), error.native()));
    }
}

struct Site {
    _folder: tempfile::TempDir,
    seen: Arc<Seen>,
    token: String,
    config: Option<InboundConfig>,
    /// Lets `/v1/slow` go on.
    gate: Arc<Semaphore>,
}

fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let pair = KeyPair::generate().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, &pair.public_pem).unwrap();
    let auth = AuthConfig {
        issuer: "issuer".to_owned(),
        audience: "portico".to_owned(),
        leeway: Duration::from_secs(30),
        keys: vec![KeySource { id: "k".to_owned(), algorithm: Algorithm::Es256, file }],
        claims: ClaimNames::default(),
    };
    let grant = Grant {
        issuer: "issuer".to_owned(),
        audience: "portico".to_owned(),
        lifetime: Duration::from_secs(600),
    };
    let person = Principal {
        subject: "u-1".to_owned(),
        display_name: "Ada".to_owned(),
        person_id: None,
        roles: Default::default(),
        units: Default::default(),
        reports: Default::default(),
        stands_in_for: Default::default(),
    };
    let minter = Minter::new("k", Algorithm::Es256, &pair.private_pem).unwrap();
    let token = minter.mint(&person, &grant, &auth.claims).unwrap();
    let seen = Arc::new(Seen::default());
    let authenticator = Arc::new(Authenticator::new(auth).unwrap());
    let sink = Arc::clone(&seen) as Arc<dyn TraceSink>;
    let config = InboundConfig {
        sample_ratio: 0.0,
        cors_origins: vec![HeaderValue::from_static("https://intranet.example")],
        cors_open: vec!["/v1/openapi.json".to_owned()],
        public: PublicPaths(vec!["/v1/openapi.json".to_owned(), "/docs/".to_owned()]),
        ..InboundConfig::new(authenticator, sink, Arc::clone(&seen) as Arc<dyn RequestObserver>)
    };
    Site { _folder: folder, seen, token, config: Some(config), gate: Arc::new(Semaphore::new(0)) }
}

fn routes(gate: Arc<Semaphore>) -> Router {
    let slow = move || async move {
        gate.acquire().await.unwrap().forget();
        "slow"
    };
    Router::new()
        .route("/v1/things/{id}", get(thing))
        .route("/v1/cached", get(async || ([(http::header::CACHE_CONTROL, "private, no-cache")], "x")))
        .route("/v1/upload", put(upload))
        .route("/v1/files/content", put(upload))
        .route("/v1/panic", get(panics))
        .route("/v1/broken", get(broken))
        .route("/v1/context", get(context))
        .route("/v1/headers", get(async |request: Request<Body>| format!("{:?}", request.headers())))
        .route("/v1/slow", get(slow))
        .route("/v1/openapi.json", get(async || "{}"))
        .route("/docs/problems/{code}", get(async || "page"))
        .route_layer(super::RouteLayer)
}

async fn thing(Path(id): Path<String>) -> ApiResult<String> {
    match id.as_str() {
        "missing" => Err(Error::new(ErrorKind::NotFound, "There is no thing with this id."))?,
        "late" => Err(Error::new(ErrorKind::Timeout, "The system behind did not answer in time.")
            .with_native("ORA-600 at 10.0.0.1"))?,
        _ => Ok(format!("thing {id}")),
    }
}

async fn upload(request: Request<Body>) -> ApiResult<String> {
    Ok(crate::body::collect(request.into_body(), 10_000_000).await?.len().to_string())
}

async fn panics() -> String {
    panic!("the sentinel of a panic")
}

/// A body that panics after its first piece.
async fn broken() -> Body {
    Body::from_stream(futures_util::stream::iter([1, 0]).map(|n| {
        assert!(n == 1, "the second piece");
        Ok::<_, std::io::Error>(Bytes::from_static(b"first"))
    }))
}

use futures_util::StreamExt as _;

async fn context(RequestContext(call): RequestContext) -> String {
    let left = call.deadline.remaining().as_secs();
    format!("{} {} {left} {}", call.principal.subject, call.correlation_id, call.span.trace_id())
}

impl Site {
    fn service(
        &mut self,
    ) -> impl Service<
        Request<Body>,
        Response = Response<ObservedBody>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + use<> {
        inbound(routes(Arc::clone(&self.gate)), self.config.take().unwrap())
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.token))
    }

    fn get(&self, path: &str) -> Request<Body> {
        self.request("GET", path).body(Body::empty()).unwrap()
    }
}

/// An answer that was read to its end.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Answer {
    async fn of(response: Response<ObservedBody>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), "application/problem+json");
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn ask<S>(service: &S, request: Request<Body>) -> Answer
where
    S: Service<Request<Body>, Response = Response<ObservedBody>, Error = Infallible> + Clone,
{
    Answer::of(service.clone().oneshot(request).await.unwrap()).await
}
