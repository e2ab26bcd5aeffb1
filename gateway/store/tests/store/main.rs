//! What the store promises, over SQLite and over a real PostgreSQL.

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
