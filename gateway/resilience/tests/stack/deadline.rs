use std::time::Duration;

use portico_contract::{Capability, Error, ErrorKind, Retry};
use portico_resilience::SystemLimits;
use portico_schemas::Outcome;
use tokio::time::Instant;

use crate::toy::{Create, Does, Get, House, context, pieces};

/// The promise allows 100 ms; on paused time there is only the timer's grain.
fn took(started: Instant, millis: u128) {
    let elapsed = started.elapsed().as_millis();
    assert!((millis..=millis + 2).contains(&elapsed), "{elapsed} ms instead of {millis} ms");
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_holds_over_all_attempts() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| Does::Hang);
    let started = Instant::now();
    let error = house.call_in(context(Duration::from_millis(700)), Get).await.unwrap_err();
    took(started, 700);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Failed));
}

#[tokio::test(start_paused = true)]
async fn the_operations_deadline_holds_for_a_patient_caller() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| Does::Hang);
    let started = Instant::now();
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!(started.elapsed() <= Duration::from_millis(10_002));
    assert!(house.system.attempts() > 1, "one attempt's time-out left time for another");
    assert_eq!(house.system.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_adapter_sees_the_earlier_of_the_two_deadlines() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, context| {
        assert!(context.deadline.remaining() <= Duration::from_secs(10));
        Does::Answer
    });
    house.get().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_attempted_is_unknown_and_is_not_to_be_sent_again() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| Does::Hang);
    // By the deadline, and by the attempt's time-out.
    for patience in [Duration::from_millis(700), Duration::from_secs(60)] {
        let error = house.call_in(context(patience), Create).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown));
        assert_eq!(error.retry(), Retry::Never);
    }
    assert_eq!(house.system.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_still_waits_for_a_place_was_not_attempted() {
    let house = House::new(&SystemLimits { max_in_flight: 1, ..SystemLimits::default() });
    house.system.does(|_, _| Does::Hang);
    let _running = house.start(1).await;
    let started = Instant::now();
    let error = house.call_in(context(Duration::from_millis(300)), Create).await.unwrap_err();
    took(started, 300);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotAttempted));
    assert_eq!(house.notebook.last().queued.as_millis() / 10, 30);
    assert_eq!(house.system.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_given_up_between_attempts_that_could_not_connect_was_not_attempted() {
    let house = House::new(&SystemLimits::default());
    let later = Retry::After(Duration::from_secs(3));
    house.system.does(move |_, _| {
        Does::Fail(Error::new(ErrorKind::ConnectRefused, "nobody listens").with_retry(later))
    });
    let waited = tokio::time::timeout(Duration::from_secs(1), house.create()).await;
    assert!(waited.is_err(), "it waits for its second attempt");
    let facts = house.notebook.last();
    assert_eq!((facts.attempts, facts.outcome), (1, Some(Outcome::NotAttempted)));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_is_answered_without_a_call() {
    let house = House::new(&SystemLimits::default());
    let error = house.call_in(context(Duration::ZERO), Create).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotAttempted));
    assert_eq!(house.system.attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn deadlines_end_with_the_head_of_the_answer() {
    let capability = Capability {
        deadline: Duration::from_secs(2),
        attempt_timeout: Duration::from_secs(1),
        ..Capability::default()
    };
    let house = House::with(&SystemLimits::default(), capability);
    house.system.gives(|| pieces(Duration::from_secs(5), 100_000, 10));
    let body = house.download().await.unwrap().body;
    assert_eq!(body.collect(2_000_000).await.unwrap().len(), 1_000_000, "fifty seconds of body");
}

#[tokio::test(start_paused = true)]
async fn an_upload_has_the_deadline_but_no_attempt_timeout() {
    let capability = Capability {
        deadline: Duration::from_secs(20),
        attempt_timeout: Duration::from_secs(1),
        ..Capability::default()
    };
    let house = House::with(&SystemLimits::default(), capability);
    house.system.does(|_, _| Does::AnswerAfter(Duration::from_secs(15)));
    assert!(house.upload().await.is_ok());
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::Timeout);
}
