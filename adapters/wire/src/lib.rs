//! Concrete clients and their limits: what an adapter uses to speak to its system.
//!
//! Everything that arrives here is untrusted. Every size, count, depth and wait has a bound; hosts come from
//! configuration alone; a failure is classified once, here, so that the stack above can decide what to do about it.
#![warn(missing_docs)]

#[cfg(test)]
mod authority;
pub mod http;
pub mod jsonrpc;
pub mod ldap;
pub mod path;
pub mod redact;
pub mod rpc;
pub mod xml;
pub mod xmlrpc;
