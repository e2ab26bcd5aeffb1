//! Sending searches: a place, a connection, a span, and a bound on the time of it all.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use portico_contract::certificate::PeerCertificate;
use portico_contract::trace::{Span, SpanKind, attr};
use portico_contract::{CallContext, Error, ErrorKind, SettingFault};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::Dialer;
use super::connection::{Connection, Failure};
use super::pool::{Pool, Taken};
use super::request::Request;
use super::{LdapConfig, Search, SearchResult, Session, fault};

/// How long a search may be silent before the host is asked for a sign of life, where there is another host.
const SILENCE: Duration = Duration::from_millis(500);

pub(super) struct Inner {
    pub(super) pool: Arc<Pool>,
    places: Arc<Semaphore>,
}

/// A client for one directory. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Inner>);

impl Client {
    /// Checks the configuration and reads the trust roots. Does not connect and needs no runtime.
    ///
    /// # Errors
    /// Every fault at once. Paths are `hosts`, `server_name`, `trust`, `bind.name`, `bind.password`, `limits.<name>`.
    pub fn new(config: LdapConfig) -> Result<Self, Vec<SettingFault>> {
        let mut faults = config.faults();
        let dialer = Dialer::new(&config).map_err(|why| faults.push(SettingFault::at(&["trust"], why)));
        match dialer {
            Ok(dialer) if faults.is_empty() => {
                let places = Arc::new(Semaphore::new(config.limits.max_connections));
                Ok(Self(Arc::new(Inner { pool: Pool::new(config, dialer), places })))
            }
            _ => Err(faults),
        }
    }

    /// Sends one search over a pooled connection and reads its whole result. Makes one CLIENT span.
    ///
    /// A search that is lost without a word is sent again: over a new connection when an idle one had died, on another
    /// host when this one died or hangs. Only reads are sent, so that nothing can happen twice.
    ///
    /// # Errors
    /// Those of connecting, of the wire, and of the result codes that are failures. Size, time and administrator's
    /// limits are no errors: see [`super::Completeness`].
    pub async fn search(&self, context: &CallContext, search: &Search) -> Result<SearchResult, Error> {
        let mut span = self.span_of(context, search);
        let mut host = self.0.pool.hosts.best();
        let result = async {
            let until = self.until(context);
            let request = Request::search(search, seconds_until(until))?;
            let seen = self.0.pool.refusals();
            let _place = self.place(until).await?;
            within(until, self.attempts(&request, until, seen, &mut host)).await
        };
        let result = result.await;
        self.name_host(&mut span, host);
        match &result {
            Ok(result) => count(&mut span, result.entries.len()),
            Err(error) => fail(&mut span, error),
        }
        result
    }

    /// Takes one connection out of the pool, for searches that belong together: pages. Makes a CLIENT span where a new one
    /// has to be opened.
    ///
    /// # Errors
    /// Those of connecting; [`ErrorKind::QueueFull`] when none came free in time.
    pub async fn session(&self, context: &CallContext) -> Result<Session, Error> {
        let until = self.until(context);
        let seen = self.0.pool.refusals();
        let place = self.place(until).await?;
        let connection = within(until, self.connection(context, seen)).await?;
        Ok(Session::new(self.clone(), context.clone(), connection, place))
    }

    async fn connection(&self, context: &CallContext, seen: u64) -> Result<Connection, Error> {
        let pool = &self.0.pool;
        if let Some(connection) = pool.idle().await {
            return Ok(connection);
        }
        let mut span = self.span(context, "connect");
        let first = pool.hosts.best();
        let dialed = pool.dial(seen).await;
        self.name_host(&mut span, dialed.as_ref().map_or(first, |connection| connection.host));
        if let Err(error) = &dialed {
            fail(&mut span, error);
        }
        dialed
    }

    /// Where the certificate of the directory is noted at every handshake, whichever host it was with: for
    /// [`portico_contract::AdapterBuilder::peer_certificate`].
    pub fn peer_certificate(&self) -> PeerCertificate {
        self.0.pool.dialer.peer.clone()
    }

    pub(super) fn until(&self, context: &CallContext) -> Instant {
        let own = Instant::now() + self.0.pool.config.limits.operation_timeout;
        own.min(context.deadline.instant().into())
    }

    async fn place(&self, until: Instant) -> Result<OwnedSemaphorePermit, Error> {
        match timeout_at(until, Arc::clone(&self.0.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Error::new(
                ErrorKind::QueueFull,
                "All connections to the directory are in use; try again in a moment.",
            )),
        }
    }

    /// `host`: which one was asked last.
    async fn attempts(
        &self,
        request: &Request,
        until: Instant,
        seen: u64,
        host: &mut usize,
    ) -> Result<SearchResult, Error> {
        let pool = &self.0.pool;
        // One for an idle connection that had died, and one for each host.
        let mut left = 1 + pool.config.hosts.len();
        let mut fresh = false;
        loop {
            left -= 1;
            let Taken { mut connection, reused } = pool.take(seen, fresh).await?;
            *host = connection.host;
            let asked = async {
                self.send(&mut connection, request).await?;
                connection.result().await
            };
            let Ok(answer) = timeout_at(until, asked).await else {
                pool.suspect(*host);
                return Err(fault::timed_out());
            };
            match answer {
                Err(Failure::Lost { heard: false }) if left > 0 && (reused || pool.hosts.are_several()) => {
                    if !reused {
                        pool.leave(*host);
                    }
                    fresh = true;
                }
                answer => {
                    pool.put(connection);
                    return answer.map_err(Error::from);
                }
            }
        }
    }

    /// Sends a search, and gives up early when the host turns out to hang while there is another.
    pub(super) async fn send(&self, connection: &mut Connection, request: &Request) -> Result<(), Failure> {
        let pool = &self.0.pool;
        connection.send(request).await?;
        if pool.hosts.are_several() {
            match timeout(SILENCE, connection.hear()).await {
                Ok(heard) => heard?,
                Err(_) => {
                    let host = connection.host;
                    let lives = tokio::select! {
                        heard = connection.hear() => { heard?; true }
                        lives = pool.lives(host) => lives,
                    };
                    if !lives {
                        pool.leave(host);
                        return Err(Failure::Lost { heard: false });
                    }
                }
            }
        }
        Ok(())
    }

    fn span(&self, context: &CallContext, name: impl Into<Cow<'static, str>>) -> Span {
        let mut span = context.span.child(SpanKind::Client, name);
        span.set(attr::DB_SYSTEM, "ldap");
        if context.attempt > 1 {
            span.set(attr::RESEND, i64::from(context.attempt - 1));
        }
        span
    }

    pub(super) fn span_of(&self, context: &CallContext, search: &Search) -> Span {
        let mut span = self.span(context, format!("search {}", search.name));
        span.set(attr::DB_OPERATION, "search");
        span.set(attr::DB_QUERY, Arc::<str>::from(search.filter.shape()));
        span
    }

    pub(super) fn name_host(&self, span: &mut Span, host: usize) {
        if let Some(host) = self.0.pool.config.hosts.get(host) {
            span.set(attr::SERVER_ADDRESS, Arc::clone(&host.name));
            span.set(attr::SERVER_PORT, i64::from(host.port));
        }
    }
}

async fn within<T>(until: Instant, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout_at(until, work).await.unwrap_or_else(|_| Err(fault::timed_out()))
}

pub(super) fn count(span: &mut Span, entries: usize) {
    span.set(attr::ITEMS, i64::try_from(entries).unwrap_or(i64::MAX));
}

pub(super) fn fail(span: &mut Span, error: &Error) {
    match fault::result_code(error) {
        Some(code) => {
            span.set(attr::DB_STATUS, i64::from(code));
            span.fail_as(fault::error_type(code));
        }
        None => span.fail(error.kind()),
    }
}

/// For the server: rounded up, so that we are the ones who give up.
pub(super) fn seconds_until(until: Instant) -> u64 {
    until.saturating_duration_since(Instant::now()).as_secs() + 1
}
