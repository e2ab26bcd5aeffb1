//! Connections that wait for the next search, and the making of new ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::{Error, ErrorKind};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};

use super::connect::Dialer;
use super::connection::{Connection, Failure};
use super::hosts::Hosts;
use super::request::Request;
use super::{AttributeName, Bind, Dn, Filter, LdapConfig, Limits, Scope, Search, fault};

/// How long a host has to show that it lives, while a search on it hangs or before an idle connection is used.
const SIGN_OF_LIFE: Duration = Duration::from_millis(600);

#[derive(Default)]
struct Waiting {
    idle: Vec<(Connection, Instant)>,
    reaping: bool,
}

/// Everything that the clones of a client share.
pub(super) struct Pool {
    pub(super) config: LdapConfig,
    pub(super) hosts: Hosts,
    pub(super) dialer: Dialer,
    waiting: Mutex<Waiting>,
    /// One bind at a time: a wrong password is tried once, however many callers wait.
    binding: tokio::sync::Mutex<()>,
    refusals: AtomicU64,
}

/// A connection out of the pool.
pub(super) struct Taken {
    pub(super) connection: Connection,
    /// It was used before, so that the server may have closed it since.
    pub(super) reused: bool,
}

impl Pool {
    pub(super) fn new(config: LdapConfig, dialer: Dialer) -> Arc<Self> {
        Arc::new(Self {
            hosts: Hosts::new(config.hosts.len()),
            config,
            dialer,
            waiting: Mutex::default(),
            binding: tokio::sync::Mutex::default(),
            refusals: AtomicU64::new(0),
        })
    }

    fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// A mark before which refused binds are somebody else's.
    pub(super) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Acquire)
    }

    /// A connection to the best host: one that waits, or a new one. `seen` is [`Pool::refusals`] when the call began.
    pub(super) async fn take(self: &Arc<Self>, seen: u64, fresh: bool) -> Result<Taken, Error> {
        if !fresh && let Some(connection) = self.idle().await {
            return Ok(Taken { connection, reused: true });
        }
        Ok(Taken { connection: self.dial(seen).await?, reused: false })
    }

    /// A connection to the best host that waits, and is not known to have died.
    pub(super) async fn idle(self: &Arc<Self>) -> Option<Connection> {
        while let Some((mut connection, since)) = self.next_idle() {
            if since.elapsed() < self.limits().revalidate_after || self.answers(&mut connection).await {
                return Some(connection);
            }
        }
        None
    }

    /// The last one that came back. Those that are spent, and those to a host that is not the best, are dropped.
    fn next_idle(&self) -> Option<(Connection, Instant)> {
        let best = self.hosts.best();
        let mut waiting = self.waiting.lock();
        while let Some((mut connection, since)) = waiting.idle.pop() {
            if self.is_kept(&connection, since, best) && connection.is_silent() {
                return Some((connection, since));
            }
        }
        None
    }

    fn is_kept(&self, connection: &Connection, since: Instant, best: usize) -> bool {
        connection.is_at_rest()
            && connection.host == best
            && since.elapsed() < self.limits().idle_timeout
            && connection.born.elapsed() < self.limits().max_age
    }

    /// Gives a connection back that is at rest.
    pub(super) fn put(self: &Arc<Self>, connection: Connection) {
        let now = Instant::now();
        if !self.is_kept(&connection, now, self.hosts.best()) {
            return;
        }
        let mut waiting = self.waiting.lock();
        waiting.idle.push((connection, now));
        if !waiting.reaping {
            waiting.reaping = true;
            tokio::spawn(reap(Arc::downgrade(self), self.limits().idle_timeout));
        }
    }

    /// Opens and binds a connection to the first host that lets us.
    pub(super) async fn dial(self: &Arc<Self>, seen: u64) -> Result<Connection, Error> {
        let order = self.hosts.order();
        let mut first = None;
        for (place, &host) in order.iter().enumerate() {
            let patience = Hosts::patience(self.limits().connect_timeout, order.len() - place - 1);
            match timeout(patience, self.open(host, seen)).await {
                Ok(Ok(connection)) => {
                    self.hosts.take_again(host);
                    return Ok(connection);
                }
                // Asking another host with the same password would only bring the account closer to its lock.
                Ok(Err(error)) if error.kind() == ErrorKind::CredentialsRefused => return Err(error),
                Ok(Err(error)) => drop(first.get_or_insert(error)),
                Err(_) => drop(first.get_or_insert_with(nobody)),
            }
            self.leave(host);
        }
        Err(first.unwrap_or_else(nobody))
    }

    async fn open(&self, host: usize, seen: u64) -> Result<Connection, Error> {
        let mut connection = self.connect(host).await?;
        let (name, password) = match &self.config.bind {
            Bind::Anonymous => ("", ""),
            Bind::Simple { name, password } => (name.as_str(), password.expose_secret()),
        };
        let _alone = self.binding.lock().await;
        if self.refusals() != seen {
            return Err(Error::new(
                ErrorKind::CredentialsRefused,
                "The directory refused the service account a moment ago; it was not asked again.",
            ));
        }
        let bound = connection.bind(name, password).await;
        if bound.as_ref().is_err_and(|error| error.kind() == ErrorKind::CredentialsRefused) {
            self.refusals.fetch_add(1, Ordering::AcqRel);
        }
        bound.map(|()| connection)
    }

    async fn connect(&self, host: usize) -> Result<Connection, Error> {
        let Some(address) = self.config.hosts.get(host) else { return Err(nobody()) };
        let stream = self.dialer.open(address).await?;
        Ok(Connection::new(stream, host, self.config.limits))
    }

    /// Whether an idle connection still answers. If it does not, and there is another host, this one is left.
    async fn answers(self: &Arc<Self>, connection: &mut Connection) -> bool {
        if let Ok(alive) = timeout(SIGN_OF_LIFE, self.ask_root(connection)).await {
            return alive;
        }
        if self.hosts.are_several() && !self.lives(connection.host).await {
            self.leave(connection.host);
        }
        false
    }

    /// Whether a host shows a sign of life on a connection of its own. Nobody signs in for it.
    pub(super) async fn lives(&self, host: usize) -> bool {
        let sign = async {
            let Ok(mut connection) = self.connect(host).await else { return false };
            self.ask_root(&mut connection).await
        };
        timeout(SIGN_OF_LIFE, sign).await.unwrap_or(false)
    }

    /// Any result is a sign of life, a refusal included.
    async fn ask_root(&self, connection: &mut Connection) -> bool {
        let object_class = AttributeName::known("objectClass");
        let mut search = Search::new("root", Dn::root(), Scope::Base, Filter::Present(object_class));
        search.attributes = vec![AttributeName::NONE];
        let Ok(request) = Request::search(&search, 1) else { return false };
        let asked = async {
            connection.send(&request).await?;
            connection.result().await
        };
        match asked.await.map_err(Failure::into) {
            Ok(_) => true,
            Err(error) => fault::result_code(&error).is_some_and(|code| !matches!(code, 51 | 52)),
        }
    }

    /// Leaves a host, if there is another, until it shows a sign of life.
    pub(super) fn leave(self: &Arc<Self>, host: usize) {
        let asks = self.hosts.leave(host);
        if self.hosts.is_left(host) {
            self.waiting.lock().idle.retain(|(connection, _)| connection.host != host);
        }
        if asks {
            tokio::spawn(ask_again(Arc::downgrade(self), host, self.limits().retry_host_after));
        }
    }

    /// Looks at a host on which something timed out, without keeping anybody waiting.
    pub(super) fn suspect(self: &Arc<Self>, host: usize) {
        if !self.hosts.are_several() || self.hosts.is_left(host) {
            return;
        }
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            if !pool.lives(host).await {
                pool.leave(host);
            }
        });
    }
}

fn nobody() -> Error {
    Error::new(
        ErrorKind::ConnectRefused,
        "Nobody answered at the address of the directory; is it running, and is a firewall in between?",
    )
}

/// Asks a host that was left whether it answers again, until it does.
async fn ask_again(pool: Weak<Pool>, host: usize, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(pool) = pool.upgrade() else { return };
        // A caller may have found out before.
        if !pool.hosts.is_left(host) || pool.lives(host).await {
            pool.hosts.take_again(host);
            return;
        }
    }
}

/// Closes connections that have waited too long. Ends when none waits.
async fn reap(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout).await;
        let Some(pool) = pool.upgrade() else { return };
        let best = pool.hosts.best();
        let mut waiting = pool.waiting.lock();
        waiting.idle.retain(|(connection, since)| pool.is_kept(connection, *since, best));
        if waiting.idle.is_empty() {
            waiting.reaping = false;
            return;
        }
    }
}
