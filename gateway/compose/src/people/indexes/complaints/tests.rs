//! How often something is said.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// The lines of the log of this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn listen(&self) -> DefaultGuard {
        let written = tracing_subscriber::fmt().with_ansi(false).with_writer(self.clone()).finish();
        tracing::subscriber::set_default(written)
    }

    /// What was said since the last look.
    fn take(&self) -> Vec<String> {
        let said = std::mem::take(&mut *self.0.lock());
        String::from_utf8(said).unwrap().lines().map(str::to_owned).collect()
    }
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "The directory says no.")
}

#[tokio::test(start_paused = true)]
async fn each_cause_is_named_once_and_its_end_once() {
    let (lines, staff) = (Lines::default(), SystemKey::new("staff").unwrap());
    let _listening = lines.listen();
    let mut complaints = Complaints::default();
    let minute = Duration::from_secs(60);
    complaints.over(&staff);
    assert!(lines.take().is_empty(), "nothing was wrong");
    for _ in 0..100 {
        complaints.failed(&staff, &error(ErrorKind::ConnectRefused), true);
        tokio::time::advance(minute).await;
    }
    let said = lines.take();
    assert_eq!(said.len(), 1, "{said:?}");
    for part in ["WARN", "system=staff", "The directory says no.", "what_to_do", "portico check", "stale"] {
        assert!(said[0].contains(part), "{part} is not in {}", said[0]);
    }
    // Another cause is another line, and the first is not said again.
    for kind in [ErrorKind::CredentialsRefused, ErrorKind::ConnectRefused, ErrorKind::CredentialsRefused] {
        complaints.failed(&staff, &error(kind), false);
        tokio::time::advance(minute).await;
    }
    let said = lines.take();
    assert!(said.len() == 1 && said[0].contains("password") && said[0].contains("nobody in it"), "{said:?}");
    for _ in 0..3 {
        complaints.over(&staff);
    }
    let said = lines.take();
    assert!(said.len() == 1 && said[0].contains("INFO") && said[0].contains("failures=103"), "{said:?}");
    complaints.failed(&staff, &error(ErrorKind::ConnectRefused), true);
    assert!(lines.take().is_empty(), "not within a second of the last line");
    tokio::time::advance(APART).await;
    complaints.failed(&staff, &error(ErrorKind::ConnectRefused), true);
    assert_eq!(lines.take().len(), 1, "a new trouble is a new line");
}

#[tokio::test(start_paused = true)]
async fn a_storm_is_one_line_a_second() {
    let (lines, staff) = (Lines::default(), SystemKey::new("staff").unwrap());
    let _listening = lines.listen();
    let mut complaints = Complaints::default();
    let mut said = 0;
    for _ in 0..200 {
        complaints.failed(&staff, &error(ErrorKind::ConnectRefused), true);
        complaints.failed(&staff, &error(ErrorKind::Timeout), true);
        complaints.over(&staff);
        tokio::time::advance(Duration::from_millis(50)).await;
        said += lines.take().len();
    }
    assert!((5..=10).contains(&said), "{said} lines in ten seconds");
}
