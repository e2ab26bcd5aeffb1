//! All checks by name, with what they need.

pub(crate) mod claims;
mod content;
mod lists;
mod locks;
mod names;
mod places;
mod preconditions;
mod records;
mod streams;
mod trees;

use futures_util::future::BoxFuture;

use crate::world::{Outcome, World};

/// One named check.
pub(crate) struct Check {
    pub name: &'static str,
    /// Operations without which it means nothing.
    pub needs: &'static [&'static str],
    /// Whether it needs a native lock.
    pub locks: bool,
    pub run: for<'a> fn(&'a World) -> BoxFuture<'a, Outcome>,
}

impl Check {
    /// The check needs a native lock.
    fn locking(self) -> Self {
        Self { locks: true, ..self }
    }
}

const GET: &str = "documents get";
const LIST: &str = "documents list";
const CHILDREN: &str = "documents children";
const READ: &str = "documents read_content";
const NAME: &str = "documents name_child";
const WRITE: &str = "documents write_content";
const MKDIR: &str = "documents create_folder";
const MOVE: &str = "documents move";
const COPY: &str = "documents copy";
const DELETE: &str = "documents delete";

/// What every check that writes a document of its own needs.
const FILES: &[&str] = &[NAME, MKDIR, WRITE, GET, READ];
const FOLDERS: &[&str] = &[NAME, MKDIR, GET];
const CHILD_LISTS: &[&str] = &[NAME, MKDIR, WRITE, GET, CHILDREN];
const ALL_LISTS: &[&str] = &[NAME, MKDIR, WRITE, GET, LIST];

macro_rules! check {
    ($needs:expr, $module:ident :: $name:ident) => {
        Check {
            name: stringify!($name),
            needs: $needs,
            locks: false,
            run: |world| Box::pin($module::$name(world)),
        }
    };
}

/// Every check, in the order in which they run.
pub(crate) fn all() -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(first());
    checks.extend(written());
    checks.extend(listed());
    checks.extend(moved());
    checks
}

fn first() -> Vec<Check> {
    vec![
        check!(&[], claims::operations_that_are_not_claimed_answer_unsupported),
        check!(&["systems check"], claims::check_reports_a_version),
        check!(&[GET], places::root_is_a_folder),
        check!(FOLDERS, places::a_folder_is_made_and_found),
        check!(FOLDERS, places::folders_nest_and_a_missing_one_is_a_conflict),
        check!(FILES, places::a_folder_is_not_made_where_something_is),
        check!(FOLDERS, places::what_is_missing_is_not_found),
        check!(FOLDERS, places::naming_a_child_changes_nothing),
        check!(FILES, names::names_of_every_kind_round_trip),
        check!(FILES, names::names_that_differ_only_in_normal_form_are_not_mixed_up),
        check!(FOLDERS, names::names_that_cannot_be_are_refused),
        check!(FILES, content::content_round_trips_whatever_its_length),
        check!(FILES, streams::a_large_document_streams_both_ways_in_flat_memory),
        check!(FILES, content::a_range_from_first_to_last),
        check!(FILES, content::a_range_to_the_end),
        check!(FILES, content::a_range_of_the_last_octets),
        check!(FILES, content::a_range_outside_is_refused),
        check!(FILES, content::a_range_of_nothing),
        check!(FILES, content::a_range_of_another_version_gives_everything),
        check!(FILES, content::an_unchanged_version_is_not_sent_again),
        check!(FILES, content::content_agrees_with_its_record),
        check!(FILES, content::a_folder_has_no_content),
        check!(FILES, streams::a_stream_that_is_dropped_early_harms_nothing),
        check!(FILES, streams::an_upload_that_breaks_off_is_an_error),
    ]
}

fn written() -> Vec<Check> {
    vec![
        check!(FILES, preconditions::absent_creates_once),
        check!(FILES, preconditions::exists_replaces_only_what_is_there),
        check!(FILES, preconditions::a_version_replaces_at_once_after_a_write),
        check!(FILES, preconditions::a_stale_version_is_refused),
        check!(FILES, preconditions::a_version_of_what_is_missing_is_refused),
        check!(FILES, preconditions::of_concurrent_writers_one_wins),
        check!(FILES, preconditions::of_concurrent_creators_one_wins),
        check!(&[NAME, MKDIR, WRITE, GET, READ, DELETE], preconditions::a_stale_delete_is_refused),
        check!(&[NAME, MKDIR, WRITE, GET, READ, MOVE], preconditions::a_stale_move_is_refused),
    ]
}

fn listed() -> Vec<Check> {
    vec![
        check!(CHILD_LISTS, lists::children_come_once_through_pages_of_any_size),
        check!(ALL_LISTS, lists::all_documents_come_once_through_pages_of_any_size),
        check!(
            &[NAME, MKDIR, WRITE, GET, CHILDREN, DELETE],
            lists::children_stay_put_while_others_come_and_go
        ),
        check!(
            &[NAME, MKDIR, WRITE, GET, LIST, DELETE],
            lists::all_documents_stay_put_while_others_come_and_go
        ),
        check!(CHILD_LISTS, lists::children_filter_like_the_reference),
        check!(ALL_LISTS, lists::all_documents_filter_like_the_reference),
        check!(CHILD_LISTS, lists::children_sort_by_their_keys),
        check!(ALL_LISTS, lists::all_documents_sort_by_their_keys),
        check!(CHILD_LISTS, lists::a_position_of_children_resumes_behind_its_item),
        check!(ALL_LISTS, lists::a_position_of_all_documents_resumes_behind_its_item),
        check!(CHILD_LISTS, lists::a_scope_hides_what_it_does_not_show),
        check!(CHILD_LISTS, lists::an_empty_folder_is_an_empty_page),
        check!(CHILD_LISTS, lists::children_of_a_file_or_of_nothing_are_refused),
        check!(CHILD_LISTS, records::records_hold_together),
        check!(ALL_LISTS, records::listed_records_hold_together),
    ]
}

fn moved() -> Vec<Check> {
    vec![
        check!(&[NAME, MKDIR, WRITE, GET, READ, MOVE], trees::a_document_is_renamed_and_moved),
        check!(&[NAME, MKDIR, WRITE, GET, READ, MOVE], trees::nothing_is_moved_onto_something),
        check!(&[NAME, MKDIR, WRITE, GET, READ, MOVE], trees::a_folder_moves_with_what_is_in_it),
        check!(&[NAME, MKDIR, WRITE, GET, READ, COPY], trees::a_folder_is_copied_with_what_is_in_it),
        check!(&[NAME, MKDIR, WRITE, GET, READ, COPY], trees::nothing_is_copied_onto_something),
        check!(&[NAME, MKDIR, WRITE, GET, READ, DELETE], trees::a_document_is_deleted),
        check!(&[NAME, MKDIR, WRITE, GET, READ, DELETE], trees::a_folder_is_deleted_with_what_is_in_it),
        check!(
            &[NAME, MKDIR, GET, MOVE, COPY, DELETE],
            trees::what_is_missing_is_not_moved_copied_or_deleted
        ),
        check!(&[NAME, MKDIR, WRITE, GET, READ, MOVE, COPY], trees::nothing_goes_into_a_missing_folder),
        check!(FILES, locks::a_locked_document_is_not_written).locking(),
        check!(
            &[NAME, MKDIR, WRITE, GET, READ, MOVE, DELETE],
            locks::a_locked_document_is_not_moved_or_deleted
        )
        .locking(),
    ]
}
