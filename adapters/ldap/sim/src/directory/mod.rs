//! The entries, and what happens to them.

mod change;
mod derived;
mod index;

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::Dialect;
use crate::dn;
use crate::entry::{Entry, Held, State, Value};
use crate::schema::{Attr, superclasses};

pub(crate) use change::{ChangeFault, Modification};
use index::Index;

/// Deletions that the session log of OpenLDAP remembers, as `syncprov-sessionlog 10000` says.
const SESSION_LOG: usize = 10_000;

pub(crate) struct Directory {
    pub dialect: Dialect,
    /// The name of the topmost entry.
    pub base: String,
    entries: Vec<Entry>,
    index: Index,
    usn: u64,
    /// When the last change was: the context CSN.
    last: Timestamp,
    log: SessionLog,
}

/// What was deleted since the start, oldest first.
struct SessionLog {
    /// Of what was before, nothing is known.
    since: Timestamp,
    deleted: Vec<(Timestamp, Uuid)>,
}

/// Values that an entry holds, or that are made up from what it is.
pub(crate) enum Values<'a> {
    Held(&'a [Value]),
    Made(Vec<Value>),
}

impl Deref for Values<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        match self {
            Self::Held(values) => values,
            Self::Made(values) => values,
        }
    }
}

/// A new entry.
pub(crate) struct New {
    pub dn: String,
    pub uuid: Uuid,
    pub own: Vec<(Attr, Vec<Value>)>,
    pub shared: Arc<[Held]>,
}

impl Directory {
    /// An empty one; `seeded` is when everything that is added before [`Self::open`] is said to have happened.
    pub(crate) fn new(dialect: Dialect, base: &str, seeded: Timestamp) -> Self {
        Self {
            dialect,
            base: base.to_owned(),
            entries: Vec::new(),
            index: Index::default(),
            // A domain controller has used some thousand for itself.
            usn: 3_600,
            last: seeded,
            log: SessionLog { since: seeded, deleted: Vec::new() },
        }
    }

    /// The server starts, or starts again: it knows of no deletion.
    pub(crate) fn open(&mut self) {
        self.log = SessionLog { since: self.last, deleted: Vec::new() };
    }

    /// Adds an entry below one that is there. The name is taken as free and the parent as known: [`Self::create`]
    /// checks both.
    pub(crate) fn insert(&mut self, new: New, at: Timestamp) -> u32 {
        let id = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.usn += 1;
        self.last = self.last.max(at);
        let parent = dn::parent(&new.dn).and_then(|above| self.find(above));
        if let Some(parent) = parent {
            self.entries[parent as usize].children += 1;
        }
        let usn = self.usn;
        let own = new.own.into_iter().filter(|(_, values)| !values.is_empty());
        self.entries.push(Entry {
            dn: new.dn.into(),
            parent,
            children: 0,
            uuid: new.uuid,
            created: at,
            changed: at,
            usn_created: usn,
            usn_changed: usn,
            own: own.map(|(attr, values)| Held { attr, usn, values: values.into() }).collect(),
            shared: new.shared,
            state: State::Live,
        });
        self.reindex(id, true);
        id
    }

    /// Enters an entry into the index, or takes it out.
    fn reindex(&mut self, id: u32, present: bool) {
        let entry = &self.entries[id as usize];
        let index = &mut self.index;
        let mut set = |attr: Attr, normal: &[u8]| match present {
            true => index.insert(attr, normal, id),
            false => index.remove(attr, normal, id),
        };
        let name = dn::normal_octets(entry.dn.as_bytes());
        set(Attr::ENTRY_DN, &name);
        let guid = if self.dialect == Dialect::ActiveDirectory {
            (Attr::OBJECT_GUID, entry.uuid.to_bytes_le().to_vec())
        } else {
            (Attr::ENTRY_UUID, entry.uuid.to_string().into_bytes())
        };
        set(guid.0, &guid.1);
        for held in entry.all().filter(|held| held.attr.kind().indexed) {
            for value in held.values.iter() {
                set(held.attr, &held.attr.normal(value));
            }
        }
        if self.dialect == Dialect::OpenLdap {
            for class in implied_classes(entry) {
                set(Attr::OBJECT_CLASS, &crate::schema::fold(class.as_bytes()));
            }
        } else if let Some((_, name)) = rdn(&entry.dn) {
            set(Attr::NAME, &crate::schema::fold(name.as_bytes()));
        }
    }

    /// The live entry of this name.
    pub(crate) fn find(&self, dn: &str) -> Option<u32> {
        let normal = dn::normal(dn)?;
        let found = self.index.get(Attr::ENTRY_DN, normal.as_bytes()).iter().copied();
        let mut live = found.filter(|id| self.entries[*id as usize].state == State::Live);
        live.find(|id| dn::normal(&self.entries[*id as usize].dn).as_deref() == Some(normal.as_str()))
    }

    /// The first entry that holds a value of an indexed attribute.
    pub(crate) fn find_by(&self, attr: Attr, value: &[u8]) -> Option<u32> {
        let normal = attr.normal(value);
        let holds = |id: &u32| {
            let entry = &self.entries[*id as usize];
            entry.state == State::Live && entry.held(attr).iter().any(|held| attr.normal(held) == normal)
        };
        self.index.get(attr, &normal).iter().copied().find(holds)
    }

    /// Entries that may hold a value of an indexed attribute, ascending.
    pub(crate) fn candidates(&self, attr: Attr, normal: &[u8]) -> &[u32] {
        self.index.get(attr, normal)
    }

    pub(crate) fn entry(&self, id: u32) -> &Entry {
        &self.entries[id as usize]
    }

    /// The number after the last entry's.
    pub(crate) fn end(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// Whether `id` is `above` or somewhere below it.
    pub(crate) fn within(&self, id: u32, above: u32) -> bool {
        let mut current = Some(id);
        while let Some(at) = current {
            if at == above {
                return true;
            }
            current = self.entries[at as usize].parent;
        }
        false
    }

    /// All entries from which `target` is reached through values of `attr`, in any number of steps: the members of the
    /// members of a group, everybody below a manager.
    pub(crate) fn chain(&self, attr: Attr, target: &[u8]) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut open = vec![attr.normal(target).into_owned()];
        while let Some(normal) = open.pop() {
            for id in self.index.get(attr, &normal) {
                if seen.insert(*id) {
                    found.push(*id);
                    open.push(dn::normal_octets(self.entry(*id).dn.as_bytes()).into_owned());
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// The highest update sequence number.
    pub(crate) fn usn(&self) -> u64 {
        self.usn
    }

    /// When the last change was.
    pub(crate) fn last(&self) -> Timestamp {
        self.last
    }

    /// What was deleted after an instant, with when the last of it was; `None` when the session log does not reach
    /// back so far.
    pub(crate) fn deleted_after(&self, at: Timestamp) -> Option<&[(Timestamp, Uuid)]> {
        if at < self.log.since {
            return None;
        }
        let first = self.log.deleted.partition_point(|(when, _)| *when <= at);
        Some(&self.log.deleted[first..])
    }
}

/// The classes that the entry's own extend (OpenLDAP keeps the classes as they were given).
fn implied_classes(entry: &Entry) -> impl Iterator<Item = &'static str> {
    let classes = entry.held(Attr::OBJECT_CLASS).iter();
    classes.flat_map(|class| superclasses(std::str::from_utf8(class).unwrap_or_default())).copied()
}

/// Type and value of the first relative name, unescaped.
pub(crate) fn rdn(dn: &str) -> Option<dn::Pair> {
    dn::parse(dn)?.into_iter().next()?.into_iter().next()
}
