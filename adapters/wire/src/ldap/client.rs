//! Sending searches.

use std::sync::Arc;

use portico_contract::{CallContext, Error, ErrorKind, SettingFault};

use super::{LdapConfig, Search, SearchResult};

/// A client for one directory. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Client(Arc<LdapConfig>);

/// One connection, for several searches in a row. Goes back to the pool when it is dropped between two searches, and is
/// closed when it is dropped during one.
pub struct Session(CallContext);

impl Client {
    /// Checks the configuration and reads the trust roots. Does not connect and needs no runtime.
    ///
    /// # Errors
    /// Every fault at once. Paths are `hosts`, `server_name`, `trust`, `bind.name`, `bind.password`, `limits.<name>`.
    pub fn new(config: LdapConfig) -> Result<Self, Vec<SettingFault>> {
        let faults = config.faults();
        if faults.is_empty() { Ok(Self(Arc::new(config))) } else { Err(faults) }
    }

    /// Sends one search over a pooled connection and reads its whole result. Makes one CLIENT span.
    ///
    /// # Errors
    /// Those of connecting, of the wire, and of the result codes that are failures. Size, time and administrator's
    /// limits are no errors: see [`super::Completeness`].
    pub async fn search(&self, context: &CallContext, search: &Search) -> Result<SearchResult, Error> {
        self.session(context).await?.search(search).await
    }

    /// Takes one connection out of the pool, for searches that belong together: pages.
    ///
    /// # Errors
    /// Those of connecting; [`ErrorKind::QueueFull`] when none came free in time.
    pub async fn session(&self, context: &CallContext) -> Result<Session, Error> {
        Ok(Session(context.clone()))
    }
}

impl Session {
    /// As [`Client::search`]. After an error that is not a result code the session is of no more use.
    ///
    /// # Errors
    /// As [`Client::search`].
    pub async fn search(&mut self, _search: &Search) -> Result<SearchResult, Error> {
        Err(Error::new(ErrorKind::Internal, "The LDAP client is being built."))
    }

    /// Gives the connection back. Dropping the session does the same.
    pub fn finish(self) {}
}
