//! A copy while it is in use, and the way back.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::{beside, lock, make, of_file, schema};
use crate::StoreError;

/// Writes the copy beside its place first, so that half a copy never has the name of a whole one.
pub(super) fn backup(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    refuse_existing(to)?;
    let partial = beside(to, ".partial");
    drop(fs::remove_file(&partial));
    let name = partial.to_str().ok_or_else(|| StoreError::invalid("the backup's name is not UTF-8"))?;
    make(&partial)?;
    let copied = connection.execute("vacuum into ?1", [name]).map_err(StoreError::from);
    let placed = copied.and_then(|_| place(&partial, to));
    if placed.is_err() {
        drop(fs::remove_file(&partial));
    }
    placed
}

/// See [`crate::restore`].
pub(crate) fn restore(backup: &Path, to: &Path) -> Result<(), StoreError> {
    let _held = lock(to)?;
    refuse_existing(to)?;
    // A log of an earlier file would be taken for this one's.
    refuse_existing(&beside(to, "-wal"))?;
    let partial = beside(to, ".partial");
    drop(fs::remove_file(&partial));
    make(&partial)?;
    copy(backup, &partial).map_err(|error| of_file(backup, &error))?;
    let placed = close_writes(&partial).and_then(|()| place(&partial, to));
    if placed.is_err() {
        drop(fs::remove_file(&partial));
    }
    placed
}

/// The contents alone: who may read the store does not follow from who may read the backup.
fn copy(from: &Path, to: &Path) -> std::io::Result<u64> {
    std::io::copy(&mut File::open(from)?, &mut File::options().write(true).open(to)?)
}

fn close_writes(path: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    if schema(&connection)? == 0 {
        return Err(StoreError::invalid("the backup is empty"));
    }
    let check: String = connection.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(StoreError::corrupt(format_args!("the backup: {check}")));
    }
    connection.query_row("pragma journal_mode = delete", [], |_| Ok(()))?;
    connection.execute("update chain set closed = 1", [])?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Both the file and its name reach the disk.
fn place(partial: &Path, to: &Path) -> Result<(), StoreError> {
    let placed = || -> std::io::Result<()> {
        File::open(partial)?.sync_all()?;
        fs::rename(partial, to)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    placed().map_err(|error| of_file(to, &error))
}

fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(StoreError::invalid(format!("{} exists: it is not overwritten", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(of_file(path, &error)),
    }
}
