//! The links of one system's people, kept small.

use std::collections::BTreeMap;

use portico_contract::NativeId;
use portico_contract::people::PersonKey;

use super::{Link, Linker, PersonKeys};

/// Somebody whose link is ambiguous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmbiguousLink {
    /// Who, in the other system.
    pub native: NativeId,
    /// Who may be meant, in the directory of record.
    pub candidates: Vec<NativeId>,
    /// The key of the rule that found several, or that disagreed.
    pub rule: PersonKey,
}

/// Somebody to whom several people of the other system are linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLink {
    /// Who, in the directory of record.
    pub record: NativeId,
    /// Who, in the other system; at most [`Links::SHARING`].
    pub natives: Vec<NativeId>,
}

/// The links of one system's people to the directory of record, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// The ids of each pair behind one another.
    text: Box<str>,
    /// By the other system's id.
    pairs: Box<[Pair]>,
    /// Places in `pairs`, by the id of record.
    by_record: Box<[u32]>,
    ambiguous: Report<AmbiguousLink>,
    unlinked: Report<NativeId>,
}

/// Where the ids of a pair stand. Ids have at most [`NativeId::MAX`] octets.
#[derive(Debug, Clone, Copy)]
struct Pair {
    start: usize,
    native: u16,
    record: u16,
    by: PersonKey,
}

/// Some lines, and how many there would be.
#[derive(Debug, Clone)]
struct Report<T> {
    lines: Vec<T>,
    count: usize,
}

impl<T> Default for Report<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), count: 0 }
    }
}

impl<T> Report<T> {
    fn add(&mut self, line: T) {
        self.count += 1;
        if self.lines.len() < Links::REPORTED {
            self.lines.push(line);
        }
    }
}

impl Links {
    /// Lines that each report names at most; the counts count all.
    pub const REPORTED: usize = 1_000;
    /// People of the other system that one line of [`Links::shared_links`] names at most.
    pub const SHARING: usize = 10;

    /// Links everybody of a system. Somebody who is told twice counts once; the later keys hold.
    pub fn build(linker: &Linker<'_>, people: impl IntoIterator<Item = (NativeId, PersonKeys)>) -> Self {
        let all: BTreeMap<NativeId, Link> =
            people.into_iter().map(|(native, keys)| (native, linker.link(&keys))).collect();
        let (mut links, mut text, mut pairs) = (Self::default(), String::new(), Vec::new());
        for (native, link) in all {
            match link {
                Link::Linked { id, by } => {
                    pairs.push(Pair {
                        start: text.len(),
                        native: native.as_str().len() as u16,
                        record: id.as_str().len() as u16,
                        by,
                    });
                    text.push_str(native.as_str());
                    text.push_str(id.as_str());
                }
                Link::Ambiguous { candidates, rule } => {
                    links.ambiguous.add(AmbiguousLink { native, candidates, rule });
                }
                Link::Unlinked => links.unlinked.add(native),
            }
        }
        (links.text, links.pairs) = (text.into(), pairs.into());
        let mut by_record: Vec<u32> = (0..links.pairs.len() as u32).collect();
        by_record.sort_by_key(|&at| links.record(at as usize));
        links.by_record = by_record.into();
        links.ambiguous.lines.shrink_to_fit();
        links.unlinked.lines.shrink_to_fit();
        links
    }

    fn native(&self, at: usize) -> &str {
        let pair = self.pairs[at];
        &self.text[pair.start..][..usize::from(pair.native)]
    }

    fn record(&self, at: usize) -> &str {
        let pair = self.pairs[at];
        &self.text[pair.start + usize::from(pair.native)..][..usize::from(pair.record)]
    }

    /// The person of record to whom this person of the system is linked, and by which key. `None` for somebody ambiguous,
    /// unlinked or unknown.
    pub fn record_of(&self, native: &NativeId) -> Option<(NativeId, PersonKey)> {
        let (mut from, mut to) = (0, self.pairs.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.native(middle) < native.as_str() { from = middle + 1 } else { to = middle }
        }
        let found = from < self.pairs.len() && self.native(from) == native.as_str();
        found.then(|| Some((NativeId::new(self.record(from))?, self.pairs[from].by)))?
    }

    /// The people of the system who are linked to this person of record, by id.
    pub fn natives_of(&self, record: &NativeId) -> Vec<NativeId> {
        let from = self.by_record.partition_point(|&at| self.record(at as usize) < record.as_str());
        let of = self.by_record[from..].iter().map(|&at| at as usize);
        let of = of.take_while(|&at| self.record(at) == record.as_str());
        of.filter_map(|at| NativeId::new(self.native(at))).collect()
    }

    /// How many are linked.
    pub fn linked(&self) -> usize {
        self.pairs.len()
    }

    /// How many are ambiguous.
    pub fn ambiguous(&self) -> usize {
        self.ambiguous.count
    }

    /// How many are linked to nobody.
    pub fn unlinked(&self) -> usize {
        self.unlinked.count
    }

    /// Those who are linked, by id.
    pub fn iter(&self) -> impl Iterator<Item = (NativeId, NativeId, PersonKey)> {
        (0..self.pairs.len()).filter_map(|at| {
            Some((NativeId::new(self.native(at))?, NativeId::new(self.record(at))?, self.pairs[at].by))
        })
    }

    /// Those who are ambiguous, by id, at most [`Links::REPORTED`].
    pub fn ambiguous_links(&self) -> &[AmbiguousLink] {
        &self.ambiguous.lines
    }

    /// Those who are linked to nobody, by id, at most [`Links::REPORTED`].
    pub fn unlinked_people(&self) -> &[NativeId] {
        &self.unlinked.lines
    }

    /// People of record to whom several are linked, by id, at most [`Links::REPORTED`]: right where one has two accounts,
    /// wrong where a number or an address was passed on.
    pub fn shared_links(&self) -> Vec<SharedLink> {
        let groups = self.by_record.chunk_by(|&a, &b| self.record(a as usize) == self.record(b as usize));
        let shared = groups.filter(|group| group.len() > 1).filter_map(|group| {
            let natives = group.iter().take(Self::SHARING).map(|&at| self.native(at as usize));
            Some(SharedLink {
                record: NativeId::new(self.record(group[0] as usize))?,
                natives: natives.filter_map(NativeId::new).collect(),
            })
        });
        shared.take(Self::REPORTED).collect()
    }

    /// Octets of heap that the links hold; the bounded reports are not counted.
    pub fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.pairs) + size_of_val(&*self.by_record)
    }
}
