//! The suites are shown to fail: the adapter over the simulator is right in everything, and a layer over it wrong in one thing.
//! Each defect has to be caught by exactly the checks that are about it.

use std::sync::Arc;

use portico_odoo_sim::{Options, Sim};

use super::faulty::{Defect, faulty};
use super::{Suite, place, simulated};

async fn caught(suite: Suite, defect: Defect, checks: &[&str]) {
    let sim = Arc::new(Sim::start(Options { people: 60, ..Options::new() }).await.unwrap());
    let target = simulated::target(&sim);
    let (upstream, _files) = place(&sim, "jsonrpc").upstream();
    let report = suite.run(faulty(upstream, defect), target).await;
    let mut failed = report.failed();
    let mut expected = checks.to_vec();
    failed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(failed, expected, "{defect:?}: {report}");
}

macro_rules! catches {
    ($($name:ident: $suite:ident, $defect:ident => [$($check:ident),+ $(,)?];)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                caught(Suite::$suite, Defect::$defect, &[$(stringify!($check)),+]).await;
            }
        )+
    };
}

catches! {
    a_report_skipped_on_page_two: Expenses, SkipsAReportOnPageTwo => [
        reports_come_once_through_pages_of_any_size,
        reports_filter_like_the_reference,
        reports_sort_by_their_keys,
        a_position_of_reports_resumes_behind_its_item,
        a_scope_hides_reports_that_it_does_not_show,
    ];
    ignored_filters: Expenses, IgnoresFilters => [reports_filter_like_the_reference];
    an_ignored_scope: Expenses, IgnoresScope => [a_scope_hides_reports_that_it_does_not_show];
    positions_of_the_page: Expenses, PositionsEndThePage => [a_position_of_reports_resumes_behind_its_item];
    a_list_that_says_less: Expenses, ListsLessThanItReads => [a_report_read_alone_is_the_one_listed];
    a_lost_penny: Expenses, LosesAPenny => [amounts_come_back_to_the_penny];
    escaped_texts: Expenses, EscapesTexts => [texts_of_every_kind_come_back];
    ignored_versions: Expenses, IgnoresVersions => [
        a_stale_version_is_refused,
        a_change_in_the_office_is_seen,
    ];
    lines_made_anew: Expenses, MakesLinesAnew => [an_edit_replaces_lines_and_keeps_those_named];
    a_submission_that_is_no_longer_possible: Expenses, SubmitsOnce => [
        a_report_is_handed_in_and_taken_back,
        a_lost_submission_is_read_back,
    ];
    missing_taken_for_broken: Expenses, TakesMissingForBroken => [
        a_report_that_is_not_there_is_not_found,
        a_deleted_draft_is_gone,
    ];
    a_forgotten_marker: Expenses, ForgetsTheMarker => [
        a_marked_report_is_found,
        a_marker_sent_twice_finds_all_that_was_made,
        a_lost_answer_leaves_one_report,
    ];
    a_lost_write_repeated: Expenses, RepeatsLostWrites => [a_lost_answer_leaves_one_report];
    receipts_cut_short: Expenses, CutsReceipts => [
        a_receipt_comes_back_octet_for_octet,
        receipts_of_what_was_handed_in_stay,
    ];
    whole_days_only: Absences, WholeDaysOnly => [half_a_day_is_half_a_day, faults_of_a_request_are_named];
    an_overlap_blamed_on_the_caller: Absences, BlamesTheCaller => [a_day_is_taken_once, balances_add_up];
    somebody_away_who_looks_free: Absences, ForgetsWhoIsAway => [
        whoever_is_away_in_the_list_looks_away,
        colleagues_see_when_and_not_why,
    ];
    requests_that_do_not_count: Absences, CountsNoRequests => [balances_add_up];
    leave_that_stays: Absences, CancelsNothing => [leave_is_taken_back, colleagues_see_when_and_not_why];
    decided_tasks_in_the_inbox: Tasks, ListsWhatIsDecided => [
        without_a_filter_only_what_waits_is_listed,
        a_report_is_approved_once,
    ];
    decided_tasks_under_another_id: Tasks, RenamesDecidedTasks => [
        a_report_is_approved_once,
        a_report_is_refused_with_a_comment,
        leave_is_agreed_or_refused_by_one,
        leave_is_agreed_by_two,
        a_lost_decision_is_read_back,
    ];
    a_comment_made_up: Tasks, CommentsByItself => [a_report_is_refused_with_a_comment];
    a_decision_that_cannot_be_repeated: Tasks, DecidesOnce => [
        a_report_is_approved_once,
        a_report_is_refused_with_a_comment,
        leave_is_agreed_or_refused_by_one,
        a_lost_decision_is_read_back,
    ];
    an_approval_that_did_not_happen: Tasks, ApprovesAnyway => [
        what_the_system_refuses_changes_nothing,
        a_report_is_approved_once,
        a_report_is_refused_with_a_comment,
        leave_is_agreed_or_refused_by_one,
    ];
}
