//! Keeping the indexes.

use std::sync::Arc;

use portico_contract::trace::{FinishedTrace, Span, SpanKind, TraceSink, Value, attr};
use tokio::sync::mpsc;

use super::*;

fn found(world: &World, name: &str) -> bool {
    let found = world.indexes.find(&key("directory"), PersonKey::UserName, name);
    found.is_some_and(|people| !people.is_empty())
}

#[tokio::test]
async fn what_was_told_is_used_only_when_all_of_it_was() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    *one.mood.lock() = Mood::Fails;
    let refused = world.indexes.refresh(&key("directory"), context("the gateway")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectRefused);
    assert!(world.indexes.held(&key("directory")).is_none(), "half of a directory is none");
    *one.mood.lock() = Mood::Answers;
    world.read("directory").await;
    one.changes
        .lock()
        .extend([PersonChange::Put(Box::new(somebody("new", None))), PersonChange::Gone(native("id-bo"))]);
    *one.mood.lock() = Mood::Fails;
    world.indexes.refresh(&key("directory"), context("the gateway")).await.unwrap_err();
    assert!(found(&world, "bo") && !found(&world, "new"));
    let state = world.indexes.state().swap_remove(0);
    assert!(state.stale && state.people == 7);
    assert_eq!(state.last_error.unwrap().0, ErrorKind::ConnectRefused);
}

#[tokio::test]
async fn changes_are_taken_in() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    one.changes
        .lock()
        .extend([PersonChange::Put(Box::new(somebody("new", None))), PersonChange::Gone(native("id-bo"))]);
    world.read("directory").await;
    assert!(found(&world, "new") && !found(&world, "bo"));
    let state = world.indexes.state().swap_remove(0);
    assert!(!state.stale && state.people == 7 && state.last_error.is_none());
}

#[tokio::test(start_paused = true)]
async fn everything_is_read_again_when_it_is_time() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    // Gone without a word.
    one.people.lock().remove("id-bo");
    world.read("directory").await;
    assert!(found(&world, "bo"), "nothing was told");
    tokio::time::advance(IndexOptions::default().whole_every).await;
    world.read("directory").await;
    assert!(!found(&world, "bo"));
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_brings_nothing_leaves_the_index_and_the_links_alone() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    let first = world.indexes.snapshots();
    world.read("directory").await;
    assert!(crate::people::links::same(&first, &world.indexes.snapshots()), "nothing was told");
    // Everybody is told again, and nobody has changed.
    tokio::time::advance(IndexOptions::default().whole_every).await;
    world.read("directory").await;
    assert!(crate::people::links::same(&first, &world.indexes.snapshots()), "nobody has changed");
    one.changes.lock().push(PersonChange::Gone(native("id-bo")));
    world.read("directory").await;
    assert!(!crate::people::links::same(&first, &world.indexes.snapshots()));
}

#[tokio::test(start_paused = true)]
async fn keeping_reads_at_once_waits_after_failures_and_stops() {
    let one = toy(council());
    *one.mood.lock() = Mood::Fails;
    let world = world(&[("directory", &one)]);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let kept = tokio::spawn(world.indexes.clone().keep(
        |_, deadline| (Span::detached("poll people"), CallContext::internal("the gateway", deadline)),
        async {
            let _ = stopped.await;
        },
    ));
    let mut changed = world.indexes.changed();
    let started = tokio::time::Instant::now();
    for _ in 0..4 {
        changed.changed().await.unwrap();
    }
    // 5 s, 10 s, 20 s, a tenth more or less.
    let waited = started.elapsed().as_secs_f64();
    assert!((31.0..39.0).contains(&waited), "{waited}");
    *one.mood.lock() = Mood::Answers;
    changed.changed().await.unwrap();
    assert!(found(&world, "bo"));
    stop.send(()).unwrap();
    kept.await.unwrap();
}

#[tokio::test]
async fn a_new_configuration_takes_over_what_was_read() {
    let one = toy(council());
    let (before, after) = (world(&[("directory", &one)]), world(&[("directory", &one)]));
    before.read("directory").await;
    after.indexes.adopt(&before.indexes, &key("directory"));
    assert!(found(&after, "bo"));
}

/// Hands on the finished trees.
struct Collect(mpsc::Sender<FinishedTrace>);

impl TraceSink for Collect {
    fn finished(&self, trace: FinishedTrace) {
        let _ = self.0.try_send(trace);
    }
}

/// The root of the next poll: its error, changes, whether everybody was read, and the seconds of lag.
async fn polled(
    trees: &mut mpsc::Receiver<FinishedTrace>,
) -> (Option<&'static str>, Option<i64>, Option<bool>, Option<i64>) {
    let tree = trees.recv().await.unwrap();
    let root = tree.spans.iter().find(|span| span.parent.is_none()).unwrap();
    assert_eq!(root.name, "poll people");
    let number = |key| {
        root.attributes.iter().find_map(|(name, value)| match value {
            Value::Number(number) if *name == key => Some(*number),
            _ => None,
        })
    };
    let whole = root.attributes.iter().find_map(|(name, value)| match value {
        Value::Flag(flag) if *name == attr::POLL_WHOLE => Some(*flag),
        _ => None,
    });
    (root.error, number(attr::POLL_CHANGES), whole, number(attr::POLL_LAG_MS).map(|lag| lag / 1_000))
}

#[tokio::test(start_paused = true)]
async fn the_span_of_a_poll_says_what_had_changed_and_how_late_it_is_seen() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let (told, mut trees) = mpsc::channel(64);
    let sink: Arc<dyn TraceSink> = Arc::new(Collect(told));
    let poll = move |_: &SystemKey, deadline| {
        let span = Span::root(Arc::clone(&sink), None, false, SpanKind::Internal, "poll people");
        let context = CallContext { span: span.context(), ..CallContext::internal("the gateway", deadline) };
        (span, context)
    };
    let kept = tokio::spawn(world.indexes.clone().keep(poll, std::future::pending()));
    assert_eq!(polled(&mut trees).await, (None, Some(7), Some(true), None), "nothing was known before");
    one.changes
        .lock()
        .extend([PersonChange::Put(Box::new(somebody("new", None))), PersonChange::Gone(native("id-bo"))]);
    // A minute, a tenth more or less.
    let (error, changes, whole, lag) = polled(&mut trees).await;
    assert_eq!((error, changes, whole), (None, Some(2), Some(false)));
    assert!((54..=66).contains(&lag.unwrap()), "{lag:?}");
    assert_eq!(polled(&mut trees).await.1, Some(0), "nothing had changed");
    *one.mood.lock() = Mood::Fails;
    let (error, changes, whole, first) = polled(&mut trees).await;
    assert_eq!((error, changes, whole), (Some("connect_refused"), None, None));
    let (_, _, _, second) = polled(&mut trees).await;
    assert!(second > first, "it grows while the directory is away: {first:?}, {second:?}");
    kept.abort();
}
