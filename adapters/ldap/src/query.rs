//! Filters and orders of people: what the directory can narrow down is asked of it, and everything is checked here again.
//!
//! Directories compare by rules of their own (without case, accents or repeated spaces); the contract compares exactly.
//! So what is sent finds at least what is wanted, and the rows decide.

use std::cmp::Ordering;
use std::collections::HashSet;

use portico_contract::access::Scope;
use portico_contract::paging::{Comparison, Filter, ListQuery, Scalar, SortTerm};
use portico_contract::{CallContext, Error, ErrorKind, FilterCapability, NativeId, SystemKey};
use portico_wire::ldap::{AttributeName, Dn, Filter as Condition};

use crate::directory::Directory;
use crate::id::Id;
use crate::map::{self, Row};
use crate::push_down::{condition, mapped, within};
use crate::settings::{Attributes, Dialect};

/// What people can be sorted by; a tie is broken by the id.
pub(crate) const SORTS: [&str; 8] =
    ["displayName", "userName", "title", "department", "employeeNumber", "email", "active", "updatedAt"];

/// The order that is used when none is asked.
pub(crate) const NATURAL: &str = "displayName";

/// Octets of a text by which it is sorted: two longer ones that begin alike are a tie.
const SORTED_BY: usize = 120;

const RANGES: &[Comparison] = &[Comparison::Gte, Comparison::Gt, Comparison::Lte, Comparison::Lt];
const TEXT: &[Comparison] = &[Comparison::In, Comparison::Contains];

/// What people can be filtered by.
pub(crate) fn filters() -> Vec<FilterCapability> {
    vec![
        FilterCapability { field: "userName", comparisons: TEXT },
        FilterCapability { field: "displayName", comparisons: TEXT },
        FilterCapability { field: "title", comparisons: TEXT },
        FilterCapability { field: "department", comparisons: TEXT },
        FilterCapability { field: "email", comparisons: TEXT },
        FilterCapability { field: "employeeNumber", comparisons: &[Comparison::In] },
        FilterCapability { field: "active", comparisons: &[Comparison::In] },
        FilterCapability { field: "managerId", comparisons: &[Comparison::In] },
        FilterCapability { field: "orgUnitId", comparisons: &[Comparison::In] },
        FilterCapability { field: "updatedAt", comparisons: RANGES },
    ]
}

/// A query, made ready: what is asked of the directory, and how the rows are judged.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Below this entry.
    pub(crate) base: Dn,
    /// Conditions for the directory; empty when it can narrow nothing down.
    pub(crate) conditions: Vec<Condition>,
    /// What has to be read to judge and sort rows.
    pub(crate) attributes: Vec<AttributeName>,
    sort: Vec<SortTerm>,
    filters: Vec<Filter>,
    managers: Option<HashSet<Dn>>,
    units: Option<HashSet<Id>>,
    scope: Scope,
    system: SystemKey,
}

impl Plan {
    /// Makes a query ready; looks up the managers and units that it names. `None` when nobody can meet it.
    ///
    /// # Errors
    /// `UnsupportedQuery` for a field that was never claimed.
    pub(crate) async fn new(
        directory: &Directory,
        context: &CallContext,
        query: &ListQuery,
    ) -> Result<Option<Self>, Error> {
        let dialect = directory.dialect();
        let names = &directory.settings.attributes;
        let mut plan = Self {
            base: directory.settings.people.base.clone(),
            conditions: Vec::new(),
            attributes: vec![dialect.id(), dialect.stamp()],
            sort: query.sort.clone(),
            filters: Vec::new(),
            managers: None,
            units: None,
            scope: query.scope.clone(),
            system: directory.system.clone(),
        };
        let fields = query.filters.iter().map(|filter| &filter.field);
        for field in fields.chain(query.sort.iter().map(|term| &term.field)).map(AsRef::as_ref) {
            plan.read(field, names, dialect)?;
        }
        plan.read(NATURAL, names, dialect)?;
        plan.read("department", names, dialect)?;
        for filter in &query.filters {
            match &*filter.field {
                "managerId" if !plan.by_manager(directory, context, filter).await? => return Ok(None),
                "orgUnitId" if !plan.by_unit(directory, context, filter).await? => return Ok(None),
                "managerId" | "orgUnitId" => {}
                _ => {
                    plan.conditions.extend(condition(filter, names, dialect));
                    plan.filters.push(filter.clone());
                }
            }
        }
        plan.conditions.extend(within(&query.scope, names, dialect));
        Ok(Some(plan))
    }

    /// Whether the units have to be known to judge a row.
    pub(crate) fn needs_units(&self) -> bool {
        self.units.is_some()
    }

    fn read(&mut self, field: &str, names: &Attributes, dialect: Dialect) -> Result<(), Error> {
        let wanted: Vec<AttributeName> = match field {
            "displayName" => {
                let shown = [&names.display_name, &names.full_name, &names.given_name, &names.family_name];
                shown.into_iter().chain([&names.user_name]).flatten().cloned().collect()
            }
            "active" => dialect.always(),
            "updatedAt" => vec![dialect.updated()],
            "managerId" => names.manager.clone(),
            "orgUnitId" => Vec::new(),
            field => mapped(field, names).ok_or_else(|| unsupported(field))?.to_vec(),
        };
        for name in wanted {
            if !self.attributes.contains(&name) {
                self.attributes.push(name);
            }
        }
        Ok(())
    }

    /// False when none of the managers is there.
    async fn by_manager(
        &mut self,
        directory: &Directory,
        context: &CallContext,
        filter: &Filter,
    ) -> Result<bool, Error> {
        let ids: Vec<Id> = ids(filter).collect();
        let found = directory.by_ids(context, &ids).await?;
        let managers: HashSet<Dn> = found.into_values().map(|row| row.dn).collect();
        let any = !managers.is_empty();
        let names = &directory.settings.attributes.manager;
        let one = managers.iter().flat_map(|dn| names.iter().map(|name| Condition::equal(name, dn.as_str())));
        self.conditions.push(Condition::Or(one.collect()));
        self.managers = Some(match self.managers.take() {
            Some(before) => before.intersection(&managers).cloned().collect(),
            None => managers,
        });
        Ok(any)
    }

    /// False when none of the units is there.
    async fn by_unit(
        &mut self,
        directory: &Directory,
        context: &CallContext,
        filter: &Filter,
    ) -> Result<bool, Error> {
        let Some(table) = directory.fresh_units(context).await? else { return Ok(false) };
        let found: Vec<_> = ids(filter).filter_map(|id| table.by_id(id)).collect();
        if let [only] = found.as_slice()
            && only.dn.is_under(&self.base)
        {
            self.base = only.dn.clone();
        }
        let units: HashSet<Id> = found.iter().map(|unit| unit.id).collect();
        let any = !units.is_empty();
        self.units = Some(match self.units.take() {
            Some(before) => before.intersection(&units).copied().collect(),
            None => units,
        });
        Ok(any)
    }

    /// Whether a row, which lies in this unit, belongs into the list.
    pub(crate) fn shows(&self, row: &Row, unit: Option<Id>) -> bool {
        let manager =
            |managers: &HashSet<Dn>| row.manager.as_ref().is_some_and(|manager| managers.contains(manager));
        self.managers.as_ref().is_none_or(manager)
            && self.units.as_ref().is_none_or(|units| unit.is_some_and(|unit| units.contains(&unit)))
            && self
                .filters
                .iter()
                .all(|filter| values(&filter.field, row).any(|value| filter.matches(&value)))
            // Facts are texts to be put together: not for everybody in a list that shows all.
            && (self.scope == Scope::All || self.scope.shows(&map::facts(&self.system, row)))
    }

    /// The values by which a row is sorted.
    pub(crate) fn key(&self, row: &Row) -> Vec<Scalar> {
        let key = |field: &str| sorted_by(values(field, row).next().unwrap_or(Scalar::Missing));
        match self.sort.as_slice() {
            [] => vec![key(NATURAL)],
            terms => terms.iter().map(|term| key(&term.field)).collect(),
        }
    }

    /// Compares two keys in the asked order; a tie is broken by the id, in the direction of the first term.
    pub(crate) fn compare(&self, a: (&[Scalar], Id), b: (&[Scalar], Id)) -> Ordering {
        for (at, (left, right)) in a.0.iter().zip(b.0).enumerate() {
            let order = left.cmp(right);
            let order =
                if self.sort.get(at).is_some_and(|term| term.descending) { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        let tie = a.1.cmp(&b.1);
        if self.sort.first().is_some_and(|term| term.descending) { tie.reverse() } else { tie }
    }
}

/// The part of a value by which it is sorted.
pub(crate) fn sorted_by(value: Scalar) -> Scalar {
    match value {
        Scalar::Text(mut text) => {
            text.truncate(text.floor_char_boundary(SORTED_BY));
            Scalar::Text(text)
        }
        other => other,
    }
}

fn unsupported(field: &str) -> Error {
    Error::new(ErrorKind::UnsupportedQuery, format!("A directory cannot filter or sort by {field}."))
}

/// The ids that a filter names; what cannot be one names nobody.
pub(crate) fn ids(filter: &Filter) -> impl Iterator<Item = Id> + '_ {
    filter.values.iter().filter_map(|value| match value {
        Scalar::Text(text) => NativeId::new(text).and_then(|id| Id::of_native(&id).ok()),
        _ => None,
    })
}

/// The values of a field of a person; none where there is no value.
fn values<'a>(field: &str, row: &'a Row) -> Box<dyn Iterator<Item = Scalar> + 'a> {
    let profile = &row.profile;
    let text = |text: &Option<String>| text.clone().map(Scalar::Text);
    let one = match field {
        "userName" => text(&profile.user_name),
        "displayName" => Some(Scalar::Text(profile.display_name.clone())),
        "title" => text(&profile.title),
        "department" => text(&profile.department),
        "employeeNumber" => text(&profile.employee_number),
        "active" => Some(Scalar::Text(profile.active.to_string())),
        "updatedAt" => row.updated.map(Scalar::Time),
        "email" => return Box::new(profile.emails.iter().map(|email| Scalar::Text(email.value.clone()))),
        _ => None,
    };
    Box::new(one.into_iter())
}
