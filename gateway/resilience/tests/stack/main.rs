//! The whole stack over a toy system, on paused time, by counts.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands, its helpers too")]

mod background;
mod body;
mod breaker;
mod bulkhead;
mod cost;
mod deadline;
mod observe;
mod panic;
mod rate_limit;
mod retry;
mod toy;
