//! What nobody waits for, and the circuit breaker.

use std::time::Duration;

use portico_contract::{Capability, Error, ErrorKind};
use portico_resilience::{BreakerState, SystemLimits};
use portico_schemas::Outcome;

use crate::toy::{Changes, Does, House, settle};

const OPEN: Duration = Duration::from_secs(10);

/// One attempt per call, which may take minutes.
fn house() -> House {
    let minutes = Duration::from_secs(600);
    let capability = Capability { deadline: minutes, attempt_timeout: minutes, ..Capability::default() };
    House::with(&SystemLimits { max_attempts: 1, ..SystemLimits::default() }, capability)
}

fn fails(house: &House, kind: ErrorKind) {
    house.system.does(move |_, _| Does::Fail(Error::new(kind, "what is said of it")));
}

/// A look for changes that goes on for a while.
async fn look(house: &House) -> tokio::task::JoinHandle<Result<(), Error>> {
    let looking = house.clone();
    let look = tokio::spawn(async move { looking.call(Changes).await });
    settle().await;
    look
}

async fn opened() -> House {
    let house = house();
    fails(&house, ErrorKind::Timeout);
    for _ in 0..5 {
        house.get().await.unwrap_err();
    }
    assert_eq!(house.health.snapshot().breaker, BreakerState::Open);
    house
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_look_for_changes_is_not_held_against_what_callers_ask() {
    for kind in [
        ErrorKind::Timeout,
        ErrorKind::InvalidResponse,
        ErrorKind::BackendStatus,
        ErrorKind::LimitExceeded,
        ErrorKind::ConnectionLost,
    ] {
        let house = house();
        fails(&house, kind);
        for _ in 0..30 {
            assert_eq!(house.call(Changes).await.unwrap_err().kind(), kind);
        }
        assert_eq!(house.health.snapshot().breaker, BreakerState::Closed, "{kind:?}");
        house.system.does(|_, _| Does::Answer);
        house.get().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn that_a_system_cannot_be_reached_is_as_true_for_callers() {
    let house = house();
    fails(&house, ErrorKind::ConnectRefused);
    for _ in 0..5 {
        house.call(Changes).await.unwrap_err();
    }
    let told = house.get().await.unwrap_err();
    assert_eq!((told.kind(), told.outcome()), (ErrorKind::BreakerOpen, Outcome::NotAttempted));
    assert_eq!(house.system.attempts(), 5);
    let cause = "The system behind could not be reached, repeatedly, and is left alone for a moment. Try again later.";
    assert_eq!(told.detail(), cause, "who was not there when it happened is told what did");
}

#[tokio::test(start_paused = true)]
async fn one_refusal_of_the_account_is_enough_whoever_waits() {
    let house = house();
    fails(&house, ErrorKind::CredentialsRefused);
    house.call(Changes).await.unwrap_err();
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::CredentialsRefused);
    tokio::time::advance(Duration::from_secs(300)).await;
    house.system.does(|_, _| Does::Hang);
    let look = look(&house).await;
    assert_eq!(house.system.attempts(), 2);
    house.get().await.unwrap_err();
    assert_eq!(house.system.attempts(), 2, "one attempt with a refused account, not two");
    look.abort();
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_obeyed() {
    let house = opened().await;
    assert_eq!(house.call(Changes).await.unwrap_err().kind(), ErrorKind::BreakerOpen);
    assert_eq!(house.system.attempts(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_look_for_changes_never_takes_the_place_of_the_probe() {
    let house = opened().await;
    tokio::time::advance(OPEN).await;
    house
        .system
        .does(|nth, _| if nth == 6 { Does::AnswerAfter(Duration::from_secs(50)) } else { Does::Answer });
    let look = look(&house).await;
    assert_eq!(house.system.attempts(), 6, "it goes to the system");
    house.get().await.expect("and a caller may still probe");
    assert_eq!(house.health.snapshot().breaker, BreakerState::Closed);
    look.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_callers_a_look_for_changes_finds_out_how_the_system_is() {
    let house = opened().await;
    tokio::time::advance(OPEN).await;
    fails(&house, ErrorKind::ConnectRefused);
    house.call(Changes).await.unwrap_err();
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::BreakerOpen, "still away: left alone again");
    assert_eq!(house.system.attempts(), 6);
    tokio::time::advance(OPEN).await;
    house.system.does(|_, _| Does::Answer);
    house.call(Changes).await.unwrap();
    assert_eq!(house.health.snapshot().breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_an_open_breaker_names_the_cause_and_no_words_of_another_callers_failure() {
    let house = opened().await;
    let told = house.get().await.unwrap_err();
    assert_eq!(
        told.detail(),
        "The system behind did not answer in time, repeatedly, and is left alone for a moment. Try again later."
    );
    // What is said of our account speaks of nobody who asks, and is what its owner has to know.
    let house = self::house();
    house.system.does(|_, _| Does::Fail(Error::new(ErrorKind::CredentialsRefused, "The account is locked.")));
    house.get().await.unwrap_err();
    assert_eq!(
        house.get().await.unwrap_err().detail(),
        "The account is locked. The gateway tries again by itself."
    );
}
