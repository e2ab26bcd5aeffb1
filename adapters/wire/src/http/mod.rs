//! A pooled HTTP/1.1 and HTTP/2 client for one back office.
//!
//! One [`Client`] speaks to one base address from configuration: nothing in an answer can send it elsewhere, and
//! redirects are never followed. The pool is our own, over hyper's connections, because it has to know what a generic
//! pool hides: whether a request left us, and whether it went over a connection that had been idle.
//!
//! * A request that could not be handed to an idle connection is sent again at once, on another one: nothing left us.
//! * A request that was sent and got no answer is [`portico_contract::ErrorKind::ConnectionLost`]: the stack may attempt
//!   a read again; a write has the outcome *unknown*.
//! * Connections are bounded by a semaphore of the client, a backstop behind the stack's bulkhead; a request that finds
//!   no place in time is [`portico_contract::ErrorKind::QueueFull`].
//! * A body gives its connection back when it has ended, and closes it when it is dropped before.

mod base;
mod body;
mod client;
mod connect;
mod credentials;
mod fault;
mod pace;
mod pool;
mod request;
pub(crate) mod tls;

pub use base::Base;
pub use body::{Body, Response};
pub use client::{Client, Limits};
pub use credentials::Credentials;
pub use request::{Request, Verb};
pub use tls::Trust;

#[cfg(test)]
mod tests;
