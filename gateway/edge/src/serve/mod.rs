//! The server.
mod peer;
pub use peer::{Peer, TrustedProxies};
