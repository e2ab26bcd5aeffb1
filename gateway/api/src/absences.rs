//! `/v1/absences`, and what goes with them: types, balances, when colleagues are away.

mod away;
mod change;
mod read;
mod render;

pub use away::{__path_balances, __path_free_busy, balances, free_busy};
pub use change::{__path_cancel, __path_request, cancel, request};
pub use read::{__path_get, __path_list, __path_types, get, list, types};

use crate::asked::Shape;
use crate::members::Members;
use crate::query::{FieldType, ListSpec};

/// What lists of absences take. Each system says which of these it can do.
#[derive(Debug)]
pub struct OfAbsences;

impl Shape for OfAbsences {
    const LIST: ListSpec = ListSpec {
        filters: &[
            ("status", FieldType::Word(&["requested", "approved", "declined", "cancelled"])),
            ("employeeId", FieldType::Text),
            ("startDate", FieldType::Day),
            ("endDate", FieldType::Day),
            ("updatedAt", FieldType::Time),
        ],
        sorts: &["startDate", "endDate", "updatedAt"],
        search: false,
        members: Members::resource(
            &["policy", "status", "startDate", "endDate", "dayPart", "units", "amount", "note"],
            &["employee", "approver"],
        ),
    };
}

/// What lists of absence types take.
#[derive(Debug)]
pub struct OfAbsenceTypes;

impl Shape for OfAbsenceTypes {
    const LIST: ListSpec = ListSpec {
        filters: &[],
        sorts: &["name"],
        search: false,
        members: Members::resource(&["name", "units", "needsBalance", "approvals"], &[]),
    };
}

#[cfg(test)]
mod tests;
