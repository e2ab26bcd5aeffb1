//! From the DN of a person to their id and name, remembered for a while.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use moka::sync::Cache;
use portico_contract::{CallContext, Error, ErrorKind};
use portico_wire::ldap::{AttributeName, Dn, Scope};

use crate::directory::Directory;
use crate::id::Id;
use crate::map::{self, Row};

/// People whose names are remembered.
const MOST: u64 = 50_000;
/// Questions at a time.
const AT_A_TIME: usize = 8;

/// Whom a DN names.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) id: Id,
    pub(crate) display: Arc<str>,
}

/// What is remembered. A person who is renamed shows their old name as a manager until it is forgotten.
pub(crate) struct Links(Cache<String, Link>);

impl Links {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(ttl).build())
    }

    /// Remembers a person who was just read.
    pub(crate) fn learn(&self, row: &Row) {
        let same = |link: &Link| link.id == row.id && *link.display == *row.profile.display_name;
        if self.0.get(row.dn.normal()).is_some_and(|link| same(&link)) {
            return;
        }
        let link = Link { id: row.id, display: row.profile.display_name.as_str().into() };
        self.0.insert(row.dn.normal().to_owned(), link);
    }
}

impl Directory {
    /// What has to be read of an entry to show its name.
    pub(crate) fn link_attributes(&self) -> Vec<AttributeName> {
        let names = &self.settings.attributes;
        let shown =
            [&names.display_name, &names.full_name, &names.given_name, &names.family_name, &names.user_name];
        let mut all = vec![self.dialect().id()];
        all.extend(shown.into_iter().flatten().cloned());
        all
    }

    /// Whom these DNs name. One that names nobody, or something that is not a person, is left out.
    pub(crate) async fn links_to<'a>(
        &self,
        context: &CallContext,
        names: HashSet<&'a Dn>,
    ) -> Result<HashMap<&'a Dn, Link>, Error> {
        let mut found = HashMap::with_capacity(names.len());
        let mut unknown = Vec::new();
        for dn in names {
            match self.links.0.get(dn.normal()) {
                Some(link) => {
                    found.insert(dn, link);
                }
                None => unknown.push(dn),
            }
        }
        let asked: Vec<_> = unknown
            .into_iter()
            .map(|dn| async move { self.look_up(context, dn).await.map(|link| (dn, link)) })
            .collect();
        let looked_up: Vec<_> = stream::iter(asked).buffer_unordered(AT_A_TIME).try_collect().await?;
        for (dn, link) in looked_up {
            let Some(link) = link else { continue };
            self.links.0.insert(dn.normal().to_owned(), link.clone());
            found.insert(dn, link);
        }
        Ok(found)
    }

    async fn look_up(&self, context: &CallContext, dn: &Dn) -> Result<Option<Link>, Error> {
        if !dn.is_under(&self.settings.people.base) {
            return Ok(None);
        }
        let mut search = self.search("manager", dn, Scope::Base, self.person(Vec::new()));
        search.attributes = self.link_attributes();
        let entry = match self.one(context, search).await {
            Ok(entry) => entry,
            // It points at an entry that is not there, or at none that could be.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let Some(entry) = entry else { return Ok(None) };
        let names = &self.settings.attributes;
        Ok(Some(Link {
            id: map::id(&entry, self.dialect())?,
            display: map::display_name(&entry, names, None).into(),
        }))
    }
}
