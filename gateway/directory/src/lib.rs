//! People in memory: a search index over one directory, and the links from other systems to the directory of record.
//!
//! No I/O, no tasks, no clock: what changes is told by the caller, and every answer comes from an immutable snapshot.
#![warn(missing_docs)]

pub mod index;
pub mod links;

pub use index::{Builder, Hit, MatchKind, PeopleIndex, PersonEntry, Query};
pub use links::{AmbiguousLink, Link, Linker, Links, PersonKeys, Rule, SharedLink, Systems};
