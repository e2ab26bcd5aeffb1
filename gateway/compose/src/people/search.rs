//! Searching the indexes: the best matches of every directory, whatever the directories are doing.

use std::borrow::Cow;

use portico_contract::access::{Facts, Scope};
use portico_contract::paging::{Filter, Scalar};
use portico_contract::people::{ListPeople, PersonRecord};
use portico_contract::{CallContext, Error, ErrorKind, Operation};
use portico_directory::{MatchKind, PersonEntry, Query};
use portico_schemas::{FieldError, ResourceType, SourceReport, SourceStatus};

use super::{FoundPerson, People, sight};
use crate::fan_out::{fail_report, readable, report, target};
use crate::ids::refused;
use crate::listing::{ListRequest, Listing, Refusal};
use crate::systems::{System, Systems};

/// One match, and where it stands among the matches of its own directory.
struct Match {
    kind: MatchKind,
    place: usize,
    person: FoundPerson,
}

impl People {
    /// The best `limit` people for the text of the filter `q`, over all directories. There is no second page: whoever is
    /// not found asks more precisely.
    pub(super) fn search(
        &self,
        context: &CallContext,
        systems: &Systems,
        request: &ListRequest,
    ) -> Result<Listing<FoundPerson>, Refusal> {
        let (query, filters) = read(request)?;
        self.fan_out(systems, "people", ResourceType::Person, ListPeople::META.id)
            .refuse_unknown_sources(request)?;
        let (mut matches, mut sources) = (Vec::new(), Vec::new());
        let asked = systems.iter().filter(|system| {
            system.upstream.profile.operations.contains_key(ListPeople::META.id)
                && request.sources.as_ref().is_none_or(|keys| keys.contains(system.key()))
        });
        for system in asked {
            let mut fared = report(system.key());
            match self.search_one(context, system, &query, &filters, request.limit, &mut fared) {
                Ok(found) => matches.extend(found),
                Err(error) => fail_report(&mut fared, &error),
            }
            sources.push(fared);
        }
        if sources.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "No configured system offers this list.").into());
        }
        if !sources.iter().any(|source| source.status.contributed()) {
            return Err(Refusal::no_source(sources));
        }
        matches.sort_by_key(|found| (found.kind, found.place));
        let items = matches.into_iter().take(request.limit).map(|found| found.person).collect();
        Ok(Listing { items, next: None, sources })
    }

    fn search_one(
        &self,
        context: &CallContext,
        system: &System,
        query: &Query,
        filters: &[&Filter],
        limit: usize,
        fared: &mut SourceReport,
    ) -> Result<Vec<Match>, Error> {
        let key = system.key();
        if !self.indexes.covers(key) {
            let why = "This directory does not tell its changes, so it has no index that could be searched.";
            return Err(Error::new(ErrorKind::UnsupportedQuery, why).with_fields(vec![FieldError {
                detail: "this system cannot be searched".to_owned(),
                pointer: "?q".to_owned(),
            }]));
        }
        let scope = readable(&*self.policy, context, ResourceType::Person, system);
        if scope == Scope::None {
            return Err(Error::new(ErrorKind::Forbidden, "You may not see this list in this system."));
        }
        let (held, stale) = self.indexes.held(key).ok_or_else(|| self.indexes.missing(key))?;
        fared.fetched_at = Some(held.read_at);
        if stale {
            fared.status = SourceStatus::Stale;
        }
        let there = self.policy.terms(&context.principal, key);
        let target = target(ResourceType::Person, system);
        // Whether they see somebody, by what is known of them; the same facts are filled in for each.
        let mut facts = Facts::default();
        let mut sees = |id: &str, entry: Option<&PersonEntry<'_>>| {
            sight::fill(&mut facts, system, id, entry);
            self.policy.sees(&there, &target, &facts)
        };
        let hits = held.index.search(query, limit, |entry| {
            may_show(&scope, entry)
                && filters.iter().all(|filter| meets(filter, entry))
                && sees(entry.id(), Some(entry))
        });
        let matches = hits.into_iter().enumerate().map(|(place, hit)| {
            let mut record = hit.person.record();
            sight::own(system, &mut record);
            record.facts.classification.get_or_insert(system.upstream.profile.classification);
            // The name of a manager is shown to whom the manager is shown.
            let manager = record.manager.take();
            record.manager = manager.filter(|link| sees(link.id.as_str(), held.index.get(&link.id).as_ref()));
            let person = sight::without_private(system, record, held.read_at);
            Match { kind: hit.kind, place, person }
        });
        Ok(matches.collect())
    }
}

/// What is searched for, and the other filters.
fn read(request: &ListRequest) -> Result<(Query, Vec<&Filter>), Error> {
    let mut faults = Vec::new();
    let mut fault = |key: &str, detail: &str| {
        faults.push(FieldError { detail: detail.to_owned(), pointer: format!("?{key}") });
    };
    if !request.sort.is_empty() {
        fault("sort", "does not go with `q`: the best matches come first");
    }
    if request.cursor.is_some() {
        fault("cursor", "does not go with `q`: a search has one page; ask for more with `limit`");
    }
    let (text, filters): (Vec<&Filter>, Vec<&Filter>) =
        request.filters.iter().partition(|filter| filter.field == "q");
    let words = text.first().and_then(|filter| filter.values.first());
    let query = match words {
        Some(Scalar::Text(text)) => Query::parse(text),
        _ => Query::default(),
    };
    if query.is_empty() {
        fault("q", "has nothing in it to search for; give a letter or a digit");
    }
    let too_long = format!(
        "is too long; give {} characters and {} words at most",
        Query::MAX_CHARACTERS,
        Query::MAX_WORDS
    );
    if query.is_cut() {
        fault("q", &too_long);
    }
    if faults.is_empty() { Ok((query, filters)) } else { Err(refused(faults)) }
}

/// [`Scope::shows`] without making facts for everybody who is looked at.
fn may_show(scope: &Scope, entry: &PersonEntry<'_>) -> bool {
    match scope {
        Scope::All => true,
        Scope::None | Scope::Assignees(_) => false,
        Scope::Owners(owners) => owners.contains(entry.id()),
        Scope::Units(units) => entry.unit().is_some_and(|unit| units.contains(unit)),
        Scope::Any(scopes) => scopes.iter().any(|scope| may_show(scope, entry)),
    }
}

/// Whether somebody meets a filter as a directory would understand it: whatever the case.
fn meets(filter: &Filter, entry: &PersonEntry<'_>) -> bool {
    let text = |value: Option<&str>| matches(filter, value.map(Cow::Borrowed));
    match &*filter.field {
        "userName" => text(entry.user_name()),
        "displayName" => text(Some(entry.display_name())),
        "active" => text(Some(if entry.active() { "true" } else { "false" })),
        "managerId" => filter
            .values
            .iter()
            .any(|value| matches!(value, Scalar::Text(id) if Some(id.as_str()) == entry.manager_id())),
        _ => meets_record(filter, &entry.record()),
    }
}

fn meets_record(filter: &Filter, record: &PersonRecord) -> bool {
    let profile = &record.profile;
    let text = |value: Option<&String>| matches(filter, value.map(|value| Cow::Borrowed(value.as_str())));
    match &*filter.field {
        "email" => profile.emails.iter().any(|email| text(Some(&email.value))),
        "department" => text(profile.department.as_ref()),
        "title" => text(profile.title.as_ref()),
        "employeeNumber" => text(profile.employee_number.as_ref()),
        "orgUnitId" => record.org_unit.as_ref().is_some_and(|unit| {
            filter.values.iter().any(|value| matches!(value, Scalar::Text(id) if id == unit.as_str()))
        }),
        "updatedAt" => record.updated_at.is_some_and(|at| filter.matches(&Scalar::Time(at))),
        // A filter that nobody can meet rather than one that everybody meets.
        _ => false,
    }
}

fn matches(filter: &Filter, value: Option<Cow<'_, str>>) -> bool {
    let Some(value) = value.map(|value| value.to_lowercase()) else { return false };
    filter.values.iter().any(|wanted| matches!(wanted, Scalar::Text(text) if text.to_lowercase() == value))
}
