//! `[store]` as it is written.

use portico_contract::SecretRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where writes, approvals, deputies and the audit trail are on record, and for how long.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Store {
    /// The file, for one gateway; `store.sqlite` in the data folder when left out. On a local disk.
    #[schemars(extend("format" = "path"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where the end of the audit trail is noted after each commit, best on another disk: with it a trail that was cut off is
    /// noticed. Beside the file when left out; nowhere for PostgreSQL.
    #[schemars(extend("format" = "path"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_anchor: Option<String>,
    /// A PostgreSQL database in place of the file: for several gateways.
    #[serde(skip_serializing)]
    pub postgres: Option<Postgres>,
    /// For how long things are kept, in days.
    pub keep: Keep,
    /// How much the store takes.
    pub limits: StoreLimits,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Postgres {
    /// A host name, an address, or the folder of a Unix socket (starts with `/`).
    #[schemars(length(min = 1, max = 255))]
    pub host: String,
    /// The port.
    #[serde(default = "port")]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: u16,
    /// The database, which must exist; tables are kept in its schema `portico`.
    #[schemars(length(min = 1, max = 63))]
    pub database: String,
    /// The role. The first time it must be allowed to create the schema `portico`.
    #[schemars(length(min = 1, max = 63))]
    pub user: String,
    /// Its password, where it has one.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// Whether the connection is encrypted. Never over a Unix socket.
    #[serde(default = "tls")]
    pub tls: bool,
    /// PEM: whom to trust for its certificate, in place of the public authorities.
    #[schemars(extend("format" = "path"))]
    #[serde(default)]
    pub trust_roots: Option<String>,
}

fn port() -> u16 {
    5432
}
fn tls() -> bool {
    true
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keep {
    /// How long an `Idempotency-Key` counts.
    #[schemars(range(min = 1, max = 90))]
    pub keys_days: u64,
    /// Writes that are over. No shorter than their keys.
    #[schemars(range(min = 1, max = 3_650))]
    pub intents_days: u64,
    /// Events that wait for a subscriber, or were delivered.
    #[schemars(range(min = 1, max = 365))]
    pub events_days: u64,
    /// Delegations that are over.
    #[schemars(range(min = 30, max = 36_500))]
    pub delegations_days: u64,
    /// Who decided what.
    #[schemars(range(min = 30, max = 36_500))]
    pub decisions_days: u64,
    /// The audit trail.
    #[schemars(range(min = 30, max = 36_500))]
    pub audit_days: u64,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            keys_days: 2,
            intents_days: 90,
            events_days: 7,
            delegations_days: 730,
            decisions_days: 2_557,
            audit_days: 2_557,
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoreLimits {
    /// Records that may wait to be written; one more is refused with 503.
    #[schemars(range(min = 16, max = 100_000))]
    pub max_waiting: u64,
    /// Connections that read.
    #[schemars(range(min = 1, max = 64))]
    pub max_readers: u64,
    /// Mebibytes set aside beside the file, out of which what is under way is still recorded when the disk is full.
    #[schemars(range(min = 0, max = 1_024))]
    pub reserve_mib: u64,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self { max_waiting: 1_024, max_readers: 4, reserve_mib: 4 }
    }
}
