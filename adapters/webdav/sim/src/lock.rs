//! Write locks (RFC 4918 sections 6 and 7).

use std::time::Duration;

use jiff::Timestamp;

use crate::path::Path;
use crate::xml::Owner;

/// Locks of one simulator, at most; a LOCK beyond it is 507.
const MAX_LOCKS: usize = 1_000;

/// One lock.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    pub token: String,
    pub path: Path,
    /// Whether it covers everything below, too.
    pub deep: bool,
    pub shared: bool,
    pub owner: Option<Owner>,
    pub timeout: Timeout,
    pub expires: Option<Timestamp>,
    /// Whether nothing was there when it was taken.
    pub null: bool,
}

impl Lock {
    /// Whether it protects an item.
    pub fn covers(&self, path: &Path) -> bool {
        self.path.same(path) || (self.deep && self.path.holds(path))
    }

    /// Whether it is a lock on a name where nothing is yet.
    pub fn is_null_at(&self, path: &Path) -> bool {
        self.null && self.path.same(path)
    }
}

/// How long a lock lasts (RFC 4918 section 10.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeout {
    Infinite,
    Seconds(u32),
}

impl Timeout {
    /// Reads a `Timeout` header: the first of its wishes that is understood.
    pub fn parse(value: &str) -> Option<Self> {
        value.split(',').map(str::trim).find_map(|wish| match wish {
            "Infinite" => Some(Self::Infinite),
            _ => wish.strip_prefix("Second-")?.parse().ok().map(Self::Seconds),
        })
    }

    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Infinite => None,
            Self::Seconds(seconds) => now.checked_add(Duration::from_secs(u64::from(seconds))).ok(),
        }
    }
}

/// All locks.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Vec<Lock>,
    counter: u64,
}

impl Locks {
    /// Forgets locks whose time is over.
    pub fn expire(&mut self, now: Timestamp) {
        self.held.retain(|lock| lock.expires.is_none_or(|end| end > now));
    }

    pub fn all(&self) -> impl Iterator<Item = &Lock> {
        self.held.iter()
    }

    /// Locks that cover an item.
    pub fn on<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Lock> {
        self.held.iter().filter(move |lock| lock.covers(path))
    }

    /// Locks taken on items below a folder.
    pub fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Lock> {
        self.held.iter().filter(move |lock| path.holds(&lock.path) && !lock.path.same(path))
    }

    /// Locks on names where nothing is, directly inside a folder.
    pub fn null_members<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a Lock> {
        self.held
            .iter()
            .filter(move |lock| lock.null && lock.path.parent().is_some_and(|parent| parent.same(folder)))
    }

    pub fn by_token(&mut self, token: &str) -> Option<&mut Lock> {
        self.held.iter_mut().find(|lock| lock.token == token)
    }

    /// Keeps a lock under a token that is new. `false` when there are too many.
    pub fn add(&mut self, lock: Lock) -> bool {
        let room = self.held.len() < MAX_LOCKS;
        if room {
            self.held.push(lock);
        }
        room
    }

    /// A number for the next token.
    pub fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub fn release(&mut self, token: &str) {
        self.held.retain(|lock| lock.token != token);
    }

    /// Forgets the locks on an item and below it: it is gone from there (RFC 4918 sections 9.6.1 and 9.9).
    pub fn forget(&mut self, path: &Path) {
        self.held.retain(|lock| !path.holds(&lock.path));
    }

    /// Something is now where nothing was.
    pub fn fill(&mut self, path: &Path) {
        for lock in self.held.iter_mut().filter(|lock| lock.path.same(path)) {
            lock.null = false;
        }
    }
}
