//! Questions to one directory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use futures_util::future::try_join3;
use jiff::Timestamp;
use portico_contract::people::{PersonLink, PersonRecord};
use portico_contract::{CallContext, Error, ErrorKind, SystemKey};
use portico_wire::ldap::{AttributeName, Dn, Entry, Filter, Scope, Search, SearchResult};

use crate::fault;
use crate::id::{Id, not_found};
use crate::links::Links;
use crate::map::{self, Row};
use crate::photos::Photos;
use crate::settings::{Dialect, Settings};
use crate::snapshot::Snapshots;
use crate::units::Units;
use crate::walk::Walk;

/// Ids that one question names.
pub(crate) const IDS_AT_A_TIME: usize = 200;

/// One directory, with what is remembered of it. Everything remembered can be lost: it is read again.
pub(crate) struct Directory {
    pub(crate) system: SystemKey,
    pub(crate) settings: Settings,
    /// Read of every person.
    pub(crate) person_attributes: Vec<AttributeName>,
    /// Entries at a time that the server was seen to allow.
    pub(crate) page_size: AtomicU32,
    /// The server has no paging (RFC 2696).
    pub(crate) no_paging: AtomicBool,
    /// A list of everybody was too long to be held whole.
    pub(crate) is_large: AtomicBool,
    pub(crate) links: Links,
    pub(crate) photos: Photos,
    pub(crate) units: Units,
    pub(crate) snapshots: Snapshots,
}

impl Directory {
    pub(crate) fn new(system: SystemKey, settings: Settings) -> Self {
        let names = &settings.attributes;
        let mut person_attributes = settings.dialect.always();
        let mapped = [
            &names.user_name,
            &names.display_name,
            &names.full_name,
            &names.given_name,
            &names.family_name,
            &names.title,
            &names.email,
            &names.phone_work,
            &names.phone_mobile,
            &names.phone_home,
            &names.phone_fax,
            &names.employee_number,
            &names.cost_center,
            &names.organization,
            &names.division,
            &names.department,
            &names.office,
            &names.preferred_language,
            &names.timezone,
            &names.postal_address,
            &names.street_address,
            &names.locality,
            &names.region,
            &names.postal_code,
            &names.country,
            &names.manager,
        ];
        for name in mapped.into_iter().flatten() {
            if !person_attributes.contains(name) {
                person_attributes.push(name.clone());
            }
        }
        Self {
            system,
            person_attributes,
            page_size: AtomicU32::new(settings.page_size),
            no_paging: AtomicBool::new(false),
            is_large: AtomicBool::new(false),
            links: Links::new(settings.names_ttl),
            photos: Photos::default(),
            units: Units::default(),
            snapshots: Snapshots::new(settings.list_ttl),
            settings,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.settings.dialect
    }

    /// A question in the way that suits the dialect.
    pub(crate) fn search(&self, name: &'static str, base: &Dn, scope: Scope, filter: Filter) -> Search {
        let mut search = Search::new(name, base.clone(), scope, filter);
        // From its root, Active Directory appends referrals to partitions that hold no people.
        search.domain_scope = self.dialect() == Dialect::ActiveDirectory;
        search
    }

    /// Asks for people below the base that meet these conditions too.
    pub(crate) fn people(&self, conditions: Vec<Filter>, attributes: Vec<AttributeName>) -> Search {
        let place = &self.settings.people;
        let mut search = self.search("people", &place.base, Scope::Subtree, self.person(conditions));
        search.attributes = attributes;
        search
    }

    /// The condition that an entry is a person and meets these conditions.
    pub(crate) fn person(&self, conditions: Vec<Filter>) -> Filter {
        let mut all = vec![self.settings.people.filter.clone()];
        all.extend(conditions);
        Filter::And(all)
    }

    /// One search over a pooled connection.
    pub(crate) async fn ask(&self, context: &CallContext, search: &Search) -> Result<SearchResult, Error> {
        self.settings.client.search(context, search).await
    }

    /// The one entry that a search finds. `None` only when the directory says that there is none: a limit that cuts a search
    /// short before it has found anything is no "no such person".
    pub(crate) async fn one(
        &self,
        context: &CallContext,
        mut search: Search,
    ) -> Result<Option<Entry>, Error> {
        search.size_limit = 2;
        let found = self.ask(context, &search).await?;
        let limit = fault::limit(found.complete, found.entries.len());
        match (found.entries.into_iter().next(), limit) {
            (None, Some(why)) => Err(Error::new(ErrorKind::BackendStatus, why)),
            (entry, _) => Ok(entry),
        }
    }

    /// Reads a person's entry.
    pub(crate) fn row(&self, entry: &Entry, now: Timestamp) -> Result<Row, Error> {
        map::row(entry, self.dialect(), &self.settings.attributes, now)
    }

    /// The person with this id, fresh.
    pub(crate) async fn by_id(&self, context: &CallContext, id: Id) -> Result<Row, Error> {
        let filter = id.filter(self.dialect());
        let search = self.people(vec![filter], self.person_attributes.clone());
        let entry = self.one(context, search).await.map_err(base_is_missing)?;
        self.row(&entry.ok_or_else(not_found)?, Timestamp::now())
    }

    /// The people with these ids, fresh; those who are gone are left out.
    pub(crate) async fn by_ids(&self, context: &CallContext, ids: &[Id]) -> Result<HashMap<Id, Row>, Error> {
        let mut rows = HashMap::with_capacity(ids.len());
        let now = Timestamp::now();
        for some in ids.chunks(IDS_AT_A_TIME) {
            let one = some.iter().map(|id| id.filter(self.dialect())).collect();
            let search = self.people(vec![Filter::Or(one)], self.person_attributes.clone());
            let mut walk = Walk::start(self, context, search).await?;
            while let Some(entries) = walk.next().await.map_err(base_is_missing)? {
                for entry in &entries {
                    let row = self.row(entry, now)?;
                    rows.insert(row.id, row);
                }
            }
            // A list that was cut would make people look as if they were gone.
            walk.whole()?;
        }
        Ok(rows)
    }

    /// Looks up the names in these rows and finishes the records, in their order.
    pub(crate) async fn records(
        &self,
        context: &CallContext,
        rows: Vec<Cow<'_, Row>>,
    ) -> Result<Vec<PersonRecord>, Error> {
        let managers = rows.iter().filter_map(|row| row.manager.as_ref()).collect();
        let (links, units, photos) = try_join3(
            self.links_to(context, managers),
            self.units_around(context, rows.iter().map(|row| &row.dn)),
            self.with_photo(context, &rows),
        )
        .await?;
        let around = |row: &Row| {
            let manager = row
                .manager
                .as_ref()
                .and_then(|dn| links.get(dn))
                .map(|link| PersonLink { id: link.id.native(), display: link.display.to_string() });
            let unit = units.as_ref().and_then(|units| units.around(&row.dn)).map(|unit| unit.id);
            (manager, unit, photos.contains(&row.id))
        };
        let around: Vec<_> = rows.iter().map(|row| around(row)).collect();
        let finish =
            |(row, (manager, unit, has_photo))| map::record(&self.system, row, manager, unit, has_photo);
        Ok(rows.into_iter().zip(around).map(finish).collect())
    }

    /// Finishes the record of one row.
    pub(crate) async fn finish(&self, context: &CallContext, row: Row) -> Result<PersonRecord, Error> {
        self.records(context, vec![Cow::Owned(row)]).await?.pop().ok_or_else(not_found)
    }

    pub(crate) fn allowed_page_size(&self) -> u32 {
        self.page_size.load(Ordering::Relaxed)
    }
}

/// The entry that everybody is below is not there.
pub(crate) fn base_is_missing(error: Error) -> Error {
    fault::no_base(error, "people.base")
}
