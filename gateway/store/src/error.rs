//! What can go wrong, and what to do about it.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why the store did not do it. Unless a variant says otherwise, nothing was written. Cheap to clone: one failed commit
/// answers everybody who was in it.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    /// The disk, or the quota of the database, is full. Writes go on by themselves when there is room again. HTTP 507.
    #[error("the store has no room left: free space on its disk; writes go on by themselves then")]
    Full,
    /// More writes wait than the queue holds. Try again shortly. HTTP 503 with `Retry-After`.
    #[error("more writes are waiting for the store than it takes")]
    Busy,
    /// The database does not answer, or the disk gave an error. The store keeps trying; a write whose commit could not be
    /// confirmed *may* have happened. HTTP 503.
    #[error("the store is not available: {0}")]
    Unavailable(Arc<str>),
    /// The store, and with it the audit trail, cannot be written: a read-only file, folder or server. HTTP 503,
    /// `audit_unavailable`.
    #[error("the store cannot be written: {0}")]
    NotWritable(Arc<str>),
    /// Restored from a backup, and nobody has said yet that what came after the backup may be missing. HTTP 503.
    #[error(
        "the store was restored from a backup and takes no writes: what happened after the backup is not in it. \
         Check the systems behind, then run `portico restore --accept-gap`"
    )]
    Closed,
    /// Another process has the file open.
    #[error(
        "{} is open in another process: one SQLite file serves one process. Stop the other one, or configure PostgreSQL for \
         several replicas", .0.display()
    )]
    Locked(PathBuf),
    /// Written by a later version of Portico.
    #[error(
        "the store has schema {found} and this version of Portico knows {known}: run the newer version, or restore a backup"
    )]
    Newer {
        /// The schema that was found.
        found: u32,
        /// The latest that is known here.
        known: u32,
    },
    /// What was read cannot have been written by us, or the database says so.
    #[error("the store is damaged: {0}. Restore a backup")]
    Corrupt(Arc<str>),
    /// A text or a list is longer than its bound; see [`crate::bounds`].
    #[error("{field} is larger than {limit}")]
    TooLarge {
        /// Which.
        field: &'static str,
        /// Octets, or entries of a list.
        limit: usize,
    },
    /// There is no such thing, or it was pruned.
    #[error("there is no such {0} in the store")]
    NotFound(&'static str),
    /// Could not be begun: a wrong setting or a wrong argument.
    #[error("{0}")]
    Invalid(Arc<str>),
}

impl StoreError {
    pub(crate) fn unavailable(why: impl std::fmt::Display) -> Self {
        Self::Unavailable(why.to_string().into())
    }

    pub(crate) fn corrupt(why: impl std::fmt::Display) -> Self {
        Self::Corrupt(why.to_string().into())
    }

    pub(crate) fn invalid(why: impl std::fmt::Display) -> Self {
        Self::Invalid(why.to_string().into())
    }

    /// Whether the same call may be sent again later without a change.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Full | Self::Busy | Self::Unavailable(_) | Self::NotWritable(_) | Self::Closed)
    }
}
