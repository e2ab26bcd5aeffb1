//! How a snapshot is made from an earlier one.

use std::collections::HashMap;
use std::sync::Arc;

use portico_contract::NativeId;
use portico_contract::people::{PersonChange, PersonRecord};

use super::PeopleIndex;
use super::compact::compact;
use super::pace::Pace;
use super::segment::{MAX_ROWS, Slot};
use super::table::{Bits, Hashed};

/// People who are compared between two pauses.
const COMPARED: usize = 16;

/// Makes a [`PeopleIndex`], from nothing or from an earlier one, of which it shares what did not change.
///
/// It takes what a directory tells step by step, and never holds more than 8,192 whole records: when there are more, they
/// become a part of the index at once.
///
/// Writing thousands of people takes a tenth of a second. [`Builder::pausing`] lets others through meanwhile.
#[derive(Default)]
pub struct Builder {
    base: PeopleIndex,
    slots: Vec<Slot>,
    pending: HashMap<NativeId, PersonRecord>,
    /// While everybody is told: for each slot of the base, who was told again. Everybody else will be gone.
    told: Option<Vec<Bits>>,
    pause: Option<Box<dyn FnMut() + Send>>,
    /// People who were compared with what is there.
    compared: usize,
}

impl Builder {
    /// From nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// From an earlier snapshot.
    pub fn from(index: &PeopleIndex) -> Self {
        Self { base: index.clone(), slots: index.slots.to_vec(), ..Self::default() }
    }

    /// Calls this every few tens of microseconds of work, and not at all where there is none to do.
    #[must_use]
    pub fn pausing(mut self, pause: impl FnMut() + Send + 'static) -> Self {
        self.pause = Some(Box::new(pause));
        self
    }

    fn paced<T>(&mut self, work: impl FnOnce(&mut Self, &mut Pace<'_>) -> T) -> T {
        let mut pause = self.pause.take();
        let mut none = || {};
        let done = work(self, &mut Pace::new(pause.as_deref_mut().map_or(&mut none, |pause| pause)));
        self.pause = pause;
        done
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
            self.compared += 1;
            if let Some(pause) = self.pause.as_mut().filter(|_| self.compared.is_multiple_of(COMPARED)) {
                pause();
            }
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
            let slot = self.paced(|_, pace| Slot::new(people, pace));
            self.slots.push(slot);
        }
    }

    /// The snapshot; the very one that it began with where nothing has changed. Merges small parts into larger ones, at most
    /// some 16,000 people of them in one go.
    pub fn build(mut self) -> PeopleIndex {
        self.flush();
        for (slot, told) in self.slots.iter_mut().zip(self.told.iter().flatten()) {
            let missing: Vec<u16> =
                slot.people().map(|person| person.row).filter(|row| !told.has(*row)).collect();
            missing.into_iter().for_each(|row| slot.remove(row));
        }
        self.paced(|builder, pace| compact(&mut builder.slots, pace));
        if self.slots.len() == self.base.slots.len() && self.slots.iter().zip(&*self.base.slots).all(same) {
            return self.base;
        }
        let len = self.slots.iter().map(|slot| slot.live).sum();
        PeopleIndex { slots: Arc::from(self.slots), len }
    }
}

/// Whether neither the people nor those of them who are gone have changed.
fn same((one, other): (&Slot, &Slot)) -> bool {
    Arc::ptr_eq(&one.segment, &other.segment) && one.live == other.live
}
