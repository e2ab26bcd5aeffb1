//! Tokens that were verified before, by their hash.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use parking_lot::RwLock;
use portico_contract::access::Principal;
use sha2::{Digest as _, Sha256};

use super::claims::Window;

/// Most tokens that are remembered.
const CAPACITY: usize = 10_000;
/// How many are forgotten at once when there are more: so many that it is rarely done.
const FORGOTTEN: usize = CAPACITY / 10;

/// What a verified token says. The token itself is not kept.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) window: Window,
    pub(super) principal: Arc<Principal>,
}

/// SHA-256 of a token: the cache holds nothing that could be sent as one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// A plain map, because every request looks into it: a cache that keeps books about each look costs more than the look.
/// Only tokens that a configured key has signed get in.
#[derive(Default)]
pub(super) struct TokenCache(RwLock<HashMap<Fingerprint, Entry>>);

struct Entry {
    verified: Arc<Verified>,
    /// The second in which it was last asked for.
    used: AtomicI64,
}

impl TokenCache {
    pub(super) fn get(&self, fingerprint: &Fingerprint, now: Timestamp) -> Option<Arc<Verified>> {
        let tokens = self.0.read();
        let entry = tokens.get(fingerprint)?;
        entry.used.store(now.as_second(), Ordering::Relaxed);
        Some(Arc::clone(&entry.verified))
    }

    /// Remembers a token. When there is no room, those that were not asked for for the longest are forgotten.
    pub(super) fn put(&self, fingerprint: Fingerprint, verified: Arc<Verified>, now: Timestamp) {
        let mut tokens = self.0.write();
        if tokens.len() >= CAPACITY {
            let mut by_use: Vec<(i64, Fingerprint)> =
                tokens.iter().map(|(token, entry)| (entry.used.load(Ordering::Relaxed), *token)).collect();
            by_use.select_nth_unstable_by_key(FORGOTTEN, |(used, _)| *used);
            for (_, token) in &by_use[..FORGOTTEN] {
                tokens.remove(token);
            }
        }
        tokens.insert(fingerprint, Entry { verified, used: AtomicI64::new(now.as_second()) });
    }

    pub(super) fn remove(&self, fingerprint: &Fingerprint) {
        self.0.write().remove(fingerprint);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.read().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_asked_for_last_stay_when_there_is_no_room() {
        let cache = TokenCache::default();
        let at = |second: usize| Timestamp::from_second(i64::try_from(second).unwrap()).unwrap();
        let verified = Arc::new(Verified {
            window: Window { not_before: 0.0, expires: 1.0 },
            principal: portico_contract::CallContext::internal("a", std::time::Duration::ZERO).principal,
        });
        let token = |n: usize| Fingerprint::of(&n.to_string());
        for n in 0..CAPACITY {
            cache.put(token(n), Arc::clone(&verified), at(n));
        }
        assert!(cache.get(&token(0), at(CAPACITY)).is_some());
        cache.put(token(CAPACITY), verified, at(CAPACITY));
        assert_eq!(cache.len(), CAPACITY - FORGOTTEN + 1);
        assert!(cache.get(&token(0), at(CAPACITY)).is_some(), "asked for a moment ago");
        assert!(cache.get(&token(1), at(CAPACITY)).is_none(), "not asked for since it came");
    }
}
