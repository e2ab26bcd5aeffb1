//! Who has a photo, without reading one: pictures are large, and a list shows only that there is one.

use std::borrow::Cow;
use std::collections::HashSet;

use moka::sync::Cache;
use portico_contract::{CallContext, Error};
use portico_wire::ldap::{AttributeName, Filter};

use crate::directory::{Directory, IDS_AT_A_TIME};
use crate::id::Id;
use crate::map::{self, Row};
use crate::walk::Walk;

/// People of whom it is remembered.
const MOST: u64 = 200_000;

/// Whether the entry with this id had a photo when it had this stamp. A photo that comes or goes moves the stamp.
pub(crate) struct Photos(Cache<(Id, u64), bool>);

impl Default for Photos {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Directory {
    /// The condition that there is a photo; `None` where photos are switched off.
    pub(crate) fn has_photo(&self) -> Option<Filter> {
        let names = &self.settings.attributes.photo;
        let any: Vec<_> = names.iter().cloned().map(Filter::Present).collect();
        (!any.is_empty()).then_some(Filter::Or(any))
    }

    /// Which of these people have a photo.
    pub(crate) async fn with_photo(
        &self,
        context: &CallContext,
        rows: &[Cow<'_, Row>],
    ) -> Result<HashSet<Id>, Error> {
        let mut found = HashSet::new();
        let Some(condition) = self.has_photo() else { return Ok(found) };
        let known = |row: &Row| row.stamp.and_then(|stamp| self.photos.0.get(&(row.id, stamp)));
        let mut unknown = Vec::new();
        for row in rows {
            match known(row) {
                Some(true) => {
                    found.insert(row.id);
                }
                Some(false) => {}
                None => unknown.push(row),
            }
        }
        for some in unknown.chunks(IDS_AT_A_TIME) {
            let one = some.iter().map(|row| row.id.filter(self.dialect())).collect();
            let having = self.ids(context, vec![Filter::Or(one), condition.clone()]).await?;
            for row in some {
                if let Some(stamp) = row.stamp {
                    self.photos.0.insert((row.id, stamp), having.contains(&row.id));
                }
            }
            found.extend(having);
        }
        Ok(found)
    }

    /// The ids of all people who meet these conditions.
    pub(crate) async fn ids(
        &self,
        context: &CallContext,
        conditions: Vec<Filter>,
    ) -> Result<HashSet<Id>, Error> {
        let attributes: Vec<AttributeName> = vec![self.dialect().id()];
        let mut walk = Walk::start(self, context, self.people(conditions, attributes)).await?;
        let mut found = HashSet::new();
        while let Some(entries) = walk.next().await? {
            for entry in &entries {
                found.insert(map::id(entry, self.dialect())?);
            }
        }
        walk.whole()?;
        Ok(found)
    }
}
