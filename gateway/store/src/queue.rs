//! The way to the writer: a bounded queue, out of which groups are taken that share one commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::write::{Answer, Write};
use crate::{Limits, Status, StoreError};

/// How long a write that may wait for somebody else's commit waits before it gets one of its own.
const LAZY: Duration = Duration::from_millis(100);

/// A write, and who waits for it.
pub(crate) struct Job {
    pub write: Write,
    answer: Option<oneshot::Sender<Answer>>,
}

impl Job {
    /// Whoever has gone away in the meantime does not hear it; the write happened all the same.
    pub(crate) fn answer(self, answer: Answer) {
        match self.answer {
            Some(waiting) => drop(waiting.send(answer)),
            None => {
                if let Err(error) = answer {
                    tracing::debug!(error = %error, "a note was not written");
                }
            }
        }
    }
}

/// What the writer tells everybody.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub closed: AtomicBool,
    pub on_reserve: AtomicBool,
    pub writes: AtomicU64,
    pub commits: AtomicU64,
    failing: AtomicBool,
}

impl Told {
    /// A commit failed. Said aloud once, until one succeeds: a full disk would fill the log too.
    pub(crate) fn trouble(&self, error: &StoreError) {
        if self.failing.swap(true, Ordering::Relaxed) {
            tracing::debug!(error = %error, "a commit of the store failed again");
        } else {
            tracing::error!(error = %error, "a commit of the store failed");
        }
    }

    /// A commit succeeded.
    pub(crate) fn well(&self) {
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the store commits again");
        }
    }
}

/// The callers' end.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: Mutex<Option<mpsc::Sender<Job>>>,
    ended: watch::Receiver<bool>,
    told: Arc<Told>,
}

/// The writer's end.
pub(crate) struct Inbox {
    receiver: mpsc::Receiver<Job>,
    group: usize,
    ended: watch::Sender<bool>,
}

pub(crate) fn queue(limits: &Limits) -> (Queue, Inbox, Arc<Told>) {
    let (sender, receiver) = mpsc::channel(limits.queue.max(1));
    let (ended, is_ended) = watch::channel(false);
    let told = Arc::new(Told::default());
    let queue = Queue { sender: Mutex::new(Some(sender)), ended: is_ended, told: told.clone() };
    (queue, Inbox { receiver, group: limits.group.max(1), ended }, told)
}

impl Queue {
    pub(crate) async fn write(&self, write: Write) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.send(Job { write, answer: Some(answer) })?;
        answered.await.unwrap_or_else(|_| Err(StoreError::unavailable("its writer has ended")))
    }

    pub(crate) fn write_later(&self, write: Write) {
        // A full queue loses a note, as a crash would.
        drop(self.send(Job { write, answer: None }));
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let sender = self.sender.lock();
        let sender = sender.as_ref().ok_or_else(|| StoreError::unavailable("it was closed"))?;
        sender.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::unavailable("its writer has ended"),
        })
    }

    pub(crate) fn status(&self, engine: &'static str) -> Status {
        let waiting =
            self.sender.lock().as_ref().map_or(0, |sender| sender.max_capacity() - sender.capacity());
        Status {
            engine,
            closed: self.told.closed.load(Ordering::Relaxed),
            on_reserve: self.told.on_reserve.load(Ordering::Relaxed),
            waiting,
            writes: self.told.writes.load(Ordering::Relaxed),
            commits: self.told.commits.load(Ordering::Relaxed),
        }
    }

    /// Takes no more, and waits until what waits is written.
    pub(crate) async fn close(&self) {
        drop(self.sender.lock().take());
        let mut ended = self.ended.clone();
        drop(ended.wait_for(|ended| *ended).await);
    }
}

impl Inbox {
    /// The next writes that share a commit, as many as wait; `None` when no more will come.
    pub(crate) async fn group(&mut self) -> Option<Vec<Job>> {
        let mut group = Vec::new();
        loop {
            let next = if group.is_empty() {
                self.receiver.recv().await
            } else {
                match timeout(LAZY, self.receiver.recv()).await {
                    Ok(next) => next,
                    Err(_) => return Some(group),
                }
            };
            let Some(job) = next else { return (!group.is_empty()).then_some(group) };
            let lazy = job.write.is_lazy();
            group.push(job);
            if !lazy || group.len() == self.group {
                break;
            }
        }
        while group.len() < self.group {
            let Ok(job) = self.receiver.try_recv() else { break };
            group.push(job);
        }
        Some(group)
    }

    /// The writer is done and has let go of everything.
    pub(crate) fn end(self) {
        self.ended.send_replace(true);
    }
}
