//! What simulators and tests stand on: a small HTTP server, a TCP proxy that injects faults, a council of
//! made-up people, a raw HTTP client and a way to wait without sleeping for luck.
//!
//! Simulators run inside the demo too, so everything here is bounded and stops cleanly.

#![warn(missing_docs)]

pub mod client;
pub mod council;
pub mod fault;
pub mod http;
pub mod wait;
