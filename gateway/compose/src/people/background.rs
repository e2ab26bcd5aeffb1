//! Work on whole directories, behind everything that answers somebody.
//!
//! Writing an index anew takes up to a second of one core. On a machine with one core, that is the core that serves: such work
//! has threads of its own, with less weight than those that serve, and lets them through every half millisecond.

use std::thread;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

/// The weight of a thread with this nice value is about a ninth of that of one that serves.
const NICE: i32 = 10;
/// Others are let through this often.
const STEP: Duration = Duration::from_micros(500);

/// Starts it. Gives `None` when it ended in a defect, or there is no thread for it.
pub(super) fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<Option<T>> {
    // A thread never gets its weight back, so that it cannot be one of the runtime's.
    let run = || {
        // Where that is not allowed, it is only less polite.
        let _ = rustix::process::nice(NICE);
        work()
    };
    tokio::task::spawn_blocking(|| {
        let thread = thread::Builder::new().name("people-index".to_owned()).spawn(run);
        thread.ok()?.join().ok()
    })
}

/// To be called often in long work: lets others through when it is time.
pub(super) fn pauses() -> impl FnMut() + Send {
    let mut last = Instant::now();
    move || {
        if last.elapsed() >= STEP {
            thread::yield_now();
            last = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_runs_behind_and_whoever_asked_does_not() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        assert_eq!(start(nice).await.unwrap(), Some((before + NICE).min(19)));
        assert_eq!(nice(), before);
        assert_eq!(start(|| -> u8 { panic!("a defect") }).await.unwrap(), None);
    }
}
