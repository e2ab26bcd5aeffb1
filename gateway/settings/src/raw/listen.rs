//! Listening, threads.

use portico_contract::SecretRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
