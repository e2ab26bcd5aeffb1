//! What the gateway says about itself: traces, metrics, logs.
//!
//! Spans are plain data ([`portico_contract::trace`]), recorded for every request. What becomes of a tree is decided at
//! its end: sampled, failed and slow ones go to a collector, failed and slow ones also to a ring on disk, and all of them
//! leave their durations in the metrics. Nothing here ever makes a request wait: every queue is bounded, what does not fit
//! is dropped, and what is dropped is counted ([`Dropped`]).
//!
//! ```no_run
//! use std::time::Duration;
//! use portico_telemetry::{Telemetry, TelemetryConfig};
//!
//! # fn main() -> Result<(), portico_telemetry::StartError> {
//! let telemetry = Telemetry::start(TelemetryConfig::quiet("portico", "0.1.0", "town-hall"))?;
//! let sink = telemetry.sink();                        // for `Span::root`
//! let sampled = telemetry.sample();                   // the other thing that `Span::root` wants
//! telemetry.metrics().register_routes(["/v1/documents"]);
//! println!("{}", telemetry.render_metrics());
//! telemetry.shutdown(Duration::from_secs(3));
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

mod config;
mod drops;
pub mod explain;
mod export;
mod failure;
mod limit;
mod logs;
mod metrics;
mod panic;
pub mod ring;
mod sink;
mod start;
mod verdict;

pub use config::{
    LogConfig, LogFormat, LogLevel, OtlpConfig, RING_DEFAULT_BYTES, RING_LEAST_BYTES, RingConfig,
    SLOW_DEFAULT, Service, StartError, TelemetryConfig,
};
pub use drops::Dropped;
pub use failure::{FailureNote, Failures};
pub use limit::RateLimiter;
pub use logs::LogOutput;
pub use metrics::{AdapterGauges, BreakerGauge, IndexGauges, Metrics, ObservedAdapter, StoreGauges};
pub use start::{MAX_SHUTDOWN, ShutdownReport, Telemetry};
pub use verdict::Kept;
