use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use portico_contract::{Error, ErrorKind, Retry};
use portico_resilience::SystemLimits;
use portico_schemas::Outcome;

use crate::toy::{Does, House, pieces, settle};

fn small() -> SystemLimits {
    SystemLimits { max_in_flight: 4, max_queued: 4, max_streams: 2, ..SystemLimits::default() }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_refused_at_the_first_poll() {
    let house = House::new(&small());
    house.system.does(|_, _| Does::Hang);
    let _calls = house.start(8).await;
    let snapshot = house.health.snapshot();
    assert_eq!((house.system.running(), snapshot.in_flight, snapshot.queued), (4, 4, 4));
    // `now_or_never` polls once: an answer means that nothing was awaited.
    let error = house.get().now_or_never().expect("shed without an await").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QueueFull);
    assert_eq!(error.outcome(), Outcome::NotAttempted);
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(1)));
    assert_eq!(error.operation(), Some("toys get"));
    assert_eq!((house.system.attempts(), house.health.snapshot().shed), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_get_their_turn_and_the_cap_holds() {
    let house = House::new(&small());
    house.system.does(|_, _| Does::AnswerAfter(Duration::from_millis(100)));
    for call in house.start(8).await {
        assert!(call.await.unwrap().is_ok());
    }
    assert_eq!(house.system.peak.load(Ordering::SeqCst), 4);
    let queued = house.notebook.all().into_iter().filter(|facts| !facts.queued.is_zero()).count();
    assert_eq!(queued, 4);
    let snapshot = house.health.snapshot();
    assert_eq!((snapshot.in_flight, snapshot.queued, snapshot.shed), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_queue_allows() {
    let house = House::new(&SystemLimits { max_queue_wait_ms: 500, ..small() });
    house.system.does(|_, _| Does::Hang);
    let _running = house.start(4).await;
    let started = tokio::time::Instant::now();
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::QueueFull);
    assert_eq!(started.elapsed().as_millis() / 10, 50);
    assert_eq!(house.health.snapshot().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn a_hung_system_at_twice_its_cap_does_not_touch_another() {
    let (sick, well) = (House::new(&small()), House::new(&small()));
    sick.system.does(|_, _| Does::Hang);
    let sick_calls = sick.start(8).await;
    let started = tokio::time::Instant::now();
    for _ in 0..1_000 {
        assert!(well.get().await.is_ok());
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(sick_calls.iter().filter(|call| call.is_finished()).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_gives_back_its_place_and_its_place_in_the_queue() {
    let house = House::new(&small());
    house.system.does(|_, _| Does::Hang);
    for call in house.start(8).await {
        call.abort();
    }
    settle().await;
    let snapshot = house.health.snapshot();
    assert_eq!((snapshot.in_flight, snapshot.queued, house.system.running()), (0, 0, 0));
    house.system.does(|_, _| Does::Answer);
    assert!(house.get().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_place_until_its_body_ends_fails_or_is_dropped() {
    let house = House::new(&small());
    house.system.gives(|| pieces(Duration::ZERO, 10, 3));
    let streams = || house.health.snapshot().streams;
    let mut ended = house.download().await.unwrap().body;
    let dropped = house.download().await.unwrap().body;
    assert_eq!(streams(), 2);
    while ended.next().await.is_some() {}
    assert_eq!(streams(), 1, "the end frees the place, though the body is still held");
    drop(dropped);
    assert_eq!(streams(), 0);
    house.system.gives(|| pieces(Duration::from_secs(60), 1, 1));
    let mut stalled = house.download().await.unwrap().body;
    assert_eq!(stalled.next().await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(streams(), 0, "a failure frees the place");
    drop(ended);
}

#[tokio::test(start_paused = true)]
async fn streams_and_calls_do_not_take_each_others_places() {
    let house = House::new(&SystemLimits { max_queued: 0, ..small() });
    house.system.gives(|| pieces(Duration::from_secs(1), 10, 10));
    let _bodies = [house.download().await.unwrap(), house.download().await.unwrap()];
    assert_eq!(house.download().await.unwrap_err().kind(), ErrorKind::QueueFull);
    assert_eq!(house.upload().await.unwrap_err().kind(), ErrorKind::QueueFull);
    assert!(house.get().await.is_ok());
    house.system.does(|_, _| Does::Hang);
    let _calls = house.start(4).await;
    drop(_bodies);
    house.system.does(|_, _| Does::Answer);
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::QueueFull);
    assert!(house.download().await.is_ok());
}

/// Real threads and real time: calls given up at every possible moment leave nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_leaks_when_callers_give_up_at_random() {
    let house = House::new(&SystemLimits { max_per_second: Some(100_000), ..small() });
    house.system.does(|nth, _| match nth % 3 {
        0 => Does::Answer,
        1 => Does::AnswerAfter(Duration::from_micros(nth as u64 % 700)),
        _ => Does::Fail(Error::new(ErrorKind::ConnectionLost, "reset")),
    });
    let callers = (0..16_u64).map(|caller| {
        let house = house.clone();
        tokio::spawn(async move {
            for turn in 0..200 {
                let patience = Duration::from_micros((caller * 131 + turn * 17) % 2_500);
                let _ = tokio::time::timeout(patience, house.get()).await;
                let _ = tokio::time::timeout(patience, house.download()).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let snapshot = house.health.snapshot();
    assert_eq!((snapshot.in_flight, snapshot.queued, snapshot.streams, house.system.running()), (0, 0, 0, 0));
    assert_eq!(house.notebook.all().len() as u64, snapshot.calls, "every call is reported once");
    assert!(house.system.peak.load(Ordering::SeqCst) <= 4 + 2);
}
