//! What the store promises, over SQLite and over a real PostgreSQL.

mod audit;
mod decisions;
mod delegations;
mod intents;
mod outbox;
mod pruning;
mod support;
