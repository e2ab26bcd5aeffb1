//! Opening a file: its lock, its settings, its schema.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;

/// The schema, one file a version; never changed once released.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_first.sql")];

/// "Port", so that `file` and others can tell whose database it is.
const APPLICATION_ID: i32 = 0x506F_7274;

/// The store's file with something appended to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Holds the file for this process, until dropped or until the process goes, however it goes.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let lock_path = beside(path, ".lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
    let file = opened.map_err(|error| of_file(&lock_path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(of_file(&lock_path, &error)),
    }
}

/// Makes the file where it is missing, for its owner alone; those beside it get the same rights from SQLite.
pub(super) fn make(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| of_file(path, &error))
}

/// The connection that writes. Its schema is brought up to date in one transaction.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    make(path)?;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // Only a checkpoint and a reader that comes first after a crash can be in the way, and only briefly.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    let mode: String = connection.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
    if mode != "wal" {
        let why =
            format!("{} cannot have a write-ahead log; is it on a network file system?", path.display());
        return Err(StoreError::invalid(why));
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// The version of the schema; 0 for an empty file. A file of somebody else is refused.
pub(super) fn schema(connection: &Connection) -> Result<u32, StoreError> {
    let version: u32 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
    let application: i32 = connection.query_row("pragma application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("select count(*) from sqlite_master", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || version > 0) {
        return Err(StoreError::invalid("the file is a SQLite database, but no store of Portico"));
    }
    let known = MIGRATIONS.len() as u32;
    if version > known { Err(StoreError::Newer { found: version, known }) } else { Ok(version) }
}

/// Refuses a file whose schema is not the one that is known here.
pub(super) fn current(connection: &Connection) -> Result<(), StoreError> {
    match schema(connection)? as usize {
        version if version == MIGRATIONS.len() => Ok(()),
        version => {
            let why =
                format!("the store has schema {version}, of an earlier Portico: start the gateway once");
            Err(StoreError::invalid(why))
        }
    }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let version = schema(connection)?;
    if version as usize == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for migration in &MIGRATIONS[version as usize..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    Ok(transaction.commit()?)
}

pub(super) fn of_file(path: &Path, error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind as Kind;
    let why = format!("{}: {error}", path.display());
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => StoreError::Full,
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem | Kind::NotFound => {
            StoreError::NotWritable(why.into())
        }
        _ => StoreError::unavailable(why),
    }
}
