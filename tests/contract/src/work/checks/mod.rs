//! All checks by name, with what they need.

mod absences;
pub(crate) mod claims;
mod drafts;
mod lists;
mod markers;
mod receipts;
mod reports;
mod tasks;

use futures_util::future::BoxFuture;
use portico_contract::absences::{ListAbsenceTypes, ListAbsences};
use portico_contract::expenses::{
    ListCostCentres, ListExpenseCategories, ListExpenseReports, ListProjects, ListTaxRates,
};
use portico_contract::tasks::ListTasks;

use super::target::WorkTarget;
use super::world::World;
use crate::world::Outcome;

/// One named check.
pub(crate) struct Check {
    pub name: &'static str,
    /// Operations without which it means nothing.
    pub needs: &'static [&'static str],
    /// Whether it writes, or asks for what could change something.
    pub writes: bool,
    /// Whether the target has what it needs.
    pub offered: fn(&WorkTarget) -> bool,
    pub run: for<'a> fn(&'a World) -> BoxFuture<'a, Outcome>,
}

impl Check {
    fn writing(self) -> Self {
        Self { writes: true, ..self }
    }

    fn with(self, offered: fn(&WorkTarget) -> bool) -> Self {
        Self { offered, ..self }
    }
}

macro_rules! check {
    ($needs:expr, $name:ident => $run:expr) => {
        Check {
            name: stringify!($name),
            needs: $needs,
            writes: false,
            offered: |_| true,
            run: |world| Box::pin($run(world)),
        }
    };
}

const REPORTS: &str = "expenses list_reports";
const REPORT: &str = "expenses get_report";
const CREATE: &str = "expenses create_report";
const EDIT: &str = "expenses edit_report";
const DELETE: &str = "expenses delete_report";
const SUBMIT: &str = "expenses submit_report";
const WITHDRAW: &str = "expenses withdraw_report";
const ATTACH: &str = "expenses attach_receipt";
const READ: &str = "expenses read_receipt";
const REMOVE: &str = "expenses remove_receipt";
const CATEGORIES: &str = "expenses list_categories";
const PROJECTS: &str = "expenses list_projects";
const CENTRES: &str = "expenses list_cost_centres";
const RATES: &str = "expenses list_tax_rates";
const ABSENCES: &str = "absences list";
const ABSENCE: &str = "absences get";
const REQUEST: &str = "absences request";
const CANCEL: &str = "absences cancel";
const TYPES: &str = "absences list_types";
const BALANCES: &str = "absences balances";
const BUSY: &str = "absences busy_times";
const TASKS: &str = "tasks list";
const TASK: &str = "tasks get";
const DECIDE: &str = "tasks decide";
const MARKER: &str = "systems find_by_marker";
const CHECK: &str = "systems check";

/// Every check of expenses, in the order in which they run.
pub(crate) fn expenses() -> Vec<Check> {
    let mut checks = reports_read();
    checks.extend(look_ups());
    checks.extend(reports_written().into_iter().map(Check::writing));
    checks.extend(receipts_written().into_iter().map(Check::writing));
    checks
}

fn reports_read() -> Vec<Check> {
    vec![
        check!(&[], operations_that_are_not_claimed_answer_unsupported => claims::expenses).writing(),
        check!(&[CHECK], check_reports_a_version => claims::check_reports_a_version),
        check!(&[REPORTS], reports_come_once_through_pages_of_any_size => lists::complete::<ListExpenseReports>),
        check!(&[REPORTS], reports_filter_like_the_reference => lists::filter::<ListExpenseReports>),
        check!(&[REPORTS], reports_sort_by_their_keys => lists::sort::<ListExpenseReports>),
        check!(&[REPORTS], a_position_of_reports_resumes_behind_its_item => lists::resume::<ListExpenseReports>),
        check!(&[REPORTS], a_scope_hides_reports_that_it_does_not_show => lists::scope::<ListExpenseReports>),
        check!(&[REPORTS, REPORT], a_report_read_alone_is_the_one_listed => reports::read_alone),
        check!(&[REPORT], a_report_that_is_not_there_is_not_found => reports::missing),
        check!(&[MARKER], a_marker_that_nothing_carries_finds_nothing => markers::unknown_finds_nothing),
    ]
}

fn look_ups() -> Vec<Check> {
    vec![
        check!(&[CATEGORIES], there_are_categories_to_choose => lists::holds_something::<ListExpenseCategories>),
        check!(&[CATEGORIES], categories_come_once_through_pages_of_any_size => lists::complete::<ListExpenseCategories>),
        check!(&[CATEGORIES], categories_filter_like_the_reference => lists::filter::<ListExpenseCategories>),
        check!(&[PROJECTS], projects_come_once_through_pages_of_any_size => lists::complete::<ListProjects>),
        check!(&[PROJECTS], projects_filter_like_the_reference => lists::filter::<ListProjects>),
        check!(&[CENTRES], cost_centres_come_once_through_pages_of_any_size => lists::complete::<ListCostCentres>),
        check!(&[CENTRES], cost_centres_filter_like_the_reference => lists::filter::<ListCostCentres>),
        check!(&[RATES], tax_rates_come_once_through_pages_of_any_size => lists::complete::<ListTaxRates>),
        check!(&[RATES], tax_rates_filter_like_the_reference => lists::filter::<ListTaxRates>),
    ]
}

fn reports_written() -> Vec<Check> {
    let draft = |target: &WorkTarget| target.employee.is_some() && target.category.is_some();
    vec![
        check!(&[CREATE, REPORT], a_new_report_holds_what_was_asked => drafts::holds_what_was_asked).with(draft),
        check!(&[CREATE, REPORTS], a_new_report_is_listed_at_once => reports::new_is_listed_at_once).with(draft),
        check!(&[CREATE], amounts_come_back_to_the_penny => drafts::amounts_come_back).with(draft),
        check!(&[CREATE], texts_of_every_kind_come_back => drafts::texts_come_back).with(draft),
        check!(&[CREATE, REPORTS], a_refused_draft_names_its_lines_and_leaves_nothing => drafts::refused_names_every_fault).with(draft),
        check!(&[CREATE, EDIT, REPORT], an_edit_replaces_lines_and_keeps_those_named => reports::edit_replaces).with(draft),
        check!(&[CREATE, EDIT, DELETE, SUBMIT, WITHDRAW, REPORT], a_stale_version_is_refused => reports::stale_version).with(draft),
        check!(&[CREATE, EDIT, REPORT], a_change_in_the_office_is_seen => reports::native_change_is_seen)
            .with(|target| target.category.is_some() && target.native.is_some()),
        check!(&[CREATE, SUBMIT, WITHDRAW], a_report_is_handed_in_and_taken_back => reports::submitted_and_withdrawn).with(draft),
        check!(&[CREATE, SUBMIT, EDIT, DELETE, REPORT], what_was_handed_in_is_not_written => reports::no_draft_is_not_written).with(draft),
        check!(&[CREATE, DELETE, REPORT, REPORTS], a_deleted_draft_is_gone => reports::deleted_is_gone).with(draft),
        check!(&[EDIT, DELETE, SUBMIT, WITHDRAW], a_report_that_is_not_there_is_not_changed => reports::missing_is_not_changed).with(draft),
        check!(&[CREATE, REPORTS], reports_made_at_the_same_time_are_not_mixed_up => reports::at_the_same_time).with(draft),
        check!(&[CREATE, MARKER], a_marked_report_is_found => markers::report_is_found).with(draft),
        check!(&[CREATE, MARKER, REPORT, REPORTS], a_marker_sent_twice_finds_all_that_was_made => markers::sent_twice).with(draft),
        check!(&[CREATE, MARKER, REPORT, REPORTS], a_lost_answer_leaves_one_report => markers::lost_report)
            .with(|target| target.category.is_some() && target.losses.is_some()),
        check!(&[CREATE, SUBMIT, REPORT], a_lost_submission_is_read_back => markers::lost_submission)
            .with(|target| target.category.is_some() && target.losses.is_some()),
    ]
}

fn receipts_written() -> Vec<Check> {
    let draft = |target: &WorkTarget| target.employee.is_some() && target.category.is_some();
    vec![
        check!(&[CREATE, REPORT, ATTACH, READ], a_receipt_comes_back_octet_for_octet => receipts::octet_for_octet).with(draft),
        check!(&[CREATE, REPORT, ATTACH], a_receipt_that_is_too_large_is_refused => receipts::too_large).with(draft),
        check!(&[CREATE, REPORT, ATTACH], a_receipt_that_breaks_off_leaves_nothing => receipts::broken_off).with(draft),
        check!(&[CREATE, REPORT, ATTACH, READ, REMOVE], a_removed_receipt_is_gone => receipts::removed_is_gone).with(draft),
        check!(&[CREATE, SUBMIT, REPORT, ATTACH, READ, REMOVE], receipts_of_what_was_handed_in_stay => receipts::only_drafts_change).with(draft),
        check!(&[CREATE, ATTACH, MARKER], a_marked_receipt_is_found => markers::receipt_is_found).with(draft),
        check!(&[CREATE, ATTACH, MARKER, REPORT], a_lost_answer_leaves_one_receipt => markers::lost_receipt)
            .with(|target| target.category.is_some() && target.losses.is_some()),
    ]
}

/// Every check of absences, in the order in which they run.
pub(crate) fn absences() -> Vec<Check> {
    let mut checks = vec![
        check!(&[], operations_that_are_not_claimed_answer_unsupported => claims::absences).writing(),
        check!(&[CHECK], check_reports_a_version => claims::check_reports_a_version),
        check!(&[ABSENCES], absences_come_once_through_pages_of_any_size => lists::complete::<ListAbsences>),
        check!(&[ABSENCES], absences_filter_like_the_reference => lists::filter::<ListAbsences>),
        check!(&[ABSENCES], absences_sort_by_their_keys => lists::sort::<ListAbsences>),
        check!(&[ABSENCES], a_position_of_absences_resumes_behind_its_item => lists::resume::<ListAbsences>),
        check!(&[ABSENCES], a_scope_hides_absences_that_it_does_not_show => lists::scope::<ListAbsences>),
        check!(&[ABSENCES, ABSENCE], an_absence_read_alone_is_the_one_listed => absences::read_alone),
        check!(&[ABSENCE], an_absence_that_is_not_there_is_not_found => absences::missing),
        check!(&[TYPES], there_are_types_of_absence_to_choose => lists::holds_something::<ListAbsenceTypes>),
        check!(&[TYPES], types_come_once_through_pages_of_any_size => lists::complete::<ListAbsenceTypes>),
        check!(&[TYPES], types_filter_like_the_reference => lists::filter::<ListAbsenceTypes>),
        check!(&[BALANCES], nobody_has_no_balances => absences::no_balances_of_nobody),
        check!(&[ABSENCES, BUSY], whoever_is_away_in_the_list_looks_away => absences::busy_like_the_list),
    ];
    checks.extend(absences_written().into_iter().map(Check::writing));
    checks
}

fn absences_written() -> Vec<Check> {
    let usual = |target: &WorkTarget| {
        target.employee.is_some() && target.monday.is_some() && target.absence_type.is_some()
    };
    vec![
        check!(&[REQUEST, ABSENCE], a_new_request_holds_what_was_asked => absences::holds_what_was_asked)
            .with(usual),
        check!(&[REQUEST], notes_of_every_kind_come_back => absences::notes_come_back).with(|target| {
            target.monday.is_some() && target.absence_type.is_some() && target.native.is_some()
        }),
        check!(&[REQUEST], a_day_is_taken_once => absences::overlap).with(usual),
        check!(&[REQUEST], faults_of_a_request_are_named => absences::faults_are_named).with(usual),
        check!(&[REQUEST], half_a_day_is_half_a_day => absences::half_a_day).with(usual),
        check!(&[REQUEST, CANCEL, ABSENCE], leave_is_taken_back => absences::taken_back).with(usual),
        check!(&[REQUEST, BALANCES], balances_add_up => absences::balances_add_up)
            .with(|target| target.monday.is_some() && target.balanced_type.is_some()),
        check!(&[REQUEST, CANCEL, BUSY], colleagues_see_when_and_not_why => absences::busy_times).with(usual),
        check!(&[REQUEST, MARKER], a_marked_request_is_found => markers::absence_is_found).with(usual),
        check!(&[REQUEST, MARKER, ABSENCE], a_lost_answer_leaves_one_absence => markers::lost_absence).with(
            |target| target.monday.is_some() && target.absence_type.is_some() && target.losses.is_some(),
        ),
    ]
}

/// Every check of tasks, in the order in which they run.
pub(crate) fn tasks() -> Vec<Check> {
    let mut checks = vec![
        check!(&[], operations_that_are_not_claimed_answer_unsupported => claims::tasks).writing(),
        check!(&[CHECK], check_reports_a_version => claims::check_reports_a_version),
        check!(&[TASKS], tasks_come_once_through_pages_of_any_size => lists::complete::<ListTasks>),
        check!(&[TASKS], tasks_filter_like_the_reference => lists::filter::<ListTasks>),
        check!(&[TASKS], tasks_sort_by_their_keys => lists::sort::<ListTasks>),
        check!(&[TASKS], a_position_of_tasks_resumes_behind_its_item => lists::resume::<ListTasks>),
        check!(&[TASKS], a_scope_hides_tasks_that_it_does_not_show => lists::scope::<ListTasks>),
        check!(&[TASKS, TASK], a_task_read_alone_is_the_one_listed => tasks::read_alone),
        check!(&[TASKS], without_a_filter_only_what_waits_is_listed => tasks::without_a_filter_what_waits),
        check!(&[TASK], a_task_that_is_not_there_is_not_found => tasks::missing),
    ];
    checks.extend(decided().into_iter().map(Check::writing));
    checks
}

fn decided() -> Vec<Check> {
    const CLAIM: &[&str] = &[TASKS, TASK, DECIDE, CREATE, SUBMIT, REPORT];
    const LEAVE: &[&str] = &[TASKS, TASK, DECIDE, REQUEST, ABSENCE];
    let draft = |target: &WorkTarget| target.employee.is_some() && target.category.is_some();
    // Decided things cannot be deleted through the contract.
    let cleared = |target: &WorkTarget| {
        target.employee.is_some() && target.category.is_some() && target.native.is_some()
    };
    vec![
        check!(&[TASKS, TASK, DECIDE, CREATE, SUBMIT, WITHDRAW], a_report_waits_for_its_approver => tasks::waits_for_its_approver).with(draft),
        check!(&[TASKS, CREATE], a_draft_waits_for_nobody => tasks::a_draft_is_no_task).with(draft),
        check!(CLAIM, a_report_is_approved_once => tasks::approved).with(cleared),
        check!(CLAIM, a_report_is_refused_with_a_comment => tasks::refusal).with(cleared),
        check!(CLAIM, what_is_not_open_is_not_decided => tasks::not_open_or_stale).with(draft),
        check!(CLAIM, what_the_system_refuses_changes_nothing => tasks::refused_by_the_system)
            .with(|target| target.unpayable.is_some() && target.category.is_some()),
        check!(LEAVE, leave_is_agreed_or_refused_by_one => tasks::leave_of_one)
            .with(|target| target.monday.is_some() && target.absence_type.is_some() && target.native.is_some()),
        check!(LEAVE, leave_is_agreed_by_two => tasks::leave_of_two)
            .with(|target| target.monday.is_some() && target.absence_type_of_two.is_some() && target.native.is_some()),
        check!(CLAIM, a_lost_decision_is_read_back => tasks::lost_decision)
            .with(|target| target.category.is_some() && target.losses.is_some() && target.native.is_some()),
    ]
}
