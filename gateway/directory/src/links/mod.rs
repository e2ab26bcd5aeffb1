//! Links from the people of other systems to the directory of record (D5 of the design).
//!
//! A link is made by keys that both sides have, and never by guessing: where several people may be meant, an operator is
//! told of all of them, and nobody is linked.

mod linker;
mod table;
#[cfg(test)]
mod tests;

pub use linker::{Link, Linker, PersonKeys, Rule, Systems};
pub use table::{AmbiguousLink, Links, SharedLink};
