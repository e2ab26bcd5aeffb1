//! The systems that are configured, in their configured order.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use portico_contract::{SystemKey, Upstream};
use portico_schemas::{Owner, SystemState};

/// How a system is doing: read from the state of its stack.
pub trait Standing: Send + Sync + 'static {
    /// Its state now.
    fn state(&self) -> SystemState;
    /// When a call last succeeded; `None` before the first.
    fn last_success(&self) -> Option<Timestamp>;
    /// Why it is not up, as the problem that callers see; `None` while it is up.
    fn last_failure(&self) -> Option<portico_contract::ErrorKind>;
}

/// One configured system.
#[derive(Clone)]
pub struct System {
    /// The way to it.
    pub upstream: Upstream,
    /// What people call it.
    pub title: String,
    /// Who answers for it.
    pub owner: Owner,
    /// Keys that it had before a rename; ids made under them still work.
    pub aliases: Vec<SystemKey>,
    /// How it is doing.
    pub standing: Arc<dyn Standing>,
}

impl System {
    /// Its permanent key.
    pub fn key(&self) -> &SystemKey {
        &self.upstream.system
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("key", self.key()).finish_non_exhaustive()
    }
}

/// All configured systems. The configured order is the order of lists that cannot be merged.
#[derive(Debug, Default)]
pub struct Systems {
    all: Vec<System>,
    by_key: HashMap<SystemKey, usize>,
}

impl Systems {
    /// Takes the systems in their configured order. Keys and aliases were checked to be unique.
    pub fn new(all: Vec<System>) -> Self {
        let mut by_key = HashMap::new();
        for (index, system) in all.iter().enumerate() {
            by_key.insert(system.key().clone(), index);
            by_key.extend(system.aliases.iter().map(|alias| (alias.clone(), index)));
        }
        Self { all, by_key }
    }

    /// All of them, in their configured order.
    pub fn iter(&self) -> impl Iterator<Item = &System> {
        self.all.iter()
    }

    /// The system with this key, or that had it before a rename.
    pub fn get(&self, key: &SystemKey) -> Option<&System> {
        self.by_key.get(key).and_then(|index| self.all.get(*index))
    }
}
