//! What a key is good for.

use std::time::Duration;

use futures_util::future::join_all;
use portico_contract::ErrorKind;
use portico_schemas::Outcome;
use portico_store::IntentState;

use super::bench::{Bench, context, create, fresh, pending_of};
use super::office::Mood;
use crate::writes::{Written, digest};

#[tokio::test]
async fn fifty_at_once_with_one_key_are_one_write() {
    let bench = Bench::new().await;
    bench.office.be(Mood::Slow(Duration::from_millis(50)));
    let answers = join_all((0..50).map(|_| bench.create("one", "Train"))).await;
    let mut made = Vec::new();
    for answer in answers {
        match answer {
            Ok(Written::Fresh(id)) => made.push(id),
            Ok(Written::Repeated(id)) => panic!("nothing was over yet: {id:?}"),
            Ok(Written::Pending(operation)) => panic!("{operation:?}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InProgress);
                assert_eq!(error.to_problem().retry_after, Some(1));
            }
        }
    }
    assert_eq!((made.len(), bench.office.calls(), bench.office.count()), (1, 1, 1));
    let again = bench.create("one", "Train").await.unwrap();
    let Written::Repeated(Some(id)) = again else { panic!("{again:?}") };
    assert_eq!((id.as_str(), bench.office.calls()), (made[0].as_str(), 1));
}

#[tokio::test]
async fn a_key_counts_for_one_request_of_one_person() {
    let bench = Bench::new().await;
    fresh(bench.create("k", "Train").await);
    let other = bench.create("k", "Taxi").await.unwrap_err();
    assert_eq!((other.kind(), other.to_problem().status), (ErrorKind::IdempotencyKeyReused, 422));
    let ben = context("ben", Duration::from_secs(10));
    fresh(create(&bench.writes, &ben, "k", "Train").await);
    fresh(bench.create("k2", "Train").await);
    assert_eq!(bench.office.count(), 3);
}

#[tokio::test]
async fn a_refusal_is_remembered_and_not_asked_for_again() {
    let bench = Bench::new().await;
    bench.office.be(Mood::Refuses);
    let first = bench.create("k", "Train").await.unwrap_err().to_problem();
    bench.office.be(Mood::Answers);
    let second = bench.create("k", "Train").await.unwrap_err().to_problem();
    assert_eq!(first, second);
    assert_eq!((first.status, bench.office.calls(), bench.office.count()), (409, 1, 0));
}

#[tokio::test]
async fn a_key_of_what_was_never_sent_is_free_again() {
    let bench = Bench::new().await;
    bench.office.be(Mood::Down);
    assert_eq!(bench.create("k", "Train").await.unwrap_err().kind(), ErrorKind::ConnectRefused);
    bench.office.be(Mood::Answers);
    fresh(bench.create("k", "Train").await);
    assert_eq!(bench.states().await, [IntentState::Refused, IntentState::Confirmed]);
}

#[tokio::test]
async fn a_write_without_a_key_is_new_each_time() {
    let bench = Bench::new().await;
    let id = fresh(bench.create("k", "Train").await);
    fresh(bench.submit(&id).await);
    fresh(bench.submit(&id).await);
    assert_eq!(bench.office.calls(), 3);
}

#[tokio::test]
async fn past_the_callers_deadline_it_goes_on_and_the_key_tells() {
    let bench = Bench::new().await;
    bench.office.be(Mood::Slow(Duration::from_millis(200)));
    let hasty = context("anna", Duration::from_millis(60));
    let operation = pending_of(create(&bench.writes, &hasty, "k", "Train").await);
    assert_eq!(serde_json::to_value(operation.status).unwrap(), "sent");
    assert_eq!(bench.create("k", "Train").await.unwrap_err().kind(), ErrorKind::InProgress);
    bench.until(IntentState::Confirmed).await;
    assert!(matches!(bench.create("k", "Train").await, Ok(Written::Repeated(Some(_)))));
    assert_eq!(bench.office.calls(), 1);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_tear_it() {
    let bench = Bench::new().await;
    bench.office.be(Mood::Slow(Duration::from_millis(100)));
    let asked = tokio::time::timeout(Duration::from_millis(20), bench.create("k", "Train")).await;
    assert!(asked.is_err(), "dropped while it was under way");
    bench.until(IntentState::Confirmed).await;
    assert_eq!(bench.office.count(), 1);
}

#[tokio::test]
async fn too_late_to_be_recorded_it_is_not_sent_and_the_key_is_free() {
    let bench = Bench::new().await;
    let late = context("anna", Duration::ZERO);
    let error = create(&bench.writes, &late, "k", "Train").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::StoreUnavailable, Outcome::NotAttempted));
    bench.until(IntentState::Refused).await;
    assert_eq!(bench.office.calls(), 0);
    fresh(bench.create("k", "Train").await);
}

#[tokio::test]
async fn a_closed_store_sends_nothing() {
    let bench = Bench::new().await;
    bench.writes.store().close().await;
    let error = bench.create("k", "Train").await.unwrap_err();
    assert_eq!((error.kind(), error.to_problem().status), (ErrorKind::StoreUnavailable, 503));
    assert_eq!(bench.office.calls(), 0);
}

#[test]
fn no_two_requests_share_a_digest_by_their_seams() {
    assert_ne!(digest("r", &["ab", "c"], b""), digest("r", &["a", "bc"], b""));
    assert_ne!(digest("r", &["a"], b"b"), digest("r", &["a", "b"], b""));
    assert_eq!(digest("r", &["a"], b"b"), digest("r", &["a"], b"b"));
}
