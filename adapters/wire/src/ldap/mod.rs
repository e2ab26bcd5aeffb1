//! A pooled LDAP v3 client (RFC 4511) for one directory, behind one or several hosts.
//!
//! [`Client::search`] sends one search request over a pooled connection and returns its whole result, bounded.
//! [`Client::session`] keeps one connection for several searches, because paging cookies belong to a connection, and gives
//! entries as they come where that is wanted.
//! There is nothing here that writes.
//!
//! What comes from the directory is untrusted. Of every message the size, the nesting and the lengths are checked before
//! anything is decoded, then its shape and that it answers the request that was sent. A message that fails ends the
//! connection. The codec is our own: `gateway/docs/decisions/0010-an-ldap-codec-of-our-own.md` says why.
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
mod gathered;
mod hosts;
mod message;
mod name;
mod pool;
mod request;
mod search;
mod session;

pub use client::Client;
pub use config::{Bind, Host, LdapConfig, Limits, Security};
pub use dn::{Dn, DnError, ExtendedDn};
pub use entry::{
    Completeness, DirSyncDone, Entry, IdSet, Range, SearchResult, SyncDone, SyncEntry, SyncState, Uuid,
    Values,
};
pub use fault::result_code;
pub use filter::{Filter, Value};
pub use name::AttributeName;
pub use search::{DirSync, Page, Scope, Search, SortKey, SyncRequest, dir_sync_flags};
pub use session::{Part, Session};

pub use crate::http::Trust;

#[cfg(test)]
mod tests;
