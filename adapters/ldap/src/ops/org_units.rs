//! The parts of the organisation: few enough to be read whole for every page, so that no order has to be kept.

use std::collections::{HashMap, HashSet};

use portico_contract::access::Facts;
use portico_contract::documents::SourceVersion;
use portico_contract::paging::{Comparison, Filter, ListQuery, Listed, Position, Scalar, SourcePage};
use portico_contract::people::{GetOrgUnit, ListOrgUnits, OrgUnitRecord, PersonLink};
use portico_contract::{CallContext, Error, ErrorKind, FilterCapability, Handler};
use portico_wire::ldap::{Dn, Filter as Condition, Scope};
use sha2::{Digest as _, Sha256};

use crate::directory::Directory;
use crate::id::Id;
use crate::links::Link;
use crate::map;
use crate::query;
use crate::units::{Unit, UnitTable};

/// What units can be filtered by.
pub(crate) fn filters() -> Vec<FilterCapability> {
    vec![
        FilterCapability { field: "name", comparisons: &[Comparison::In, Comparison::Contains] },
        FilterCapability { field: "parentId", comparisons: &[Comparison::In] },
    ]
}

impl Handler<ListOrgUnits> for Directory {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListOrgUnits,
    ) -> Result<SourcePage<OrgUnitRecord>, Error> {
        let Some(table) = self.fresh_units(context).await? else { return Err(no_unit()) };
        let query = &op.query;
        let descending = descending(query)?;
        let mut units = Vec::new();
        for unit in &table.units {
            if shows(&table, unit, query)? {
                units.push(unit);
            }
        }
        let order = |unit: &&Unit| (query::sorted_by(Scalar::Text(unit.name.clone())), unit.id);
        units.sort_by_cached_key(order);
        if descending {
            units.reverse();
        }
        if let Some(after) = &query.after {
            let (key, id) = parse(after)?;
            let key = (Scalar::Text(key), id);
            units.retain(|unit| if descending { order(unit) < key } else { order(unit) > key });
        }
        let more = units.len() > query.limit;
        units.truncate(query.limit);
        let links = self.links_to(context, managers(units.iter().copied())).await?;
        let mut items = Vec::with_capacity(units.len());
        for unit in units {
            items.push(listed(unit, record(&table, unit, &links))?);
        }
        let next = items.last().filter(|_| more).map(|last| last.position.clone());
        match (&next, &table.limited) {
            (None, Some(why)) => Ok(SourcePage::limited(items, why.clone())),
            _ => Ok(SourcePage::new(items, next)),
        }
    }
}

impl Handler<GetOrgUnit> for Directory {
    async fn handle(&self, context: &CallContext, op: &GetOrgUnit) -> Result<OrgUnitRecord, Error> {
        let id = Id::of_native(&op.unit).map_err(|_| no_unit())?;
        let Some(place) = &self.settings.org_units else { return Err(no_unit()) };
        let filter = Condition::And(vec![place.filter.clone(), id.filter(self.dialect())]);
        let mut search = self.search("org_units", &place.base, Scope::Subtree, filter);
        search.attributes = self.unit_attributes();
        let entry = self.one(context, search).await.map_err(crate::units::base_is_missing)?;
        let unit = self.unit(&entry.ok_or_else(no_unit)?)?;
        let table = self.units_around(context, std::iter::once(&unit.dn)).await?.ok_or_else(no_unit)?;
        let links = self.links_to(context, managers(std::iter::once(&unit))).await?;
        Ok(record(&table, &unit, &links))
    }
}

fn no_unit() -> Error {
    Error::new(ErrorKind::NotFound, "There is no such unit in the directory.")
}

fn managers<'a>(units: impl Iterator<Item = &'a Unit>) -> HashSet<&'a Dn> {
    units.filter_map(|unit| unit.manager.as_ref()).collect()
}

fn descending(query: &ListQuery) -> Result<bool, Error> {
    match query.sort.as_slice() {
        [] => Ok(false),
        [term] if term.field == "name" => Ok(term.descending),
        [term, ..] => Err(unsupported(&term.field)),
    }
}

fn unsupported(field: &str) -> Error {
    let detail = format!("A directory cannot filter or sort units by {field} here; `name` alone works.");
    Error::new(ErrorKind::UnsupportedQuery, detail)
}

fn shows(table: &UnitTable, unit: &Unit, query: &ListQuery) -> Result<bool, Error> {
    let meets = |filter: &Filter| match &*filter.field {
        "name" => Ok(filter.matches(&Scalar::Text(unit.name.clone()))),
        "parentId" => {
            let parent = table.around(&unit.dn).map(|parent| parent.id);
            Ok(query::ids(filter).any(|id| Some(id) == parent))
        }
        field => Err(unsupported(field)),
    };
    for filter in &query.filters {
        if !meets(filter)? {
            return Ok(false);
        }
    }
    Ok(query.scope.shows(&facts(unit)))
}

/// A unit belongs to itself; it has no owner.
fn facts(unit: &Unit) -> Facts {
    Facts { unit: Some(unit.name.clone()), ..Facts::default() }
}

fn listed(unit: &Unit, item: OrgUnitRecord) -> Result<Listed<OrgUnitRecord>, Error> {
    let name = match query::sorted_by(Scalar::Text(unit.name.clone())) {
        Scalar::Text(name) => name,
        _ => String::new(),
    };
    let position = serde_json::to_string(&(&name, unit.id.to_string())).ok().and_then(Position::new);
    let position = position.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidResponse,
            "The directory has a unit with a name that no cursor can hold.",
        )
    })?;
    Ok(Listed { item, key: vec![Scalar::Text(name)], position })
}

fn parse(position: &Position) -> Result<(String, Id), Error> {
    let misfit = || Error::new(ErrorKind::InvalidCursor, "The cursor does not fit this list; start again.");
    let (name, id): (String, String) = serde_json::from_str(position.as_str()).map_err(|_| misfit())?;
    Ok((name, Id::parse(&id).ok_or_else(misfit)?))
}

fn record(table: &UnitTable, unit: &Unit, links: &HashMap<&Dn, Link>) -> OrgUnitRecord {
    let parent = table.around(&unit.dn).map(|parent| parent.id.native());
    let link = unit.manager.as_ref().and_then(|dn| links.get(dn));
    let manager = link.map(|link| PersonLink { id: link.id.native(), display: link.display.to_string() });
    let shown = serde_json::json!([
        unit.name,
        unit.description,
        parent.as_ref().map(|parent| parent.as_str()),
        manager.as_ref().map(|manager| (manager.id.as_str(), &manager.display)),
    ]);
    OrgUnitRecord {
        id: unit.id.native(),
        version: Some(SourceVersion(map::short(&Sha256::digest(shown.to_string())))),
        created_at: unit.created,
        updated_at: unit.updated,
        name: unit.name.clone(),
        description: unit.description.clone(),
        parent,
        manager,
        facts: facts(unit),
    }
}
