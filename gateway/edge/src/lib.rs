//! The way in: what happens to a request before a route sees it, and to an answer after.
//!
//! ```text
//! socket → serve (accept, TLS, HTTP/1 strictness, time-outs, drain)
//!        → inbound (trace, CORS, limits, shedding, authentication, rate limit)
//!        → routes (gateway/api): RequestContext in, ApiResult out
//!        → problem (the one place that turns an error into an answer)
//! ```
//!
//! Nothing here knows a route, a system or a file format of the configuration: the server hands over plain values.
#![warn(missing_docs)]

pub mod auth;
pub mod body;
mod context;
pub mod inbound;
mod observe;
pub mod ops;
pub mod problem;
pub mod serve;

pub use context::{Authenticated, RequestContext, RequestScope};
pub use inbound::{InboundConfig, RouteLayer, inbound};
pub use observe::{LogOnly, RequestObserver, RequestRecord, log_failure};
pub use problem::{ApiError, ApiResult};
