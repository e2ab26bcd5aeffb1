//! Connections that wait for the next request.

use std::sync::{Arc, Weak};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use parking_lot::Mutex;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::request::Outgoing;

/// An HTTP/1.1 connection: one request at a time. Dropping it closes it at once, whatever it was doing.
pub(crate) struct Exclusive {
    pub(crate) sender: http1::SendRequest<Outgoing>,
    task: AbortHandle,
}

impl Exclusive {
    pub(crate) fn new(sender: http1::SendRequest<Outgoing>, task: AbortHandle) -> Self {
        Self { sender, task }
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection that can carry a request.
pub(crate) enum Connection {
    Exclusive(Exclusive),
    /// HTTP/2: many requests at a time; every holder has a sender of its own.
    Shared(http2::SendRequest<Outgoing>),
}

#[derive(Default)]
struct Waiting {
    idle: Vec<(Exclusive, Instant)>,
    shared: Option<http2::SendRequest<Outgoing>>,
    reaping: bool,
}

/// The connections of one client that no request uses now. The last one that came back is used first, so that a quiet
/// hour lets the others go.
pub(crate) struct Pool {
    waiting: Mutex<Waiting>,
    idle_timeout: Duration,
}

impl Pool {
    pub(crate) fn new(idle_timeout: Duration) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::default(), idle_timeout })
    }

    /// A connection that can be used now, if one waits. Those that are closed or have waited too long are dropped.
    pub(crate) async fn take(&self) -> Option<Connection> {
        loop {
            let (mut candidate, since) = {
                let mut waiting = self.waiting.lock();
                match &waiting.shared {
                    Some(sender) if sender.is_closed() => waiting.shared = None,
                    Some(sender) => return Some(Connection::Shared(sender.clone())),
                    None => {}
                }
                waiting.idle.pop()?
            };
            if candidate.sender.is_closed() || since.elapsed() >= self.idle_timeout {
                continue;
            }
            // Its last answer has been read to the end; hyper may still have to notice. This never waits for the network.
            if candidate.sender.is_ready() || candidate.sender.ready().await.is_ok() {
                return Some(Connection::Exclusive(candidate));
            }
        }
    }

    /// Gives a connection back whose answer has been read to its end.
    pub(crate) fn put(self: &Arc<Self>, connection: Connection) {
        match connection {
            Connection::Shared(sender) => {
                let mut waiting = self.waiting.lock();
                if waiting.shared.as_ref().is_none_or(http2::SendRequest::is_closed) {
                    waiting.shared = Some(sender);
                }
            }
            Connection::Exclusive(exclusive) if exclusive.sender.is_closed() => {}
            Connection::Exclusive(exclusive) => {
                let mut waiting = self.waiting.lock();
                waiting.idle.push((exclusive, Instant::now()));
                if !waiting.reaping {
                    waiting.reaping = true;
                    tokio::spawn(reap(Arc::downgrade(self), self.idle_timeout));
                }
            }
        }
    }

    /// Offers a fresh HTTP/2 connection to other requests while its first one still runs.
    pub(crate) fn share(self: &Arc<Self>, connection: &Connection) {
        if let Connection::Shared(sender) = connection {
            self.put(Connection::Shared(sender.clone()));
        }
    }
}

/// Closes connections that have waited too long, so that a back office never has to. Ends when none waits.
async fn reap(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut waiting = pool.waiting.lock();
        waiting.idle.retain(|(idle, since)| !idle.sender.is_closed() && since.elapsed() < idle_timeout);
        if waiting.idle.is_empty() {
            waiting.reaping = false;
            return;
        }
    }
}
