//! Keeping the indexes.

use portico_contract::trace::Span;

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
