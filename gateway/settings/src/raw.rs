//! The settings as they are written. Shapes, simple ranges and defaults stand here and become the JSON Schema; everything
//! that takes more than one value to judge is in [`crate::validate`].

use std::collections::BTreeMap;

use portico_contract::SecretRef;
use portico_policy::{RawClassification, RawRule};
use portico_resilience::SystemLimits;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// The whole file.
///
/// It exists for the schema alone: sections are read one by one, so that a fault in one does not hide those in another.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Portico configuration")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct File {
    /// Where the gateway listens, and what it puts up with.
    #[schemars(default)]
    pub listen: Listen,
    /// Threads, and how the gateway stops.
    #[schemars(default)]
    pub runtime: Runtime,
    /// Whose tokens are believed.
    pub auth: Auth,
    /// What is allowed. Nothing is allowed without a rule.
    pub policy: Policy,
    /// Which web pages may call the API.
    #[schemars(default)]
    pub cors: Cors,
    /// Keys that seal ids and cursors. Those left out are made in the data folder at the first start.
    #[schemars(default)]
    pub keys: Keys,
    /// The operations port.
    #[schemars(default)]
    pub ops: Ops,
    /// Traces, logs, metrics.
    #[schemars(default)]
    pub telemetry: Telemetry,
    /// What one caller may ask for; as much as it likes when left out.
    pub rate_limit: Option<RateLimit>,
    /// The folder for everything that the gateway keeps.
    #[schemars(default)]
    pub data: Data,
    /// The systems behind the gateway, by their permanent keys: `[systems.contracts]`.
    #[schemars(extend("minProperties" = 1, "propertyNames" = { "pattern": "^[a-z][a-z0-9-]{0,31}$" }))]
    pub systems: BTreeMap<String, System>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Listen {
    /// Address and port of the API. Port 0 takes a free one.
    pub api: String,
    /// Address and port of probes, metrics and operations. Port 0 takes a free one.
    pub ops: String,
    /// TLS on the API; plain HTTP when left out.
    #[serde(skip_serializing)]
    pub tls: Option<Tls>,
    /// Addresses or ranges of proxies whose `forwarded` headers are believed.
    pub trusted_proxies: Vec<String>,
    /// What callers may cost.
    pub limits: ListenLimits,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            api: "127.0.0.1:8080".to_owned(),
            ops: "127.0.0.1:9464".to_owned(),
            tls: None,
            trusted_proxies: Vec::new(),
            limits: ListenLimits::default(),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// A PEM file: the certificate first, then its issuers.
    #[schemars(extend("format" = "path"))]
    pub certificate: String,
    /// The private key, PEM.
    pub key: SecretRef,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListenLimits {
    /// Milliseconds from the connection to the first octet on it.
    #[schemars(range(min = 100, max = 600_000))]
    pub first_byte_timeout_ms: u64,
    /// Milliseconds from the first octet of a request to the end of its head.
    #[schemars(range(min = 100, max = 600_000))]
    pub head_timeout_ms: u64,
    /// Milliseconds for a TLS handshake.
    #[schemars(range(min = 100, max = 600_000))]
    pub handshake_timeout_ms: u64,
    /// Milliseconds without an octet of a body, in either direction.
    #[schemars(range(min = 100, max = 3_600_000))]
    pub body_idle_timeout_ms: u64,
    /// Milliseconds that a connection may wait for its next request.
    #[schemars(range(min = 100, max = 3_600_000))]
    pub keep_alive_timeout_ms: u64,
    /// Octets a second that a body must average, in either direction.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub min_body_bytes_per_second: u32,
    /// Open connections to the API.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_connections: u64,
    /// Octets of a request's head.
    #[schemars(range(min = 8_192, max = 1_048_576))]
    pub max_head_bytes: u64,
    /// Octets of a request body that is read as a whole, such as JSON.
    #[schemars(range(min = 1_024, max = 67_108_864))]
    pub max_body_bytes: u64,
    /// Octets of a request body that is passed on as a stream, such as a document.
    #[schemars(range(min = 1_024, max = 1_099_511_627_776_u64))]
    pub max_upload_bytes: u64,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            first_byte_timeout_ms: 10_000,
            head_timeout_ms: 10_000,
            handshake_timeout_ms: 10_000,
            body_idle_timeout_ms: 30_000,
            keep_alive_timeout_ms: 60_000,
            min_body_bytes_per_second: 1_024,
            max_connections: 8_192,
            max_head_bytes: 32_768,
            max_body_bytes: 1_048_576,
            max_upload_bytes: 1_073_741_824,
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Runtime {
    /// Worker threads; the number of cores when left out.
    #[schemars(range(min = 1, max = 1_024))]
    pub workers: Option<u64>,
    /// Milliseconds after SIGTERM during which the gateway says "not ready" but still accepts.
    #[schemars(range(min = 0, max = 600_000))]
    pub linger_ms: u64,
    /// Milliseconds that requests in flight get after that.
    #[schemars(range(min = 0, max = 3_600_000))]
    pub drain_timeout_ms: u64,
}

impl Default for Runtime {
    fn default() -> Self {
        Self { workers: None, linger_ms: 5_000, drain_timeout_ms: 25_000 }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    /// Who issues the tokens: their `iss`, to the letter.
    #[schemars(length(min = 1))]
    pub issuer: String,
    /// For whom the tokens are: their `aud`, to the letter.
    #[schemars(length(min = 1))]
    pub audience: String,
    /// Seconds that clocks may differ.
    #[serde(default = "leeway_seconds")]
    #[schemars(range(min = 0, max = 60))]
    pub leeway_seconds: u64,
    /// The keys that sign tokens: `[[auth.keys]]`.
    #[schemars(length(min = 1))]
    #[expect(dead_code, reason = "keys are read one by one, so that one does not hide another")]
    pub keys: Vec<AuthKey>,
    /// The claim that lists roles.
    #[serde(default = "roles_claim")]
    #[schemars(length(min = 1))]
    pub roles_claim: String,
    /// The claim that lists organisational units.
    #[serde(default = "units_claim")]
    #[schemars(length(min = 1))]
    pub units_claim: String,
    /// The claim that lists the subjects of those who report to the person.
    #[serde(default = "reports_claim")]
    #[schemars(length(min = 1))]
    pub reports_claim: String,
    /// The claim that holds the name to show.
    #[serde(default = "name_claim")]
    #[schemars(length(min = 1))]
    pub name_claim: String,
}

fn leeway_seconds() -> u64 {
    30
}
fn roles_claim() -> String {
    "roles".to_owned()
}
fn units_claim() -> String {
    "units".to_owned()
}
fn reports_claim() -> String {
    "reports".to_owned()
}
fn name_claim() -> String {
    "name".to_owned()
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthKey {
    /// The key's id: `kid` in the header of a token.
    #[schemars(length(min = 1, max = 256))]
    pub id: String,
    /// The only algorithm that the key is good for.
    pub algorithm: Algorithm,
    /// A PEM file with the public key, for every algorithm but HS256.
    #[schemars(extend("format" = "path"))]
    pub file: Option<String>,
    /// The shared secret, for HS256 alone: at least 32 octets.
    pub secret: Option<SecretRef>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    #[serde(rename = "EdDSA")]
    EdDsa,
    Hs256,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// The rules: `[[policy.rules]]`. Each allows something; none forbids.
    #[schemars(length(min = 1))]
    #[expect(dead_code, reason = "rules are read one by one, so that one does not hide another")]
    pub rules: Vec<RawRule>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cors {
    /// Web origins, exactly as browsers write them: `https://intranet.example`.
    pub origins: Vec<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// 64 octets, base64 or hexadecimal, that seal ids. Never change it: every id ever given out would be lost.
    pub ids: Option<SecretRef>,
    /// 32 octets, base64 or hexadecimal, that seal cursors.
    pub cursors: Option<SecretRef>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ops {
    /// What operators send as a bearer token, at least 16 octets. Without it only probes and metrics are served.
    pub token: Option<SecretRef>,
    /// Host names by which operators reach the port, besides loopback ones and the address itself.
    pub allowed_hosts: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// The least severe level that is logged.
    pub log_level: LogLevel,
    /// A line for people, or a JSON object a line.
    pub log_format: LogFormat,
    /// Whether the text of a back office's faults is logged. It may hold personal data.
    pub log_backend_text: bool,
    /// Milliseconds from which a request counts as slow and is kept like a failed one.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub slow_request_ms: u64,
    /// The ring of failed and slow requests on disk.
    pub ring: Ring,
    /// A collector that takes OTLP over HTTP.
    #[serde(skip_serializing)]
    pub otlp: Option<Otlp>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log_level: LogLevel::Info,
            log_format: LogFormat::Text,
            log_backend_text: false,
            slow_request_ms: 1_000,
            ring: Ring::default(),
            otlp: None,
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ring {
    /// Its folder; `traces` in the data folder when left out.
    #[schemars(extend("format" = "path"))]
    pub dir: Option<String>,
    /// Mebibytes that it may take.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_mib: u64,
}

impl Default for Ring {
    fn default() -> Self {
        Self { dir: None, max_mib: 64 }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otlp {
    /// The collector's base address, `http` or `https`.
    pub endpoint: String,
    /// Headers for every export. Every value is a secret.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretRef>,
    /// The part of requests whose traces are exported.
    #[serde(default = "sample_ratio")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample_ratio: f64,
}

fn sample_ratio() -> f64 {
    0.05
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// Requests a second that one caller may keep up.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_second: u32,
    /// Requests that may come at once; as many as in a second when left out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Data {
    /// The folder.
    #[schemars(extend("format" = "path"))]
    pub dir: String,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "/var/lib/portico".to_owned() }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct System {
    /// The adapter that speaks to it.
    #[expect(dead_code, reason = "read by itself, so that a fault here does not hide another")]
    pub adapter: String,
    /// What people call it.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// Whom to ring when it is sick.
    pub owner: Owner,
    /// Keys that it had before a rename.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How sensitive a thing is when it does not say so itself; the adapter knows a default.
    #[serde(default)]
    pub classification: Option<RawClassification>,
    /// Limits of its stack. Every key has a default.
    #[serde(default)]
    #[schemars(with = "Option<SystemLimits>")]
    #[expect(dead_code, reason = "read by itself, so that a fault here does not hide another")]
    pub limits: IgnoredAny,
    /// The adapter's own settings.
    #[serde(default)]
    #[expect(dead_code, reason = "read by itself, so that a fault here does not hide another")]
    pub settings: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    /// The team that answers for the system.
    #[schemars(length(min = 1, max = 200))]
    pub team: String,
    /// How to reach it: an address, a number, a queue.
    #[schemars(length(min = 1, max = 200))]
    pub contact: String,
    /// When somebody is there, in words.
    #[schemars(length(min = 1, max = 200))]
    pub hours: String,
}
