//! Absence: leave that people ask for, and how much of it they have.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Envelope, ItemRef, PersonRef};

/// Where an absence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AbsenceStatus {
    /// It waits for a decision, perhaps a second one.
    Requested,
    /// It is agreed.
    Approved,
    /// It was refused.
    Declined,
    /// It was taken back.
    Cancelled,
}

/// Half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DayPart {
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
}

/// What absence of one type is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AbsenceUnit {
    /// Whole days.
    Days,
    /// Halves of days.
    HalfDays,
    /// Hours.
    Hours,
}

/// A time that somebody is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Absence {
    /// Id, source, entity tag, times, allowed actions, owner, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// Who is away.
    pub employee: PersonRef,
    /// Who is asked to decide, if the system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<PersonRef>,
    /// Which rules it falls under: an absence type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<ItemRef>,
    /// Where it stands.
    pub status: AbsenceStatus,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub start_date: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub end_date: Date,
    /// Which half of the day, where it is half a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_part: Option<DayPart>,
    /// What `amount` counts.
    pub units: AbsenceUnit,
    /// How much working time it takes.
    #[serde(with = "rust_decimal::serde::str_option", skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Decimal>,
    /// What the employee wrote. Sensitive: only for those who may see confidential things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A kind of absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AbsenceType {
    /// Id, source, times, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What it is called.
    pub name: String,
    /// What it is counted in.
    pub units: AbsenceUnit,
    /// Whether there must be a balance left to ask for it.
    pub needs_balance: bool,
    /// How many people have to agree: 0 for none.
    pub approvals: u8,
}

/// How much of a kind of absence somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AbsenceBalance {
    /// Whose.
    pub employee: PersonRef,
    /// Of which type.
    pub policy: ItemRef,
    /// What is counted.
    pub units: AbsenceUnit,
    /// All that was granted for the current period.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = String)]
    pub granted: Decimal,
    /// Taken, agreed or asked for.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = String)]
    pub used: Decimal,
    /// What is left: `granted` less `used`.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = String)]
    pub balance: Decimal,
}

/// Whether somebody is away, in iCalendar terms (RFC 5545 section 3.2.9, `FBTYPE`). Never why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum FreeBusyType {
    /// Away, but it is not agreed yet.
    BusyTentative,
    /// Away.
    BusyUnavailable,
}

/// A time that a colleague is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreeBusy {
    /// Who.
    pub employee: PersonRef,
    /// Whether it is agreed.
    #[serde(rename = "type")]
    pub kind: FreeBusyType,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Until when, not included.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
}

/// An absence to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAbsence {
    /// The key of the system that it goes to; may be left out where only one takes requests.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub system: Option<String>,
    /// Who will be away, by the id in the directory of record; the person who asks when left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub employee_id: Option<String>,
    /// The id of an absence type.
    pub policy_id: String,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub start_date: Date,
    /// The last day; the first one again for a single day.
    #[schema(value_type = String, format = Date)]
    pub end_date: Date,
    /// Which half, for half a day: first and last day are then the same.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub day_part: Option<DayPart>,
    /// What the person wants to say: up to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(max_length = 500)]
    pub note: Option<String>,
}
