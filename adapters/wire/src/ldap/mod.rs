//! A pooled LDAP v3 client (RFC 4511) for one directory, behind one or several hosts.
//!
//! [`Client::search`] sends one search request over a pooled connection and returns its whole result, bounded.
//! [`Client::session`] keeps one connection for several searches, because paging cookies belong to a connection.
//! There is nothing here that writes.
//!
//! What comes from the directory is untrusted. The parser underneath (`ldap3`) recurses without a limit, takes frames of
//! any size and panics on messages of another shape than it expects. So TCP and TLS are opened here, and `ldap3` gets
//! the other end of a socket pair: a guard reads every message first and checks its size, its nesting, its lengths
//! and its shape, and that it answers the request that was sent. A message that fails ends the connection.
//!
//! * **Injection.** A [`Filter`] is built from typed values, a [`Dn`] is parsed or built from typed values, an
//!   [`AttributeName`] is checked. There is no way in for raw filter text.
//! * **Failover.** Hosts are tried in the order given. One that refuses, hangs while connecting, or hangs after it was
//!   connected is left within two seconds if there is another, and taken again once it answers.
//! * **Time.** Every operation ends at the call's deadline or after [`Limits::operation_timeout`], whichever is first.
//!   A connection is thrown away after a time-out and when a caller goes away in mid-operation.
//! * **Credentials.** One bind at a time; after a refusal nobody who was waiting binds, and nothing binds again before
//!   a new call comes. The circuit breaker of the stack lets one through every few minutes: no account is locked.
//! * **Limits.** [`Completeness`] says whether a result is whole. A size limit is never a short list.
//! * **Referrals** are reported and never followed.
//! * **Errors** carry a kind of the contract; [`result_code`] gives the LDAP result code behind one. Their text holds
//!   nothing that came from the directory.

mod ber;
mod client;
mod config;
mod connect;
mod connection;
mod control;
mod dn;
mod entry;
mod fault;
mod filter;
mod frame;
mod guard;
mod hosts;
mod name;
mod pool;
mod search;

pub use client::{Client, Session};
pub use config::{Bind, Host, LdapConfig, Limits, Security};
pub use dn::{Dn, DnError, ExtendedDn};
pub use entry::{
    Completeness, DirSyncDone, Entry, IdSet, Range, SearchResult, SyncDone, SyncEntry, SyncState, Uuid,
};
pub use fault::result_code;
pub use filter::{Filter, Value};
pub use name::AttributeName;
pub use search::{DirSync, Page, Scope, Search, SortKey, SyncRequest, dir_sync_flags};

pub use crate::http::Trust;

#[cfg(test)]
mod tests;
