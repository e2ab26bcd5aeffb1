//! Callers that never stop asking.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use portico_simkit::client::Connection;
use portico_simkit::wait::wait_until;
use tokio::task::JoinHandle;

use super::SOON;

/// Callers that keep their connections, and open another when an answer says that this one closes.
pub struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    callers: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    pub fn start(api: SocketAddr, token: &str, callers: usize) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let caller = |_| {
            let (stop, answered, token) = (Arc::clone(&stop), Arc::clone(&answered), token.to_owned());
            tokio::spawn(async move { call(api, &token, &stop, &answered).await })
        };
        let callers = (0..callers).map(caller).collect();
        Self { stop, answered, callers }
    }

    /// Waits for this many more answers.
    pub async fn more(&self, count: u64) {
        let goal = self.answered.load(Ordering::SeqCst) + count;
        wait_until(|| self.answered.load(Ordering::SeqCst) >= goal, SOON).await.expect("answers come");
    }

    /// Ends the load; gives what failed.
    pub async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::SeqCst);
        let mut failures = Vec::new();
        for caller in self.callers {
            failures.extend(caller.await.unwrap());
        }
        failures
    }
}

async fn call(api: SocketAddr, token: &str, stop: &AtomicBool, answered: &AtomicU64) -> Vec<String> {
    let bearer = format!("Bearer {token}");
    let mut failures = Vec::new();
    let mut connection = None;
    while !stop.load(Ordering::SeqCst) && failures.len() < 5 {
        let mut open = match connection.take() {
            Some(open) => open,
            None => match Connection::open(api).await {
                Ok(open) => open,
                Err(error) => {
                    failures.push(format!("connecting: {error}"));
                    continue;
                }
            },
        };
        match open.request("GET", "/v1/documents?q=lease", &[("Authorization", &bearer)], b"").await {
            Ok(reply) if reply.status == 200 => {
                answered.fetch_add(1, Ordering::SeqCst);
                let closes =
                    reply.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
                connection = (!closes).then_some(open);
            }
            Ok(reply) => failures.push(format!("{}: {}", reply.status, reply.text())),
            Err(error) => failures.push(format!("in the middle: {error}")),
        }
    }
    failures
}
