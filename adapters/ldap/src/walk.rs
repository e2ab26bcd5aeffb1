//! A search of any size, a page at a time (RFC 2696), on one connection: paging cookies belong to it.
//!
//! A server may cap the size of a page. OpenLDAP refuses a larger one with result 11 and nothing, Active Directory gives
//! fewer; what was seen to work is remembered.

use std::sync::atomic::Ordering;

use portico_contract::{CallContext, Error, ErrorKind};
use portico_wire::ldap::{Completeness, Entry, Page, Part, Search, SearchResult, Session};

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
    /// A page was asked for and has not come to its end.
    under_way: bool,
    /// Entries of this page so far.
    on_page: usize,
    /// A page has come to its end.
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
            under_way: false,
            on_page: 0,
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

    /// Entries as they come, so that they are worked on while the server looks for the others; `None` at the end. There may
    /// be none.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Entry>>, Error> {
        while !self.finished {
            if !self.under_way {
                self.ask().await?;
            }
            match self.session.more().await {
                Ok(Part::Entries(entries)) => {
                    self.on_page += entries.len();
                    return Ok(Some(entries));
                }
                Ok(Part::End(found)) => {
                    self.under_way = false;
                    self.on_page += found.entries.len();
                    let refused = found.complete == Completeness::AdminLimit && self.on_page == 0;
                    if refused && self.may_be_too_large() {
                        self.size /= 2;
                    } else {
                        return Ok(Some(self.end_of_page(found)));
                    }
                }
                Err(error) => {
                    self.under_way = false;
                    self.ask_otherwise(error)?;
                }
            }
        }
        Ok(None)
    }

    /// Asks for the next page.
    async fn ask(&mut self) -> Result<(), Error> {
        let paged = !self.directory.no_paging.load(Ordering::Relaxed);
        let cookie = self.cookie.clone().unwrap_or_default();
        self.search.page = paged.then_some(Page { size: self.size, cookie });
        self.session.begin(&self.search).await?;
        (self.under_way, self.on_page) = (true, 0);
        Ok(())
    }

    fn may_be_too_large(&self) -> bool {
        self.search.page.is_some() && !self.begun && self.size > 1
    }

    /// Takes the end of a page into account. Gives the entries that came with it.
    fn end_of_page(&mut self, found: SearchResult) -> Vec<Entry> {
        if found.complete == Completeness::Whole {
            self.directory.page_size.fetch_min(self.size, Ordering::Relaxed);
        }
        self.begun = true;
        self.told += self.on_page;
        self.referrals += found.referrals.len();
        self.limited = fault::limit(found.complete, self.told);
        // An empty cookie ends it, whatever the server meant by it.
        self.cookie = found.page_cookie.filter(|cookie| !cookie.is_empty());
        self.finished = self.cookie.is_none() || self.limited.is_some();
        found.entries
    }

    /// After a refusal of the first page: asks for a smaller one, or for none.
    fn ask_otherwise(&mut self, error: Error) -> Result<(), Error> {
        if self.may_be_too_large() && fault::is(&error, fault::ADMIN_LIMIT) {
            self.size /= 2;
            return Ok(());
        }
        let first = self.search.page.is_some() && !self.begun;
        if first && fault::is(&error, fault::UNAVAILABLE_CRITICAL_EXTENSION) {
            self.directory.no_paging.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(error)
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
