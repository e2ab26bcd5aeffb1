//! Writing the ring: one thread of one process.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use portico_contract::trace::FinishedTrace;

use super::record::{StoredTrace, line, payload};
use super::{SEGMENTS, segment_path, segments};
use crate::config::{RING_LEAST_BYTES, RingConfig, Service, StartError};
use crate::drops::{Dropped, Drops};
use crate::limit::RateLimiter;
use crate::verdict::Kept;

/// Traces that may wait for the disk.
const QUEUE: usize = 256;

enum Job {
    Keep(Arc<FinishedTrace>, Kept),
    Stop,
}

/// The way to the ring. Never waits.
pub(crate) struct RingQueue {
    jobs: SyncSender<Job>,
    drops: Arc<Drops>,
}

impl RingQueue {
    pub(crate) fn keep(&self, trace: Arc<FinishedTrace>, kept: Kept) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.jobs.try_send(Job::Keep(trace, kept))
        {
            self.drops.add(Dropped::RingQueue, 1);
        }
    }

    /// Asks the thread to write what waits and to end. Waits for room in the queue: call it off the runtime.
    pub(crate) fn stop(&self) {
        let _ended_already = self.jobs.send(Job::Stop);
    }
}

/// Starts the thread. The receiver that comes back is closed when the thread has written everything and ended.
pub(crate) fn start(
    config: &RingConfig,
    service: Service,
    drops: Arc<Drops>,
) -> Result<(RingQueue, Receiver<()>), StartError> {
    if config.max_bytes < RING_LEAST_BYTES {
        return Err(StartError::RingTooSmall { bytes: config.max_bytes });
    }
    let folder = |source| StartError::RingFolder { dir: config.dir.clone(), source };
    std::fs::create_dir_all(&config.dir).map_err(folder)?;
    let lock = lock_file(&config.dir).map_err(folder)?;
    let writer = Writer::new(config.dir.clone(), config.max_bytes, lock);
    let (jobs, incoming) = sync_channel(QUEUE);
    let (alive, ended) = sync_channel(0);
    let counted = Arc::clone(&drops);
    let work = move || {
        let _alive: SyncSender<()> = alive;
        // Dropped before that: whoever was told of the end finds the lock free.
        let mut writer = writer;
        let complaints = RateLimiter::new(Duration::from_secs(60));
        while let Ok(Job::Keep(trace, kept)) = incoming.recv() {
            let Err(why) = writer.append(&StoredTrace::of(&trace, kept, &service)) else { continue };
            counted.add(Dropped::RingWrite, 1);
            if let Some(more) = complaints.admit(why.kind()) {
                tracing::warn!(error = %why, suppressed = more, "trace could not be kept on disk");
            }
        }
    };
    std::thread::Builder::new().name("portico-ring".to_owned()).spawn(work).map_err(StartError::Thread)?;
    Ok((RingQueue { jobs, drops }, ended))
}

fn lock_file(dir: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(dir.join("writer.lock"))
}

pub(super) struct Writer {
    dir: PathBuf,
    max_bytes: u64,
    /// Held from the first write on until the process ends, so that a predecessor that drains can finish.
    lock: File,
    open: Option<Open>,
}

struct Open {
    /// Number and size, oldest first. The last one is being written.
    segments: VecDeque<(u64, u64)>,
    total: u64,
    file: File,
}

impl Writer {
    pub(super) fn new(dir: PathBuf, max_bytes: u64, lock: File) -> Self {
        Self { dir, max_bytes, lock, open: None }
    }

    #[cfg(test)]
    pub(super) fn at(dir: &Path, max_bytes: u64) -> Self {
        Self::new(dir.to_owned(), max_bytes, lock_file(dir).unwrap())
    }

    fn segment_bytes(&self) -> u64 {
        self.max_bytes / SEGMENTS
    }

    /// Appends a trace. A trace larger than a segment is refused.
    pub(super) fn append(&mut self, trace: &StoredTrace) -> io::Result<()> {
        let line = line(trace)?;
        let size = line.len() as u64;
        if size > self.segment_bytes() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the trace is larger than a segment"));
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.reopen()?,
        };
        if open.segments.back().is_some_and(|(_, written)| written + size > self.segment_bytes()) {
            open.next_segment(&self.dir)?;
        }
        open.make_room(&self.dir, self.max_bytes.saturating_sub(size))?;
        // One write for the whole line. If it fails half way, the next one starts with the repair of `reopen`.
        open.file.write_all(&line)?;
        open.total += size;
        if let Some((_, written)) = open.segments.back_mut() {
            *written += size;
        }
        self.open = Some(open);
        Ok(())
    }

    /// Takes the lock, measures what is there, and cuts a torn end off the newest segment.
    fn reopen(&self) -> io::Result<Open> {
        match self.lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another gateway process writes this trace ring; give each its own folder",
                ));
            }
            Err(TryLockError::Error(why)) => return Err(why),
        }
        let mut known = VecDeque::new();
        for number in segments(&self.dir)? {
            known.push_back((number, std::fs::metadata(segment_path(&self.dir, number))?.len()));
        }
        if known.is_empty() {
            known.push_back((1, 0));
        }
        let Some(newest) = known.back_mut() else { return Err(io::ErrorKind::NotFound.into()) };
        let path = segment_path(&self.dir, newest.0);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let whole = whole_octets(&std::fs::read(&path)?);
        if whole != newest.1 {
            file.set_len(whole)?;
            newest.1 = whole;
        }
        let total = known.iter().map(|(_, size)| size).sum();
        Ok(Open { segments: known, total, file })
    }
}

/// Octets up to the end of the last line that is whole.
fn whole_octets(octets: &[u8]) -> u64 {
    let mut end = octets.len();
    while let Some(newline) = octets[..end].iter().rposition(|octet| *octet == b'\n') {
        let start = octets[..newline].iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
        if payload(&octets[start..newline]).is_some() {
            return (newline + 1) as u64;
        }
        end = newline;
    }
    0
}

impl Open {
    fn next_segment(&mut self, dir: &Path) -> io::Result<()> {
        let number = self.segments.back().map_or(1, |(number, _)| number + 1);
        self.file = OpenOptions::new().create(true).append(true).open(segment_path(dir, number))?;
        self.segments.push_back((number, 0));
        Ok(())
    }

    /// Deletes the oldest segments until all are within `allowed`. The one being written stays.
    fn make_room(&mut self, dir: &Path, allowed: u64) -> io::Result<()> {
        while self.total > allowed && self.segments.len() > 1 {
            let Some((number, size)) = self.segments.front().copied() else { break };
            match std::fs::remove_file(segment_path(dir, number)) {
                Ok(()) => {}
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
                Err(other) => return Err(other),
            }
            self.segments.pop_front();
            self.total -= size;
        }
        Ok(())
    }
}
