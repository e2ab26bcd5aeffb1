//! Searches (RFC 4511, section 4.5).

use ldap3_lber::structure::StructureTag;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapOp, LdapPartialAttribute, LdapResult, LdapSearchRequest, LdapSearchResultEntry,
    LdapSearchResultReference,
};
use ldap3_proto::{LdapResultCode, LdapSearchScope};

use super::paging::{self, Page};
use super::render::{Dressing, Look, Wanted};
use super::{Session, dirsync, refusal, root_dse, sort, success, sync, unknown_critical};
use crate::Dialect;
use crate::directory::Directory;
use crate::dn;
use crate::entry::State;
use crate::fault::Fault;
use crate::filter::Filter;
use crate::schema::Attr;
use crate::seed::active_directory::domain;

/// What a search comes to.
pub(super) struct Outcome {
    pub before: Vec<LdapOp>,
    pub found: Vec<u32>,
    pub look: Look,
    pub after: Vec<LdapOp>,
    pub result: LdapResult,
    pub controls: Vec<LdapControl>,
}

/// A search that may go on: what it looks for and where.
pub(super) struct Asked<'a> {
    pub request: &'a LdapSearchRequest,
    pub base: u32,
    pub filter: Filter,
    /// Tombstones, too.
    pub deleted: bool,
}

impl Asked<'_> {
    pub(super) fn matches(&self, directory: &Directory, id: u32) -> bool {
        let entry = directory.entry(id);
        let alive = entry.state == State::Live || self.deleted && entry.state == State::Tombstone;
        let inside = match self.request.scope {
            LdapSearchScope::Base => id == self.base,
            LdapSearchScope::OneLevel => entry.parent == Some(self.base),
            LdapSearchScope::Subtree => directory.within(id, self.base),
            LdapSearchScope::Children => id != self.base && directory.within(id, self.base),
        };
        alive && inside && self.filter.matches(directory, id) == Some(true)
    }

    /// The entries from a number on, ascending, at most so many.
    pub(super) fn find(&self, directory: &Directory, from: u32, most: usize) -> Vec<u32> {
        let wanted = |id: &u32| self.matches(directory, *id);
        if self.request.scope == LdapSearchScope::Base {
            return Some(self.base).filter(|id| *id >= from).filter(wanted).into_iter().take(most).collect();
        }
        match self.filter.plan(directory) {
            Some(ids) => {
                let start = ids.partition_point(|id| *id < from);
                ids[start..].iter().copied().filter(wanted).take(most).collect()
            }
            None => (from..directory.end()).filter(wanted).take(most).collect(),
        }
    }
}

impl Session {
    pub(super) fn search(
        &mut self,
        request: &LdapSearchRequest,
        filter: Option<StructureTag>,
        controls: &[LdapControl],
        fault: Fault,
    ) -> Outcome {
        let mut outcome = Outcome {
            before: Vec::new(),
            found: Vec::new(),
            look: self.look(request, controls),
            after: Vec::new(),
            result: success(),
            controls: Vec::new(),
        };
        let shared = std::sync::Arc::clone(&self.shared);
        let directory = shared.directory.read();
        if let Err(result) = self.fill(&mut outcome, request, filter, controls, &directory, fault) {
            outcome.result = result;
        }
        outcome
    }

    fn look(&self, request: &LdapSearchRequest, controls: &[LdapControl]) -> Look {
        let dialect = self.dialect();
        let extended = controls.iter().find_map(|control| match control {
            LdapControl::ExtendedDn { format, .. } if dialect == Dialect::ActiveDirectory => Some(*format),
            _ => None,
        });
        let value_limit = match dialect {
            Dialect::OpenLdap => usize::MAX,
            Dialect::ActiveDirectory => self.shared.options.value_limit.max(1),
        };
        Look {
            wanted: Wanted::read(&request.attrs, dialect),
            types_only: request.typesonly,
            value_limit,
            extended,
            dressing: Dressing::Plain,
        }
    }

    fn fill(
        &mut self,
        outcome: &mut Outcome,
        request: &LdapSearchRequest,
        filter: Option<StructureTag>,
        controls: &[LdapControl],
        directory: &Directory,
        fault: Fault,
    ) -> Result<(), LdapResult> {
        if request.base.is_empty() && request.scope == LdapSearchScope::Base {
            outcome.before.push(about(directory, request));
            return Ok(());
        }
        if controls.iter().any(unknown_critical) {
            let message = "critical extension is not recognized";
            return Err(refusal(LdapResultCode::UnavailableCriticalExtension, message));
        }
        if self.who.dn.is_none() && !self.shared.options.anonymous_read {
            return Err(match self.dialect() {
                Dialect::OpenLdap => refusal(LdapResultCode::NoSuchObject, ""),
                Dialect::ActiveDirectory => refusal(
                    LdapResultCode::OperationsError,
                    "00002020: Operation unavailable without authentication",
                ),
            });
        }
        let base = base(directory, &request.base)?;
        let unreadable = |_| refusal(LdapResultCode::ProtocolError, "bad search filter");
        let filter = filter.ok_or(crate::filter::BadFilter).and_then(|tag| Filter::read(tag, directory));
        let deleted = controls.iter().any(|control| matches!(control, LdapControl::ShowDeleted { .. }));
        let deleted = deleted && self.dialect() == Dialect::ActiveDirectory;
        let mut asked = Asked { request, base, filter: filter.map_err(unreadable)?, deleted };
        if let Some(control) =
            controls.iter().find(|control| matches!(control, LdapControl::SyncRequest { .. }))
        {
            self.offers(Dialect::OpenLdap)?;
            return sync::refresh(outcome, &asked, control, directory, self.limit(request));
        }
        if let Some(control) =
            controls.iter().find(|control| matches!(control, LdapControl::AdDirsync { .. }))
        {
            self.offers(Dialect::ActiveDirectory)?;
            // Deleted entries are told without being asked for.
            asked.deleted = true;
            return dirsync::changes(outcome, &asked, control, directory, self.who.admin);
        }
        let keys = sort::keys(controls, self.dialect())?;
        match Page::read(controls) {
            Some(page) => self.page(outcome, &asked, &page, keys.as_deref(), directory, fault)?,
            None => self.whole(outcome, &asked, keys.as_deref(), directory)?,
        }
        outcome.controls.extend(keys.map(|_| sort::sorted()));
        Ok(())
    }

    /// A control that only one of the products knows, and that changes the meaning of a search.
    fn offers(&self, dialect: Dialect) -> Result<(), LdapResult> {
        if self.dialect() == dialect {
            return Ok(());
        }
        let message = "critical extension is not recognized";
        Err(refusal(LdapResultCode::UnavailableCriticalExtension, message))
    }

    /// The most that this client gets at once, and what it is told when there is more.
    fn limit(&self, request: &LdapSearchRequest) -> usize {
        let asked = usize::try_from(request.sizelimit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        asked.min(self.server_limit())
    }

    fn server_limit(&self) -> usize {
        let unlimited = self.who.admin && self.dialect() == Dialect::OpenLdap;
        if unlimited { usize::MAX } else { self.shared.options.size_limit }
    }

    fn whole(
        &self,
        outcome: &mut Outcome,
        asked: &Asked<'_>,
        keys: Option<&[(Attr, bool)]>,
        directory: &Directory,
    ) -> Result<(), LdapResult> {
        let limit = self.limit(asked.request);
        outcome.found = asked.find(directory, 0, limit.saturating_add(1));
        if let Some(keys) = keys {
            sort::sort(&mut outcome.found, keys, directory);
        }
        outcome.after.extend(self.referral(asked, directory));
        if outcome.found.len() > limit {
            outcome.found.truncate(limit);
            return Err(refusal(LdapResultCode::SizeLimitExceeded, ""));
        }
        Ok(())
    }

    fn page(
        &mut self,
        outcome: &mut Outcome,
        asked: &Asked<'_>,
        page: &Page,
        keys: Option<&[(Attr, bool)]>,
        directory: &Directory,
        fault: Fault,
    ) -> Result<(), LdapResult> {
        let mut size = paging::size(self.dialect(), page.size, self.server_limit())?;
        if fault == Fault::WrongPages {
            size = size.div_ceil(2);
            if self.pages.blank(page) {
                outcome.controls.push(paging::control(0, page.cookie.clone()));
                return Ok(());
            }
        }
        let kept = self.dialect() == Dialect::ActiveDirectory || keys.is_some();
        if kept || self.pages.keeps(&page.cookie) {
            let part = if page.cookie.is_empty() {
                let mut ids = asked.find(directory, 0, usize::MAX);
                sort::sort(&mut ids, keys.unwrap_or_default(), directory);
                self.pages.keep(ids, size)
            } else {
                self.pages.part(&page.cookie, size)?
            };
            if part.first {
                outcome.after.extend(self.referral(asked, directory));
            }
            outcome.found = part.ids;
            outcome.controls.push(paging::control(part.estimate, part.cookie));
            return Ok(());
        }
        let from = self.pages.position(page)?;
        if size == 0 {
            let cookie = self.pages.ended(None);
            outcome.controls.push(paging::control(0, cookie));
            return Ok(());
        }
        let from = u32::try_from(from).unwrap_or(u32::MAX);
        let mut found = asked.find(directory, from, size.saturating_add(1));
        let more = found.len() > size;
        found.truncate(size);
        // Entries are numbered from one in cookies, so the number of the last is the place to go on.
        let last = found.last().filter(|_| more).map(|last| u64::from(*last) + 1);
        outcome.controls.push(paging::control(0, self.pages.ended(last)));
        outcome.found = found;
        Ok(())
    }

    /// Active Directory points from the root of the domain to the rest of the forest.
    fn referral(&self, asked: &Asked<'_>, directory: &Directory) -> Option<LdapOp> {
        let forest = self.dialect() == Dialect::ActiveDirectory
            && asked.request.scope == LdapSearchScope::Subtree
            && directory.entry(asked.base).parent.is_none();
        if !forest {
            return None;
        }
        let scheme = if self.tls { "ldaps" } else { "ldap" };
        let base = &directory.base;
        let uri = format!("{scheme}://{}/CN=Configuration,{base}", domain(base));
        Some(LdapOp::SearchResultReference(LdapSearchResultReference { uris: vec![uri] }))
    }
}

fn base(directory: &Directory, name: &str) -> Result<u32, LdapResult> {
    if dn::parse(name).is_none() {
        return Err(refusal(LdapResultCode::InvalidDNSyntax, "invalid DN"));
    }
    if let Some(found) = directory.find(name) {
        return Ok(found);
    }
    let mut above = dn::parent(name);
    let known = loop {
        match above {
            None => break None,
            Some(name) => match directory.find(name) {
                Some(id) => break Some(directory.entry(id).dn.to_string()),
                None => above = dn::parent(name),
            },
        }
    };
    let message = match directory.dialect {
        Dialect::OpenLdap => String::new(),
        Dialect::ActiveDirectory => format!("No such Base DN: {name}"),
    };
    let mut result = refusal(LdapResultCode::NoSuchObject, message);
    result.matcheddn = known.unwrap_or_default();
    Err(result)
}

/// The root DSE.
fn about(directory: &Directory, request: &LdapSearchRequest) -> LdapOp {
    let wanted = Wanted::read(&request.attrs, directory.dialect);
    let openldap = directory.dialect == Dialect::OpenLdap;
    let all = root_dse::attributes(directory).into_iter();
    let shown =
        all.filter(|(name, _)| wanted.has_foreign(&request.attrs, name, openldap && *name != "objectClass"));
    let attributes = shown.map(|(name, values)| {
        let vals = values.into_iter().map(String::into_bytes);
        let vals = if request.typesonly { Vec::new() } else { vals.collect() };
        LdapPartialAttribute { atype: name.to_owned(), vals }
    });
    LdapOp::SearchResultEntry(LdapSearchResultEntry { dn: String::new(), attributes: attributes.collect() })
}
