//! Several searches in a row over one connection, and their entries as they come.

use portico_contract::trace::Span;
use portico_contract::{CallContext, Error};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::client::{Client, count, fail, seconds_until};
use super::connection::Connection;
use super::gathered::Gathered;
use super::request::Request;
use super::{Entry, Search, SearchResult, fault};

/// One connection, for several searches in a row. Goes back to the pool when it is dropped between two searches, and is
/// closed when it is dropped during one.
pub struct Session {
    client: Client,
    context: CallContext,
    /// Missing once it was lost.
    connection: Option<Connection>,
    host: usize,
    running: Option<Running>,
    _place: OwnedSemaphorePermit,
}

/// A search under way.
struct Running {
    connection: Connection,
    span: Span,
    until: Instant,
    gathered: Gathered,
    /// Entries that were given.
    told: usize,
}

/// What comes of a search that was begun.
#[derive(Debug)]
pub enum Part {
    /// Entries, in the server's order; there may be none.
    Entries(Vec<Entry>),
    /// The end: the whole result but for the entries that were given before.
    End(SearchResult),
}

impl Session {
    pub(super) fn new(
        client: Client,
        context: CallContext,
        connection: Connection,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let host = connection.host;
        Self { client, context, connection: Some(connection), host, running: None, _place: place }
    }

    /// As [`Client::search`], but always on this one connection and never sent again: when its host dies or hangs, the
    /// search is lost at once, and a new session goes to another host. After an error that is not a result code the
    /// session is of no more use.
    ///
    /// # Errors
    /// As [`Client::search`].
    pub async fn search(&mut self, search: &Search) -> Result<SearchResult, Error> {
        self.begin(search).await?;
        let mut entries = Vec::new();
        loop {
            match self.more().await? {
                Part::Entries(some) => entries.extend(some),
                Part::End(mut result) => {
                    entries.append(&mut result.entries);
                    result.entries = entries;
                    return Ok(result);
                }
            }
        }
    }

    /// Begins a search whose entries are given as they come: what they are needed for is done while the server looks for
    /// the others. Otherwise as [`Session::search`]. Makes one CLIENT span, up to the end of the result.
    ///
    /// # Errors
    /// As [`Client::search`], as far as they show before the first answer.
    pub async fn begin(&mut self, search: &Search) -> Result<(), Error> {
        let mut span = self.client.span_of(&self.context, search);
        self.client.name_host(&mut span, self.host);
        let until = self.client.until(&self.context);
        match self.sent(search, until).await {
            Ok(connection) => {
                let gathered = Gathered::default();
                self.running = Some(Running { connection, span, until, gathered, told: 0 });
                Ok(())
            }
            Err(error) => {
                fail(&mut span, &error);
                Err(error)
            }
        }
    }

    async fn sent(&mut self, search: &Search, until: Instant) -> Result<Connection, Error> {
        let request = Request::search(search, seconds_until(until))?;
        // Taken out, so that whatever ends this early also ends the connection.
        let mut connection = self.connection.take().ok_or_else(fault::lost)?;
        match timeout_at(until, self.client.send(&mut connection, &request)).await {
            Ok(sent) => sent.map(|()| connection).map_err(Error::from),
            Err(_) => Err(self.timed_out()),
        }
    }

    /// Waits for the next part of the search that was begun last. To be called until the end comes.
    ///
    /// # Errors
    /// As [`Client::search`]; lost when no search was begun, or its end has been told.
    pub async fn more(&mut self) -> Result<Part, Error> {
        // Taken out for the same reason.
        let mut running = self.running.take().ok_or_else(fault::lost)?;
        let some = running.connection.read_some(&mut running.gathered);
        let read = match timeout_at(running.until, some).await {
            Ok(read) => read.map_err(Error::from),
            Err(_) => Err(self.timed_out()),
        };
        let ended = match read {
            Ok(None) => {
                let entries = running.gathered.take_entries();
                running.told += entries.len();
                self.running = Some(running);
                return Ok(Part::Entries(entries));
            }
            Ok(Some(result)) => {
                count(&mut running.span, running.told + result.entries.len());
                Ok(Part::End(result))
            }
            Err(error) => {
                fail(&mut running.span, &error);
                Err(error)
            }
        };
        self.connection = Some(running.connection).filter(Connection::is_at_rest);
        ended
    }

    fn timed_out(&self) -> Error {
        self.client.0.pool.suspect(self.host);
        fault::timed_out()
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
