//! `/v1/expense-reports`: claims for money that somebody has laid out.

mod change;
mod read;
mod receipts;
mod render;

#[cfg(test)]
pub(crate) mod tests;

pub use change::{
    __path_create, __path_delete, __path_edit, __path_submit, __path_withdraw, create, delete, edit, submit,
    withdraw,
};
pub use read::{__path_get, __path_list, get, list};
pub use receipts::{__path_attach, __path_read, __path_remove, attach, read, remove};
pub use render::item;

use crate::asked::Shape;
use crate::members::Members;
use crate::query::{FieldType, ListSpec};

/// What lists of reports take. Each system says which of these it can do.
#[derive(Debug)]
pub struct OfReports;

impl Shape for OfReports {
    const LIST: ListSpec = ListSpec {
        filters: &[
            (
                "status",
                FieldType::Word(&["draft", "submitted", "approved", "reimbursed", "rejected", "voided"]),
            ),
            ("employeeId", FieldType::Text),
            ("createdAt", FieldType::Time),
            ("updatedAt", FieldType::Time),
        ],
        sorts: &["updatedAt", "createdAt", "title"],
        search: true,
        members: Members::resource(
            &[
                "number",
                "title",
                "status",
                "transactionDate",
                "subTotal",
                "totalTax",
                "totalAmount",
                "reimbursableAmount",
                "lines",
            ],
            &["employee", "approver", "approvedBy"],
        ),
    };
}
