//! A search of any size, a page at a time (RFC 2696), on one connection: paging cookies belong to it.
//!
//! A server may cap the size of a page. OpenLDAP refuses a larger one with result 11 and nothing, Active Directory gives
//! fewer; what was seen to work is remembered.

use std::sync::atomic::Ordering;

use portico_contract::{CallContext, Error, ErrorKind};
use portico_wire::ldap::{Completeness, Entry, Page, Search, SearchResult, Session};

use crate::directory::Directory;
use crate::fault;
use crate::settings::Dialect;

/// One search under way.
pub(crate) struct Walk<'a> {
    directory: &'a Directory,
    session: Session,
    search: Search,
    size: u32,
    cookie: Option<Vec<u8>>,
    begun: bool,
    finished: bool,
    told: usize,
    referrals: usize,
    limited: Option<String>,
}

impl<'a> Walk<'a> {
    pub(crate) async fn start(
        directory: &'a Directory,
        context: &CallContext,
        search: Search,
    ) -> Result<Self, Error> {
        let session = directory.settings.client.session(context).await?;
        Ok(Self::over(directory, session, search))
    }

    /// Over a connection that was used for something else before.
    pub(crate) fn over(directory: &'a Directory, session: Session, search: Search) -> Self {
        Self {
            directory,
            session,
            search,
            size: directory.allowed_page_size(),
            cookie: None,
            begun: false,
            finished: false,
            told: 0,
            referrals: 0,
            limited: None,
        }
    }

    /// The connection, for what comes next.
    pub(crate) fn into_session(self) -> Session {
        self.session
    }

    /// The entries of the next page; `None` at the end. A page may be empty.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Entry>>, Error> {
        if self.finished {
            return Ok(None);
        }
        let found = self.page().await?;
        self.begun = true;
        self.told += found.entries.len();
        self.referrals += found.referrals.len();
        self.limited = fault::limit(found.complete, self.told);
        // An empty cookie ends it, whatever the server meant by it.
        self.cookie = found.page_cookie.filter(|cookie| !cookie.is_empty());
        self.finished = self.cookie.is_none() || self.limited.is_some();
        Ok(Some(found.entries))
    }

    async fn page(&mut self) -> Result<SearchResult, Error> {
        loop {
            let paged = !self.directory.no_paging.load(Ordering::Relaxed);
            let cookie = self.cookie.clone().unwrap_or_default();
            self.search.page = paged.then_some(Page { size: self.size, cookie });
            let may_be_too_large = paged && !self.begun && self.size > 1;
            match self.session.search(&self.search).await {
                Ok(found) => {
                    let refused = found.complete == Completeness::AdminLimit && found.entries.is_empty();
                    if may_be_too_large && refused {
                        self.size /= 2;
                        continue;
                    }
                    if found.complete == Completeness::Whole {
                        self.directory.page_size.fetch_min(self.size, Ordering::Relaxed);
                    }
                    return Ok(found);
                }
                Err(error) if may_be_too_large && fault::is(&error, fault::ADMIN_LIMIT) => self.size /= 2,
                Err(error)
                    if paged && !self.begun && fault::is(&error, fault::UNAVAILABLE_CRITICAL_EXTENSION) =>
                {
                    self.directory.no_paging.store(true, Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Why something is missing, once the end was reached; `None` when nothing is.
    pub(crate) fn limited(&self) -> Option<String> {
        self.limited.clone().or_else(|| {
            // Active Directory's referrals lead to partitions without people.
            let elsewhere = self.referrals > 0 && self.directory.dialect() == Dialect::OpenLdap;
            elsewhere.then(|| {
                format!(
                    "The directory refers to {} other places, which the gateway does not follow, so people may be missing \
                     here; name a server that has them all.",
                    self.referrals
                )
            })
        })
    }

    /// How many referrals came.
    pub(crate) fn referrals(&self) -> usize {
        self.referrals
    }

    /// That nothing is missing, where something missing would be taken for something gone.
    pub(crate) fn whole(&self) -> Result<(), Error> {
        match self.limited() {
            None => Ok(()),
            Some(why) => Err(Error::new(ErrorKind::BackendStatus, why)),
        }
    }
}
