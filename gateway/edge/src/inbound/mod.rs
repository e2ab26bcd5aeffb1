//! The layers between the socket and the routes, in one function.

mod authenticate;
mod cors;
mod exchange;
mod gates;
mod headers;
mod limits;
mod rate;
mod root;
mod route;
mod shed;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderValue, Request, Response};
use portico_contract::trace::TraceSink;
use tower::{Service, ServiceBuilder};

pub use authenticate::PublicPaths;
pub use exchange::ObservedBody;
pub use limits::IsUpload;
pub use rate::CallerRate;
pub use route::RouteLayer;
pub(crate) use route::note as note_route;

use crate::auth::Authenticator;
use crate::observe::RequestObserver;
use crate::problem::{no_method, no_route};
use gates::{Gates, GatesLayer};
use root::{RootLayer, Sampler, Shared};

/// The deadline of a route that names none of its own.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// What the inbound layers are told. Fill it with `..InboundConfig::new(…)`.
pub struct InboundConfig {
    /// Who checks tokens.
    pub authenticator: Arc<Authenticator>,
    /// Takes finished traces.
    pub sink: Arc<dyn TraceSink>,
    /// Takes records of requests and logs failures.
    pub observer: Arc<dyn RequestObserver>,
    /// Share of requests, 0 to 1, whose trace is exported whatever happens.
    pub sample_ratio: f64,
    /// The full version of the API, for `API-Version`.
    pub api_version: HeaderValue,
    /// Origins that a browser may call from, octet for octet: `https://intranet.example.gov.uk`.
    pub cors_origins: Vec<HeaderValue>,
    /// Paths that any origin may read.
    pub cors_open: Vec<String>,
    /// Paths that need nobody signed in.
    pub public: PublicPaths,
    /// Octets of an address with its query.
    pub max_uri: usize,
    /// Octets of a body.
    pub max_body: u64,
    /// Octets of a body that uploads content.
    pub max_upload: u64,
    /// Which requests upload content.
    pub is_upload: IsUpload,
    /// Requests in flight, bodies included; one more is shed.
    pub max_in_flight: usize,
    /// The share of each person; `None` for no limit.
    pub caller_rate: Option<CallerRate>,
    /// How long a call may take up to the head of its answer.
    pub deadline: Duration,
}

impl InboundConfig {
    /// The defaults of a small site.
    pub fn new(
        authenticator: Arc<Authenticator>,
        sink: Arc<dyn TraceSink>,
        observer: Arc<dyn RequestObserver>,
    ) -> Self {
        Self {
            authenticator,
            sink,
            observer,
            sample_ratio: 0.05,
            api_version: HeaderValue::from_static("1.0.0"),
            cors_origins: Vec::new(),
            cors_open: Vec::new(),
            public: PublicPaths::default(),
            max_uri: 8 * 1_024,
            max_body: 1_024 * 1_024,
            max_upload: 1_024 * 1_024 * 1_024,
            is_upload: |method, path| {
                (*method == http::Method::PUT && path.ends_with("/content"))
                    || (*method == http::Method::POST && path.ends_with("/receipts"))
            },
            max_in_flight: 1_024,
            caller_rate: None,
            deadline: DEFAULT_DEADLINE,
        }
    }
}

/// Puts the inbound layers around the routes, outermost first. Adds the fallbacks for unknown paths and methods. The routes
/// bring [`RouteLayer`] along, because only inside a router the route is known.
///
/// The operations surface does not go through here: health has to answer when everything here is full.
pub fn inbound(
    router: Router,
    config: InboundConfig,
) -> impl Service<Request<Body>, Response = Response<ObservedBody>, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let router = router.fallback(no_route).method_not_allowed_fallback(no_method);
    let shared = Arc::new(Shared {
        sink: config.sink,
        observer: config.observer,
        deadline: config.deadline,
        sampler: Sampler::new(config.sample_ratio),
        routes: route::RouteNames::default(),
        api_version: config.api_version,
    });
    let gates = Arc::new(Gates {
        uri: limits::UriCap(config.max_uri),
        body: limits::BodyCap {
            body: config.max_body,
            upload: config.max_upload,
            is_upload: config.is_upload,
        },
        shed: shed::Shed::new(config.max_in_flight),
        authenticate: authenticate::Authenticate {
            authenticator: config.authenticator,
            public: config.public,
        },
        per_caller: rate::PerCaller::new(config.caller_rate),
    });
    ServiceBuilder::new()
        // Everything below, refusals and panics included, is in the trace and in the metrics, and gets the header fields
        // that every answer has.
        .layer(RootLayer(shared))
        // Before every refusal: without these fields a browser hides a refusal from the page that caused it. A
        // preflight carries no token and is answered here.
        .layer(cors::BrowsersLayer(cors::cors(config.cors_origins, config.cors_open)))
        // Address, body, places, person, share; and panics, so that the page that caused one can read the problem.
        .layer(GatesLayer(gates))
        .service(router)
}

#[cfg(test)]
mod tests;
