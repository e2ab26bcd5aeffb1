//! Long work in small steps, so that whoever shares a processor with it can be let through in between.

use std::cmp::Ordering;

/// Steps between two pauses: some tens of microseconds. A step is about one comparison of two words.
const STEPS: u32 = 1_024;
/// What writing or reading one person counts.
pub(super) const PERSON: u32 = 64;

/// Counts the steps of long work, and makes a pause now and then.
pub(super) struct Pace<'p> {
    pause: &'p mut dyn FnMut(),
    steps: u32,
}

impl<'p> Pace<'p> {
    pub(super) fn new(pause: &'p mut dyn FnMut()) -> Self {
        Self { pause, steps: 0 }
    }

    /// So many steps were done.
    pub(super) fn done(&mut self, steps: u32) {
        self.steps += steps;
        if self.steps >= STEPS {
            self.steps = 0;
            (self.pause)();
        }
    }

    /// Sorts, with a step for each comparison.
    pub(super) fn sort<T>(&mut self, items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
        items.sort_unstable_by(|a, b| {
            self.done(1);
            compare(a, b)
        });
    }
}
