//! Small tables of a segment.

use std::hash::{DefaultHasher, Hasher as _};

use super::pace::Pace;

/// A set of rows.
#[derive(Clone, Default)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    /// No row of `rows`.
    pub(super) fn none(rows: usize) -> Self {
        Self(vec![0; rows.div_ceil(64)].into())
    }

    pub(super) fn has(&self, row: u16) -> bool {
        self.0.get(usize::from(row / 64)).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    /// Adds a row; whether it was new.
    pub(super) fn add(&mut self, row: u16) -> bool {
        let new = !self.has(row);
        if let Some(word) = self.0.get_mut(usize::from(row / 64)) {
            *word |= 1 << (row % 64);
        }
        new
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// Rows by a hashed key. Keys are not kept: who asks compares with the record.
#[derive(Default)]
pub(super) struct KeyTable {
    /// Sorted; a hash stands once for each row that has it.
    hashes: Box<[u32]>,
    rows: Box<[u16]>,
}

/// A key in the form in which every [`KeyTable`] keeps it: worked out once for all segments.
#[derive(Clone, Copy)]
pub(super) struct Hashed(u32);

impl Hashed {
    pub(super) fn of(key: &str) -> Self {
        Self(hash(key))
    }
}

/// What a [`KeyTable`] is made from.
#[derive(Default)]
pub(super) struct Keys(Vec<(u32, u16)>);

impl Keys {
    /// This row has this key. An empty key is none.
    pub(super) fn add(&mut self, key: &str, row: u16) {
        if !key.is_empty() {
            self.0.push((hash(key), row));
        }
    }

    pub(super) fn build(mut self, pace: &mut Pace<'_>) -> KeyTable {
        pace.sort(&mut self.0, Ord::cmp);
        self.0.dedup();
        KeyTable {
            hashes: self.0.iter().map(|(hash, _)| *hash).collect(),
            rows: self.0.iter().map(|(_, row)| *row).collect(),
        }
    }
}

impl KeyTable {
    /// Rows that may have this key, ascending; those of other keys can be among them.
    pub(super) fn rows(&self, key: Hashed) -> impl Iterator<Item = u16> {
        let Hashed(hash) = key;
        let from = self.hashes.partition_point(|other| *other < hash);
        let found = self.hashes.iter().zip(&self.rows).skip(from);
        found.take_while(move |(other, _)| **other == hash).map(|(_, row)| *row)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.hashes) + size_of_val(&*self.rows)
    }
}

fn hash(key: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key.as_bytes());
    hasher.finish() as u32
}
