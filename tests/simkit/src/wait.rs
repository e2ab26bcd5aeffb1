//! Waiting on a state with a time-out, so that no test sleeps for luck.

use std::time::{Duration, Instant};

/// How long between two looks at the condition.
const INTERVAL: Duration = Duration::from_millis(5);

/// The condition did not come true in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the condition did not come true within {0:?}")]
pub struct TimedOut(pub Duration);

/// Polls `condition` until it is true. It is looked at once at the start and once after the time-out, so a
/// true condition never fails on a busy machine.
pub async fn wait_until(mut condition: impl FnMut() -> bool, timeout: Duration) -> Result<(), TimedOut> {
    wait_for(async || condition().then_some(()), timeout).await
}

/// Polls `probe` until it gives a value. For conditions that have to be asked for, such as a GET.
pub async fn wait_for<T>(
    mut probe: impl AsyncFnMut() -> Option<T>,
    timeout: Duration,
) -> Result<T, TimedOut> {
    let give_up = Instant::now() + timeout;
    loop {
        let last_look = Instant::now() >= give_up;
        if let Some(value) = probe().await {
            return Ok(value);
        }
        if last_look {
            return Err(TimedOut(timeout));
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// [`wait_for`] where there is no runtime, such as around a child process.
pub fn wait_blocking<T>(mut probe: impl FnMut() -> Option<T>, timeout: Duration) -> Result<T, TimedOut> {
    let give_up = Instant::now() + timeout;
    loop {
        let last_look = Instant::now() >= give_up;
        if let Some(value) = probe() {
            return Ok(value);
        }
        if last_look {
            return Err(TimedOut(timeout));
        }
        #[expect(clippy::disallowed_methods, reason = "this is the wait on state that everybody else uses")]
        std::thread::sleep(INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_condition_that_turns_true_ends_the_wait() {
        let mut looks = 0;
        let wait = wait_until(
            || {
                looks += 1;
                looks == 3
            },
            Duration::from_secs(5),
        );
        assert_eq!(wait.await, Ok(()));
        assert_eq!(looks, 3);
    }

    #[tokio::test]
    async fn a_condition_that_stays_false_times_out() {
        let timeout = Duration::from_millis(20);
        assert_eq!(wait_until(|| false, timeout).await, Err(TimedOut(timeout)));
        assert_eq!(wait_blocking(|| None::<()>, timeout), Err(TimedOut(timeout)));
    }
}
