//! Reading the ring: by anybody, at any time.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::record::{PREFIX, StoredTrace, payload};
use super::{segment_path, segments};

/// Why the ring could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// There is no such folder.
    #[error("there is no trace ring at `{}`: the gateway has not run with this configuration yet, \
        or keeps its traces elsewhere", .0.display())]
    Missing(PathBuf),
    /// The folder or a file in it cannot be read.
    #[error("the trace ring at `{}` cannot be read: {source}. Run this as the user that runs the gateway", dir.display())]
    Unreadable {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The newest trace with this id, given as 32 hexadecimal digits of either case. `None` when there is none, be it that it
/// was never kept or that it has been pushed out.
///
/// # Errors
/// The folder does not exist or cannot be read. A torn or altered record is not an error: it is skipped.
pub fn find(dir: &Path, trace_id: &str) -> Result<Option<StoredTrace>, RingError> {
    Ok(search(dir, trace_id, 1)?.pop())
}

/// Every trace with this id, newest first: a caller that makes several requests in one trace of its own has several.
/// At most 100.
///
/// # Errors
/// As for [`find`].
pub fn find_all(dir: &Path, trace_id: &str) -> Result<Vec<StoredTrace>, RingError> {
    search(dir, trace_id, 100)
}

/// The newest traces, newest first, at most `count`.
///
/// # Errors
/// As for [`find`].
pub fn recent(dir: &Path, count: usize) -> Result<Vec<StoredTrace>, RingError> {
    collect(dir, count, |_| true)
}

fn search(dir: &Path, trace_id: &str, count: usize) -> Result<Vec<StoredTrace>, RingError> {
    let trace_id = trace_id.trim().to_ascii_lowercase();
    // The id stands in front of every record. Looking for it there spares the parsing of all others.
    let needle = format!("{{\"trace_id\":\"{trace_id}\"");
    collect(dir, count, |json| json.starts_with(needle.as_bytes()))
}

fn collect(dir: &Path, count: usize, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<StoredTrace>, RingError> {
    let unreadable = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => RingError::Missing(dir.to_owned()),
        _ => RingError::Unreadable { dir: dir.to_owned(), source },
    };
    let mut found = Vec::new();
    for number in segments(dir).map_err(unreadable)?.into_iter().rev() {
        let octets = match std::fs::read(segment_path(dir, number)) {
            Ok(octets) => octets,
            // The writer deleted the oldest segment while we were reading newer ones.
            Err(gone) if gone.kind() == ErrorKind::NotFound => continue,
            Err(other) => return Err(unreadable(other)),
        };
        for line in octets.rsplit(|octet| *octet == b'\n') {
            if found.len() >= count {
                return Ok(found);
            }
            // The look is cheap, the checksum is not: most lines are not wanted.
            let wanted = line.get(PREFIX..).is_some_and(&wanted);
            let stored = wanted.then(|| payload(line)).flatten();
            let stored = stored.and_then(|json| serde_json::from_slice(json).ok());
            found.extend::<Option<StoredTrace>>(stored);
        }
    }
    Ok(found)
}
