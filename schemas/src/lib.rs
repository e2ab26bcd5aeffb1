//! The canonical model: what a front-end sees, whatever system it came from.
//!
//! Every resource carries the same [`Envelope`]; every list is a [`Page`] that says how each source fared; every
//! failure is a [`Problem`] from a closed catalogue. Names follow the standards named on each type. These types are
//! data only: they know nothing of HTTP servers, runtimes or adapters.

mod absence;
mod document;
mod envelope;
mod expense;
mod money;
mod page;
mod person;
mod problem;
mod system;
mod task;
mod write;

pub use absence::{
    Absence, AbsenceBalance, AbsenceStatus, AbsenceType, AbsenceUnit, DayPart, FreeBusy, FreeBusyType,
    NewAbsence,
};
pub use document::{Document, ObjectType, Permissions};
pub use envelope::{AllowedAction, Classification, Envelope, Method, ResourceType, Source};
pub use expense::{
    CostObject, ExpenseCategory, ExpenseLine, ExpenseLineContent, ExpenseReport, ExpenseReportContent,
    ExpenseReportStatus, ItemRef, NewExpenseReport, Receipt, TaxRate,
};
pub use money::{Currency, Money};
pub use page::{Page, SourceReport, SourceStatus};
pub use person::{
    Address, ContactType, Email, IdentityStatus, Me, OrgUnit, Person, PersonName, PersonProfile, PersonRef,
    PhoneNumber,
};
pub use problem::{FieldError, Origin, Outcome, Problem, ProblemCode};
pub use system::{ChangeDetection, OperationInfo, Owner, System, SystemState};
pub use task::{
    Decision, DecisionNature, DecisionOption, DecisionRecord, Delegation, NewDelegation, Task, TaskStatus,
    TaskSubject,
};
pub use write::{Declaration, Operation, OperationStatus, Withdrawal};
