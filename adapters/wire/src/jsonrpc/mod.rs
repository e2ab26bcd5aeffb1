//! JSON-RPC 2.0 (jsonrpc.org/specification), over serde_json with our limits around it.
//!
//! An answer has a `result`, or an `error`; one with neither has the result *nothing*, as some systems answer when a method
//! returns none. Numbers are read from their digits, see [`crate::rpc::Decimal`]. The id has to be the one of the call.

mod decode;
mod encode;
mod exact;

pub use decode::decode;
pub use encode::call;

/// The media type of a call.
pub const MEDIA_TYPE: &str = "application/json";

#[cfg(test)]
mod tests;
