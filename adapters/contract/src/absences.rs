//! Operations on absence: leave that people ask for, and how much of it they have.
//!
//! People are named by the key that the system has for employees, as in [`crate::expenses`].

use jiff::Timestamp;
use jiff::civil::Date;
use portico_schemas::{AbsenceStatus, AbsenceUnit, DayPart};
use rust_decimal::Decimal;

use crate::access::Facts;
use crate::documents::SourceVersion;
use crate::expenses::ItemLink;
use crate::operation::operation;
use crate::paging::{ListQuery, SourcePage};
use crate::people::PersonLink;
use crate::{NativeId, Operation, OperationMeta, Output};

/// An absence as a system gives it. Ids are native; the API seals them.
#[derive(Debug, Clone, PartialEq)]
pub struct AbsenceRecord {
    /// The system's key.
    pub id: NativeId,
    /// Which version this is, if the system can tell.
    pub version: Option<SourceVersion>,
    /// When it was asked for, if the system says.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// A page in the system's own user interface, where there is one.
    pub url: Option<String>,
    /// Who is away.
    pub employee: PersonLink,
    /// Who is asked to decide, if the system says.
    pub approver: Option<PersonLink>,
    /// Its type.
    pub absence_type: Option<ItemLink>,
    /// Where it stands.
    pub status: AbsenceStatus,
    /// The system's own word for that.
    pub native_status: String,
    /// The first day.
    pub start_date: Date,
    /// The last day.
    pub end_date: Date,
    /// Which half of the day, where it is half a day.
    pub day_part: Option<DayPart>,
    /// What `amount` counts.
    pub units: AbsenceUnit,
    /// How much working time it takes, if the system says.
    pub amount: Option<Decimal>,
    /// What the employee wrote. Shown to few.
    pub note: Option<String>,
    /// Whether its state allows [`CancelAbsence`].
    pub cancellable: bool,
    /// Facts for authorisation. The owner is the employee.
    pub facts: Facts,
}
impl Output for AbsenceRecord {}

/// An absence as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsenceDraft {
    /// Its type.
    pub absence_type: NativeId,
    /// The first day.
    pub start_date: Date,
    /// The last day, not before the first.
    pub end_date: Date,
    /// Which half, for half a day; first and last day are then the same.
    pub day_part: Option<DayPart>,
    /// What the employee wants to say.
    pub note: Option<String>,
}

/// Absences, those of the scope. Filters and sorts go by `status`, `employeeId` (native), `startDate`, `endDate` (both as
/// texts `2026-12-21`), `updatedAt`; what an adapter can is in its capability.
#[derive(Debug, Clone)]
pub struct ListAbsences {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListAbsences -> SourcePage<AbsenceRecord>, "absences list", Absence);

/// One absence. [`crate::ErrorKind::NotFound`] when there is no such absence.
#[derive(Debug, Clone)]
pub struct GetAbsence {
    /// Which.
    pub absence: NativeId,
}
operation!(GetAbsence -> AbsenceRecord, "absences get", Absence);

/// Asks for leave. [`crate::ErrorKind::Conflict`] when it overlaps another absence or the balance does not suffice. Carries
/// the marker of the call where the profile says so.
#[derive(Debug, Clone)]
pub struct RequestAbsence {
    /// Whose.
    pub employee: NativeId,
    /// When and of which type.
    pub draft: AbsenceDraft,
}
operation!(RequestAbsence -> AbsenceRecord, "absences request", Absence, Write);

/// Takes an absence back. [`crate::ErrorKind::Conflict`] when its state does not allow it;
/// [`crate::ErrorKind::PreconditionFailed`] when it is no longer in this version. One that is cancelled already is given as
/// it is.
#[derive(Debug, Clone)]
pub struct CancelAbsence {
    /// Which.
    pub absence: NativeId,
    /// The version that was read; `None` for whatever version there is.
    pub version: Option<SourceVersion>,
}
operation!(CancelAbsence -> AbsenceRecord, "absences cancel", Absence, Write);

/// A kind of absence as a system gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsenceTypeRecord {
    /// The system's key.
    pub id: NativeId,
    /// What it is called.
    pub name: String,
    /// What it is counted in.
    pub units: AbsenceUnit,
    /// Whether there must be a balance left to ask for it.
    pub needs_balance: bool,
    /// How many people have to agree: 0 for none.
    pub approvals: u8,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// Facts for authorisation.
    pub facts: Facts,
}

/// Kinds of absence that can be asked for now. Filters and sorts go by `name`.
#[derive(Debug, Clone)]
pub struct ListAbsenceTypes {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListAbsenceTypes -> SourcePage<AbsenceTypeRecord>, "absences list_types", AbsenceType);

/// How much of a kind of absence somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsenceBalanceRecord {
    /// Of which type.
    pub absence_type: ItemLink,
    /// What is counted.
    pub units: AbsenceUnit,
    /// All that was granted for the current period.
    pub granted: Decimal,
    /// Taken, agreed or asked for.
    pub used: Decimal,
}

/// The balances of one employee, by type. Types without a balance are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AbsenceBalances(pub Vec<AbsenceBalanceRecord>);
impl Output for AbsenceBalances {}

/// How much absence somebody has. [`crate::ErrorKind::NotFound`] when there is no such employee; empty when nothing was
/// granted.
#[derive(Debug, Clone)]
pub struct GetAbsenceBalances {
    /// Whose.
    pub employee: NativeId,
}
operation!(GetAbsenceBalances -> AbsenceBalances, "absences balances", AbsenceBalance);

/// A time that somebody is away, without why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusyRecord {
    /// Who.
    pub employee: PersonLink,
    /// Whether it is agreed.
    pub agreed: bool,
    /// From when.
    pub start: Timestamp,
    /// Until when, not included.
    pub end: Timestamp,
}

/// Times that people are away, by person and start. At most [`BusyTimes::MAX`]; more is
/// [`crate::ErrorKind::LimitExceeded`], because nobody must look free who is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusyTimes(pub Vec<BusyRecord>);

impl BusyTimes {
    /// Times that one answer may have.
    pub const MAX: usize = 5_000;
}
impl Output for BusyTimes {}

/// When these employees are away between two days, both included. Those who are not known are left out.
#[derive(Debug, Clone)]
pub struct ListBusyTimes {
    /// Who, at most 200.
    pub employees: Vec<NativeId>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}
operation!(ListBusyTimes -> BusyTimes, "absences busy_times", Absence);

/// Every operation of this domain, for catalogues.
pub const ALL: &[&OperationMeta] = &[
    &ListAbsences::META,
    &GetAbsence::META,
    &RequestAbsence::META,
    &CancelAbsence::META,
    &ListAbsenceTypes::META,
    &GetAbsenceBalances::META,
    &ListBusyTimes::META,
];
