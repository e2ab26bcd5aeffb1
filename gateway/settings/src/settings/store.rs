//! Where writes are on record.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// The durable store, as configured.
#[derive(Debug)]
pub struct Store {
    /// Where it is.
    pub place: StorePlace,
    /// Where the end of the audit trail is noted; `None` leaves it to the store.
    pub audit_anchor: Option<PathBuf>,
    /// For how long things are kept.
    pub keep: StoreKeep,
    /// Records that may wait to be written.
    pub max_waiting: usize,
    /// Connections that read.
    pub max_readers: usize,
    /// Octets set aside for a full disk.
    pub reserve_bytes: u64,
}

/// Where the store is.
#[derive(Debug)]
pub enum StorePlace {
    /// One file, for one gateway. Its folder need not exist yet where it is the data folder.
    Sqlite(PathBuf),
    /// A database, for several.
    Postgres(StorePostgres),
}

/// How to reach PostgreSQL.
#[derive(Debug)]
pub struct StorePostgres {
    /// A host name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password, where it has one.
    pub password: Option<SecretString>,
    /// Whether the connection is encrypted; false over a Unix socket.
    pub tls: bool,
    /// PEM text: whom to trust in place of the public authorities.
    pub trust_pem: Option<String>,
}

/// For how long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreKeep {
    /// Keys.
    pub keys: Duration,
    /// Writes that are over.
    pub intents: Duration,
    /// Events.
    pub events: Duration,
    /// Delegations that are over.
    pub delegations: Duration,
    /// Decisions.
    pub decisions: Duration,
    /// The audit trail.
    pub audit: Duration,
}
