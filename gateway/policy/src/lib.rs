//! Who may do what: the seam, and the built-in rules.
//!
//! The policy is asked twice. *Before* a list is paged it yields a [`Scope`], which is pushed down to the system as a
//! filter; *after* a thing was read it decides on the thing's own [`Facts`]. Both answers come from the same rules, so
//! that a list never shows what a single read would refuse. Nothing is allowed unless a rule allows it.
//!
//! Decisions are made on the person who asks, never on the service account of a system.
#![warn(missing_docs)]

mod builtin;
mod rule;

use portico_contract::SystemKey;
use portico_contract::access::{Facts, Principal, Scope};
use portico_schemas::{Classification, ResourceType};

pub use builtin::BuiltinPolicy;
pub use rule::{Action, RawClassification, RawRule, Rule, Who};

/// What is acted on, before any single thing is known.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The kind of thing.
    pub resource: ResourceType,
    /// The system that holds it.
    pub system: &'a SystemKey,
    /// How sensitive a thing of this system is when it does not say so itself.
    pub default_classification: Classification,
}

/// Decides. Implementations must be cheap: one or two decisions are made for every request, one for every row.
pub trait Policy: Send + Sync + 'static {
    /// What part of a list the person may see. [`Scope::None`] when no rule allows any of it.
    fn scope(&self, who: &Principal, action: Action, target: &Target<'_>) -> Scope;

    /// Whether the person may do this to one thing with these facts.
    fn allows(&self, who: &Principal, action: Action, target: &Target<'_>, facts: &Facts) -> bool;

    /// `resource:action` pairs that some rule allows the person, sorted and without repeats: for drawing menus.
    fn permissions(&self, who: &Principal) -> Vec<String>;
}
