//! Failed and slow requests on disk, for sites without a collector and for the night when the collector is down too.
//!
//! A folder of segment files, `traces-00000001.log` and on, written by one process and bounded together: when a new
//! segment would go over the bound, the oldest is deleted. Reading takes no lock, works while the gateway runs and
//! when it does not, and skips whatever a crash tore.

mod reader;
mod record;
mod writer;

use std::path::{Path, PathBuf};

pub use reader::{RingError, find, find_all, recent};
pub use record::{StoredService, StoredSpan, StoredTrace, StoredValue};
pub(crate) use writer::{RingQueue, start};

/// Segments of the ring at its full size: one is written, the rest is history.
const SEGMENTS: u64 = 16;

fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("traces-{number:08}.log"))
}

/// Numbers of the segments that are there, oldest first. A folder that does not exist is an error.
fn segments(dir: &Path) -> std::io::Result<Vec<u64>> {
    let mut numbers: Vec<u64> = std::fs::read_dir(dir)?
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?.strip_prefix("traces-")?.strip_suffix(".log")?.parse().ok()
        })
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests;
