//! One writer at a time for each path.
//!
//! A server compares a condition and replaces the content in two steps, and two writers can both pass the first (mod_dav
//! does it so). Writers that come through this gateway therefore queue here, each compares after the one before it has
//! finished, and no update is lost among them. Against writers from elsewhere the server's own condition stands.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::location::Location;

type Queues = Arc<Mutex<HashMap<String, Arc<Queue<()>>>>>;

/// The paths that are being written now. It holds as many entries as there are writes under way.
#[derive(Debug, Default)]
pub(crate) struct Writing(Queues);

/// The right to write one path; given up when dropped.
pub(crate) struct Turn {
    queues: Queues,
    path: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Writing {
    /// Waits until nobody else writes this path. The deadline of the call bounds the wait.
    pub(crate) async fn turn(&self, location: &Location) -> Turn {
        let path = location.as_str().to_owned();
        let queue = Arc::clone(self.0.lock().entry(path.clone()).or_default());
        let mut turn = Turn { queues: Arc::clone(&self.0), path, guard: None };
        turn.guard = Some(queue.lock_owned().await);
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = self.queues.lock();
        self.guard = None;
        // Nobody waits when the map alone knows the queue. Under the lock nobody can begin to.
        if queues.get(&self.path).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writers_of_one_path_follow_each_other_and_leave_nothing_behind() {
        let writing = Writing::default();
        let (a, b) = (Location::root().child("a"), Location::root().child("b"));
        let first = writing.turn(&a).await;
        drop(writing.turn(&b).await);
        let mut second = std::pin::pin!(writing.turn(&a));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        drop(second.await);
        assert!(writing.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_writer_that_gives_up_waiting_leaves_nothing_behind() {
        let writing = Writing::default();
        let a = Location::root().child("a");
        let first = writing.turn(&a).await;
        {
            let mut second = Box::pin(writing.turn(&a));
            assert!(futures_util::poll!(&mut second).is_pending());
        }
        drop(first);
        assert!(writing.0.lock().is_empty());
    }
}
