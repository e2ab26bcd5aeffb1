//! Every limit of the accept loop, in one place.

use std::time::Duration;

use super::peer::TrustedProxies;

/// Limits on connections. The defaults are those of the promises page; a test shortens them.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Connections at once. One more is answered 503 (over TLS: closed).
    pub max_connections: usize,
    /// How long a new connection may stay silent.
    pub first_byte: Duration,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long the head of a request may take from its first octet to its last.
    pub head: Duration,
    /// How long a connection may stay open between requests.
    pub idle: Duration,
    /// Octets of a head, request line included.
    pub max_head: usize,
    /// Fields of a head.
    pub max_fields: usize,
    /// Octets of a request target.
    pub max_target: usize,
    /// How long a caller may leave us waiting for more of a body. Every octet that comes earns time at
    /// [`ServeConfig::body_rate`], up to this much.
    pub body_idle: Duration,
    /// Octets a second that a body has to come with.
    pub body_rate: u32,
    /// How long a caller may take nothing of an answer that is ready to go.
    pub write_stall: Duration,
    /// HTTP/2: streams at once on one connection.
    pub h2_streams: u32,
    /// HTTP/2: how often a silent peer is asked whether it is still there.
    pub h2_ping: Duration,
    /// Peers whose word about the caller counts.
    pub trusted: TrustedProxies,
    /// After the stop signal: how long new connections are still taken, each answer saying that the connection closes.
    pub drain_grace: Duration,
    /// After the stop signal: when whatever is still open is cut.
    pub drain_deadline: Duration,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            first_byte: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            max_head: 16 * 1_024,
            max_fields: 64,
            max_target: 8 * 1_024,
            body_idle: Duration::from_secs(10),
            body_rate: 1_024,
            write_stall: Duration::from_secs(30),
            h2_streams: 128,
            h2_ping: Duration::from_secs(20),
            trusted: TrustedProxies::default(),
            drain_grace: Duration::from_secs(5),
            drain_deadline: Duration::from_secs(25),
        }
    }
}
