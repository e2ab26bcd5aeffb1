//! What stands between the composition and one back-office system: every limit, time-out and second attempt.
//!
//! [`stack`] wraps an adapter in one tower stack, built once and boxed once. Its layers, outer to inner, stand in one
//! function with the reason for each. Everything that they remember (breaker, bulkheads, budget, rate) is in one
//! [`Health`] per adapter, shared by all clones of the stack, and read by `/v1/systems`, `/status` and the metrics.
//!
//! One call (`Call`) may take several attempts; all attempts share one deadline. Deadline, attempt time-out and breaker
//! act up to the head of an answer; a body that follows has limits of its own, and keeps its place in the bulkhead for
//! streams, and its span, until it ends.
#![warn(missing_docs)]

mod attempt_timeout;
mod body_guard;
mod breaker;
mod budget;
mod bulkhead;
mod deadline;
mod error_context;
mod health;
mod observe;
mod panic_guard;
mod rate_limit;
mod refusal;
mod retry;
mod settings;
mod stack;
mod tracked;

pub use breaker::BreakerState;
pub use health::{Health, HealthSnapshot, LastFailure, Pause};
pub use observe::{CallFacts, Observer};
pub use settings::{StackSettings, SystemLimits};
pub use stack::stack;
