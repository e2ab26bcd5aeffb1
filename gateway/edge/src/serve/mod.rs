//! Our own accept loop: every wait has an end, every size a cap, and a stop loses no request.
//!
//! ```text
//! accept (cap) → TLS (handshake time-out) → first octets (time-out, which protocol?)
//!   → strict (HTTP/1 heads that everybody reads in the same way) → HTTP library → service (identity headers, body pace)
//! ```

mod accept;
mod activity;
mod config;
mod connection;
mod drain;
mod pace;
mod peer;
mod service;
mod stall;
mod strict;
mod tls;

pub use accept::{Drained, Server};
pub use config::ServeConfig;
pub use drain::Drain;
pub use peer::{BadNetwork, Peer, TrustedProxies};
pub use tls::{Tls, TlsFault};

#[cfg(test)]
mod tests;
