//! Keeping the number of segments and of people who are gone small.
//!
//! A few changes make a small segment of their own. Four of about one size become one of the next size, so that everybody is
//! written again a few times at most; large ones are rewritten when a quarter of their people is gone.

use super::entry::PersonEntry;
use super::pace::{PERSON, Pace};
use super::segment::{MAX_ROWS, Slot};

/// Live people up to which segments are of one size; larger ones are large.
const SIZES: [usize; 3] = [32, 256, 2_048];
/// So many of one size become one.
const TOGETHER: usize = 4;
/// Below so many people nobody minds who is gone.
const WORTH_REWRITING: usize = 32;
/// People who are written again in one go at most: some 0.2 s. What is left over waits for the next snapshot.
const BUDGET: usize = 2 * MAX_ROWS;

/// Drops empty segments and merges others.
pub(super) fn compact(slots: &mut Vec<Slot>, pace: &mut Pace<'_>) {
    slots.retain(|slot| slot.live > 0);
    let mut left = BUDGET;
    while let Some(group) = choose(slots) {
        let people: usize = group.iter().map(|&at| slots[at].live).sum();
        let Some(rest) = left.checked_sub(people) else { break };
        left = rest;
        let read = |person: PersonEntry<'_>| {
            pace.done(PERSON);
            person.record()
        };
        let merged = group.iter().flat_map(|&at| slots[at].people()).map(read).collect();
        let merged = Slot::new(merged, pace);
        let mut at = 0;
        slots.retain(|_| {
            at += 1;
            !group.contains(&(at - 1))
        });
        slots.push(merged);
    }
}

/// The segments to write as one; each choice leaves fewer segments, or fewer people who are gone.
fn choose(slots: &[Slot]) -> Option<Vec<usize>> {
    let mut smallest = 0;
    for size in SIZES {
        let members = (0..slots.len()).filter(|&at| (smallest..size).contains(&slots[at].live));
        let members = fitting(slots, members);
        if members.len() >= TOGETHER {
            return Some(members);
        }
        smallest = size;
    }
    let hollow = slots.iter().position(|slot| {
        let rows = slot.segment.len();
        rows >= WORTH_REWRITING && (rows - slot.live) * 4 > rows
    });
    if let Some(hollow) = hollow {
        return Some(vec![hollow]);
    }
    let mut large: Vec<usize> = (0..slots.len()).filter(|&at| slots[at].live >= smallest).collect();
    large.sort_by_key(|&at| slots[at].live);
    let pair = fitting(slots, large.into_iter().take(2));
    (pair.len() == 2).then_some(pair)
}

/// As many of these, from the first on, as fit into one segment.
fn fitting(slots: &[Slot], members: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut room = MAX_ROWS;
    let fits = |at: &usize| match room.checked_sub(slots[*at].live) {
        Some(rest) => {
            room = rest;
            true
        }
        None => false,
    };
    members.take_while(fits).collect()
}
