use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::{Error, ErrorKind, Retry};
use portico_resilience::SystemLimits;
use portico_schemas::Outcome;
use tokio::time::Instant;

use crate::toy::{Does, Get, House, context};

fn fail(kind: ErrorKind) -> Does {
    Does::Fail(Error::new(kind, "as told"))
}

/// A breaker that never opens, where the retries are to be seen alone.
fn patient() -> SystemLimits {
    SystemLimits { breaker_failures: 1_000, breaker_failure_percent: 100, ..SystemLimits::default() }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_attempted_again_and_every_attempt_knows_its_number() {
    let house = House::new(&SystemLimits::default());
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&numbers);
    house.system.does(move |nth, context| {
        seen.lock().push(context.attempt);
        if nth < 3 { fail(ErrorKind::ConnectionLost) } else { Does::Answer }
    });
    assert!(house.get().await.is_ok());
    assert_eq!(*numbers.lock(), [1, 2, 3]);
    assert_eq!(house.notebook.last().attempts, 3);
    assert_eq!(house.health.snapshot().retries, 2);
}

#[tokio::test(start_paused = true)]
async fn never_more_than_the_configured_attempts() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| fail(ErrorKind::ConnectionLost));
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::ConnectionLost);
    assert_eq!(house.system.attempts(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_by_itself_is_not_attempted_again() {
    let kinds = [
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::InvalidResponse,
        ErrorKind::BackendStatus,
        ErrorKind::TlsUntrusted,
        ErrorKind::LimitExceeded,
        ErrorKind::QueueFull,
        ErrorKind::BreakerOpen,
    ];
    for kind in kinds {
        let house = House::new(&SystemLimits::default());
        house.system.does(move |_, _| fail(kind));
        assert_eq!(house.get().await.unwrap_err().kind(), kind);
        assert_eq!(house.system.attempts(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_never_attempted_again_once_anything_left_us() {
    for outcome in [Outcome::Failed, Outcome::Unknown] {
        for kind in [
            ErrorKind::ConnectionLost,
            ErrorKind::Timeout,
            ErrorKind::ConnectRefused,
            ErrorKind::BackendStatus,
        ] {
            let house = House::new(&SystemLimits::default());
            house.system.does(move |_, _| {
                Does::Fail(Error::new(kind, "as told").with_outcome(outcome).with_retry(Retry::Soon))
            });
            assert_eq!(house.create().await.unwrap_err().outcome(), outcome);
            assert_eq!(house.system.attempts(), 1, "{kind:?} {outcome:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_attempted_again_while_nothing_left_us_but_never_with_an_upload() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|nth, _| if nth < 3 { fail(ErrorKind::ConnectRefused) } else { Does::Answer });
    assert!(house.create().await.is_ok());
    assert_eq!(house.system.attempts(), 3);
    house.system.does(|_, _| fail(ErrorKind::ConnectRefused));
    assert_eq!(house.upload().await.unwrap_err().outcome(), Outcome::NotAttempted);
    assert_eq!(house.system.attempts(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_says_when_is_taken_at_its_word() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|nth, _| match nth {
        1 => Does::Fail(
            Error::new(ErrorKind::BackendStatus, "503").with_retry(Retry::After(Duration::from_secs(3))),
        ),
        _ => Does::Answer,
    });
    let started = Instant::now();
    assert!(house.get().await.is_ok());
    let elapsed = started.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_millis(3_060)).contains(&elapsed), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_cannot_finish_before_the_deadline_is_not_started() {
    let house = House::new(&SystemLimits::default());
    let later = Retry::After(Duration::from_secs(9));
    house.system.does(move |_, _| Does::Fail(Error::new(ErrorKind::RateLimited, "429").with_retry(later)));
    let started = Instant::now();
    let error = house.get().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, later));
    assert_eq!((house.system.attempts(), started.elapsed()), (1, Duration::ZERO));
    // Half a second is less than a quarter of the attempt's four.
    house.system.does(|_, _| fail(ErrorKind::ConnectionLost));
    let short = context(Duration::from_millis(500));
    assert!(house.call_in(short, Get).await.is_err());
    assert_eq!(house.system.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_retries_stay_within_a_tenth_and_the_floor() {
    let house = House::new(&patient());
    // One in ten gets through, or the breaker would end this at once.
    house.system.does(|nth, _| if nth % 10 == 0 { Does::Answer } else { fail(ErrorKind::ConnectionLost) });
    let started = Instant::now();
    let calls = 900;
    for _ in 0..calls {
        let _ = house.get().await;
    }
    // The floor is ten, and at most one more for every ten seconds that passed.
    let most = calls / 10 + 10 + started.elapsed().as_secs() as usize / 10;
    let retries = house.system.attempts() - calls;
    assert!((calls / 10..=most).contains(&retries), "{retries} retries, at most {most}");
    assert_eq!(house.health.snapshot().retries as usize, retries);
}

#[tokio::test(start_paused = true)]
async fn waits_are_jittered_and_grow() {
    let house = House::new(&SystemLimits { max_attempts: 2, ..patient() });
    house.system.does(|nth, _| if nth % 2 == 1 { fail(ErrorKind::ConnectionLost) } else { Does::Answer });
    let mut waits = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let started = Instant::now();
        house.get().await.unwrap();
        assert!(started.elapsed() <= Duration::from_millis(52));
        waits.insert(started.elapsed());
    }
    assert!(waits.len() > 3, "full jitter, not a fixed wait: {waits:?}");
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_ends_the_attempts() {
    let house = House::new(&SystemLimits { breaker_failures: 2, ..SystemLimits::default() });
    house.system.does(|_, _| fail(ErrorKind::ConnectRefused));
    assert_eq!(
        house.get().await.unwrap_err().kind(),
        ErrorKind::ConnectRefused,
        "the cause, not the breaker"
    );
    assert_eq!(house.system.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn calls_that_an_open_breaker_refuses_save_up_no_retries() {
    let house = House::new(&SystemLimits { max_attempts: 1, ..SystemLimits::default() });
    house.system.does(|_, _| fail(ErrorKind::ConnectRefused));
    for _ in 0..1_000 {
        assert!(house.get().await.is_err());
    }
    assert_eq!(house.system.attempts(), 5);
    assert_eq!(house.health.snapshot().retry_budget, 10, "the floor, and nothing for 995 refusals");
}
