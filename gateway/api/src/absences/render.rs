//! From what a system said to what a front-end sees.

use std::fmt::Write as _;
use std::sync::LazyLock;

use portico_compose::absences::{FoundAbsence, FoundAbsenceType, FoundBalance, FoundBusy};
use portico_contract::people::PersonLink;
use portico_schemas::{
    Absence, AbsenceBalance, AbsenceType, Envelope, FreeBusy, FreeBusyType, Method, ResourceType, Source,
    Withdrawal,
};
use serde_json::Value;

use crate::actions::{action_with, input_schema};
use crate::expense_reports::item;
use crate::members::Projection;
use crate::{Api, conditions};

static WITHDRAWAL: LazyLock<Value> = LazyLock::new(input_schema::<Withdrawal>);

/// The address of an absence.
pub fn address(id: &str) -> String {
    format!("/v1/absences/{id}")
}

/// The canonical absence, as it is shown with these members.
pub fn absence(api: &Api, found: &FoundAbsence, fields: Option<&Projection>) -> Absence {
    let (record, system) = (&found.record, &found.system);
    let id = api.seals.seal(ResourceType::Absence, system, &record.id);
    let person = |link: &PersonLink| api.links.link_ref(system, link);
    let employee = person(&record.employee);
    let approver = record.approver.as_ref().map(person);
    // What can change without a new version counts too: what the person may see and do, and whom the people in it are.
    let mut shape = Projection::shape(fields);
    let (masked, may_cancel) = (found.masked, found.may_cancel);
    let _ = write!(shape, ";{masked}{may_cancel};{};{employee:?};{approver:?}", record.native_status);
    let cancel =
        || action_with("cancel", Method::Post, format!("{}/cancellation", address(&id)), &WITHDRAWAL);
    Absence {
        envelope: Envelope {
            source: Source { system: system.as_str().to_owned(), id: None, url: record.url.clone() },
            etag: record.version.as_ref().map(|version| conditions::tag(&api.seals, version, &shape)),
            created_at: record.created_at,
            updated_at: record.updated_at,
            fetched_at: found.fetched_at,
            allowed_actions: found.may_cancel.then(cancel).into_iter().collect(),
            native_status: Some(record.native_status.clone()),
            owner: Some(employee.clone()),
            classification: record.facts.classification.unwrap_or_default(),
            extensions: Default::default(),
            id,
        },
        employee,
        approver,
        policy: record
            .absence_type
            .as_ref()
            .map(|link| item(&api.seals, system, ResourceType::AbsenceType, link)),
        status: record.status,
        start_date: record.start_date,
        end_date: record.end_date,
        day_part: record.day_part,
        units: record.units,
        amount: record.amount,
        note: record.note.clone(),
    }
}

/// A kind of absence.
pub fn absence_type(api: &Api, found: &FoundAbsenceType) -> AbsenceType {
    let record = &found.record;
    AbsenceType {
        envelope: Envelope {
            id: api.seals.seal(ResourceType::AbsenceType, &found.system, &record.id),
            source: Source { system: found.system.as_str().to_owned(), id: None, url: None },
            etag: None,
            created_at: None,
            updated_at: record.updated_at,
            fetched_at: found.fetched_at,
            allowed_actions: Vec::new(),
            native_status: None,
            owner: record.facts.owner.clone(),
            classification: record.facts.classification.unwrap_or_default(),
            extensions: Default::default(),
        },
        name: record.name.clone(),
        units: record.units,
        needs_balance: record.needs_balance,
        approvals: record.approvals,
    }
}

/// How much of a kind of absence somebody has.
pub fn balance(api: &Api, found: &FoundBalance) -> AbsenceBalance {
    let (record, system) = (&found.record, &found.system);
    let mut employee = api.links.link_ref(system, &found.employee);
    // The system was asked about a key and names nobody.
    if let Some(of_record) = employee.id.as_ref().and_then(|id| api.links.of_record(id)) {
        employee.display = of_record.display;
    }
    AbsenceBalance {
        employee,
        policy: item(&api.seals, system, ResourceType::AbsenceType, &record.absence_type),
        units: record.units,
        granted: record.granted,
        used: record.used,
        balance: record.granted - record.used,
    }
}

/// A time that a colleague is away.
pub fn busy(api: &Api, found: &FoundBusy) -> FreeBusy {
    let record = &found.record;
    FreeBusy {
        employee: api.links.link_ref(&found.system, &record.employee),
        kind: if record.agreed { FreeBusyType::BusyUnavailable } else { FreeBusyType::BusyTentative },
        start: record.start,
        end: record.end,
    }
}
