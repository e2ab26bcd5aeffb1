//! Lists: of absences, of their types, of what is left.

use futures_util::future::join_all;
use jiff::Timestamp;
use portico_contract::absences::{
    AbsenceBalanceRecord, AbsenceBalances, GetAbsenceBalances, ListAbsenceTypes, ListAbsences,
};
use portico_contract::access::Facts;
use portico_contract::paging::SourcePage;
use portico_contract::people::PersonLink;
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation, SystemKey};
use portico_policy::Action;
use portico_schemas::ResourceType;

use super::{ABSENCE, Absences, FoundAbsence, FoundAbsenceType, owned, owned_by};
use crate::fan_out::{fail_report, report};
use crate::ground::claims;
use crate::listing::{ListRequest, Listing, Refusal};
use crate::systems::System;

const BALANCE: ResourceType = ResourceType::AbsenceBalance;

/// How much of a kind of absence somebody has in one system.
#[derive(Debug, Clone)]
pub struct FoundBalance {
    /// The system that counts it.
    pub system: SystemKey,
    /// Whose.
    pub employee: PersonLink,
    /// What it said.
    pub record: AbsenceBalanceRecord,
}

impl Absences {
    /// Every absence in every system that the person may see. The filter `employeeId` takes ids of people.
    ///
    /// # Errors
    /// A bad cursor, source key or id; a [`Refusal::NoSource`] when no system could answer.
    pub async fn list(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundAbsence>, Refusal> {
        self.0.check_people(&request.filters, "employeeId")?;
        let ground = &self.0;
        ground
            .fan_out(&ground.systems, "absences", ABSENCE, ListAbsences::META.id)
            .list(
                context,
                request,
                |system, context, mut query| async move {
                    if !ground.to_natives(system.key(), &mut query, "employeeId")? {
                        return Ok(SourcePage::new(Vec::new(), None));
                    }
                    let mut page = system.upstream.call(context, ListAbsences { query }).await?;
                    page.items.iter_mut().for_each(|listed| owned(&system, &mut listed.item));
                    Ok(page)
                },
                |system, record| self.found(context, system, record),
            )
            .await
    }

    /// Kinds of absence that can be asked for.
    ///
    /// # Errors
    /// As [`Absences::list`].
    pub async fn types(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundAbsenceType>, Refusal> {
        let resource = ResourceType::AbsenceType;
        self.0
            .fan_out(&self.0.systems, resource.plural(), resource, ListAbsenceTypes::META.id)
            .list(
                context,
                request,
                |system, context, query| async move {
                    system.upstream.call(context, ListAbsenceTypes { query }).await
                },
                |system, mut record| {
                    record.facts.classification.get_or_insert(system.upstream.profile.classification);
                    FoundAbsenceType { system: system.key().clone(), record, fetched_at: Timestamp::now() }
                },
            )
            .await
    }

    /// How much absence somebody has, in every system that counts it: the person who asks, or the one with this id. All of
    /// it, on one page.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an id that was not given out; [`ErrorKind::Forbidden`] when it is not for the person to
    /// see anywhere; a [`Refusal::NoSource`] when no system could answer.
    pub async fn balances(
        &self,
        context: &CallContext,
        employee: Option<&str>,
    ) -> Result<Listing<FoundBalance>, Refusal> {
        let counting: Vec<&System> =
            self.0.systems.iter().filter(|system| claims(system, &GetAbsenceBalances::META)).collect();
        if counting.is_empty() {
            let why = "No configured system counts absence.";
            return Err(Error::new(ErrorKind::Unsupported, why).into());
        }
        let asked = counting.iter().map(|system| self.balances_in(context, system, employee));
        let (mut items, mut sources) = (Vec::new(), Vec::new());
        for (system, answer) in counting.iter().zip(join_all(asked).await) {
            let mut source = report(system.key());
            match answer {
                Ok(found) => {
                    source.fetched_at = Some(Timestamp::now());
                    items.extend(found);
                }
                Err(error) => fail_report(&mut source, &error),
            }
            sources.push(source);
        }
        if sources.iter().any(|source| source.status.contributed()) {
            return Ok(Listing { items, next: None, sources });
        }
        Err(Refusal::no_source(sources))
    }

    async fn balances_in(
        &self,
        context: &CallContext,
        system: &System,
        employee: Option<&str>,
    ) -> Result<Vec<FoundBalance>, Error> {
        let employee = match employee {
            None => self.0.policy.own_key(&context.principal, system.key())?,
            Some(id) => match self.employee(system, id)? {
                Some(employee) => employee,
                // That they are nobody there is only for those who may see everybody's.
                None if self.0.allows(context, Action::Read, system, BALANCE, &Facts::default()) => {
                    return Ok(Vec::new());
                }
                None => return Err(self.not_theirs(context, system)),
            },
        };
        let facts = owned_by(system, &employee);
        if !self.0.allows(context, Action::Read, system, BALANCE, &facts) {
            return Err(self.not_theirs(context, system));
        }
        let operation = GetAbsenceBalances { employee: employee.clone() };
        let AbsenceBalances(records) = system.upstream.call(context.clone(), operation).await?;
        let link = PersonLink { id: employee, display: String::new() };
        let found = |record| FoundBalance { system: system.key().clone(), employee: link.clone(), record };
        Ok(records.into_iter().map(found).collect())
    }

    fn not_theirs(&self, context: &CallContext, system: &System) -> Error {
        let known = self.0.policy.check_known(&context.principal, system.key());
        let why = "You may not see how much leave this person has.";
        known.err().unwrap_or_else(|| Error::new(ErrorKind::Forbidden, why))
    }

    /// The key of a person of record in a system; `None` when they are nobody there, or several.
    fn employee(&self, system: &System, id: &str) -> Result<Option<NativeId>, Error> {
        match self.employees(system, id)?.as_slice() {
            [one] => Ok(Some(one.clone())),
            _ => Ok(None),
        }
    }

    /// Every entry of a person of record in a system.
    pub(super) fn employees(&self, system: &System, id: &str) -> Result<Vec<NativeId>, Error> {
        let (key, person) = self.0.seals.open(ResourceType::Person, id, "?employeeId")?;
        if !self.0.links.is_of_record(&key) {
            return Ok(Vec::new());
        }
        let natives = self.0.links.all_natives(system.key(), &person);
        natives.ok_or_else(|| crate::terms::unknown(system.key()))
    }
}
