//! Scenarios that wait most of their time: for leases, and for what is believed only after a while. The suite runs as many
//! tests at a time as there are cores, so these run together, once, and each test tells how its own ended.

use std::any::Any;
use std::future::Future;
use std::sync::LazyLock;
use std::thread;

use super::{double, kills, lost, postgres};

/// Which scenario.
#[derive(Clone, Copy)]
pub enum Scenario {
    DoubleAndKilled,
    TwentyFiveKills,
    LostCreations,
    LostSteps,
    DatabaseAway,
}

/// How each ended: what it panicked with. Whoever asks waits for all of them, so that nothing is left running.
static ENDED: LazyLock<Vec<Result<(), String>>> = LazyLock::new(|| {
    let scenarios: [fn(); 5] = [
        || run(double::killed_in_the_middle()),
        || run(kills::kill(25, 0x5eed_0004)),
        || run(lost::creations()),
        || run(lost::submissions_and_approvals()),
        || run(postgres::away_under_load()),
    ];
    let running = scenarios.map(thread::spawn);
    running.into_iter().map(|scenario| scenario.join().map_err(|panic| said(&*panic))).collect()
});

fn run(scenario: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(scenario);
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

impl Scenario {
    /// Waits for it; panics where it did.
    pub fn ended(self) {
        if let Err(why) = &ENDED[self as usize] {
            panic!("{why}");
        }
    }
}
