//! Settings from the outside: files and variables in, settings or faults out.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod environment;
mod example;
mod faults;
mod inline;
mod mutations;
mod people;
mod reload;
mod secrets;
mod store;
mod support;
