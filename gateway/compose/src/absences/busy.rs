//! When colleagues are away: iCalendar's free and busy (RFC 5545 section 3.6.4), never why.

use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use portico_contract::absences::{BusyRecord, BusyTimes, ListBusyTimes};
use portico_contract::access::Scope;
use portico_contract::{CallContext, Error, ErrorKind, Operation, SystemKey};
use portico_policy::Action;
use portico_schemas::{FieldError, ResourceType};

use super::Absences;
use crate::fan_out::{fail_report, report};
use crate::ground::{claims, not_there};
use crate::listing::{Listing, Refusal};
use crate::systems::System;

/// Days that one question may cover.
const DAYS: i32 = 366;

/// A time that a colleague is away.
#[derive(Debug, Clone)]
pub struct FoundBusy {
    /// The system that says so.
    pub system: SystemKey,
    /// What it said.
    pub record: BusyRecord,
}

impl Absences {
    /// When a person of record is away between two days, both included, in every system that knows. Whoever may see people of
    /// the directory of record may see this; nothing in it says why.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an id that was not given out and for days in the wrong order or more than a year
    /// apart; [`ErrorKind::NotFound`] for somebody who is not for this person to see, or whom no system knows; a
    /// [`Refusal::NoSource`] when no system could answer: nobody is free because nobody knows;
    /// [`ErrorKind::ConnectionLost`] when it cannot be said now who the person who asks is.
    pub async fn free_busy(
        &self,
        context: &CallContext,
        person: &str,
        (from, to): (Date, Date),
    ) -> Result<Listing<FoundBusy>, Refusal> {
        check_days(from, to)?;
        self.check_colleague(context, person)?;
        let knowing: Vec<&System> =
            self.0.systems.iter().filter(|system| claims(system, &ListBusyTimes::META)).collect();
        if knowing.is_empty() {
            let why = "No configured system knows when people are away.";
            return Err(Error::new(ErrorKind::Unsupported, why).into());
        }
        let asked = knowing.iter().map(|system| self.busy_in(context, system, person, (from, to)));
        let (mut items, mut sources, mut is_known) = (Vec::new(), Vec::new(), false);
        for (system, answer) in knowing.iter().zip(join_all(asked).await) {
            let mut source = report(system.key());
            match answer {
                Ok(records) => {
                    source.fetched_at = Some(Timestamp::now());
                    is_known |= records.is_some();
                    let found = |record| FoundBusy { system: system.key().clone(), record };
                    items.extend(records.into_iter().flatten().map(found));
                }
                Err(error) => fail_report(&mut source, &error),
            }
            sources.push(source);
        }
        if !sources.iter().any(|source| source.status.contributed()) {
            return Err(Refusal::no_source(sources));
        }
        if !is_known && sources.iter().all(|source| source.status.contributed()) {
            let why = "No system that knows when people are away knows this person, so nobody can say that they are free.";
            return Err(Error::new(ErrorKind::NotFound, why).into());
        }
        items.sort_by_key(|found: &FoundBusy| (found.record.start, found.record.end));
        Ok(Listing { items, next: None, sources })
    }

    /// When a person is away by one system; `None` when they are nobody there.
    async fn busy_in(
        &self,
        context: &CallContext,
        system: &System,
        person: &str,
        (from, to): (Date, Date),
    ) -> Result<Option<Vec<BusyRecord>>, Error> {
        // Of somebody with several entries all count: nobody must look free who is not.
        let employees = self.employees(system, person)?;
        if employees.is_empty() {
            return Ok(None);
        }
        let operation = ListBusyTimes { employees, from, to };
        let BusyTimes(records) = system.upstream.call(context.clone(), operation).await?;
        Ok(Some(records))
    }

    /// Whether a person may be seen at all by the one who asks.
    fn check_colleague(&self, context: &CallContext, person: &str) -> Result<(), Error> {
        let (key, native) = self.0.seals.open(ResourceType::Person, person, "/id")?;
        let directory = self.0.systems.get(&key).filter(|_| self.0.links.is_of_record(&key));
        let directory = directory.ok_or_else(|| not_there(ResourceType::Person))?;
        let facts = super::owned_by(directory, &native);
        let everybody = crate::fan_out::readable(&*self.0.policy, context, ResourceType::Person, directory);
        let shown = everybody == Scope::All
            || self.0.allows(context, Action::Read, directory, ResourceType::Person, &facts);
        if shown {
            return Ok(());
        }
        self.0.policy.check_known(&context.principal, &key)?;
        Err(not_there(ResourceType::Person))
    }
}

fn check_days(from: Date, to: Date) -> Result<(), Error> {
    let detail = if to < from {
        "is before `from`"
    } else if from.until(to).is_ok_and(|span| span.get_days() >= DAYS) {
        "is more than a year after `from`"
    } else {
        return Ok(());
    };
    let field = FieldError { detail: detail.to_owned(), pointer: "?to".to_owned() };
    Err(Error::new(ErrorKind::InvalidInput, "The query cannot be used; `errors` names every fault.")
        .with_fields(vec![field]))
}
