//! The gateway as its users have it: the built program, real sockets, real products behind it.
//!
//! Every test has a gateway of its own on free ports, with its folders. The program is `PORTICO_BIN`, as `cargo xtask
//! test` sets it, otherwise the one beside this binary: `cargo build -p portico` makes it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

mod clock;
mod commands;
mod contract;
mod demo;
mod documents;
mod drain;
mod input;
mod partial;
mod people;
mod reload;
mod slow;
mod telemetry;
mod writes;
