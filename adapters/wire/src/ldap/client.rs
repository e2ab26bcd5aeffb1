//! Sending searches: a place, a connection, a span, and a bound on the time of it all.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use portico_contract::certificate::PeerCertificate;
use portico_contract::trace::{Span, SpanKind, attr};
use portico_contract::{CallContext, Error, ErrorKind, SettingFault};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::Dialer;
use super::connection::{Connection, Failure, Prepared};
use super::pool::{Pool, Taken};
use super::{LdapConfig, Search, SearchResult, fault};

/// How long a search may be silent before the host is asked for a sign of life, where there is another host.
const SILENCE: Duration = Duration::from_millis(500);

struct Inner {
    pool: Arc<Pool>,
    places: Arc<Semaphore>,
}

/// A client for one directory. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

/// One connection, for several searches in a row. Goes back to the pool when it is dropped between two searches, and is
/// closed when it is dropped during one.
pub struct Session {
    client: Client,
    context: CallContext,
    /// Missing once it was lost.
    connection: Option<Connection>,
    _place: OwnedSemaphorePermit,
}

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
        let mut span = self.span(context, search);
        let result = async {
            let prepared = Prepared::new(search)?;
            let until = self.until(context);
            let seen = self.0.pool.refusals();
            let _place = self.place(until).await?;
            within(until, self.attempts(&prepared, until, seen, &mut span)).await
        };
        let result = result.await;
        conclude(&mut span, &result);
        result
    }

    /// Takes one connection out of the pool, for searches that belong together: pages.
    ///
    /// # Errors
    /// Those of connecting; [`ErrorKind::QueueFull`] when none came free in time.
    pub async fn session(&self, context: &CallContext) -> Result<Session, Error> {
        let until = self.until(context);
        let pool = &self.0.pool;
        let seen = pool.refusals();
        let place = self.place(until).await?;
        let taken = within(until, pool.take(seen, false)).await?;
        let connection = Some(taken.connection);
        Ok(Session { client: self.clone(), context: context.clone(), connection, _place: place })
    }

    /// Where the certificate of the directory is noted at every handshake, whichever host it was with: for
    /// [`portico_contract::AdapterBuilder::peer_certificate`].
    pub fn peer_certificate(&self) -> PeerCertificate {
        self.0.pool.dialer.peer.clone()
    }

    fn until(&self, context: &CallContext) -> Instant {
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

    async fn attempts(
        &self,
        search: &Prepared,
        until: Instant,
        seen: u64,
        span: &mut Span,
    ) -> Result<SearchResult, Error> {
        let pool = &self.0.pool;
        // One for an idle connection that had died, and one for each host.
        let mut left = 1 + pool.config.hosts.len();
        let mut fresh = false;
        loop {
            left -= 1;
            let Taken { mut connection, reused } = pool.take(seen, fresh).await?;
            let host = connection.host;
            let guarded = timeout_at(until, self.watched(&mut connection, search, until)).await;
            let Ok(answer) = guarded else {
                pool.suspect(host);
                self.name_host(span, host);
                return Err(fault::timed_out());
            };
            match answer {
                Err(Failure::Lost { heard: false }) if left > 0 && (reused || pool.hosts.are_several()) => {
                    if !reused {
                        pool.leave(host);
                    }
                    fresh = true;
                }
                answer => {
                    self.name_host(span, host);
                    pool.put(connection);
                    return answer.map_err(Error::from);
                }
            }
        }
    }

    /// Searches, and gives up early when the host turns out to hang while there is another.
    async fn watched(
        &self,
        connection: &mut Connection,
        search: &Prepared,
        until: Instant,
    ) -> Result<SearchResult, Failure> {
        let pool = &self.0.pool;
        let (host, heard) = (connection.host, connection.heard());
        let time_left = until.saturating_duration_since(Instant::now()).as_secs() + 1;
        let mut running = std::pin::pin!(connection.search(search, &pool.config.limits, time_left));
        if !pool.hosts.are_several() {
            return running.await;
        }
        if let Ok(answer) = timeout(SILENCE, &mut running).await {
            return answer;
        }
        if heard() {
            return running.await;
        }
        let lives = tokio::select! {
            answer = &mut running => return answer,
            lives = pool.lives(host) => lives,
        };
        if lives {
            return running.await;
        }
        pool.leave(host);
        Err(Failure::Lost { heard: false })
    }

    fn span(&self, context: &CallContext, search: &Search) -> Span {
        let mut span = context.span.child(SpanKind::Client, format!("search {}", search.name));
        span.set(attr::DB_SYSTEM, "ldap");
        span.set(attr::DB_OPERATION, "search");
        span.set(attr::DB_QUERY, Arc::<str>::from(search.filter.shape()));
        span
    }

    fn name_host(&self, span: &mut Span, host: usize) {
        if let Some(host) = self.0.pool.config.hosts.get(host) {
            span.set(attr::SERVER_ADDRESS, Arc::clone(&host.name));
            span.set(attr::SERVER_PORT, i64::from(host.port));
        }
    }
}

impl Session {
    /// As [`Client::search`], but always on this one connection and never sent again: when its host dies or hangs, the
    /// search is lost at once, and a new session goes to another host. After an error that is not a result code the
    /// session is of no more use.
    ///
    /// # Errors
    /// As [`Client::search`].
    pub async fn search(&mut self, search: &Search) -> Result<SearchResult, Error> {
        let mut span = self.client.span(&self.context, search);
        let result = self.one(search, &mut span).await;
        conclude(&mut span, &result);
        result
    }

    async fn one(&mut self, search: &Search, span: &mut Span) -> Result<SearchResult, Error> {
        let prepared = Prepared::new(search)?;
        // Taken out, so that whatever ends this early also ends the connection.
        let mut connection = self.connection.take().ok_or_else(fault::lost)?;
        self.client.name_host(span, connection.host);
        let until = self.client.until(&self.context);
        let Ok(answer) = timeout_at(until, self.client.watched(&mut connection, &prepared, until)).await
        else {
            self.client.0.pool.suspect(connection.host);
            return Err(fault::timed_out());
        };
        if connection.is_usable() {
            self.connection = Some(connection);
        }
        answer.map_err(Error::from)
    }

    /// Gives the connection back. Dropping the session does the same.
    pub fn finish(self) {}
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.client.0.pool.put(connection);
        }
    }
}

async fn within<T>(until: Instant, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout_at(until, work).await.unwrap_or_else(|_| Err(fault::timed_out()))
}

fn conclude(span: &mut Span, result: &Result<SearchResult, Error>) {
    match result {
        Ok(result) => span.set(attr::ITEMS, i64::try_from(result.entries.len()).unwrap_or(i64::MAX)),
        Err(error) => match fault::result_code(error) {
            Some(code) => {
                span.set(attr::DB_STATUS, i64::from(code));
                span.fail_as(fault::error_type(code));
            }
            None => span.fail(error.kind()),
        },
    }
}
