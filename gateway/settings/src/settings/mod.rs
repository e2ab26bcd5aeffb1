//! The settings as the gateway uses them: every value checked, every secret fetched, every path absolute.
//!
//! These are plain values. Other crates have configuration types of their own; the server maps one to the other.

mod auth;
mod people;
mod store;
mod telemetry;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use portico_contract::{Adapter, SecretRef, SystemKey};
use portico_policy::Rule;
use portico_schemas::{Classification, Owner};
use secrecy::SecretString;

use crate::fingerprint::Fingerprint;
use crate::limits::Limits;
use crate::network::Network;

pub use auth::{Algorithm, Auth, AuthKey, Keys, SealingKey};
pub use people::{People, PersonLinkRule};
pub use store::{Store, StoreKeep, StorePlace, StorePostgres};
pub use telemetry::{LogFormat, LogLevel, Otlp, Ring, Telemetry};

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
    /// Where writes are on record.
    pub store: Store,
    /// The directory of record, and how tokens and other systems point at it.
    pub people: People,
    /// The systems, in the order of the file. Never empty.
    pub systems: Vec<System>,
    pub(crate) hash: String,
    pub(crate) redacted: String,
    /// Defaults filled in; secrets are references.
    pub(crate) effective: serde_json::Value,
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
    pub(crate) fingerprint: Fingerprint,
}

impl System {
    /// Whether the other one is the same system with the same adapter, limits and settings, contents of their files and
    /// variables included: what was built for one then serves the other. Title, owner, aliases and classification do not
    /// count.
    pub fn works_like(&self, other: &Self) -> bool {
        self.key == other.key && self.fingerprint == other.fingerprint
    }
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
