//! Tokens that were verified before, by their hash.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use portico_contract::access::Principal;
use sha2::{Digest as _, Sha256};

use super::claims::Window;

/// Most tokens that are remembered.
const CAPACITY: u64 = 10_000;
/// A token that nobody used for this long is forgotten.
const IDLE: Duration = Duration::from_secs(600);

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

pub(super) struct TokenCache(Cache<Fingerprint, Arc<Verified>>);

impl TokenCache {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build())
    }

    pub(super) fn get(&self, fingerprint: &Fingerprint) -> Option<Arc<Verified>> {
        self.0.get(fingerprint)
    }

    pub(super) fn put(&self, fingerprint: Fingerprint, verified: Arc<Verified>) {
        self.0.insert(fingerprint, verified);
    }

    pub(super) fn remove(&self, fingerprint: &Fingerprint) {
        self.0.invalidate(fingerprint);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.entry_count()
    }
}
