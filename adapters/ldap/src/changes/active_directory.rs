//! Changes in Active Directory: DirSync where the account may replicate, otherwise what a domain controller counts.
//!
//! DirSync works at the root of a naming context only. Asked for `(objectCategory=person)` it leaves deletions out without a
//! word, asked for `(objectClass=user)` it tells them. What it gives of an entry is only what changed, so every entry is read
//! again; whoever is then not found among the people is gone, whether deleted or moved elsewhere.

use std::collections::HashSet;

use portico_contract::paging::Position;
use portico_contract::{CallContext, Error, ErrorKind};
use portico_wire::ldap::{AttributeName, DirSync, Dn, Entry, Filter, Scope, Search, Session};

use super::cookie::Since;
use super::{MOST_CHANGES, Teller};
use crate::dialect::{CN, IS_DELETED, OBJECT_CLASS, OBJECT_GUID, USN_CHANGED};
use crate::directory::Directory;
use crate::id::Id;
use crate::root::{self, Root};
use crate::settings::Dialect;
use crate::walk::Walk;

const NAME: AttributeName = AttributeName::known("name");
/// Octets of one answer.
const DIR_SYNC_OCTETS: u32 = 1024 * 1024;
/// Answers to one question: more than any directory takes, fewer than a server that never ends.
const MOST_ANSWERS: usize = 10_000;

impl Directory {
    /// Where the changes are now, by the best way that this account has.
    pub(super) async fn change_position(&self, context: &CallContext) -> Result<Option<Since>, Error> {
        let root = self.root(context).await?;
        let Some(naming) = root.context_of(&self.settings.people.base) else { return Ok(None) };
        if root.has(root::DIR_SYNC) {
            // From the beginning, with as little as possible of each entry: this is how a cookie is had.
            let read = self.dir_sync(context, naming, &[], vec![OBJECT_GUID], None).await;
            match read {
                Ok(told) => return Ok(told.map(|(_, cookie)| Since::DirSync(cookie))),
                Err(error) if may_not(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if !self.sees_deleted(context, naming).await? {
            return Ok(None);
        }
        Ok(position_of(&root))
    }

    /// How changes are told, found out without reading any.
    pub(crate) async fn way_of_active_directory(
        &self,
        context: &CallContext,
        root: &Root,
    ) -> Result<Option<&'static str>, Error> {
        let Some(naming) = root.context_of(&self.settings.people.base) else { return Ok(None) };
        if root.has(root::DIR_SYNC) {
            let nobody = Id::from_octets([0; 16]).filter(self.dialect());
            let filter = Filter::And(vec![user(), nobody]);
            let mut search = self.search("changes", naming, Scope::Subtree, filter);
            search.attributes = vec![OBJECT_GUID];
            search.dir_sync = Some(DirSync { cookie: Vec::new(), max_octets: DIR_SYNC_OCTETS, flags: 0 });
            match self.ask(context, &search).await {
                Ok(_) => return Ok(Some("changes are told by DirSync")),
                Err(error) if may_not(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let counted = self.sees_deleted(context, naming).await?;
        Ok(counted.then_some("changes are told by uSNChanged and what is left of deleted entries"))
    }

    /// Tells what changed since a DirSync cookie. `None` when only everything will do.
    pub(super) async fn dir_synced(
        &self,
        context: &CallContext,
        cookie: &[u8],
        teller: &Teller<'_>,
    ) -> Result<Option<Position>, Error> {
        let root = self.root(context).await?;
        let Some(naming) = root.context_of(&self.settings.people.base) else { return Ok(None) };
        let mut wanted = vec![OBJECT_GUID, NAME, IS_DELETED];
        wanted.extend(self.person_attributes.iter().filter(|name| is_stored(name)).cloned());
        let read = self.dir_sync(context, naming, cookie, wanted, Some(MOST_CHANGES as usize)).await;
        let (changed, cookie) = match read {
            Ok(Some(told)) => told,
            Ok(None) => return Ok(None),
            // A cookie that it cannot read (12), or an account that may no longer do this.
            Err(error) if may_not(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(next) = Since::DirSync(cookie).position() else { return Ok(None) };
        teller.begin(false).await?;
        self.tell_of(context, &changed, teller).await?;
        Ok(Some(next))
    }

    /// Runs DirSync to its end. `None` when more changed than is told one by one.
    async fn dir_sync(
        &self,
        context: &CallContext,
        naming: &Dn,
        cookie: &[u8],
        attributes: Vec<AttributeName>,
        most: Option<usize>,
    ) -> Result<Option<(HashSet<Id>, Vec<u8>)>, Error> {
        let mut search = self.search("changes", naming, Scope::Subtree, user());
        search.attributes = attributes;
        let mut session = self.settings.client.session(context).await?;
        let mut cookie = cookie.to_vec();
        let mut changed = HashSet::new();
        for _ in 0..MOST_ANSWERS {
            search.dir_sync = Some(DirSync { cookie, max_octets: DIR_SYNC_OCTETS, flags: 0 });
            let found = session.search(&search).await?;
            let Some(done) = found.dir_sync else { return Err(unexpected()) };
            if most.is_some() {
                for entry in &found.entries {
                    changed.extend(id_of(entry));
                }
            }
            if most.is_some_and(|most| changed.len() > most) {
                return Ok(None);
            }
            cookie = done.cookie;
            if !done.more {
                return Ok((!cookie.is_empty()).then_some((changed, cookie)));
            }
        }
        Err(unexpected())
    }

    /// Tells what one domain controller counted. `None` when only everything will do.
    pub(super) async fn counted(
        &self,
        context: &CallContext,
        server: &str,
        usn: u64,
        teller: &Teller<'_>,
    ) -> Result<Option<Position>, Error> {
        // On one connection: another controller counts differently.
        let mut session = self.settings.client.session(context).await?;
        let root = session.search(&Search::root_dse()).await?;
        let root = root.entries.first().map(Root::of).unwrap_or_default();
        let Some(naming) = root.context_of(&self.settings.people.base) else { return Ok(None) };
        let Some(now @ Since::Usn { .. }) = position_of(&root) else { return Ok(None) };
        let same = matches!(&now, Since::Usn { server: now, usn: at } if now == server && *at >= usn);
        if !same || !self.sees_deleted(context, naming).await? {
            return Ok(None);
        }
        let mut changed = HashSet::new();
        for deleted in [false, true] {
            let Some((ids, used)) = self.counted_since(session, naming, usn, deleted).await? else {
                return Ok(None);
            };
            changed.extend(ids);
            session = used;
        }
        drop(session);
        let Some(position) = now.position() else { return Ok(None) };
        teller.begin(false).await?;
        self.tell_of(context, &changed, teller).await?;
        Ok(Some(position))
    }

    /// The ids of accounts, or of what is left of deleted ones, that changed after a count. `None` for too many.
    async fn counted_since(
        &self,
        session: Session,
        naming: &Dn,
        usn: u64,
        deleted: bool,
    ) -> Result<Option<(HashSet<Id>, Session)>, Error> {
        let after = Filter::AtLeast(USN_CHANGED, usn.saturating_add(1).to_string().into());
        let mut all = vec![user(), after];
        if deleted {
            all.push(Filter::equal(&IS_DELETED, "TRUE"));
        }
        let mut search = self.search("changes", naming, Scope::Subtree, Filter::And(all));
        search.attributes = vec![OBJECT_GUID];
        search.show_deleted = deleted;
        let mut walk = Walk::over(self, session, search);
        let mut changed = HashSet::new();
        while let Some(entries) = walk.next().await? {
            changed.extend(entries.iter().filter_map(id_of));
            if changed.len() > MOST_CHANGES as usize {
                return Ok(None);
            }
        }
        walk.whole()?;
        Ok(Some((changed, walk.into_session())))
    }

    /// Whether the account sees what is left of deleted entries. Without that, nothing would tell who is gone. Everybody
    /// is given the name of the place; only who may look into it is given anything else of it.
    async fn sees_deleted(&self, context: &CallContext, naming: &Dn) -> Result<bool, Error> {
        let Ok(place) = naming.child(&CN, "Deleted Objects") else { return Ok(false) };
        let mut search = self.search("changes", &place, Scope::Base, Filter::Present(OBJECT_CLASS));
        search.attributes = vec![OBJECT_GUID, USN_CHANGED];
        search.show_deleted = true;
        let may_read =
            |entry: &Entry| id_of(entry).is_some() && entry.first_text(USN_CHANGED.as_str()).is_some();
        match self.one(context, search).await {
            Ok(entry) => Ok(entry.as_ref().is_some_and(may_read)),
            Err(error) if may_not(&error) || error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Where a domain controller is in its count.
fn position_of(root: &Root) -> Option<Since> {
    Some(Since::usn(root.server.as_deref()?, root.usn?))
}

fn user() -> Filter {
    Filter::equal(&OBJECT_CLASS, "user")
}

fn id_of(entry: &Entry) -> Option<Id> {
    let named = || entry.extended.as_ref().and_then(|extended| extended.guid).map(Id::from_microsoft);
    Id::of(entry, Dialect::ActiveDirectory).or_else(named)
}

/// Whether the attribute is in the database: those that are worked out have no changes.
fn is_stored(name: &AttributeName) -> bool {
    !name.as_str().ends_with("-Computed")
}

/// The server does not do this, or not for this account, or not with this cookie.
fn may_not(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::BackendForbidden | ErrorKind::Unsupported | ErrorKind::Gone)
        || matches!(portico_wire::ldap::result_code(error), Some(53))
}

fn unexpected() -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        "The directory answered a request for changes without a cookie, or without an end.",
    )
}
