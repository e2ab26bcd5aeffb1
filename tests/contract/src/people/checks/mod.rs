//! All checks by name, with what they need.

mod changes;
pub(crate) mod claims;
mod endurance;
mod hostile;
mod lists;
mod lookups;
mod photos;
mod relations;
mod units;

use futures_util::future::BoxFuture;

use super::world::World;
use crate::world::Outcome;

/// One named check.
pub(crate) struct Check {
    pub name: &'static str,
    /// Operations without which it means nothing.
    pub needs: &'static [&'static str],
    /// Whether it changes the directory natively.
    pub changes: bool,
    pub run: for<'a> fn(&'a World) -> BoxFuture<'a, Outcome>,
}

impl Check {
    /// The check changes the directory natively.
    fn changing(self) -> Self {
        Self { changes: true, ..self }
    }
}

const LIST: &str = "people list";
const GET: &str = "people get";
const FIND: &str = "people find";
const REPORTS: &str = "people reports";
const PHOTO: &str = "people photo";
const GROUPS: &str = "people groups";
const UNITS: &str = "org_units list";
const UNIT: &str = "org_units get";
const CHANGES: &str = "people changes";

macro_rules! check {
    ($needs:expr, $module:ident :: $name:ident) => {
        Check {
            name: stringify!($name),
            needs: $needs,
            changes: false,
            run: |world| Box::pin($module::$name(world)),
        }
    };
}

/// Every check, in the order in which they run.
pub(crate) fn all() -> Vec<Check> {
    let mut checks = listed();
    checks.extend(looked_up());
    checks.extend(related());
    checks.extend(changed());
    checks
}

fn listed() -> Vec<Check> {
    vec![
        check!(&[], claims::operations_that_are_not_claimed_answer_unsupported),
        check!(&["systems check"], claims::check_reports_a_version),
        check!(&[LIST], lists::everybody_comes_once_through_pages_of_any_size),
        check!(&[LIST], lists::records_say_what_is_known),
        check!(&[LIST, GET], lists::every_record_is_found_again_by_its_id),
        check!(&[LIST], lists::people_filter_like_the_reference),
        check!(&[LIST], lists::people_sort_by_their_keys),
        check!(&[LIST], lists::a_position_resumes_behind_its_item),
        check!(&[LIST], lists::a_scope_hides_what_it_does_not_show),
        check!(&[LIST], lists::people_stay_put_while_others_come_and_go).changing(),
    ]
}

fn looked_up() -> Vec<Check> {
    vec![
        check!(&[GET], lookups::nobody_has_an_id_that_was_never_given_out),
        check!(&[LIST, FIND], lookups::people_are_found_by_every_key),
        check!(&[FIND], lookups::user_names_and_addresses_are_found_whatever_the_case),
        check!(&[FIND], lookups::nobody_is_found_by_part_of_a_key_or_nothing),
        check!(&[FIND], lookups::an_ambiguous_key_finds_several_but_not_all).changing(),
        check!(&[LIST, GET, FIND], hostile::hostile_texts_find_nobody_and_break_nothing),
        check!(&[LIST], hostile::hostile_filters_find_nobody_and_break_nothing),
        check!(&[LIST, GET, FIND], endurance::calls_at_the_same_time_are_not_mixed_up),
        check!(&[LIST, GET, FIND], endurance::a_call_that_is_given_up_leaves_the_client_usable),
    ]
}

fn related() -> Vec<Check> {
    vec![
        check!(&[LIST, GET, REPORTS], relations::reports_are_those_who_name_the_manager),
        check!(&[LIST, REPORTS], relations::whoever_manages_nobody_has_no_reports),
        check!(&[REPORTS], relations::nobody_reports_to_a_person_that_is_not_there),
        check!(&[LIST, GROUPS], relations::groups_hold_those_reached_through_others),
        check!(&[GROUPS], relations::a_person_that_is_not_there_has_no_groups),
        check!(&[LIST, PHOTO], photos::a_photo_is_read_whole_and_with_its_version),
        check!(&[LIST, PHOTO], photos::an_unchanged_photo_is_not_sent_again),
        check!(&[LIST, PHOTO], photos::who_has_no_photo_has_none_to_read),
        check!(&[UNITS, UNIT], units::units_come_once_and_are_found_again),
        check!(&[UNITS], units::units_sort_and_filter_as_claimed),
        check!(&[UNITS, LIST], units::people_lie_in_units_that_are_listed),
        check!(&[UNIT], units::no_unit_has_an_id_that_was_never_given_out),
    ]
}

fn changed() -> Vec<Check> {
    vec![
        check!(&[GET, FIND], lookups::an_id_survives_a_change_of_name).changing(),
        check!(&[GET, FIND], lookups::names_of_every_kind_come_back).changing(),
        check!(&[LIST, GET, FIND], lookups::who_is_deleted_is_gone).changing(),
        check!(&[LIST, CHANGES], changes::everything_is_told_to_whoever_knows_nothing),
        check!(&[LIST, CHANGES], changes::nothing_new_changes_nothing),
        check!(&[LIST, FIND, CHANGES], changes::each_change_is_told).changing(),
        check!(&[LIST, FIND, CHANGES], changes::an_old_position_still_leads_to_the_truth).changing(),
        check!(&[CHANGES], changes::the_telling_ends_when_nobody_listens),
    ]
}
