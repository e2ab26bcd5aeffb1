//! Content synchronisation with OpenLDAP (RFC 4533), refresh only.
//!
//! Its answers have to be read with care. Changed entries come as "added", renamed ones under their new name: the entryUUID
//! is what counts. Deletions come as sets of entryUUIDs, but after a restart of the server what is *present* comes instead.
//! A cookie that is too old is answered with everything, one that makes no sense with everything and an empty cookie, and
//! neither is an error.

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::Timestamp;
use portico_contract::paging::Position;
use portico_contract::people::PersonChange;
use portico_contract::{CallContext, Error, ErrorKind};
use portico_wire::ldap::{
    Completeness, Filter, IdSet, Scope, SearchResult, SyncDone, SyncRequest, SyncState,
};

use super::cookie::Since;
use super::{MOST_CHANGES, Teller};
use crate::dialect::{CONTEXT_CSN, ENTRY_UUID, OBJECT_CLASS};
use crate::directory::Directory;
use crate::id::Id;
use crate::map::Row;
use crate::root;

impl Directory {
    /// Where the changes are now: the cookie that a sync would end with, from the state of the database. It has a part
    /// for every server that takes changes.
    pub(super) async fn sync_position(&self, context: &CallContext) -> Result<Option<Since>, Error> {
        let root = self.root(context).await?;
        if !root.has(root::SYNC) {
            return Ok(None);
        }
        let Some(suffix) = root.context_of(&self.settings.people.base) else { return Ok(None) };
        let mut search = self.search("changes", suffix, Scope::Base, Filter::Present(OBJECT_CLASS));
        search.attributes = vec![CONTEXT_CSN];
        let found = match self.ask(context, &search).await {
            Ok(found) => found,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::BackendForbidden) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let Some(entry) = found.entries.first() else { return Ok(None) };
        let states: Vec<&str> = entry.texts(CONTEXT_CSN.as_str()).collect();
        if states.is_empty() {
            return Ok(None);
        }
        Ok(Some(Since::Sync(format!("rid=000,csn={}", states.join(";")).into_bytes())))
    }

    /// Whether this account is told changes, found out by asking what changed since now.
    pub(crate) async fn way_of_openldap(&self, context: &CallContext) -> Result<Option<&'static str>, Error> {
        let Some(Since::Sync(cookie)) = self.sync_position(context).await? else { return Ok(None) };
        let mut search = self.people(Vec::new(), vec![ENTRY_UUID]);
        search.sync = Some(SyncRequest { cookie: Some(cookie), reload_hint: false });
        search.size_limit = MOST_CHANGES;
        match self.ask(context, &search).await {
            Ok(found) => {
                let works =
                    found.sync.is_some_and(|done| done.cookie.is_none_or(|cookie| !cookie.is_empty()));
                Ok(works.then_some("changes are told by content sync (RFC 4533)"))
            }
            Err(error) if only_everything_will_do(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells what changed since a cookie. `None` when only everything will do.
    pub(super) async fn synced(
        &self,
        context: &CallContext,
        cookie: &[u8],
        teller: &Teller<'_>,
    ) -> Result<Option<Position>, Error> {
        let mut search = self.people(Vec::new(), self.person_attributes.clone());
        search.name = "changes";
        search.sync = Some(SyncRequest { cookie: Some(cookie.to_vec()), reload_hint: false });
        search.size_limit = MOST_CHANGES;
        let found = match self.ask(context, &search).await {
            Ok(found) => found,
            Err(error) if only_everything_will_do(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some((told, next)) = read(self, &found, cookie)? else { return Ok(None) };
        let Some(next) = Since::Sync(next).position() else { return Ok(None) };
        teller.begin(false).await?;
        teller.tell(told.gone.into_iter().map(|id| PersonChange::Gone(id.native())).collect()).await?;
        let mut rows = told.changed.into_iter();
        loop {
            let some: Vec<_> = rows.by_ref().take(Teller::AT_A_TIME).map(Cow::Owned).collect();
            if some.is_empty() {
                return Ok(Some(next));
            }
            let records = self.records(context, some).await?;
            let steps = records.into_iter().map(|record| PersonChange::Put(Box::new(record))).collect();
            teller.tell(steps).await?;
        }
    }
}

/// A cookie that the server refuses, or an account that it does not let sync.
fn only_everything_will_do(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Gone | ErrorKind::Unsupported | ErrorKind::BackendForbidden | ErrorKind::LimitExceeded
    ) || matches!(portico_wire::ldap::result_code(error), Some(2 | 53))
}

struct Told {
    changed: Vec<Row>,
    gone: Vec<Id>,
}

/// What an answer says, and the next cookie; `None` when it does not say who is gone.
fn read(
    directory: &Directory,
    found: &SearchResult,
    before: &[u8],
) -> Result<Option<(Told, Vec<u8>)>, Error> {
    // Cut at a limit, so without a cookie; there may be more.
    if found.complete != Completeness::Whole || !found.referrals.is_empty() {
        return Ok(None);
    }
    let Some(done) = &found.sync else { return Ok(None) };
    let Some(next) = next_cookie(done, before, found.entries.is_empty()) else { return Ok(None) };
    let present = |set: &IdSet| matches!(set, IdSet::Present(_));
    if !done.refresh_deletes || done.present_phase || done.id_sets.iter().any(present) {
        return Ok(None);
    }
    let mut gone = Vec::new();
    for set in &done.id_sets {
        if let IdSet::Deleted(ids) = set {
            gone.extend(ids.iter().copied().map(Id::from_octets));
        }
    }
    let now = Timestamp::now();
    let mut changed = Vec::with_capacity(found.entries.len());
    for entry in &found.entries {
        match entry.sync {
            Some(sync) if sync.state == SyncState::Delete => gone.push(Id::from_octets(sync.uuid)),
            Some(sync) if sync.state == SyncState::Present => return Ok(None),
            _ => changed.push(directory.row(entry, now)?),
        }
    }
    // Deleted and made anew under the same id cannot be; what came back into the search can.
    let there: HashSet<Id> = changed.iter().map(|row| row.id).collect();
    gone.retain(|id| !there.contains(id));
    Ok(Some((Told { changed, gone }, next)))
}

/// The cookie to go on with. Without one, nothing may have changed; an empty one is the answer to garbage.
fn next_cookie(done: &SyncDone, before: &[u8], nothing: bool) -> Option<Vec<u8>> {
    match &done.cookie {
        Some(cookie) if cookie.is_empty() => None,
        Some(cookie) => Some(cookie.clone()),
        None => (nothing && done.id_sets.is_empty()).then(|| before.to_vec()),
    }
}
