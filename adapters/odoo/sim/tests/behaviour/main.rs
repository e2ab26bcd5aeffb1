//! What the simulator does beyond what was recorded, and what clients make of it that we did not write.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod absences;
mod claims;
mod client;
mod clients;
mod faults;
mod orm;
mod rights;
