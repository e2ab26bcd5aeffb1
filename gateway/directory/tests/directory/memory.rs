//! What the index says of its size is what an allocator sees.

use allocation_counter::measure;
use portico_contract::people::PersonChange;
use portico_directory::{Builder, PeopleIndex, Query};
use portico_simkit::council::Council;

use crate::council;

const PEOPLE: usize = 20_000;

/// Whether `said` is `seen`, a hundredth more or less.
#[track_caller]
fn about(said: usize, seen: i64) {
    let seen = usize::try_from(seen).expect("more is kept than given back");
    assert!(said.abs_diff(seen) * 100 <= seen, "{said} octets said, {seen} seen");
}

#[test]
fn the_index_knows_its_size_and_keeps_it_small() {
    let people = council::records(&Council::generate(3, PEOPLE));
    let mut index = PeopleIndex::default();
    let built = measure(|| index = council::index(&people));
    about(index.bytes(), built.bytes_current);
    assert!(index.bytes() / PEOPLE < 400, "{} octets a person", index.bytes() / PEOPLE);

    let mut changed = people.iter().step_by(200).cloned().collect::<Vec<_>>();
    changed.iter_mut().for_each(|person| person.profile.title = Some("Somebody else".to_owned()));
    let mut later = PeopleIndex::default();
    let update = measure(|| {
        let mut builder = Builder::from(&index);
        changed.iter().for_each(|person| builder.apply(PersonChange::Put(Box::new(person.clone()))));
        later = builder.build();
    });
    assert_eq!(later.search(&Query::parse("somebody else"), 1_000, |_| true).len(), changed.len());
    // Both snapshots share what did not change.
    assert!(update.bytes_max < 1_000_000, "{} octets for {} changes", update.bytes_max, changed.len());
    assert!(later.bytes() < index.bytes() + 100_000);
    let (mut first, size) = (Some(index), later.bytes());
    let dropped = measure(|| first = None);
    assert!(first.is_none() && -dropped.bytes_current < 100_000, "the later snapshot holds what both share");
    let dropped = measure(|| later = PeopleIndex::default());
    about(size, -dropped.bytes_current);
}

#[test]
fn telling_everybody_again_does_not_hold_everybody_twice() {
    let people = council::records(&Council::generate(4, PEOPLE));
    let index = council::index(&people);
    let again = measure(|| {
        let mut builder = Builder::from(&index);
        builder.apply(PersonChange::Begin { whole: true });
        people.iter().for_each(|person| builder.apply(PersonChange::Put(Box::new(person.clone()))));
        assert_eq!(builder.build().len(), PEOPLE);
    });
    assert!(again.bytes_max < 100_000, "{} octets to find that nobody changed", again.bytes_max);
}

#[test]
fn a_search_takes_little_and_a_bounded_heap() {
    let index = council::index(&council::records(&Council::generate(5, PEOPLE)));
    for typed in ["a", "davies sian", "a a a a a a a a", "wolstenhulme quintessentia"] {
        let search = measure(|| {
            assert!(index.search(&Query::parse(typed), 20, |_| true).len() <= 20);
        });
        assert!(search.bytes_max < 400_000, "{typed:?} takes {} octets", search.bytes_max);
    }
}
