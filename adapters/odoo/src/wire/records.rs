//! Records, with exactly the fields that are asked for.

use std::collections::BTreeMap;

use portico_wire::rpc::Decimal;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Day, Link, Maybe, Stamp};

/// Declares a record and the list of its fields, so that no field is read that was not asked for.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident in $model:literal { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        pub(crate) struct $name {
            pub(crate) id: i64,
            $(pub(crate) $field: $type,)*
        }

        impl $name {
            pub(crate) const MODEL: &str = $model;
            pub(crate) const FIELDS: &[&str] = &[$(stringify!($field)),*];
        }
    };
}

record! {
    /// A claim.
    Sheet in "hr.expense.sheet" {
        name: Maybe<String>,
        state: String,
        employee_id: Maybe<Link>,
        department_id: Maybe<Link>,
        user_id: Maybe<Link>,
        company_currency_id: Maybe<Link>,
        total_amount: Decimal,
        untaxed_amount: Decimal,
        total_tax_amount: Decimal,
        payment_mode: Maybe<String>,
        create_date: Stamp,
        write_date: Stamp,
    }
}

record! {
    /// What the version of a claim has to know of its lines.
    LineStamp in "hr.expense" {
        sheet_id: Maybe<Link>,
        date: Maybe<Day>,
        write_date: Stamp,
    }
}

record! {
    /// One expense.
    Line in "hr.expense" {
        name: Maybe<String>,
        sheet_id: Maybe<Link>,
        product_id: Maybe<Link>,
        quantity: Decimal,
        price_unit: Decimal,
        currency_id: Maybe<Link>,
        total_amount_currency: Decimal,
        tax_amount_currency: Decimal,
        tax_ids: Vec<i64>,
        date: Maybe<Day>,
        analytic_distribution: Maybe<BTreeMap<String, IgnoredAny>>,
        write_date: Stamp,
    }
}

record! {
    /// A file at a record.
    Attachment in "ir.attachment" {
        name: Maybe<String>,
        res_id: Maybe<i64>,
        mimetype: Maybe<String>,
        file_size: Maybe<i64>,
    }
}

record! {
    /// A kind of expense.
    Product in "product.product" {
        name: Maybe<String>,
        default_code: Maybe<String>,
        standard_price: Decimal,
        uom_id: Maybe<Link>,
        supplier_taxes_id: Vec<i64>,
        write_date: Maybe<Stamp>,
    }
}

record! {
    /// A tax.
    Tax in "account.tax" {
        name: Maybe<String>,
        amount_type: String,
        amount: Decimal,
        write_date: Maybe<Stamp>,
    }
}

record! {
    /// Something that costs are booked to.
    Account in "account.analytic.account" {
        name: Maybe<String>,
        code: Maybe<String>,
        root_plan_id: Maybe<Link>,
        write_date: Maybe<Stamp>,
    }
}

record! {
    /// A currency.
    Currency in "res.currency" {
        name: String,
        decimal_places: u32,
    }
}

record! {
    /// A request for time off.
    Leave in "hr.leave" {
        name: Maybe<String>,
        state: String,
        employee_id: Maybe<Link>,
        department_id: Maybe<Link>,
        holiday_status_id: Maybe<Link>,
        validation_type: Maybe<String>,
        leave_type_request_unit: Maybe<String>,
        request_date_from: Maybe<Day>,
        request_date_to: Maybe<Day>,
        request_date_from_period: Maybe<String>,
        request_unit_half: bool,
        number_of_days: Decimal,
        number_of_hours: Decimal,
        first_approver_id: Maybe<Link>,
        second_approver_id: Maybe<Link>,
        create_date: Stamp,
        write_date: Stamp,
    }
}

record! {
    /// When somebody is away.
    Busy in "hr.leave" {
        state: String,
        employee_id: Maybe<Link>,
        date_from: Maybe<Stamp>,
        date_to: Maybe<Stamp>,
    }
}

record! {
    /// What a balance has to know of a request.
    Taken in "hr.leave" {
        holiday_status_id: Maybe<Link>,
        number_of_days: Decimal,
        number_of_hours: Decimal,
        request_date_from: Maybe<Day>,
    }
}

record! {
    /// A kind of time off.
    LeaveType in "hr.leave.type" {
        name: Maybe<String>,
        request_unit: String,
        requires_allocation: Needed,
        leave_validation_type: Maybe<String>,
        write_date: Maybe<Stamp>,
    }
}

record! {
    /// Time off that was granted.
    Allocation in "hr.leave.allocation" {
        holiday_status_id: Maybe<Link>,
        max_leaves: Decimal,
        date_from: Maybe<Day>,
        date_to: Maybe<Day>,
    }
}

record! {
    /// An employee, as far as approvals go.
    Approver in "hr.employee" {
        name: Maybe<String>,
        user_id: Maybe<Link>,
        leave_manager_id: Maybe<Link>,
    }
}

record! {
    /// An employee.
    Employee in "hr.employee" {
        name: Maybe<String>,
        active: bool,
        user_id: Maybe<Link>,
        work_email: Maybe<String>,
        work_phone: Maybe<String>,
        job_title: Maybe<String>,
        department_id: Maybe<Link>,
        parent_id: Maybe<Link>,
        create_date: Maybe<Stamp>,
        write_date: Stamp,
    }
}

record! {
    /// What somebody signs in with.
    User in "res.users" {
        login: String,
    }
}

record! {
    /// An external id.
    ExternalId in "ir.model.data" {
        model: String,
        res_id: i64,
    }
}

/// `"yes"` and `"no"` until 18, a boolean after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Needed {
    Flag(bool),
    Word(Word),
}

/// The words of [`Needed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Word {
    Yes,
    No,
}

impl Needed {
    pub(crate) fn is_needed(self) -> bool {
        matches!(self, Self::Flag(true) | Self::Word(Word::Yes))
    }
}

/// What `load` says: the ids, or why nothing was done.
#[derive(Debug, Deserialize)]
pub(crate) struct Loaded {
    pub(crate) ids: Maybe<Vec<i64>>,
    #[serde(default)]
    pub(crate) messages: Vec<LoadMessage>,
}

/// One of its messages.
#[derive(Debug, Deserialize)]
pub(crate) struct LoadMessage {
    #[serde(default)]
    pub(crate) message: Maybe<String>,
    #[serde(default)]
    pub(crate) rows: Maybe<Rows>,
}

/// Which rows a message is about.
#[derive(Debug, Deserialize)]
pub(crate) struct Rows {
    #[serde(default)]
    pub(crate) from: usize,
}
