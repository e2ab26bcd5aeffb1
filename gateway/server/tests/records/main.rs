//! The commands on what is on record, on the program itself: beside a gateway that runs and without one.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod backup;
mod intents;
mod postgres;
mod site;
mod trail;
