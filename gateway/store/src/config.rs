//! Where the store is and how much it takes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Where it is.
    pub place: Place,
    /// How much it takes.
    pub limits: Limits,
    /// Where the audit trail's anchor (count and head) is written after each commit. `None`: beside a SQLite file
    /// (`….audit-anchor`), nowhere for PostgreSQL. A trail whose end was cut off is only noticed with it, so it is best kept
    /// on another disk.
    pub anchor: Option<PathBuf>,
}

impl StoreConfig {
    /// A SQLite file with the default limits; it is created where it does not exist, its folder is not.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::Sqlite { path: path.into() }, limits: Limits::default(), anchor: None }
    }

    /// A PostgreSQL database with the default limits.
    pub fn postgres(at: PostgresConfig) -> Self {
        Self { place: Place::Postgres(Box::new(at)), limits: Limits::default(), anchor: None }
    }
}

/// Where a store is.
#[derive(Debug, Clone)]
pub enum Place {
    /// One file on a local disk, for one process.
    Sqlite {
        /// The file. Others lie beside it: `-wal`, `-shm`, `.lock`, `.reserve`, `.audit-anchor`.
        path: PathBuf,
    },
    /// A database (PostgreSQL 13 or later), for one or several processes.
    Postgres(Box<PostgresConfig>),
}

/// How to reach PostgreSQL. `Debug` shows no password.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// A host name, an address, or the folder of a Unix socket (starts with `/`).
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database; it must exist. The store keeps its tables in the schema `portico` there.
    pub database: String,
    /// The role, which must be allowed to create the schema `portico` the first time.
    pub user: String,
    /// Its password, where it has one.
    pub password: Option<SecretString>,
    /// TLS with these settings, which is then required; `None` for plain text.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// How long to wait for a connection and, before a write is given up, for the server to come back.
    pub connect_timeout: Duration,
}

impl PostgresConfig {
    /// Plain text, five seconds to connect, no password.
    pub fn new(
        host: impl Into<String>,
        port: u16,
        database: impl Into<String>,
        user: impl Into<String>,
    ) -> Self {
        Self {
            host: host.into(),
            port,
            database: database.into(),
            user: user.into(),
            password: None,
            tls: None,
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// How much a store takes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Writes that may wait; one more is [`crate::StoreError::Busy`].
    pub queue: usize,
    /// Writes that share one commit at most.
    pub group: usize,
    /// Connections that read.
    pub readers: usize,
    /// How long a reading waits for a connection; with PostgreSQL also how long one statement may take.
    pub read_timeout: Duration,
    /// SQLite: octets set aside for audited reads and for settling what is under way while the disk is full. 0: none.
    pub reserve: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queue: 1_024, group: 256, readers: 4, read_timeout: Duration::from_secs(10), reserve: 4 << 20 }
    }
}
