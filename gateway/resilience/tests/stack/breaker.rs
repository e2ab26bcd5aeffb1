use std::time::Duration;

use portico_contract::{Error, ErrorKind, Retry};
use portico_resilience::{BreakerState, SystemLimits};
use portico_schemas::{Outcome, SourceStatus, SystemState};

use crate::toy::{Does, Get, House, settle};

fn refused() -> Does {
    Does::Fail(Error::new(ErrorKind::ConnectRefused, "nobody listens"))
}

/// One attempt per call, so that calls and attempts are the same number.
fn house() -> House {
    House::new(&SystemLimits { max_attempts: 1, ..SystemLimits::default() })
}

async fn opened() -> House {
    let house = house();
    house.system.does(|_, _| refused());
    for _ in 0..5 {
        assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::ConnectRefused);
    }
    assert_eq!(house.health.snapshot().breaker, BreakerState::Open);
    house
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_nothing_reaches_the_system_and_callers_learn_when_to_come_back() {
    let house = opened().await;
    tokio::time::advance(Duration::from_secs(4)).await;
    for _ in 0..100 {
        let error = house.get().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BreakerOpen);
        assert_eq!(error.outcome(), Outcome::NotAttempted);
        assert_eq!(error.retry(), Retry::After(Duration::from_secs(6)));
        assert_eq!(error.system().map(|key| key.as_str()), Some("toy"));
    }
    assert_eq!(house.system.attempts(), 5);
    let snapshot = house.health.snapshot();
    assert_eq!((snapshot.state, snapshot.breaker_opened), (SystemState::Down, 1));
    assert_eq!(snapshot.breaker_remaining, Some(Duration::from_secs(6)));
    assert_eq!(snapshot.last_failure.unwrap().kind, ErrorKind::ConnectRefused);
}

#[tokio::test(start_paused = true)]
async fn half_open_sends_one_probe_and_its_success_lets_all_through() {
    let house = opened().await;
    tokio::time::advance(Duration::from_secs(10)).await;
    house.system.does(|_, _| Does::AnswerAfter(Duration::from_secs(1)));
    let calls = house.start(20).await;
    assert_eq!(house.system.attempts(), 6, "one probe");
    let mut kinds = Vec::new();
    for call in calls {
        kinds.push(call.await.unwrap().map_err(|error| error.kind()).err());
    }
    assert_eq!(kinds.iter().filter(|kind| kind.is_none()).count(), 1);
    assert_eq!(kinds.iter().filter(|kind| **kind == Some(ErrorKind::BreakerOpen)).count(), 19);
    assert!(house.get().await.is_ok());
    assert_eq!(house.health.snapshot().breaker, BreakerState::Closed);
    assert_eq!(house.health.state(), SystemState::Up);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_its_caller_gives_up_does_not_wedge_it() {
    let house = opened().await;
    tokio::time::advance(Duration::from_secs(10)).await;
    house.system.does(|_, _| Does::Hang);
    let probe = house.start(1).await.remove(0);
    assert_eq!(house.health.snapshot().breaker, BreakerState::HalfOpen);
    probe.abort();
    settle().await;
    house.system.does(|_, _| Does::Answer);
    assert!(house.get().await.is_ok(), "the next call is the next probe");
    assert_eq!(house.health.snapshot().breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_given_up_and_mistakes_of_callers_do_not_open_it() {
    let house = house();
    house.system.does(|_, _| Does::Hang);
    for call in house.start(20).await {
        call.abort();
    }
    settle().await;
    house.system.does(|_, _| Does::Fail(Error::new(ErrorKind::NotFound, "not there")));
    for _ in 0..20 {
        assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(house.health.snapshot().breaker, BreakerState::Closed);
    assert_eq!(house.health.state(), SystemState::Up, "a system that says `not found` works");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_system_opens_it_even_when_callers_are_less_patient_than_the_attempt() {
    let house = house();
    house.system.does(|_, _| Does::Hang);
    for _ in 0..5 {
        // Three seconds of the attempt's four: enough to judge the system by.
        let context = crate::toy::context(Duration::from_secs(3));
        let result = house.call_in(context, Get).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Timeout);
    }
    assert_eq!(house.health.snapshot().breaker, BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn the_first_refusal_of_our_credentials_opens_it_for_five_minutes_and_says_so() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| Does::Fail(Error::new(ErrorKind::CredentialsRefused, "401")));
    assert_eq!(house.get().await.unwrap_err().outcome(), Outcome::Failed);
    for minute in 0..5 {
        let error = house.get().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CredentialsRefused);
        assert_eq!(error.kind().source_status(), SourceStatus::Misconfigured);
        assert_eq!(error.outcome(), Outcome::NotAttempted);
        assert_eq!(error.retry(), Retry::After(Duration::from_secs(300 - 60 * minute)));
        assert_eq!(house.health.state(), SystemState::Misconfigured);
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    assert_eq!(house.system.attempts(), 1, "one refusal in five minutes");
    let _ = house.get().await;
    let _ = house.get().await;
    assert_eq!(house.system.attempts(), 2, "one probe after them");
    tokio::time::advance(Duration::from_secs(300)).await;
    house.system.does(|_, _| Does::Answer);
    assert!(house.get().await.is_ok());
    assert_eq!(house.health.state(), SystemState::Up);
}

#[tokio::test(start_paused = true)]
async fn state_tells_unknown_up_degraded_and_a_bad_certificate() {
    let house = house();
    assert_eq!(house.health.state(), SystemState::Unknown);
    house.get().await.unwrap();
    assert_eq!(house.health.state(), SystemState::Up);
    assert!(house.health.snapshot().last_success.is_some());
    house.system.does(|_, _| Does::Fail(Error::new(ErrorKind::BackendStatus, "500")));
    house.get().await.unwrap_err();
    assert_eq!(house.health.state(), SystemState::Degraded);
    house.system.does(|_, _| Does::Answer);
    house.get().await.unwrap();
    assert_eq!(house.health.state(), SystemState::Degraded, "it failed a moment ago");
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(house.health.state(), SystemState::Up);
    house.system.does(|_, _| Does::Fail(Error::new(ErrorKind::TlsPeerExpired, "expired")));
    house.get().await.unwrap_err();
    assert_eq!(house.health.state(), SystemState::Misconfigured);
}

#[tokio::test(start_paused = true)]
async fn an_operator_can_pause_a_system() {
    let house = House::new(&SystemLimits::default());
    house.health.pause(None, "The finance system is upgraded until noon.");
    let error = house.get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Maintenance);
    assert_eq!(error.detail(), "The finance system is upgraded until noon.");
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(60)));
    assert_eq!((house.system.attempts(), house.health.state()), (0, SystemState::Down));
    house.health.resume();
    assert!(house.get().await.is_ok());
    let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
    house.health.pause(Some(long_ago), "Long over.");
    assert!(house.get().await.is_ok(), "a pause ends by itself");
    assert_eq!(house.health.snapshot().pause, None);
}
