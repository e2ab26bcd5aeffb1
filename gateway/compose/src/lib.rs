//! Use cases over the systems: authorise, fan out, merge, seal.
//!
//! The composition knows the systems by their [`portico_contract::Upstream`] and nothing else: which adapter speaks and
//! which layers stand in between is settled before. It owns three decisions: what a person may see ([`portico_policy`]
//! is asked here and nowhere else), how pages of several systems become one ([`merge`]), and how keys and positions
//! leave the gateway ([`seal`]).
#![warn(missing_docs)]

pub mod absences;
mod change;
pub mod delegations;
mod documents;
pub mod expenses;
mod fan_out;
mod for_whom;
mod ground;
mod ids;
mod listing;
mod merge;
pub mod people;
pub mod seal;
mod systems;
pub mod tasks;
mod terms;
mod upload;
pub mod writes;

pub use change::{Asking, Change, Expected};
pub use documents::{Documents, Found};
pub use ground::Ground;
pub use listing::{ListRequest, Listing, Refusal};
pub use systems::{Standing, System, Systems};
pub use upload::{Verified, verified};
