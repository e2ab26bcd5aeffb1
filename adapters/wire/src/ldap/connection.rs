//! One connection that has been bound: sends a search and reads its whole result.

use std::sync::Arc;

use ldap3::asn1::{PL, StructureTag};
use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, ResultEntry, SearchOptions, StdStream};
use portico_contract::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::entry::{Attribute, Entry, SearchResult, SyncDone};
use super::guard::{self, Asked, Shared};
use super::search::{Scope, Search};
use super::{Completeness, ExtendedDn, Limits, control, fault};

/// Searches that one connection is used for: the library underneath keeps a number for each.
const MAX_SEARCHES: u32 = 10_000;

/// A connection. Says farewell when it is dropped at rest, and is cut off when it is dropped in mid-operation.
pub(super) struct Connection {
    ldap: Ldap,
    shared: Arc<Shared>,
    tasks: [AbortHandle; 2],
    /// Which of the configured hosts.
    pub(super) host: usize,
    /// Since when.
    pub(super) born: Instant,
    searches: u32,
    busy: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.busy {
            self.tasks.iter().for_each(AbortHandle::abort);
        }
    }
}

/// A search as it will be sent, checked.
pub(super) struct Prepared {
    base: String,
    scope: ldap3::Scope,
    filter: String,
    attributes: Vec<String>,
    controls: Vec<RawControl>,
    size_limit: u32,
    time_limit: Option<u64>,
    wants_sync: bool,
}

impl Prepared {
    pub(super) fn new(search: &Search) -> Result<Self, Error> {
        let mut attributes: Vec<String> =
            search.attributes.iter().map(super::AttributeName::selector).collect();
        if search.operational {
            if attributes.is_empty() {
                attributes.push("*".to_owned());
            }
            attributes.push("+".to_owned());
        }
        Ok(Self {
            base: search.base.as_str().to_owned(),
            scope: match search.scope {
                Scope::Base => ldap3::Scope::Base,
                Scope::One => ldap3::Scope::OneLevel,
                Scope::Subtree => ldap3::Scope::Subtree,
            },
            filter: search.filter.render()?,
            attributes,
            controls: control::of_request(search),
            size_limit: search.size_limit,
            time_limit: search.time_limit.map(|limit| limit.as_secs().max(1)),
            wants_sync: search.sync.is_some(),
        })
    }

    fn options(&self, time_left: u64) -> SearchOptions {
        let number = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
        SearchOptions::new()
            .sizelimit(number(u64::from(self.size_limit)))
            .timelimit(number(self.time_limit.unwrap_or(time_left)))
    }
}

/// How an operation on a connection ended without a result that can be used.
pub(super) enum Failure {
    /// The directory answered, or its answer was refused.
    Answer(Error),
    /// The connection ended. `heard`: after something of the answer had come.
    Lost { heard: bool },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Answer(error) => error,
            Failure::Lost { .. } => fault::lost(),
        }
    }
}

impl Connection {
    /// Takes over an open stream. Needs a runtime.
    pub(super) async fn new<T>(stream: T, host: usize, limits: &Limits) -> Result<Self, Error>
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (ours, theirs) = UnixStream::pair().map_err(defect)?;
        let theirs = theirs.into_std().map_err(defect)?;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        // The address is a formality: the stream is there already.
        let (driver, ldap) = LdapConnAsync::with_settings(settings, "ldapi:///").await.map_err(defect)?;
        let shared = Arc::new(Shared::default());
        let guard = tokio::spawn(guard::run(stream, ours, Arc::clone(&shared), limits.max_frame));
        // Whoever waits for an answer hears of a failure through its own channel.
        let driver = tokio::spawn(async move { drop(driver.drive().await) });
        let tasks = [guard.abort_handle(), driver.abort_handle()];
        Ok(Self { ldap, shared, tasks, host, born: Instant::now(), searches: 0, busy: false })
    }

    /// Whether another search may be sent.
    pub(super) fn is_usable(&self) -> bool {
        !self.busy && self.searches < MAX_SEARCHES && !self.shared.is_closed()
    }

    /// Whether anything came in answer to the last request.
    pub(super) fn heard(&self) -> impl Fn() -> bool + use<> {
        let shared = Arc::clone(&self.shared);
        move || shared.heard()
    }

    /// Binds. An anonymous bind is sent as well: it shows that somebody is there.
    pub(super) async fn bind(&mut self, name: &str, password: &str) -> Result<(), Error> {
        self.busy = true;
        self.shared.ask(Asked::Bind);
        let result = self.ldap.simple_bind(name, password).await.map_err(|error| self.ended(&error))?;
        self.busy = false;
        fault::of_bind(result.rc, &result.text)
    }

    /// Sends one search and reads its result. The caller bounds the time; dropping this future spends the connection.
    pub(super) async fn search(
        &mut self,
        search: &Prepared,
        limits: &Limits,
        time_left: u64,
    ) -> Result<SearchResult, Failure> {
        self.busy = true;
        self.searches += 1;
        self.shared.ask(Asked::Search { max_entries: limits.max_entries, max_octets: limits.max_octets });
        self.ldap.with_search_options(search.options(time_left));
        if !search.controls.is_empty() {
            self.ldap.with_controls(search.controls.clone());
        }
        let sent =
            self.ldap.streaming_search(&search.base, search.scope, &search.filter, search.attributes.clone());
        let mut stream = sent.await.map_err(|error| self.ended(&error))?;
        let mut gathered = Gathered::default();
        while let Some(item) = stream.next().await.map_err(|error| self.ended(&error))? {
            gathered.take(item).map_err(Failure::Answer)?;
        }
        let end = stream.finish().await;
        self.busy = false;
        let complete = fault::of_search(end.rc, &end.text).map_err(Failure::Answer)?;
        let returned = control::of_result(&end.ctrls);
        let returned = returned.ok_or_else(|| Failure::Answer(fault::malformed("a control")))?;
        Ok(gathered.finish(returned, complete, search.wants_sync))
    }

    /// The library's part has ended: because of the guard, or because the server went away.
    fn ended(&self, error: &LdapError) -> Failure {
        match self.shared.fault() {
            Some(violation) => Failure::Answer(violation.error()),
            None if matches!(error, LdapError::FilterParsing) => Failure::Answer(defect("filter")),
            None => Failure::Lost { heard: self.shared.heard() },
        }
    }
}

fn defect(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Internal, "The LDAP client could not set a connection up.").with_source(why)
}

/// What came of a search so far.
#[derive(Default)]
struct Gathered {
    entries: Vec<Entry>,
    referrals: Vec<String>,
    sync: SyncDone,
}

impl Gathered {
    fn take(&mut self, item: ResultEntry) -> Result<(), Error> {
        let (tag, controls) = (item.0, item.1);
        let PL::C(mut parts) = tag.payload else { return Err(fault::malformed("a message")) };
        match tag.id {
            4 => {
                let mut entry = entry(parts).ok_or_else(|| fault::malformed("an entry"))?;
                entry.sync = control::of_entry(&controls).ok_or_else(|| fault::malformed("a control"))?;
                self.entries.push(entry);
            }
            19 => {
                let uris = parts.into_iter().filter_map(octets);
                self.referrals.extend(uris.filter_map(|uri| String::from_utf8(uri).ok()));
            }
            _ => {
                let mut part = |id| {
                    let at = parts.iter().position(|part| part.id == id)?;
                    octets(parts.swap_remove(at))
                };
                let (name, value) = (part(0), part(1));
                control::sync_info(name.as_deref(), value.as_deref(), &mut self.sync)
                    .ok_or_else(|| fault::malformed("a message of its synchronisation"))?;
            }
        }
        Ok(())
    }

    fn finish(self, returned: control::Returned, complete: Completeness, wants_sync: bool) -> SearchResult {
        let mut sync = None;
        if let (true, Some((cookie, refresh_deletes))) = (wants_sync, returned.sync) {
            let cookie = cookie.or(self.sync.cookie);
            sync = Some(SyncDone { cookie, refresh_deletes, ..self.sync });
        }
        SearchResult {
            entries: self.entries,
            referrals: self.referrals,
            page_cookie: returned.page_cookie,
            estimate: returned.estimate,
            complete,
            sync,
            dir_sync: returned.dir_sync,
        }
    }
}

fn octets(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(octets) => Some(octets),
        PL::C(_) => None,
    }
}

fn constructed(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

/// SearchResultEntry (RFC 4511, section 4.5.2): octets are moved, not copied.
fn entry(parts: Vec<StructureTag>) -> Option<Entry> {
    let mut parts = parts.into_iter();
    let name = String::from_utf8(octets(parts.next()?)?).ok()?;
    let ExtendedDn { guid, sid, dn } = ExtendedDn::parse(&name).ok()?;
    let list = constructed(parts.next()?)?;
    let mut attributes = Vec::with_capacity(list.len());
    for one in list {
        let mut pair = constructed(one)?.into_iter();
        let name = String::from_utf8(octets(pair.next()?)?).ok()?;
        let values = constructed(pair.next()?)?.into_iter().map(octets).collect::<Option<_>>()?;
        attributes.push(Attribute { name, values });
    }
    let extended = name.starts_with('<').then(|| ExtendedDn { guid, sid, dn: dn.clone() });
    Some(Entry { dn, extended, sync: None, attributes })
}
