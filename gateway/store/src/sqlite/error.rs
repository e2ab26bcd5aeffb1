//! What SQLite's results mean.

use rusqlite::ErrorCode;

use crate::StoreError;

/// SQLITE_IOERR_SHMSIZE: the shared-memory file could not grow, which is how a full disk shows there.
const SHARED_MEMORY_SIZE: i32 = 4_874;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(code, _) = &error else {
            // A column of another type than we wrote, or a row less.
            return Self::corrupt(error);
        };
        match code.code {
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::SystemIoFailure if code.extended_code == SHARED_MEMORY_SIZE => Self::Full,
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                Self::NotWritable(error.to_string().into())
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::corrupt(error),
            ErrorCode::ConstraintViolation => Self::invalid(error),
            _ => Self::unavailable(error),
        }
    }
}

/// Whether it is one write that was wrong, rather than the database that cannot.
pub(super) fn is_of_one_write(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Invalid(_) | StoreError::NotFound(_) | StoreError::TooLarge { .. } | StoreError::Closed
    )
}
