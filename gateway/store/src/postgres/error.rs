//! What PostgreSQL's errors mean (its manual, appendix A).

use tokio_postgres::error::SqlState;

use crate::StoreError;

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            // Not said by the server: the connection is gone, or a value is not what we wrote.
            return Self::unavailable(chain(&error));
        };
        let code = said.code();
        // Without the detail, which quotes values.
        let why = format!("{} ({})", said.message(), code.code());
        match code.code().get(..2).unwrap_or_default() {
            // disk_full; the rest of class 53 (memory, connections) passes.
            "53" if *code == SqlState::DISK_FULL => Self::Full,
            // A replica, or a server set to read only; no right to write.
            "25" if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Self::NotWritable(why.into()),
            "42" if *code == SqlState::INSUFFICIENT_PRIVILEGE => Self::NotWritable(why.into()),
            // A constraint, a value that does not fit; a wrong password, a database that is not there.
            "23" | "22" | "28" | "3D" => Self::invalid(why),
            "XX" => Self::corrupt(why),
            _ => Self::unavailable(why),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            deadpool_postgres::PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Self::Busy,
            error => Self::unavailable(error),
        }
    }
}

/// The error with its causes: `Display` of the first says little more than "db error".
fn chain(error: &dyn std::error::Error) -> std::sync::Arc<str> {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text.into()
}
