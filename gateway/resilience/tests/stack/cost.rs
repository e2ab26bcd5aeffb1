//! What the stack costs. Figures, not a promise: run with `-- --ignored --nocapture`, in release.

use std::time::Instant;

use portico_resilience::SystemLimits;

use crate::toy::House;

#[tokio::test]
#[ignore = "prints a time; nothing to pass or fail"]
async fn time_per_call() {
    let house = House::new(&SystemLimits::default());
    let context = crate::toy::context(std::time::Duration::from_secs(600));
    for calls in [10_000_u32, 200_000] {
        let started = Instant::now();
        for _ in 0..calls {
            let operation = crate::toy::Get;
            house.call_in(context.clone(), operation).await.unwrap();
        }
        println!("{calls} calls: {:?} each", started.elapsed() / calls);
    }
}
