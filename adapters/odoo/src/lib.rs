//! Expenses, absence and their approvals on Odoo 18 (and 17), over JSON-RPC or XML-RPC.
//!
//! The folder's README is the fact sheet: what the system does, its traps, the settings, the fault table.
//!
//! Read in this order: `settings` → `client` (calls) → `wire` (their shapes) → `links`, `map`, `filters`, `keyset` →
//! `ops` (a file for each group of operations) → `fault`.

mod cache;
mod client;
mod domain;
mod fault;
mod filters;
mod keyset;
mod links;
mod map;
mod marker;
mod parse;
mod settings;
mod wire;

mod ops {
    pub(crate) mod absences;
    pub(crate) mod check;
    pub(crate) mod decide;
    pub(crate) mod draft;
    pub(crate) mod leave_lists;
    pub(crate) mod lines;
    pub(crate) mod lookups;
    pub(crate) mod people;
    pub(crate) mod receipts;
    pub(crate) mod reports;
    pub(crate) mod tasks;
    pub(crate) mod transitions;
    pub(crate) mod write_reports;
}

use std::time::Duration;

use portico_contract::absences::{
    CancelAbsence, GetAbsence, GetAbsenceBalances, ListAbsenceTypes, ListAbsences, ListBusyTimes,
    RequestAbsence,
};
use portico_contract::expenses::{
    AttachReceipt, CreateExpenseReport, DeleteExpenseReport, EditExpenseReport, GetExpenseReport,
    ListCostCentres, ListExpenseCategories, ListExpenseReports, ListProjects, ListTaxRates, ReadReceipt,
    RemoveReceipt, SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::people::{FindPeople, PeopleChanges};
use portico_contract::systems::FindByMarker;
use portico_contract::tasks::{DecideTask, GetTask, ListTasks};
use portico_contract::{
    Adapter, AdapterBuilder, AdapterKind, Capability, FilterCapability, ListOrder, Reconciliation,
    SettingFault, SystemKey,
};
use portico_schemas::{ChangeDetection, Classification};

use client::Odoo;
use ops::{absences, lookups, reports, tasks};

/// The adapter kind `odoo`.
pub const KIND: AdapterKind = AdapterKind {
    name: "odoo",
    summary: "Expenses, absence and approvals on Odoo 18 (tolerant of 17)",
    settings_schema: settings::schema,
    build,
};

fn build(system: SystemKey, settings: serde_json::Value) -> Result<Adapter, Vec<SettingFault>> {
    let settings = settings::read(settings)?;
    Ok(adapter(Odoo::new(system, settings)))
}

/// An approval posts journal entries and sends mail before it answers.
const WRITING: Duration = Duration::from_secs(30);
/// How long an upload may take: there is no answer before its end.
const UPLOAD: Duration = Duration::from_secs(300);
/// Everybody, told in batches.
const TELLING: Duration = Duration::from_secs(300);

fn lasting(limit: Duration) -> Capability {
    Capability { deadline: limit, attempt_timeout: limit, ..Capability::default() }
}

fn by_time(filters: Vec<FilterCapability>, natural: &'static str) -> Capability {
    Capability {
        filters,
        sorts: keyset::SORTS.to_vec(),
        natural_sort: Some(natural),
        order: ListOrder::Keyset,
        ..Capability::default()
    }
}

fn by_id(filters: Vec<FilterCapability>) -> Capability {
    Capability { filters, order: ListOrder::Keyset, ..Capability::default() }
}

fn adapter(odoo: Odoo) -> Adapter {
    let read = Capability::default();
    let write = lasting(WRITING);
    let (kind, system) = (KIND.name, odoo.system.clone());
    let certificate = odoo.settings.client.peer_certificate();
    AdapterBuilder::new(kind, system, odoo)
        .peer_certificate(certificate)
        .on::<ListExpenseReports>(by_time(reports::filters(), "-createdAt"))
        .on::<GetExpenseReport>(read.clone())
        .on::<CreateExpenseReport>(write.clone())
        .on::<EditExpenseReport>(write.clone())
        .on::<DeleteExpenseReport>(write.clone())
        .on::<SubmitExpenseReport>(write.clone())
        .on::<WithdrawExpenseReport>(write.clone())
        .on::<AttachReceipt>(lasting(UPLOAD))
        .on::<ReadReceipt>(read.clone())
        .on::<RemoveReceipt>(write.clone())
        .on::<ListExpenseCategories>(by_id(lookups::by_name_and_code()))
        .on::<ListProjects>(by_id(lookups::by_name_and_code()))
        .on::<ListCostCentres>(by_id(lookups::by_name_and_code()))
        .on::<ListTaxRates>(by_id(lookups::by_name()))
        .on::<ListAbsences>(by_time(absences::filters(), "-createdAt"))
        .on::<GetAbsence>(read.clone())
        .on::<RequestAbsence>(write.clone())
        .on::<CancelAbsence>(write.clone())
        .on::<ListAbsenceTypes>(by_id(lookups::by_name()))
        .on::<GetAbsenceBalances>(read.clone())
        .on::<ListBusyTimes>(read.clone())
        .on::<ListTasks>(Capability { sorts: vec!["createdAt"], ..by_time(tasks::filters(), "createdAt") })
        .on::<GetTask>(read.clone())
        .on::<DecideTask>(write)
        .on::<FindPeople>(read.clone())
        .on::<PeopleChanges>(lasting(TELLING))
        .on::<FindByMarker>(read)
        .change_detection(ChangeDetection::ModifiedTime)
        .reconciliation(Reconciliation::Marker { field: marker::FIELD })
        .classification(Classification::Internal)
        .quirk("Odoo has no conditional write: versions are compared right before one, and somebody who writes in Odoo itself within those milliseconds wins.")
        .quirk("Odoo tells times to the second: two changes of one thing within a second can have one version unless its state or its lines changed.")
        .quirk("Claims are numbered only once they are journal entries: they have no number here.")
        .quirk("An agreed absence can be taken back by its employee in Odoo alone.")
        .quirk("A claim cannot be approved while its employee has no bank account in Odoo.")
        .build()
}

#[cfg(test)]
mod tests;
