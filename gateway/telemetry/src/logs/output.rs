//! Where log lines go, without ever waiting for it: a full pipe costs lines, not requests.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::StartError;
use crate::drops::{Dropped, Drops};

/// Lines that may wait for whoever reads our standard error.
const QUEUE: usize = 4_096;

/// Where log lines go.
#[derive(Clone, Default)]
pub enum LogOutput {
    /// Standard error: what systemd and containers collect.
    #[default]
    Stderr,
    /// Memory: for tests.
    Memory(Arc<Mutex<Vec<u8>>>),
}

impl fmt::Debug for LogOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stderr => "Stderr",
            Self::Memory(_) => "Memory",
        })
    }
}

enum Job {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Hands lines to the thread that writes them.
#[derive(Clone)]
pub(crate) struct LineWriter {
    jobs: SyncSender<Job>,
    drops: Arc<Drops>,
}

/// Starts the thread. It ends when the last writer is gone.
pub(crate) fn start(output: LogOutput, drops: Arc<Drops>) -> Result<LineWriter, StartError> {
    let (jobs, incoming) = sync_channel(QUEUE);
    std::thread::Builder::new()
        .name("portico-log".to_owned())
        .spawn(move || write_lines(&incoming, &output))
        .map_err(StartError::Thread)?;
    Ok(LineWriter { jobs, drops })
}

fn write_lines(incoming: &Receiver<Job>, output: &LogOutput) {
    while let Ok(job) = incoming.recv() {
        match (job, output) {
            // Nobody is left to be told that standard error is closed.
            (Job::Line(line), LogOutput::Stderr) => drop(io::stderr().write_all(&line)),
            (Job::Line(line), LogOutput::Memory(kept)) => kept.lock().extend_from_slice(&line),
            (Job::Flush(done), _) => drop(done.try_send(())),
        }
    }
}

impl LineWriter {
    /// Waits until everything logged so far is written, but not past the deadline. Says whether it was.
    pub(crate) fn flush(&self, deadline: Instant) -> bool {
        let (done, told) = sync_channel(1);
        let mut job = Job::Flush(done);
        // The queue may be full of lines that are being written. There is no bounded wait for room in std's channel.
        loop {
            match self.jobs.try_send(job) {
                Ok(()) => break,
                Err(std::sync::mpsc::TrySendError::Full(back)) if Instant::now() < deadline => {
                    job = back;
                    std::thread::park_timeout(Duration::from_millis(2));
                }
                Err(_) => return false,
            }
        }
        let left = deadline.saturating_duration_since(Instant::now());
        !matches!(told.recv_timeout(left), Err(RecvTimeoutError::Timeout))
    }
}

/// One line being put together; it is handed over when it is dropped.
pub(crate) struct Line<'a> {
    to: &'a LineWriter,
    octets: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.octets.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let line = std::mem::take(&mut self.octets);
        if !line.is_empty() && self.to.jobs.try_send(Job::Line(line)).is_err() {
            self.to.drops.add(Dropped::LogLines, 1);
        }
    }
}

impl<'a> MakeWriter<'a> for LineWriter {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { to: self, octets: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that blocks until it is let go: what a full pipe does.
    #[test]
    fn a_reader_that_stalls_costs_counted_lines_and_no_time() {
        let drops = Arc::new(Drops::default());
        let kept = Arc::new(Mutex::new(Vec::new()));
        let writer = start(LogOutput::Memory(Arc::clone(&kept)), Arc::clone(&drops)).unwrap();
        let stalled = kept.lock();
        for _ in 0..QUEUE + 100 {
            writer.make_writer().write_all(b"a line\n").unwrap();
        }
        assert!((99..=100).contains(&drops.get(Dropped::LogLines)), "{}", drops.get(Dropped::LogLines));
        assert!(!writer.flush(Instant::now() + Duration::from_millis(20)), "nothing can be written yet");
        drop(stalled);
        assert!(writer.flush(Instant::now() + Duration::from_secs(10)));
        assert_eq!(kept.lock().len() as u64, (QUEUE as u64 + 100 - drops.get(Dropped::LogLines)) * 7);
    }
}
