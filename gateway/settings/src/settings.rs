//! The settings as the gateway uses them: every value checked, every secret fetched, every path absolute.
//!
//! These are plain values. Other crates have configuration types of their own; the server maps one to the other.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use portico_contract::{Adapter, SecretRef, SystemKey};
use portico_policy::Rule;
use portico_schemas::{Classification, Owner};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::limits::Limits;
use crate::network::Network;

/// Everything that was configured. Made only by [`crate::load`].
#[derive(Debug)]
pub struct Settings {
    /// Where the gateway listens, and what it puts up with.
    pub listen: Listen,
    /// Threads, and how the gateway stops.
    pub runtime: Runtime,
    /// Whose tokens are believed.
    pub auth: Auth,
    /// What is allowed, in the order of the file. Never empty.
    pub rules: Vec<Rule>,
    /// Web origins whose scripts may call the API, as browsers write them (`https://intranet.example`).
    pub cors_origins: Vec<String>,
    /// Keys that seal what leaves the gateway.
    pub keys: Keys,
    /// The operations port.
    pub ops: Ops,
    /// Traces, logs, metrics.
    pub telemetry: Telemetry,
    /// What one caller may ask for; `None` for as much as it likes.
    pub rate_limit: Option<RateLimit>,
    /// The folder for everything that the gateway keeps. It need not exist yet.
    pub data_dir: PathBuf,
    /// The systems, in the order of the file. Never empty.
    pub systems: Vec<System>,
    pub(crate) hash: String,
    pub(crate) redacted: String,
}

impl Settings {
    /// 16 hexadecimal digits over the effective configuration: two configurations that mean the same, defaults written
    /// out or not, have the same. Contents of files that are referred to are not part of it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The effective configuration as TOML, defaults included and `***` for every secret: for people to read.
    pub fn redacted_toml(&self) -> &str {
        &self.redacted
    }
}

/// Where the gateway listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The API. Port 0 takes a free one.
    pub api: SocketAddr,
    /// Probes, metrics and operations. Port 0 takes a free one.
    pub ops: SocketAddr,
    /// TLS on the API; `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// Peers whose `forwarded` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// What callers may cost.
    pub limits: ListenLimits,
}

/// A certificate and its key. Both files could be read when the settings were loaded; read them again to renew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM, the certificate first, then its issuers.
    pub certificate: PathBuf,
    /// PEM; its path is absolute.
    pub key: SecretRef,
}

/// What callers may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenLimits {
    /// From the connection to the first octet on it.
    pub first_byte_timeout: Duration,
    /// From the first octet of a request to the end of its head.
    pub head_timeout: Duration,
    /// For a TLS handshake.
    pub handshake_timeout: Duration,
    /// Without an octet of a body, in either direction.
    pub body_idle_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub keep_alive_timeout: Duration,
    /// Averaged over a body, in either direction; slower ones are cut off.
    pub min_body_bytes_per_second: u32,
    /// Open connections to the API.
    pub max_connections: usize,
    /// Octets of a request's head.
    pub max_head_bytes: usize,
    /// Octets of a request body that is read as a whole (JSON).
    pub max_body_bytes: u64,
    /// Octets of a request body that is passed on as a stream (a document).
    pub max_upload_bytes: u64,
}

/// Threads, and how the gateway stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runtime {
    /// Worker threads; the number of cores unless configured.
    pub workers: NonZeroUsize,
    /// After SIGTERM the gateway says "not ready" but still accepts for this long.
    pub linger: Duration,
    /// After that, requests in flight get this long.
    pub drain_timeout: Duration,
}

/// Whose tokens are believed (RFC 7519, RFC 9068).
#[derive(Debug)]
pub struct Auth {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// How far clocks may differ: at most a minute.
    pub leeway: Duration,
    /// Never empty; ids are unique.
    pub keys: Vec<AuthKey>,
    /// The claim that lists roles.
    pub roles_claim: String,
    /// The claim that lists organisational units.
    pub units_claim: String,
    /// The claim that lists the subjects of those who report to the person.
    pub reports_claim: String,
    /// The claim that holds the name to show.
    pub name_claim: String,
}

/// A key that signs tokens. One algorithm each, so that a token cannot choose.
#[derive(Debug)]
pub struct AuthKey {
    /// `kid`.
    pub id: String,
    /// The only algorithm that the key is good for.
    pub algorithm: Algorithm,
    /// The key itself.
    pub material: KeyMaterial,
}

/// What a token is checked against.
#[derive(Debug)]
pub enum KeyMaterial {
    /// A public key: PEM text.
    Public {
        /// Where it came from; read it again to renew.
        file: PathBuf,
        /// What it held.
        pem: String,
    },
    /// A shared secret of at least 32 octets, for HS256 alone.
    Secret(SecretString),
}

/// Signature algorithms (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256: whoever can check a token can make one.
    Hs256,
}

impl Algorithm {
    /// The name in a token's header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }
}

/// Keys that seal what leaves the gateway. Where one is `None`, the server makes one in the data folder at its first
/// start and keeps it.
#[derive(Debug, Default)]
pub struct Keys {
    /// Seals ids (AES-256-SIV). Never change it: every id ever given out would be lost.
    pub ids: Option<SealingKey<64>>,
    /// Seals cursors (ChaCha20-Poly1305). Changing it ends the traversals that are under way.
    pub cursors: Option<SealingKey<32>>,
}

/// Octets of a key. `Debug` hides them.
pub struct SealingKey<const N: usize>(pub(crate) secrecy::SecretBox<[u8; N]>);

impl<const N: usize> SealingKey<N> {
    /// The octets.
    pub fn expose(&self) -> &[u8; N] {
        self.0.expose_secret()
    }
}

impl<const N: usize> fmt::Debug for SealingKey<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey<{N}>(***)")
    }
}

/// The operations port.
#[derive(Debug)]
pub struct Ops {
    /// What operators send as a bearer token. `None`: only probes and metrics are served.
    pub token: Option<SecretString>,
    /// Names, besides loopback ones and the address itself, that the Host header may carry. Without a port.
    pub allowed_hosts: Vec<String>,
}

/// What one caller may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Sustained, at least 1.
    pub requests_per_second: u32,
    /// At once, at least 1.
    pub burst: u32,
}

/// Traces, logs, metrics.
#[derive(Debug)]
pub struct Telemetry {
    /// The least severe level that is logged.
    pub log_level: LogLevel,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Whether the text of a back office's faults is logged. It may hold personal data.
    pub log_backend_text: bool,
    /// A request that takes longer is kept like a failed one.
    pub slow_request: Duration,
    /// The ring of failed and slow requests on disk.
    pub ring: Ring,
    /// A collector; `None` where there is none.
    pub otlp: Option<Otlp>,
}

/// Levels of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Somebody has to act.
    Error,
    /// Somebody should look.
    Warn,
    /// What happens.
    Info,
    /// For finding faults.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word used in settings and filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// The ring of failed and slow requests on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Its folder.
    pub dir: PathBuf,
    /// The most it may take.
    pub max_bytes: u64,
}

/// A collector (OTLP over HTTP).
pub struct Otlp {
    /// The base address; `/v1/traces` and the like are added to it.
    pub endpoint: Url,
    /// Headers for every export. All values are secrets.
    pub headers: BTreeMap<String, SecretString>,
    /// The part of requests whose traces are exported, 0 to 1. Failed and slow ones are kept on disk whatever it says.
    pub sample_ratio: f64,
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("endpoint", &self.endpoint.as_str())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("sample_ratio", &self.sample_ratio)
            .finish()
    }
}

/// One system behind the gateway.
pub struct System {
    /// Its permanent key.
    pub key: SystemKey,
    /// Keys that it had before a rename; ids that carry them still work.
    pub aliases: Vec<SystemKey>,
    /// What people call it.
    pub title: String,
    /// Whom to ring.
    pub owner: Owner,
    /// How sensitive a thing is when it does not say so itself; `None` leaves it to the adapter's profile.
    pub classification: Option<Classification>,
    /// Limits of its stack.
    pub limits: Limits,
    /// The adapter, built and not yet connected.
    pub adapter: Adapter,
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The adapter's own settings may hold secrets, so it is named and no more.
        f.debug_struct("System")
            .field("key", &self.key)
            .field("aliases", &self.aliases)
            .field("title", &self.title)
            .field("owner", &self.owner)
            .field("classification", &self.classification)
            .field("limits", &self.limits)
            .field("adapter", &self.adapter.profile().adapter)
            .finish_non_exhaustive()
    }
}
