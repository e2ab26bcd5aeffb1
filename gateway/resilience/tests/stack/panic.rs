use portico_contract::{ByteStream, ErrorKind};
use portico_resilience::{BreakerState, SystemLimits};
use portico_schemas::Outcome;

use crate::toy::{Does, House};

#[tokio::test(start_paused = true)]
async fn a_panic_costs_one_call_and_gives_back_its_place() {
    let house = House::new(&SystemLimits { max_in_flight: 1, max_queued: 0, ..SystemLimits::default() });
    house.system.does(|_, _| Does::Panic);
    for _ in 0..20 {
        let error = house.get().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Internal, Outcome::Failed));
        assert_eq!(error.native(), Some("the toy breaks"));
        assert!(!error.detail().contains("toy"));
    }
    assert_eq!(house.create().await.unwrap_err().outcome(), Outcome::Unknown);
    let snapshot = house.health.snapshot();
    assert_eq!((snapshot.panics, snapshot.in_flight), (21, 0));
    assert_eq!(snapshot.breaker, BreakerState::Closed, "a defect of ours is not an outage of theirs");
    house.system.does(|_, _| Does::Answer);
    assert!(house.get().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_there_is_a_future_is_the_same() {
    let house = House::new(&SystemLimits::default());
    house.system.does(|_, _| panic!("at once"));
    assert_eq!(house.get().await.unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(house.health.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_body_ends_that_body() {
    let house = House::new(&SystemLimits::default());
    house.system.gives(|| ByteStream::new(futures_util::stream::poll_fn(|_| panic!("in the middle"))));
    let body = house.download().await.unwrap().body;
    let error = body.collect(10).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Internal, Some("toys download")));
    assert_eq!(house.health.snapshot().streams, 0);
}
