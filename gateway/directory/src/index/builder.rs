//! How a snapshot is made from an earlier one.

use std::collections::HashMap;
use std::sync::Arc;

use portico_contract::NativeId;
use portico_contract::people::{PersonChange, PersonRecord};

use super::PeopleIndex;
use super::compact::compact;
use super::segment::{MAX_ROWS, Slot};
use super::table::{Bits, Hashed};

/// Makes a [`PeopleIndex`], from nothing or from an earlier one, of which it shares what did not change.
///
/// It takes what a directory tells step by step, and never holds more than 8,192 whole records: when there are more, they
/// become a part of the index at once.
#[derive(Default)]
pub struct Builder {
    base: PeopleIndex,
    slots: Vec<Slot>,
    pending: HashMap<NativeId, PersonRecord>,
    /// While everybody is told: for each slot of the base, who was told again. Everybody else will be gone.
    told: Option<Vec<Bits>>,
}

impl Builder {
    /// From nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// From an earlier snapshot.
    pub fn from(index: &PeopleIndex) -> Self {
        Self { base: index.clone(), slots: index.slots.to_vec(), pending: HashMap::new(), told: None }
    }

    /// Takes one step of what a directory tells.
    ///
    /// A `Begin` goes back to where the builder started; with `whole`, those who are not told again by the time of
    /// [`Builder::build`] are gone. Steps without a `Begin` change what is there. Telling the same person twice is harmless,
    /// the later record holds; telling somebody exactly as they are costs a comparison and no memory.
    pub fn apply(&mut self, change: PersonChange) {
        match change {
            PersonChange::Begin { whole } => {
                self.slots = self.base.slots.to_vec();
                self.pending = HashMap::new();
                let none = |slot: &Slot| Bits::none(slot.segment.len());
                self.told = whole.then(|| self.base.slots.iter().map(none).collect());
            }
            PersonChange::Put(record) => self.put(*record),
            PersonChange::Gone(id) => {
                self.pending.remove(&id);
                self.remove(id.as_str());
            }
        }
    }

    fn put(&mut self, record: PersonRecord) {
        if !self.pending.contains_key(&record.id)
            && let Some((at, row)) = self.place_of(record.id.as_str())
        {
            if self.slots[at].person(row).record() == record {
                // Slots behind those of the base were made while telling.
                if let Some(told) = self.told.as_mut().and_then(|told| told.get_mut(at)) {
                    told.add(row);
                }
                return;
            }
            self.slots[at].remove(row);
        }
        self.pending.insert(record.id.clone(), record);
        if self.pending.len() >= MAX_ROWS {
            self.flush();
        }
    }

    fn remove(&mut self, id: &str) {
        if let Some((at, row)) = self.place_of(id) {
            self.slots[at].remove(row);
        }
    }

    fn place_of(&self, id: &str) -> Option<(usize, u16)> {
        let hashed = Hashed::of(id);
        self.slots.iter().enumerate().find_map(|(at, slot)| Some((at, slot.row_of(id, hashed)?)))
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let people = std::mem::take(&mut self.pending).into_values().collect();
            self.slots.push(Slot::new(people));
        }
    }

    /// The snapshot. Merges small parts into larger ones, at most some 16,000 people of them in one go.
    pub fn build(mut self) -> PeopleIndex {
        self.flush();
        for (slot, told) in self.slots.iter_mut().zip(self.told.iter().flatten()) {
            let missing: Vec<u16> =
                slot.people().map(|person| person.row).filter(|row| !told.has(*row)).collect();
            missing.into_iter().for_each(|row| slot.remove(row));
        }
        compact(&mut self.slots);
        let len = self.slots.iter().map(|slot| slot.live).sum();
        PeopleIndex { slots: Arc::from(self.slots), len }
    }
}
