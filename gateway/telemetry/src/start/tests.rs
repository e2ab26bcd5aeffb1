use std::time::{Duration, Instant, SystemTime};

use portico_contract::trace::{FinishedTrace, SpanId, SpanKind, SpanRecord, TraceId, Value, attr};

use super::*;
use crate::{Kept, RING_DEFAULT_BYTES, RingConfig, explain, ring};

fn quiet() -> TelemetryConfig {
    TelemetryConfig::quiet("portico", "0.1.0", "town-hall")
}

fn with_ring(dir: &std::path::Path) -> TelemetryConfig {
    TelemetryConfig {
        ring: Some(RingConfig { dir: dir.to_owned(), max_bytes: RING_DEFAULT_BYTES }),
        ..quiet()
    }
}

fn tree(id: u128, status: i64, took: Duration) -> FinishedTrace {
    FinishedTrace {
        trace_id: TraceId(id.to_be_bytes()),
        sampled: true,
        started_at: SystemTime::now(),
        remote_parent: None,
        spans: vec![SpanRecord {
            id: SpanId(1),
            parent: None,
            kind: SpanKind::Server,
            name: "GET /v1/documents".into(),
            start: Duration::ZERO,
            end: took,
            error: (status >= 500).then_some("timeout"),
            attributes: vec![(attr::HTTP_STATUS, Value::Number(status))],
        }],
        dropped: 0,
    }
}

#[test]
fn failed_and_slow_requests_are_found_on_disk_while_it_runs_and_after_it_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("traces");
    let telemetry = Telemetry::start_without_log(&with_ring(&folder)).unwrap();
    let sink = telemetry.sink();
    sink.finished(tree(1, 200, Duration::from_millis(5)));
    sink.finished(tree(2, 504, Duration::from_millis(5)));
    sink.finished(tree(3, 200, Duration::from_secs(2)));
    let until = Instant::now() + Duration::from_secs(10);
    while ring::recent(&folder, 10).unwrap().len() < 2 {
        assert!(Instant::now() < until, "the ring stays empty");
        std::thread::yield_now();
    }
    assert!(telemetry.shutdown(Duration::from_secs(3)).complete);
    drop(telemetry);
    let found = ring::find(&folder, &format!("{:032x}", 2)).unwrap().unwrap();
    assert_eq!(found.kept, Kept::Failed);
    assert!(explain::explain(&found).contains("Answered  504 after 5 ms"), "{}", explain::explain(&found));
    assert_eq!(ring::find(&folder, &format!("{:032x}", 3)).unwrap().unwrap().kept, Kept::Slow);
    assert_eq!(ring::find(&folder, &format!("{:032x}", 1)).unwrap(), None, "an ordinary request is not kept");
}

#[test]
fn a_ring_that_cannot_be_written_costs_counted_traces_and_no_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = Telemetry::start_without_log(&with_ring(dir.path())).unwrap();
    first.sink().finished(tree(1, 504, Duration::ZERO));
    assert!(first.shutdown(Duration::from_secs(3)).complete);
    // The first one holds its lock until it is dropped with its thread, which has ended: the second may write.
    let second = Telemetry::start_without_log(&with_ring(dir.path())).unwrap();
    second.sink().finished(tree(2, 504, Duration::ZERO));
    let third = Telemetry::start_without_log(&with_ring(dir.path())).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while ring::find(dir.path(), &format!("{:032x}", 2)).unwrap().is_none() {
        assert!(Instant::now() < until, "the second trace is not there");
        std::thread::yield_now();
    }
    third.sink().finished(tree(3, 504, Duration::ZERO));
    assert!(third.shutdown(Duration::from_secs(3)).complete);
    assert_eq!(third.dropped(Dropped::RingWrite), 1);
    assert_eq!(second.dropped(Dropped::RingWrite), 0);
}

#[test]
fn a_full_queue_to_the_disk_drops_and_counts_and_never_waits() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::start_without_log(&with_ring(dir.path())).unwrap();
    let sink = telemetry.sink();
    let trees: Vec<_> = (0..50_000).map(|n| tree(n, 504, Duration::ZERO)).collect();
    let count = trees.len() as u64;
    trees.into_iter().for_each(|tree| sink.finished(tree));
    assert!(telemetry.shutdown(Duration::from_secs(3)).complete);
    let lost = telemetry.dropped(Dropped::RingQueue) + telemetry.dropped(Dropped::RingWrite);
    let kept = ring::recent(dir.path(), usize::MAX).unwrap().len() as u64;
    assert!(telemetry.dropped(Dropped::RingQueue) > 0, "the disk was faster than a loop in memory?");
    assert_eq!(kept + lost, count, "every trace is either kept or counted");
}

#[test]
fn what_finishes_after_the_end_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::start_without_log(&with_ring(dir.path())).unwrap();
    let sink = telemetry.sink();
    assert!(telemetry.shutdown(Duration::from_secs(3)).complete);
    sink.finished(tree(1, 504, Duration::ZERO));
    assert_eq!(telemetry.dropped(Dropped::RingQueue), 1);
    assert!(telemetry.shutdown(Duration::from_secs(3)).complete, "a second call does nothing");
}

#[test]
fn a_ring_folder_that_cannot_be_made_is_said_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Telemetry::start_without_log(&with_ring(&file.join("traces"))).unwrap_err();
    assert!(refused.to_string().contains("Make it writable for the user that runs the gateway"), "{refused}");
    let mut small = with_ring(dir.path());
    small.ring.as_mut().unwrap().max_bytes = 1_000;
    let refused = Telemetry::start_without_log(&small).unwrap_err();
    assert!(refused.to_string().contains("needs at least"), "{refused}");
}

#[test]
fn without_a_collector_nothing_is_sampled() {
    let telemetry = Telemetry::start_without_log(&quiet()).unwrap();
    assert!((0..1_000).all(|_| !telemetry.sample()));
    assert!(telemetry.shutdown(Duration::from_secs(3)).took < Duration::from_secs(1));
}

/// A guard against a slip by a power of ten, for debug builds on a busy machine. The promise (below a microsecond in a
/// release build) is measured by `examples/cost.rs`.
#[test]
fn an_ordinary_tree_costs_next_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::start_without_log(&with_ring(dir.path())).unwrap();
    let sink = telemetry.sink();
    let trees: Vec<_> = (0..20_000).map(|n| tree(n, 200, Duration::from_millis(2))).collect();
    let begun = Instant::now();
    trees.into_iter().for_each(|tree| sink.finished(tree));
    let each = begun.elapsed() / 20_000;
    println!("{each:?} a tree");
    assert!(each < Duration::from_micros(20), "{each:?}");
}
