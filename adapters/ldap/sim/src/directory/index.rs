//! Which entries hold a value, so that a search by it does not look at all of them.

use std::collections::HashMap;

use crate::schema::Attr;

/// Hashes of attribute and normal value → entries, ascending. Two values may share a hash: an answer is a superset, and
/// the filter decides.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<u64, Ids>);

/// Most values belong to one entry: those need no list.
#[derive(Debug)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

impl Index {
    pub(super) fn insert(&mut self, attr: Attr, normal: &[u8], id: u32) {
        let ids = self.0.entry(key(attr, normal)).or_insert(Ids::One(id));
        match ids {
            Ids::One(known) if *known == id => {}
            Ids::One(known) => *ids = Ids::Many(vec![id.min(*known), id.max(*known)]),
            // Filling it goes in order, so this is nearly always a push.
            Ids::Many(known) if known.last().is_some_and(|last| *last < id) => known.push(id),
            Ids::Many(known) => {
                if let Err(at) = known.binary_search(&id) {
                    known.insert(at, id);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, attr: Attr, normal: &[u8], id: u32) {
        let key = key(attr, normal);
        match self.0.get_mut(&key) {
            Some(Ids::One(known)) if *known == id => {
                self.0.remove(&key);
            }
            Some(Ids::Many(known)) => {
                if let Ok(at) = known.binary_search(&id) {
                    known.remove(at);
                }
            }
            _ => {}
        }
    }

    pub(super) fn get(&self, attr: Attr, normal: &[u8]) -> &[u32] {
        match self.0.get(&key(attr, normal)) {
            Some(Ids::One(id)) => std::slice::from_ref(id),
            Some(Ids::Many(ids)) => ids,
            None => &[],
        }
    }
}

/// FNV-1a.
fn key(attr: Attr, normal: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(attr.number()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    normal.iter().fold(start, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}
