use std::time::Duration;

use portico_contract::{ErrorKind, Retry};
use portico_resilience::SystemLimits;
use portico_schemas::Outcome;
use tokio::time::Instant;

use crate::toy::{Get, House, context};

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_a_second_and_the_rest_waits() {
    let house = House::new(&SystemLimits { max_per_second: Some(10), ..SystemLimits::default() });
    let started = Instant::now();
    for call in house.start(30).await {
        assert!(call.await.unwrap().is_ok());
    }
    // Ten at once, then one every 100 ms.
    let elapsed = started.elapsed();
    assert!((Duration::from_millis(1_990)..Duration::from_millis(2_100)).contains(&elapsed), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_is_refused_at_once() {
    let house = House::new(&SystemLimits { max_per_second: Some(1), ..SystemLimits::default() });
    house.get().await.unwrap();
    let started = Instant::now();
    let short = context(Duration::from_millis(300));
    let error = house.call_in(short, Get).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimited, Outcome::NotAttempted));
    assert!(matches!(error.retry(), Retry::After(wait) if wait > Duration::from_millis(900)));
    assert_eq!(house.system.attempts(), 1);
}
