use std::fs::OpenOptions;
use std::path::Path;

use proptest::prelude::*;

use super::writer::Writer;
use super::*;
use crate::verdict::Kept;

const MAX: u64 = 64 * 1024;
const ALL: usize = usize::MAX;

fn id(number: u64) -> String {
    format!("{number:032x}")
}

/// A trace whose name has this many characters.
fn trace(number: u64, name: usize) -> StoredTrace {
    StoredTrace {
        trace_id: id(number),
        kept: Kept::Failed,
        started_unix_nanos: number,
        service: StoredService { name: "portico".into(), version: "0".into(), instance: "a".into() },
        remote_parent: None,
        dropped: 0,
        spans: vec![StoredSpan {
            id: "0000000000000001".into(),
            parent: None,
            kind: "server".into(),
            name: "x".repeat(name),
            start_nanos: 0,
            end_nanos: 1,
            error: Some("timeout".into()),
            attributes: vec![("http.response.status_code".into(), StoredValue::Number(504))],
        }],
    }
}

fn total(dir: &Path) -> u64 {
    let sizes = segments(dir).unwrap().into_iter().map(|n| segment_path(dir, n).metadata().unwrap().len());
    sizes.sum()
}

/// Ids that can be read, oldest first.
fn readable(dir: &Path) -> Vec<String> {
    let mut ids: Vec<_> = recent(dir, ALL).unwrap().into_iter().map(|trace| trace.trace_id).collect();
    ids.reverse();
    ids
}

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Reopen,
    /// The process dies and the newest segment loses this many octets.
    Tear(u64),
    /// The process dies in a write of this many octets.
    Rubbish(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0_usize..3_000).prop_map(Step::Append),
        1 => Just(Step::Reopen),
        1 => (1_u64..5_000).prop_map(Step::Tear),
        1 => (1_usize..300).prop_map(Step::Rubbish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_readable_is_an_unbroken_run_of_what_was_written(steps in prop::collection::vec(step(), 1..120)) {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut writer = Writer::at(dir, MAX);
        let mut written: Vec<String> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append(name) => {
                    writer.append(&trace(number as u64, name)).unwrap();
                    written.push(id(number as u64));
                }
                Step::Reopen => {
                    drop(writer);
                    writer = Writer::at(dir, MAX);
                }
                Step::Tear(octets) => {
                    drop(writer);
                    if let Some(newest) = segments(dir).unwrap().last() {
                        let file = OpenOptions::new().write(true).open(segment_path(dir, *newest)).unwrap();
                        file.set_len(file.metadata().unwrap().len().saturating_sub(octets)).unwrap();
                    }
                    // Only the newest may be lost, and none of the others.
                    let left = readable(dir);
                    let end = left.last().map_or(0, |last| written.iter().rposition(|w| w == last).unwrap() + 1);
                    written.truncate(end);
                    prop_assert_eq!(&written[written.len() - left.len()..], &left[..]);
                    writer = Writer::at(dir, MAX);
                }
                Step::Rubbish(octets) => {
                    drop(writer);
                    if let Some(newest) = segments(dir).unwrap().last() {
                        let mut file = OpenOptions::new().append(true).open(segment_path(dir, *newest)).unwrap();
                        std::io::Write::write_all(&mut file, &b"00000fff 0bad".repeat(octets)[..octets]).unwrap();
                    }
                    prop_assert!(readable(dir).last() == written.last());
                    writer = Writer::at(dir, MAX);
                }
            }
            if matches!(written.last(), Some(last) if *last == id(number as u64)) {
                prop_assert!(total(dir) <= MAX, "{} octets", total(dir));
            }
            let left = readable(dir);
            prop_assert_eq!(&written[written.len() - left.len()..], &left[..]);
            prop_assert_eq!(left.last(), written.last());
        }
    }
}

#[test]
fn the_newest_is_found_and_the_oldest_has_made_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::at(dir.path(), MAX);
    for number in 0..1_000 {
        writer.append(&trace(number, 500)).unwrap();
    }
    assert_eq!(find(dir.path(), &id(999)).unwrap().unwrap(), trace(999, 500));
    assert_eq!(find(dir.path(), &id(0)).unwrap(), None);
    assert!(total(dir.path()) > MAX * 3 / 4, "the bound is used: {} of {MAX}", total(dir.path()));
    assert!(segments(dir.path()).unwrap().len() < SEGMENTS as usize * 3 / 2);
    let newest: Vec<_> = recent(dir.path(), 3).unwrap().into_iter().map(|t| t.trace_id).collect();
    assert_eq!(newest, [id(999), id(998), id(997)]);
}

#[test]
fn traces_survive_a_restart_and_are_found_in_either_case_of_the_id() {
    let dir = tempfile::tempdir().unwrap();
    Writer::at(dir.path(), MAX).append(&trace(0xabc, 5)).unwrap();
    Writer::at(dir.path(), MAX).append(&trace(0xabc, 6)).unwrap();
    assert_eq!(find(dir.path(), &id(0xabc).to_uppercase()).unwrap().unwrap().spans[0].name, "xxxxxx");
    assert_eq!(find_all(dir.path(), &id(0xabc)).unwrap().len(), 2);
    assert_eq!(find(dir.path(), "abc\" or").unwrap(), None);
}

#[test]
fn an_altered_record_is_skipped_and_the_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::at(dir.path(), MAX);
    for number in 0..3 {
        writer.append(&trace(number, 100)).unwrap();
    }
    let path = segment_path(dir.path(), 1);
    let text = std::fs::read_to_string(&path).unwrap();
    // The middle one answers 500 instead of 504: right length, wrong checksum.
    let altered: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(n, l)| if n == 1 { l.replace("504", "500") } else { l.into() })
        .collect();
    std::fs::write(&path, altered.join("\n") + "\n").unwrap();
    assert_eq!(readable(dir.path()), [id(0), id(2)]);
}

#[test]
fn a_trace_larger_than_a_segment_is_refused_and_the_ring_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::at(dir.path(), MAX);
    let refused = writer.append(&trace(1, MAX as usize)).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::FileTooLarge);
    writer.append(&trace(2, 10)).unwrap();
    assert_eq!(readable(dir.path()), [id(2)]);
}

#[test]
fn one_process_writes_and_a_second_takes_over_when_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Writer::at(dir.path(), MAX);
    let mut second = Writer::at(dir.path(), MAX);
    first.append(&trace(1, 10)).unwrap();
    assert_eq!(second.append(&trace(2, 10)).unwrap_err().kind(), std::io::ErrorKind::ResourceBusy);
    drop(first);
    second.append(&trace(3, 10)).unwrap();
    assert_eq!(readable(dir.path()), [id(1), id(3)]);
}

#[test]
fn reading_while_it_is_written_never_fails() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let mut writer = Writer::at(&path, MAX);
    writer.append(&trace(0, 10)).unwrap();
    let writing = std::thread::spawn(move || {
        for number in 1..2_000 {
            writer.append(&trace(number, 400)).unwrap();
        }
    });
    let mut newest = 0;
    while !writing.is_finished() {
        let seen = recent(dir.path(), 1).unwrap();
        // The newest segment may be empty for a moment, or be gone between listing and reading; time never runs back.
        if let Some(seen) = seen.first() {
            assert!(seen.started_unix_nanos >= newest);
            newest = seen.started_unix_nanos;
        }
    }
    writing.join().unwrap();
    assert_eq!(recent(dir.path(), 1).unwrap()[0].trace_id, id(1_999));
}

#[test]
fn a_ring_that_is_not_there_says_what_that_means() {
    let dir = tempfile::tempdir().unwrap();
    let missing = find(&dir.path().join("nowhere"), &id(1)).unwrap_err();
    assert!(matches!(missing, RingError::Missing(_)));
    assert!(missing.to_string().contains("has not run with this configuration yet"), "{missing}");
}

/// The largest tree that the contract lets through, with more on it than any layer sets.
#[test]
fn the_largest_trace_fits_into_the_smallest_ring() {
    let span = |number: usize| StoredSpan {
        parent: Some(format!("{number:016x}")),
        name: "GET /v1/documents/{id}/children/and/some/more".into(),
        attributes: (0..12)
            .map(|_| ("portico.stream.bytes".to_owned(), StoredValue::Number(i64::MAX)))
            .collect(),
        ..trace(1, 1).spans.remove(0)
    };
    let mut largest = trace(1, 1);
    largest.spans = (0..portico_contract::trace::MAX_SPANS).map(span).collect();
    let dir = tempfile::tempdir().unwrap();
    let appended = Writer::at(dir.path(), crate::RING_LEAST_BYTES).append(&largest);
    assert!(appended.is_ok(), "{appended:?}: {} octets", serde_json::to_vec(&largest).unwrap().len());
}
