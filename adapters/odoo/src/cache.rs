//! What is looked up again and again and changes rarely, remembered for a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long something is remembered. Somebody who is renamed, or gets another approver, shows the old one for so long.
const KEPT: Duration = Duration::from_secs(300);
/// How many things are remembered; then all are forgotten.
const MOST: usize = 50_000;

/// Things by key, each for [`KEPT`].
pub(crate) struct Cache<K, V>(Mutex<HashMap<K, (Instant, V)>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// What is remembered of these, and which are not.
    pub(crate) fn known(&self, keys: impl IntoIterator<Item = K>) -> (HashMap<K, V>, Vec<K>) {
        let held = self.0.lock();
        let (mut known, mut unknown) = (HashMap::new(), Vec::new());
        for key in keys {
            match held.get(&key) {
                Some((at, value)) if at.elapsed() < KEPT => drop(known.insert(key, value.clone())),
                _ if unknown.contains(&key) => {}
                _ => unknown.push(key),
            }
        }
        (known, unknown)
    }

    pub(crate) fn put(&self, key: K, value: V) {
        let mut held = self.0.lock();
        if held.len() >= MOST {
            held.clear();
        }
        held.insert(key, (Instant::now(), value));
    }
}

/// Somebody as records point at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: i64,
    pub(crate) display: Arc<str>,
}

/// An analytic account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookedTo {
    pub(crate) name: Arc<str>,
    /// The name of the plan at the top of its own.
    pub(crate) plan: Arc<str>,
}

/// Everything that is remembered.
#[derive(Default)]
pub(crate) struct Caches {
    /// Employees by user; `None` for users who are no employees.
    pub(crate) by_user: Cache<i64, Option<Known>>,
    /// By employee: their user, and the user who decides about their time off.
    pub(crate) approvers: Cache<i64, (Option<i64>, Option<i64>)>,
    /// Code and decimal places of currencies by id.
    pub(crate) currencies: Cache<i64, (Arc<str>, u32)>,
    pub(crate) accounts: Cache<i64, BookedTo>,
    /// Names of taxes.
    pub(crate) taxes: Cache<i64, Arc<str>>,
}
