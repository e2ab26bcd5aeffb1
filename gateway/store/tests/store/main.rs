//! What the store promises, over SQLite and over a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod audit;
mod decisions;
mod delegations;
mod disk;
mod fixture;
mod intents;
mod kill;
mod model;
mod outbox;
mod postgres;
mod pruning;
mod sqlite;
mod support;
