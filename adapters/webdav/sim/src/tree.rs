//! The tree of folders and files, and what may be done to it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::content::Content;
use crate::path::Path;
use crate::xml::PropName;

/// What one simulator keeps, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one request body; larger ones are 413.
    pub body: usize,
    /// Files and folders; a write beyond it is 507.
    pub items: usize,
    /// Octets of content in memory over all files; a write beyond it is 507.
    pub stored: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 64 << 20, items: 100_000, stored: 256 << 20 }
    }
}

/// A file or a folder.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Stands for the inode: kept by a move, new for a copy.
    pub serial: u64,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// Properties that clients set.
    pub dead: BTreeMap<PropName, String>,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Folder(BTreeMap<Box<str>, Node>),
    File(Content),
}

impl Node {
    pub fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::Folder(_))
    }

    /// Files and octets of this item and all below it.
    fn size(&self) -> (usize, usize) {
        match &self.kind {
            Kind::File(content) => (1, content.weight()),
            Kind::Folder(members) => members.values().fold((1, 0), |(items, stored), member| {
                let (more, octets) = member.size();
                (items + more, stored + octets)
            }),
        }
    }
}

/// Why the tree cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The folder around it is missing, or is a file.
    NoParent,
    /// One of [`Limits`] is reached.
    Full,
}

/// The whole tree.
#[derive(Debug)]
pub(crate) struct Tree {
    root: Node,
    limits: Limits,
    items: usize,
    stored: usize,
    serial: u64,
    last: Timestamp,
}

impl Tree {
    pub fn new(now: Timestamp, limits: Limits) -> Self {
        let root = Node {
            serial: 1,
            created: now,
            modified: now,
            dead: BTreeMap::new(),
            kind: Kind::Folder(BTreeMap::new()),
        };
        Self { root, limits, items: 1, stored: 0, serial: 1, last: now }
    }

    pub fn items(&self) -> usize {
        self.items
    }

    pub fn get(&self, path: &Path) -> Option<&Node> {
        path.names.iter().try_fold(&self.root, |node, name| match &node.kind {
            Kind::Folder(members) => members.get(name.as_str()),
            Kind::File(_) => None,
        })
    }

    pub fn get_mut(&mut self, path: &Path) -> Option<&mut Node> {
        path.names.iter().try_fold(&mut self.root, |node, name| match &mut node.kind {
            Kind::Folder(members) => members.get_mut(name.as_str()),
            Kind::File(_) => None,
        })
    }

    /// A time for a change: now, but later than every change before it, as a microsecond clock on a disk would show.
    pub fn tick(&mut self, now: Timestamp) -> Timestamp {
        let next = Timestamp::from_microsecond(self.last.as_microsecond() + 1).unwrap_or(now);
        self.last = now.max(next);
        self.last
    }

    fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn members_mut(&mut self, path: &Path) -> Result<&mut BTreeMap<Box<str>, Node>, Denied> {
        let parent = path.parent().ok_or(Denied::NoParent)?;
        match self.get_mut(&parent).map(|node| &mut node.kind) {
            Some(Kind::Folder(members)) => Ok(members),
            _ => Err(Denied::NoParent),
        }
    }

    /// Whether the folder around a path exists.
    pub fn has_parent(&self, path: &Path) -> bool {
        path.parent().and_then(|parent| self.get(&parent)).is_some_and(Node::is_folder)
    }

    /// Puts an item where nothing is. The folder around it counts as changed.
    pub fn insert(&mut self, path: &Path, node: Node) -> Result<(), Denied> {
        let (items, stored) = node.size();
        if self.items + items > self.limits.items || self.stored + stored > self.limits.stored {
            return Err(Denied::Full);
        }
        let (name, changed) = (path.name().ok_or(Denied::NoParent)?.into(), node.modified.max(self.last));
        self.members_mut(path)?.insert(name, node);
        self.items += items;
        self.stored += stored;
        self.touch_parent(path, changed);
        Ok(())
    }

    /// A new, empty-handed item.
    pub fn make(&mut self, now: Timestamp, kind: Kind) -> Node {
        let time = self.tick(now);
        Node { serial: self.serial(), created: time, modified: time, dead: BTreeMap::new(), kind }
    }

    /// Replaces the content of a file that exists.
    pub fn replace(&mut self, path: &Path, content: Content, now: Timestamp) -> Result<(), Denied> {
        let before = match self.get(path).map(|node| &node.kind) {
            Some(Kind::File(content)) => content.weight(),
            _ => return Err(Denied::NoParent),
        };
        let stored = self.stored - before + content.weight();
        if stored > self.limits.stored {
            return Err(Denied::Full);
        }
        let time = self.tick(now);
        let node = self.get_mut(path).ok_or(Denied::NoParent)?;
        node.modified = time;
        node.kind = Kind::File(content);
        self.stored = stored;
        Ok(())
    }

    /// Takes an item out, with all below it.
    pub fn remove(&mut self, path: &Path, now: Timestamp) -> Option<Node> {
        let name = path.name()?.to_owned();
        let node = self.members_mut(path).ok()?.remove(name.as_str())?;
        let (items, stored) = node.size();
        self.items -= items;
        self.stored -= stored;
        let time = self.tick(now);
        self.touch_parent(path, time);
        Some(node)
    }

    /// A copy with new serials and times; a shallow one of a folder has no members.
    pub fn copy(&mut self, path: &Path, deep: bool, now: Timestamp) -> Option<Node> {
        let mut node = self.get(path)?.clone();
        if !deep && let Kind::Folder(members) = &mut node.kind {
            members.clear();
        }
        self.renew(&mut node, now);
        Some(node)
    }

    fn renew(&mut self, node: &mut Node, now: Timestamp) {
        node.serial = self.serial();
        let time = self.tick(now);
        (node.created, node.modified) = (time, time);
        if let Kind::Folder(members) = &mut node.kind {
            members.values_mut().for_each(|member| self.renew(member, now));
        }
    }

    fn touch_parent(&mut self, path: &Path, time: Timestamp) {
        if let Some(node) = path.parent().and_then(|parent| self.get_mut(&parent)) {
            node.modified = time;
        }
    }

    /// Puts an item with given times into the tree, making the folders around it; for seeding. What is there already is
    /// replaced.
    pub fn seed(&mut self, path: &Path, kind: Kind, time: Timestamp) -> Result<(), Denied> {
        if let Some(parent) = path.parent()
            && self.get(&parent).is_none()
        {
            self.seed(&parent, Kind::Folder(BTreeMap::new()), time)?;
        }
        if let Some(Kind::File(content)) = self.get(path).map(|node| &node.kind) {
            self.stored -= content.weight();
            self.items -= 1;
        } else if self.get(path).is_some() {
            return Ok(());
        }
        let node = Node { serial: self.serial(), created: time, modified: time, dead: BTreeMap::new(), kind };
        let (items, stored) = node.size();
        if self.items + items > self.limits.items || self.stored + stored > self.limits.stored {
            return Err(Denied::Full);
        }
        let name = path.name().ok_or(Denied::NoParent)?.into();
        self.members_mut(path)?.insert(name, node);
        self.items += items;
        self.stored += stored;
        if let Some(parent) = path.parent().and_then(|parent| self.get_mut(&parent)) {
            parent.modified = parent.modified.max(time);
        }
        Ok(())
    }
}
