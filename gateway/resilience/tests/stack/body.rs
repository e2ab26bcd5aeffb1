use std::time::Duration;

use futures_util::StreamExt;
use portico_contract::{ByteStream, Error, ErrorKind};
use portico_resilience::SystemLimits;
use tokio::time::Instant;

use crate::toy::{House, pieces};

async fn read(house: &House) -> Result<usize, Error> {
    let body = house.download().await?.body;
    body.collect(100_000_000).await.map(|bytes| bytes.len())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_is_given_up_after_the_idle_timeout() {
    let house = House::new(&SystemLimits { body_idle_timeout_ms: 5_000, ..SystemLimits::default() });
    house.system.gives(|| pieces(Duration::ZERO, 10, 2).chain_pending());
    let started = Instant::now();
    let error = read(&house).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.system().map(|key| key.as_str()), Some("toy"));
    assert_eq!(started.elapsed().as_millis() / 10, 500);
}

#[tokio::test(start_paused = true)]
async fn a_trickle_is_given_up_and_a_slow_but_fair_body_is_not() {
    let house = House::new(&SystemLimits::default());
    // An octet every ten seconds never trips the idle time-out.
    house.system.gives(|| pieces(Duration::from_secs(10), 1, 1_000));
    let started = Instant::now();
    assert_eq!(read(&house).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!(started.elapsed() <= Duration::from_secs(31), "{:?}", started.elapsed());
    // 2 KiB/s in lumps of 20 seconds, for ten minutes.
    house.system.gives(|| pieces(Duration::from_secs(20), 40_960, 30));
    assert_eq!(read(&house).await.unwrap(), 30 * 40_960);
    // A fast start buys no more than the window in which it came.
    house.system.gives(|| {
        let start = pieces(Duration::ZERO, 1_000_000, 1);
        ByteStream::new(start.chain(pieces(Duration::from_secs(10), 1, 1_000)))
    });
    let started = Instant::now();
    assert_eq!(read(&house).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!(started.elapsed() <= Duration::from_secs(61), "{:?}", started.elapsed());
    let off = House::new(&SystemLimits { body_min_bytes_per_second: 0, ..SystemLimits::default() });
    off.system.gives(|| pieces(Duration::from_secs(10), 1, 100));
    assert_eq!(read(&off).await.unwrap(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_the_systems_fault() {
    let house = House::new(&SystemLimits::default());
    house.system.gives(|| pieces(Duration::from_secs(1), 1, 10));
    let mut body = house.download().await.unwrap().body;
    let mut octets = 0;
    while let Some(piece) = body.next().await {
        octets += piece.unwrap().len();
        tokio::time::sleep(Duration::from_secs(100)).await;
    }
    assert_eq!(octets, 10);
}

#[tokio::test(start_paused = true)]
async fn the_cap_is_exact_and_cuts_the_connection() {
    let house = House::new(&SystemLimits { body_max_bytes: 100, ..SystemLimits::default() });
    house.system.gives(|| pieces(Duration::ZERO, 50, 2));
    assert_eq!(read(&house).await.unwrap(), 100);
    let (sender, dropped) = tokio::sync::oneshot::channel::<()>();
    let sender = parking_lot::Mutex::new(Some(sender));
    house.system.gives(move || {
        let held = sender.lock().take();
        ByteStream::new(pieces(Duration::ZERO, 101, 1_000).inspect(move |_| {
            let _ = &held;
        }))
    });
    let mut body = house.download().await.unwrap().body;
    assert_eq!(body.next().await.unwrap().unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert!(dropped.await.is_err(), "the body underneath is gone though the outer one is held");
    assert!(body.next().await.is_none());
}

trait ChainPending {
    fn chain_pending(self) -> ByteStream;
}

impl ChainPending for ByteStream {
    fn chain_pending(self) -> ByteStream {
        ByteStream::new(self.chain(futures_util::stream::pending()))
    }
}
