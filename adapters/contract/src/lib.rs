//! What an adapter author reads first: the contract between the gateway and the systems behind it.
//!
//! An adapter is our code for one kind of system. It implements a [`Handler`] for every [`Operation`] that the system
//! can do, says in data what it can do with it ([`Capability`], [`Profile`]), and classifies failures ([`ErrorKind`]).
//! Everything else comes from the gateway: retries, time-outs, circuit breakers, limits, traces, paging over several
//! systems, authorisation, HTTP.
//!
//! ```text
//! request → edge → api → compose ─ Upstream::call ─▶ stack (layers see Call, Reply) ─▶ Adapter ─▶ Handler<O>
//! ```
//!
//! # A whole adapter
//!
//! A card index in memory, complete: it lists its cards, keeps our marker on a card that it files, and finds the
//! card again by it. Real adapters differ in that their handlers speak to a network.
//!
//! ```
#![doc = include_str!("../examples/card_index.rs")]
//! ```
#![warn(missing_docs)]

pub mod absences;
pub mod access;
mod call;
mod capability;
pub mod certificate;
mod context;
pub mod documents;
mod error;
mod error_kind;
mod error_type;
pub mod expenses;
mod handler;
mod id;
mod kind;
mod operation;
pub mod paging;
pub mod people;
mod stream;
pub mod systems;
pub mod tasks;
pub mod trace;

pub use call::{Call, CallService, Reply, Upstream};
pub use capability::{Capability, FilterCapability, ListOrder, Profile, Reconciliation};
pub use context::{CallContext, Deadline, Marker};
pub use error::{Error, Retry};
pub use error_kind::ErrorKind;
pub use error_type::{ERROR_TYPES, is_error_type};
pub use handler::{Adapter, AdapterBuilder, Handler};
pub use id::{NativeId, SystemKey};
pub use kind::{AdapterKind, SecretRef, SettingFault};
pub use operation::{Awaited, Effect, Operation, OperationMeta, Output, Streaming};
pub use stream::{ByteStream, Streamed, Upload};

/// Every operation of every domain, for catalogues.
pub fn catalogue() -> impl Iterator<Item = &'static OperationMeta> {
    [documents::ALL, people::ALL, expenses::ALL, absences::ALL, tasks::ALL].into_iter().flatten().copied()
}
