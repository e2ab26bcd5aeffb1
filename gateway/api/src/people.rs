//! `/v1/people`: everybody in every directory.

mod read;
mod render;
mod visit;

#[cfg(test)]
mod tests;

pub use read::{__path_get, __path_list, __path_manager, __path_photo, get, list, manager, photo};
pub use render::reference;
pub use visit::{__path_chain, __path_reports, chain, reports};

use crate::asked::Shape;
use crate::members::Members;
use crate::query::{FieldType, ListSpec};

const MEMBERS: Members = Members::resource(
    &[
        "userName",
        "displayName",
        "name",
        "name.formatted",
        "name.givenName",
        "name.familyName",
        "title",
        "active",
        "emails",
        "phoneNumbers",
        "addresses",
        "employeeNumber",
        "costCenter",
        "organization",
        "division",
        "department",
        "office",
        "preferredLanguage",
        "timezone",
        "photo",
        "orgUnitId",
    ],
    &["manager"],
);

/// What lists of people take. Each directory says which of these it can do.
#[derive(Debug)]
pub struct OfPeople;

impl Shape for OfPeople {
    const LIST: ListSpec = ListSpec {
        filters: &[
            ("userName", FieldType::Text),
            ("email", FieldType::Text),
            ("department", FieldType::Text),
            ("title", FieldType::Text),
            ("active", FieldType::Word(&["true", "false"])),
            ("managerId", FieldType::Text),
            ("orgUnitId", FieldType::Text),
            ("employeeNumber", FieldType::Text),
            ("updatedAt", FieldType::Time),
        ],
        sorts: &["displayName", "userName", "department", "title", "updatedAt"],
        search: true,
        members: MEMBERS,
    };
}

/// What the list of those who report to somebody takes: one directory answers it, and it is not searched.
#[derive(Debug)]
pub struct OfReports;

impl Shape for OfReports {
    const LIST: ListSpec = ListSpec {
        filters: &[
            ("department", FieldType::Text),
            ("title", FieldType::Text),
            ("active", FieldType::Word(&["true", "false"])),
        ],
        sorts: &["displayName", "userName", "department", "title", "updatedAt"],
        search: false,
        members: MEMBERS,
    };
}
