//! What the suites of claims, absence and tasks have to know of a system beyond what its adapter says.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use portico_contract::NativeId;
use portico_schemas::Currency;

use crate::Hooked;

/// Changes the system past the adapter, as somebody in the office with the system's own screens would. Each returns when the
/// system has confirmed the change.
pub trait NativeWork: Send + Sync {
    /// Gives a report another title.
    fn retitle_report<'a>(&'a self, report: &'a NativeId, title: &'a str) -> Hooked<'a, ()>;

    /// Deletes a report with its lines, whatever its state. Nothing to do where it is gone already.
    fn purge_report<'a>(&'a self, report: &'a NativeId) -> Hooked<'a, ()>;

    /// Deletes an absence, whatever its state. Nothing to do where it is gone already.
    fn purge_absence<'a>(&'a self, absence: &'a NativeId) -> Hooked<'a, ()>;
}

/// A write whose answer can be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostWrite {
    /// [`portico_contract::expenses::CreateExpenseReport`].
    CreateReport,
    /// [`portico_contract::expenses::SubmitExpenseReport`].
    SubmitReport,
    /// [`portico_contract::expenses::AttachReceipt`].
    AttachReceipt,
    /// [`portico_contract::absences::RequestAbsence`].
    RequestAbsence,
    /// [`portico_contract::tasks::DecideTask`] that approves a report.
    ApproveReport,
}

/// Loses answers, as a broken network does.
pub trait LosesAnswers: Send + Sync {
    /// The next such write is done, and its connection ends before the answer.
    fn lose_next(&self, write: LostWrite);
}

/// What the suites may expect of a system. Whatever is `None` the checks that need it are not offered.
#[derive(Clone)]
pub struct WorkTarget {
    /// Nothing is written, and nothing is asked that could change something: safe where people work.
    pub read_only: bool,
    /// How many entries lists have when the suite begins, by the id of the operation, where that is known.
    pub counts: BTreeMap<&'static str, usize>,
    /// The employee whose things the suite makes.
    pub employee: Option<NativeId>,
    /// Another employee.
    pub colleague: Option<NativeId>,
    /// Who is asked to decide about the employee's reports.
    pub approver: Option<NativeId>,
    /// An employee whose reports the system refuses to approve.
    pub unpayable: Option<NativeId>,
    /// What the amounts of the suite are in.
    pub currency: Option<Currency>,
    /// A kind of expense that takes any amount.
    pub category: Option<NativeId>,
    /// A kind of expense that has a price of its own.
    pub priced_category: Option<NativeId>,
    /// A type of absence that is counted in days, needs no balance, and one person to agree.
    pub absence_type: Option<NativeId>,
    /// One that needs two people to agree, and no balance.
    pub absence_type_of_two: Option<NativeId>,
    /// One of whose balance the employee has between three and two hundred days at [`WorkTarget::monday`].
    pub balanced_type: Option<NativeId>,
    /// A Monday; the employee and the colleague are not away in the two weeks from it on, and work in them.
    pub monday: Option<Date>,
    /// A way to change the system; it also clears away what the adapter cannot delete.
    pub native: Option<Arc<dyn NativeWork>>,
    /// A way to lose answers.
    pub losses: Option<Arc<dyn LosesAnswers>>,
}

impl WorkTarget {
    /// A system where nothing may be written.
    pub fn read_only() -> Self {
        Self {
            read_only: true,
            counts: BTreeMap::new(),
            employee: None,
            colleague: None,
            approver: None,
            unpayable: None,
            currency: None,
            category: None,
            priced_category: None,
            absence_type: None,
            absence_type_of_two: None,
            balanced_type: None,
            monday: None,
            native: None,
            losses: None,
        }
    }
}

impl fmt::Debug for WorkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkTarget").field("read_only", &self.read_only).finish_non_exhaustive()
    }
}
