//! The limits of a system's stack belong to the resilience crate; they pass through here.

/// Limits of the stack over one system.
pub use portico_resilience::StackSettings as Limits;
