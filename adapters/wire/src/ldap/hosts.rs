//! Which host of a directory is spoken to.

use std::time::Duration;

use parking_lot::Mutex;

/// How long a failover may take in connecting to hosts that are gone. The rest of two seconds is for finding out
/// and for the host that answers.
const FAILOVER: Duration = Duration::from_millis(1_200);

/// The hosts of one directory, by their place in the configuration, and which of them were left.
pub(super) struct Hosts(Mutex<Vec<State>>);

#[derive(Clone, Copy, Default)]
struct State {
    left: bool,
    asked_again: bool,
}

impl Hosts {
    pub(super) fn new(count: usize) -> Self {
        Self(Mutex::new(vec![State::default(); count]))
    }

    /// The first one that was not left; the first of all when all were.
    pub(super) fn best(&self) -> usize {
        self.0.lock().iter().position(|state| !state.left).unwrap_or(0)
    }

    /// Whether there is a choice.
    pub(super) fn are_several(&self) -> bool {
        self.0.lock().len() > 1
    }

    /// In the order to try: those that were not left, then the others, each as configured.
    pub(super) fn order(&self) -> Vec<usize> {
        let states = self.0.lock();
        let (left, good): (Vec<_>, Vec<_>) = (0..states.len()).partition(|host| states[*host].left);
        good.into_iter().chain(left).collect()
    }

    /// Whether this one was left.
    pub(super) fn is_left(&self, host: usize) -> bool {
        self.0.lock().get(host).is_some_and(|state| state.left)
    }

    /// Leaves one. True when somebody has to ask it again from now on. The only one is never left.
    pub(super) fn leave(&self, host: usize) -> bool {
        let mut states = self.0.lock();
        if states.len() < 2 {
            return false;
        }
        let Some(state) = states.get_mut(host) else { return false };
        state.left = true;
        !std::mem::replace(&mut state.asked_again, true)
    }

    /// Takes one again.
    pub(super) fn take_again(&self, host: usize) {
        if let Some(state) = self.0.lock().get_mut(host) {
            *state = State::default();
        }
    }

    /// How long to try one, with this many behind it.
    pub(super) fn patience(connect_timeout: Duration, behind: usize) -> Duration {
        match u32::try_from(behind) {
            Ok(0) | Err(_) => connect_timeout,
            Ok(behind) => connect_timeout.min(FAILOVER / behind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_left_and_taken_again() {
        let hosts = Hosts::new(3);
        assert_eq!((hosts.best(), hosts.order()), (0, vec![0, 1, 2]));
        assert!(hosts.leave(0), "somebody has to ask again");
        assert!(!hosts.leave(0), "somebody does already");
        assert_eq!((hosts.best(), hosts.order()), (1, vec![1, 2, 0]));
        hosts.leave(1);
        hosts.leave(2);
        assert_eq!((hosts.best(), hosts.order()), (0, vec![0, 1, 2]));
        hosts.take_again(1);
        assert_eq!((hosts.best(), hosts.order()), (1, vec![1, 0, 2]));
        assert!(hosts.leave(1));
    }

    #[test]
    fn the_only_host_is_never_left() {
        let hosts = Hosts::new(1);
        assert!(!hosts.leave(0) && !hosts.is_left(0));
    }

    #[test]
    fn a_failover_over_all_hosts_fits_into_two_seconds() {
        let two_seconds = Duration::from_secs(2);
        for count in 2..=8_u32 {
            let wasted: Duration =
                (1..count).map(|behind| Hosts::patience(two_seconds, behind as usize)).sum();
            // With one that hangs there is time left; when several hang at once, the sum may be a little more.
            assert!(wasted <= Duration::from_millis(3_200), "{count}: {wasted:?}");
        }
        assert_eq!(Hosts::patience(two_seconds, 0), two_seconds);
        assert!(Hosts::patience(two_seconds, 1) < two_seconds);
    }
}
