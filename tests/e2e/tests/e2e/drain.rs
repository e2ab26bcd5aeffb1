//! Stopping, restarting and TLS: no caller is refused or cut off.

mod restart;
mod tls;

pub use tls::renew;
