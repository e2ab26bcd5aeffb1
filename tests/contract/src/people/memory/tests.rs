use super::{Defect, reader, system};
use crate::planted::catches;
use crate::{Report, Verdict, people};

#[tokio::test]
async fn suite_passes_a_directory_that_does_everything_right() {
    let (upstream, target) = system(None);
    let report = people(upstream, target).await;
    report.assert_passed();
    assert_eq!(report.passed(), report.findings.len(), "every check ran: {report}");
    assert!(report.findings.len() >= 35, "{}", report.findings.len());
}

#[tokio::test]
async fn suite_passes_over_what_is_not_claimed() {
    let (upstream, target) = reader();
    let report = people(upstream, target).await;
    report.assert_passed();
    assert_eq!(report.passed(), 3, "who is not there, the check and the claims: {report}");
    let not_claimed = report.findings.iter().filter(|one| one.verdict == Verdict::NotClaimed).count();
    assert_eq!(report.passed() + not_claimed, report.findings.len());
}

#[tokio::test]
async fn suite_offers_no_check_of_changes_without_a_way_to_change() {
    let (upstream, mut target) = system(None);
    target.native = None;
    let report = people(upstream, target).await;
    report.assert_passed();
    let not_offered = report.findings.iter().filter(|one| one.verdict == Verdict::NotOffered).count();
    assert_eq!(not_offered, 7, "{report}");
}

async fn run(defect: Defect) -> Report {
    let (upstream, target) = system(Some(defect));
    people(upstream, target).await
}

catches! {
    run;
    suite_catches_somebody_skipped_on_page_two: SkipsSomebodyOnPageTwo => [
        everybody_comes_once_through_pages_of_any_size,
        people_filter_like_the_reference,
        people_sort_by_their_keys,
        a_position_resumes_behind_its_item,
        people_stay_put_while_others_come_and_go,
        reports_are_those_who_name_the_manager,
        units_come_once_and_are_found_again,
        units_sort_and_filter_as_claimed,
    ];
    suite_catches_somebody_repeated_between_pages: RepeatsThePageBoundary => [
        everybody_comes_once_through_pages_of_any_size,
        people_filter_like_the_reference,
        people_sort_by_their_keys,
        a_position_resumes_behind_its_item,
        people_stay_put_while_others_come_and_go,
        units_sort_and_filter_as_claimed,
    ];
    suite_catches_offsets_that_claim_to_be_keys: CountsInsteadOfKeys => [people_stay_put_while_others_come_and_go];
    suite_catches_positions_of_the_page_instead_of_the_item: PositionsEndThePage => [a_position_resumes_behind_its_item];
    suite_catches_ignored_filters: IgnoresFilters => [
        people_filter_like_the_reference,
        hostile_filters_find_nobody_and_break_nothing,
    ];
    suite_catches_keys_that_are_not_the_values: SortsWithoutCase => [people_sort_by_their_keys];
    suite_catches_an_ignored_scope: IgnoresScope => [a_scope_hides_what_it_does_not_show];
    suite_catches_lists_that_say_less: ListsLessThanItGives => [
        records_say_what_is_known,
        every_record_is_found_again_by_its_id,
        people_are_found_by_every_key,
        calls_at_the_same_time_are_not_mixed_up,
        everything_is_told_to_whoever_knows_nothing,
        nothing_new_changes_nothing,
        each_change_is_told,
        an_old_position_still_leads_to_the_truth,
    ];
    suite_catches_disabled_people_shown_as_active: TakesEverybodyForActive => [records_say_what_is_known];
    suite_catches_managers_shown_by_their_key: ShowsTheManagersKey => [records_say_what_is_known];
    suite_catches_ids_that_are_names: KeysOnTheName => [
        an_id_survives_a_change_of_name,
        each_change_is_told,
        an_old_position_still_leads_to_the_truth,
    ];
    suite_catches_wildcards: TakesWildcards => [
        nobody_is_found_by_part_of_a_key_or_nothing,
        hostile_texts_find_nobody_and_break_nothing,
    ];
    suite_catches_case_that_matters: MindsTheCase => [user_names_and_addresses_are_found_whatever_the_case];
    suite_catches_too_many_of_one_key: FindsEverybodyWithAKey => [an_ambiguous_key_finds_several_but_not_all];
    suite_catches_people_who_are_not_there: InventsWhoIsNotThere => [
        nobody_has_an_id_that_was_never_given_out,
        hostile_texts_find_nobody_and_break_nothing,
        who_is_deleted_is_gone,
    ];
    suite_catches_refused_texts: RefusesOddTexts => [hostile_texts_find_nobody_and_break_nothing];
    suite_catches_reports_of_reports: ReportsOfReportsToo => [reports_are_those_who_name_the_manager];
    suite_catches_reports_of_nobody: NoReportsOfNobody => [
        hostile_texts_find_nobody_and_break_nothing,
        nobody_reports_to_a_person_that_is_not_there,
    ];
    suite_catches_groups_that_are_not_followed: OnlyDirectGroups => [groups_hold_those_reached_through_others];
    suite_catches_photos_sent_every_time: PhotosEveryTime => [an_unchanged_photo_is_not_sent_again];
    suite_catches_empty_photos: EmptyPhotos => [who_has_no_photo_has_none_to_read];
    suite_catches_units_without_parents: UnitsAreFlat => [units_come_once_and_are_found_again];
    suite_catches_people_in_the_wrong_unit: PeopleLieAnywhere => [people_lie_in_units_that_are_listed];
    suite_catches_calls_mixed_up: MixesUpCalls => [
        every_record_is_found_again_by_its_id,
        calls_at_the_same_time_are_not_mixed_up,
    ];
    suite_catches_a_client_that_is_lost_with_a_call: StaysBusyWhenGivenUp => [
        a_call_that_is_given_up_leaves_the_client_usable,
    ];
    suite_catches_names_escaped_twice: EscapesTwice => [
        records_say_what_is_known,
        names_of_every_kind_come_back,
    ];
    suite_catches_forgotten_deletes: ForgetsDeletes => [
        each_change_is_told,
        an_old_position_still_leads_to_the_truth,
    ];
    suite_catches_missed_edits: MissesEdits => [
        each_change_is_told,
        an_old_position_still_leads_to_the_truth,
    ];
    suite_catches_everybody_told_again: TellsEverybodyAgain => [
        nothing_new_changes_nothing,
        each_change_is_told,
    ];
    suite_catches_a_whole_that_is_not_called_so: TellsOnlyADelta => [everything_is_told_to_whoever_knows_nothing];
    suite_catches_telling_nobody: TalksToNobody => [the_telling_ends_when_nobody_listens];
    suite_catches_a_check_without_a_version: NamesNoVersion => [check_reports_a_version];
}

/// Nearly every check begins with a list of everybody.
#[tokio::test]
async fn suite_catches_short_lists() {
    for (defect, words) in [
        (Defect::StopsAtASizeLimit, "25 of 40 people"),
        (Defect::EndsAtALimitOfItsOwn, "the list ends after 25 items"),
    ] {
        let (upstream, target) = system(Some(defect));
        let report = people(upstream, target).await;
        let list =
            report.findings.iter().find(|one| one.check == "everybody_comes_once_through_pages_of_any_size");
        let Some(Verdict::Failed(why)) = list.map(|one| &one.verdict) else { panic!("{defect:?}: {report}") };
        assert!(why.contains(words), "{defect:?}: {why}");
        assert!(report.failed().len() > 15, "{defect:?}: {report}");
    }
}
