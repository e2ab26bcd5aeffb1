//! Asking the directory of record about one subject.

use std::collections::{BTreeSet, VecDeque};

use futures_util::future::join;
use portico_contract::people::{
    FindPeople, GetOrgUnit, GetPerson, Groups, GroupsOf, PersonKey, PersonRecord,
};
use portico_contract::{CallContext, Deadline, Error, ErrorKind, NativeId, Operation};
use portico_schemas::PersonRef;
use tokio::time::Instant;

use super::{Answer, LEAVE_ALONE, PATIENCE, Parts, Whose};
use crate::systems::System;

/// Reports of one person that are told apart. The nearest come first; rules do not reach those beyond.
const MAX_REPORTS: usize = 2_000;

/// What can be found out now.
pub(super) async fn ask(parts: &Parts, context: &CallContext) -> Answer {
    let Some(system) = parts.systems.get(&parts.config.directory) else {
        return nobody(parts, Whose::Nobody);
    };
    let mut context = context.clone();
    context.deadline = context.deadline.min(Deadline::after(PATIENCE));
    let known = parts.indexes.find(system.key(), parts.config.key, &context.principal.subject);
    match find(parts, system, &context, known.as_deref().unwrap_or_default()).await {
        Ok(answer) => answer,
        // Who somebody is outlives an outage; what follows from it does not.
        Err(_) => Answer {
            person: known.and_then(|known| match known.as_slice() {
                [person] => Some(reference(parts, system, person)),
                _ => None,
            }),
            // Not for as long as a good answer: it is asked again soon.
            good_until: Instant::now() + LEAVE_ALONE.min(parts.config.ttl),
            ..nobody(parts, Whose::Unavailable)
        },
    }
}

async fn find(
    parts: &Parts,
    system: &System,
    context: &CallContext,
    known: &[PersonRecord],
) -> Result<Answer, Error> {
    let person = match candidates(parts, system, context, known).await?.as_slice() {
        [] => return Ok(nobody(parts, Whose::Nobody)),
        [person] => person.clone(),
        _ => return Ok(nobody(parts, Whose::Ambiguous)),
    };
    let (groups, unit) = join(groups(parts, system, context, &person), unit(system, context, &person)).await;
    let (reports, native_reports) = reports(parts, system, &person.id);
    let units = person.profile.department.clone().into_iter().chain(unit).collect();
    Ok(Answer {
        whose: if person.profile.active { Whose::Known } else { Whose::Inactive },
        roles: roles(parts, &groups?),
        units,
        reports,
        native_reports,
        person: Some(reference(parts, system, &person)),
        native: Some(person.id),
        good_until: Instant::now() + parts.config.ttl,
    })
}

fn reference(parts: &Parts, system: &System, person: &PersonRecord) -> PersonRef {
    PersonRef {
        id: Some(parts.seals.seal_person(system.key(), &person.id)),
        system: system.key().as_str().to_owned(),
        native_id: person.id.as_str().to_owned(),
        display: person.profile.display_name.clone(),
    }
}

fn nobody(parts: &Parts, whose: Whose) -> Answer {
    Answer {
        whose,
        person: None,
        native: None,
        roles: BTreeSet::new(),
        units: BTreeSet::new(),
        reports: BTreeSet::new(),
        native_reports: BTreeSet::new(),
        good_until: Instant::now() + parts.config.ttl,
    }
}

/// Those who have the subject as their key, as the directory has them now: whether an account may still be used is not
/// for an older index to say. The index saves the search where it knows exactly one.
async fn candidates(
    parts: &Parts,
    system: &System,
    context: &CallContext,
    known: &[PersonRecord],
) -> Result<Vec<PersonRecord>, Error> {
    let (key, value) = (parts.config.key, context.principal.subject.clone());
    if value.trim().is_empty() {
        return Ok(Vec::new());
    }
    if let [person] = known {
        let operation = GetPerson { person: person.id.clone() };
        match system.upstream.call(context.clone(), operation).await {
            Ok(person) if has_key(&person, key, &value) => return Ok(vec![person]),
            // Renamed since: the subject may be somebody else's by now.
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if claims::<FindPeople>(system) {
        return Ok(system.upstream.call(context.clone(), FindPeople { key, value }).await?.0);
    }
    let unread = || Error::new(ErrorKind::ConnectionLost, "The directory of record has not been read yet.");
    parts.indexes.find(system.key(), key, &value).ok_or_else(unread)
}

/// Whether somebody still has the key that the index knew them by.
fn has_key(person: &PersonRecord, key: PersonKey, value: &str) -> bool {
    let value_folded = value.to_lowercase();
    let same = |text: &String| text.to_lowercase() == value_folded;
    match key {
        PersonKey::UserName => person.profile.user_name.as_ref().is_some_and(same),
        PersonKey::EmployeeNumber => person.profile.employee_number.as_deref() == Some(value),
        PersonKey::Email => person.profile.emails.iter().any(|email| same(&email.value)),
    }
}

async fn groups(
    parts: &Parts,
    system: &System,
    context: &CallContext,
    person: &PersonRecord,
) -> Result<Groups, Error> {
    if parts.config.roles.is_empty() || !claims::<GroupsOf>(system) || !person.profile.active {
        return Ok(Groups::default());
    }
    system.upstream.call(context.clone(), GroupsOf { person: person.id.clone() }).await
}

/// The name of the unit that the person's entry lies in. Rules go by it only where it is known.
async fn unit(system: &System, context: &CallContext, person: &PersonRecord) -> Option<String> {
    let unit = person.org_unit.clone().filter(|_| claims::<GetOrgUnit>(system))?;
    let record = system.upstream.call(context.clone(), GetOrgUnit { unit }).await.ok()?;
    (!record.name.is_empty()).then_some(record.name)
}

fn claims<O: Operation>(system: &System) -> bool {
    system.upstream.profile.operations.contains_key(O::META.id)
}

fn roles(parts: &Parts, groups: &Groups) -> BTreeSet<String> {
    let mine: BTreeSet<String> = groups.0.iter().map(|group| group.name.to_lowercase()).collect();
    let given = parts
        .config
        .roles
        .iter()
        .filter(|(_, names)| names.iter().any(|name| mine.contains(&name.to_lowercase())));
    given.map(|(role, _)| role.clone()).collect()
}

/// Everybody below a person, nearest first: their subjects, and their keys in the directory.
fn reports(parts: &Parts, system: &System, person: &NativeId) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut subjects, mut natives) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting = VecDeque::from([person.clone()]);
    while let Some(manager) = waiting.pop_front() {
        for record in parts.indexes.reports(system.key(), &manager) {
            // A cycle leads back to the person: nobody reports to themselves.
            if natives.len() >= MAX_REPORTS || record.id == *person {
                continue;
            }
            if natives.insert(record.id.as_str().to_owned()) {
                subjects.extend(subject_of(parts.config.key, &record));
                waiting.push_back(record.id.clone());
            }
        }
    }
    (subjects, natives)
}

fn subject_of(key: PersonKey, record: &PersonRecord) -> Option<String> {
    match key {
        PersonKey::UserName => record.profile.user_name.clone(),
        PersonKey::EmployeeNumber => record.profile.employee_number.clone(),
        PersonKey::Email => record.profile.emails.first().map(|email| email.value.clone()),
    }
}
