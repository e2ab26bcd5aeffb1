use super::{Defect, reader, system};
use crate::planted::catches;
use crate::{Report, Verdict, documents};

#[tokio::test]
async fn suite_passes_an_adapter_that_does_everything_right() {
    let (upstream, target) = system(None);
    let report = documents(upstream, target).await;
    report.assert_passed();
    assert_eq!(report.passed(), report.findings.len(), "every check ran: {report}");
    assert!(report.findings.len() >= 50, "{}", report.findings.len());
}

#[tokio::test]
async fn suite_passes_over_what_is_not_claimed() {
    let (upstream, target) = reader();
    let report = documents(upstream, target).await;
    report.assert_passed();
    let not_claimed = report.findings.iter().filter(|one| one.verdict == Verdict::NotClaimed).count();
    assert_eq!(report.passed(), 3, "the root, the check and the claims: {report}");
    assert_eq!(report.passed() + not_claimed, report.findings.len());
}

async fn run(defect: Defect) -> Report {
    let (upstream, target) = system(Some(defect));
    documents(upstream, target).await
}

catches! {
    run;
    suite_catches_an_item_skipped_on_page_two: SkipsAnItemOnPageTwo => [
        children_come_once_through_pages_of_any_size,
        all_documents_come_once_through_pages_of_any_size,
        children_stay_put_while_others_come_and_go,
        all_documents_stay_put_while_others_come_and_go,
        children_filter_like_the_reference,
        all_documents_filter_like_the_reference,
        children_sort_by_their_keys,
        all_documents_sort_by_their_keys,
        a_position_of_children_resumes_behind_its_item,
        a_position_of_all_documents_resumes_behind_its_item,
        a_scope_hides_what_it_does_not_show,
    ];
    suite_catches_an_item_repeated_between_pages: RepeatsThePageBoundary => [
        children_come_once_through_pages_of_any_size,
        all_documents_come_once_through_pages_of_any_size,
        children_stay_put_while_others_come_and_go,
        all_documents_stay_put_while_others_come_and_go,
        children_filter_like_the_reference,
        all_documents_filter_like_the_reference,
        children_sort_by_their_keys,
        all_documents_sort_by_their_keys,
        a_position_of_children_resumes_behind_its_item,
        a_position_of_all_documents_resumes_behind_its_item,
        a_scope_hides_what_it_does_not_show,
    ];
    suite_catches_ignored_preconditions: IgnoresPreconditions => [
        absent_creates_once,
        exists_replaces_only_what_is_there,
        a_stale_version_is_refused,
        a_version_of_what_is_missing_is_refused,
        of_concurrent_writers_one_wins,
        of_concurrent_creators_one_wins,
        a_stale_delete_is_refused,
        a_stale_move_is_refused,
    ];
    suite_catches_preconditions_checked_apart: ChecksPreconditionsApart => [
        of_concurrent_writers_one_wins,
        of_concurrent_creators_one_wins,
    ];
    suite_catches_an_empty_list_on_failure: GivesAnEmptyListOnFailure => [
        children_of_a_file_or_of_nothing_are_refused,
    ];
    suite_catches_offsets_that_claim_to_be_keys: CountsInsteadOfKeys => [
        children_stay_put_while_others_come_and_go,
        all_documents_stay_put_while_others_come_and_go,
    ];
    suite_catches_positions_of_the_page_instead_of_the_item: PositionsEndThePage => [
        a_position_of_children_resumes_behind_its_item,
        a_position_of_all_documents_resumes_behind_its_item,
    ];
    suite_catches_ignored_filters: IgnoresFilters => [
        children_filter_like_the_reference,
        all_documents_filter_like_the_reference,
    ];
    suite_catches_keys_that_are_not_the_values: SortsWithoutCase => [
        children_sort_by_their_keys,
        all_documents_sort_by_their_keys,
    ];
    suite_catches_an_ignored_scope: IgnoresScope => [
        a_scope_hides_what_it_does_not_show,
    ];
    suite_catches_ranges_cut_short: CutsRangesShort => [
        a_range_from_first_to_last,
        a_range_to_the_end,
        a_range_of_the_last_octets,
        a_range_of_another_version_gives_everything,
    ];
    suite_catches_content_in_one_piece: SendsEverythingInOnePiece => [
        a_large_document_streams_both_ways_in_flat_memory,
    ];
    suite_catches_names_decoded_twice: DecodesNamesTwice => [
        names_of_every_kind_round_trip,
    ];
    suite_catches_names_that_cannot_be: TakesAnyName => [
        names_that_cannot_be_are_refused,
    ];
    suite_catches_moves_onto_others: MovesOntoOthers => [
        nothing_is_moved_onto_something,
        nothing_is_copied_onto_something,
    ];
    suite_catches_copies_of_folders_without_content: CopiesFoldersEmpty => [
        a_folder_is_copied_with_what_is_in_it,
    ];
    suite_catches_children_left_behind: ForgetsChildrenWhenDeleting => [
        a_folder_is_deleted_with_what_is_in_it,
    ];
    suite_catches_ignored_locks: IgnoresLocks => [
        a_locked_document_is_not_written,
        a_locked_document_is_not_moved_or_deleted,
    ];
    suite_catches_a_lost_parent: LosesTheParent => [
        records_hold_together,
        listed_records_hold_together,
        folders_nest_and_a_missing_one_is_a_conflict,
        a_document_is_renamed_and_moved,
    ];
    suite_catches_broken_uploads_that_count: CountsBrokenUploads => [
        an_upload_that_breaks_off_is_an_error,
    ];
    suite_catches_a_check_without_a_version: NamesNoVersion => [
        check_reports_a_version,
    ];
}
