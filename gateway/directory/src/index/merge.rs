//! The best of several segments, one after the other, and no more of them than are wanted.

use super::entry::PersonEntry;
use super::segment::{Order, Slot};

/// Rows that are put in order first; later as many again each time. Most searches want a page and look no further.
const FIRST: usize = 64;

/// The matches of one tier in one segment.
pub(super) struct Lane<'a> {
    slot: &'a Slot,
    /// The rank, reversed, before the row: the smaller comes first.
    keys: Vec<u32>,
    /// So many are in order.
    sorted: usize,
    next: usize,
    /// Whether the next one is known to be visible.
    is_visible: bool,
    /// Of the next one, once it is compared with another.
    order: Option<Order<'a>>,
}

impl<'a> Lane<'a> {
    pub(super) fn new(slot: &'a Slot) -> Self {
        Self { slot, keys: Vec::new(), sorted: 0, next: 0, is_visible: false, order: None }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn push(&mut self, rank: u16, row: u16) {
        self.keys.push(u32::from(u16::MAX - rank) << 16 | u32::from(row));
    }

    /// The rank of whoever comes next.
    fn rank(&mut self) -> Option<u16> {
        if self.next == self.sorted && self.sorted < self.keys.len() {
            let rest = &mut self.keys[self.sorted..];
            let some = FIRST.max(self.sorted).min(rest.len());
            if some < rest.len() {
                rest.select_nth_unstable(some - 1);
            }
            rest[..some].sort_unstable();
            self.sorted += some;
        }
        self.keys.get(self.next).map(|key| u16::MAX - (key >> 16) as u16)
    }

    /// Whoever comes next: only where [`Lane::rank`] says that there is somebody.
    fn person(&self) -> PersonEntry<'a> {
        self.slot.person(self.keys[self.next] as u16)
    }

    fn go_on(&mut self) {
        self.next += 1;
        (self.is_visible, self.order) = (false, None);
    }

    /// Whether somebody of this rank comes next who is visible; who is not is left behind.
    fn has(&mut self, rank: u16, visible: &mut dyn FnMut(&PersonEntry<'a>) -> bool) -> bool {
        while self.rank() == Some(rank) {
            if !self.is_visible && !visible(&self.person()) {
                self.go_on();
                continue;
            }
            self.is_visible = true;
            return true;
        }
        false
    }
}

/// Gives `each` whoever is visible in all lanes, the highest rank first, those of one rank in their order, until it has had
/// enough. Asks once whether somebody is visible, and hardly for more than are given.
pub(super) fn best_first<'a>(
    lanes: &mut [&mut Lane<'a>],
    visible: &mut dyn FnMut(&PersonEntry<'a>) -> bool,
    mut each: impl FnMut(PersonEntry<'a>, u16) -> bool,
) {
    while let Some(rank) = lanes.iter_mut().filter_map(|lane| lane.rank()).max() {
        let mut first: Option<usize> = None;
        for at in 0..lanes.len() {
            if !lanes[at].has(rank, visible) {
                continue;
            }
            let Some(before) = first else {
                first = Some(at);
                continue;
            };
            for at in [before, at] {
                let lane = &mut *lanes[at];
                if lane.order.is_none() {
                    lane.order = Some(Order::of(lane.person()));
                }
            }
            if lanes[at].order < lanes[before].order {
                first = Some(at);
            }
        }
        let Some(first) = first else { continue };
        if !each(lanes[first].person(), rank) {
            return;
        }
        lanes[first].go_on();
    }
}
