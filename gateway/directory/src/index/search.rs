//! Searching: rows of each segment that all words know are ranked, and the best of all segments are merged.
//!
//! What costs more is done only while the page is not full without it: first the beginnings of words, which are ranges;
//! then what is inside words; then words with letters wrong; and when there is nobody at all, the beginning of the last word
//! with a letter wrong. Each segment is looked at as deep as those before it made necessary, so that the work is done once.

use super::entry::PersonEntry;
use super::merge::{Lane, best_first};
use super::query::{Query, Word};
use super::score::{Scorer, Tier, WEAKEST};
use super::segment::Slot;

/// How well the weakest word of a query matched. The better comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchKind {
    /// A whole word.
    Exact,
    /// The beginning of a word, or the end or beginning of a number.
    Prefix,
    /// Within a word.
    Infix,
    /// A word, or the beginning of one, with a letter or two wrong, missing, too many or swapped.
    Fuzzy,
}

/// One person that a search found.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// Whom.
    pub person: PersonEntry<'a>,
    /// How well.
    pub kind: MatchKind,
}

const TIERS: [Tier; 4] = [Tier::Beginning, Tier::Inside, Tier::Fuzzy, Tier::FuzzyBeginning];

/// One search over all segments.
pub(super) struct Search<'q, 'a> {
    query: &'q Query,
    /// The last tier that this query can have.
    last: Tier,
    scorer: Scorer,
    looked: Vec<Looked<'a>>,
}

/// What was found in one segment.
struct Looked<'a> {
    slot: &'a Slot,
    /// Until which tier it was looked at.
    deepest: Option<Tier>,
    tiers: [Lane<'a>; TIERS.len()],
}

impl<'q, 'a> Search<'q, 'a> {
    pub(super) fn new(query: &'q Query, slots: &'a [Slot]) -> Self {
        let looked =
            slots.iter().map(|slot| Looked { slot, deepest: None, tiers: TIERS.map(|_| Lane::new(slot)) });
        Self { query, last: last_tier(query), scorer: Scorer::default(), looked: looked.collect() }
    }

    /// The best `limit` people who are visible, best first.
    pub(super) fn run(
        mut self,
        limit: usize,
        visible: &mut dyn FnMut(&PersonEntry<'a>) -> bool,
    ) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        if self.query.is_empty() || limit == 0 {
            return hits;
        }
        self.look_around(limit);
        for tier in TIERS {
            let wanted = match tier {
                Tier::FuzzyBeginning => hits.is_empty(),
                _ => hits.len() < limit,
            };
            if !wanted || tier > self.last {
                break;
            }
            self.look(tier);
            let lanes = self.looked.iter_mut().map(|looked| &mut looked.tiers[tier as usize]);
            best_first(&mut lanes.collect::<Vec<_>>(), visible, |person, rank| {
                hits.push(Hit { person, kind: kind(rank) });
                hits.len() < limit
            });
        }
        hits
    }

    /// Looks at each segment as deep as will be needed, judging by what the segments before it held.
    fn look_around(&mut self, limit: usize) {
        let mut found = [0; TIERS.len()];
        for at in 0..self.looked.len() {
            let full = |tier: &Tier| found[..=*tier as usize].iter().sum::<usize>() >= limit;
            let deepest = TIERS.into_iter().find(full).unwrap_or(Tier::Fuzzy).min(Tier::Fuzzy);
            self.deepen(at, deepest);
            for (found, lane) in found.iter_mut().zip(&self.looked[at].tiers) {
                *found += lane.len();
            }
        }
    }

    /// Looks at each segment at least this deep.
    fn look(&mut self, deepest: Tier) {
        (0..self.looked.len()).for_each(|at| self.deepen(at, deepest));
    }

    fn deepen(&mut self, at: usize, deepest: Tier) {
        let deepest = deepest.min(self.last);
        let looked = &mut self.looked[at];
        let before = looked.deepest;
        if before >= Some(deepest) {
            return;
        }
        looked.deepest = Some(deepest);
        let tiers = &mut looked.tiers;
        self.scorer.run(self.query, looked.slot, deepest, |tier, rank, row| {
            // What was found before, is found again.
            if Some(tier) > before {
                tiers[tier as usize].push(rank, row);
            }
        });
    }
}

fn last_tier(query: &Query) -> Tier {
    let any = |has: fn(&super::query::Unit) -> bool| {
        let in_word = |word: &Word| has(&word.whole) || word.parts.iter().any(has);
        query.words.iter().any(in_word)
    };
    match () {
        () if any(|unit| unit.near.is_some()) => Tier::FuzzyBeginning,
        () if any(|unit| unit.inside.is_some()) => Tier::Inside,
        () => Tier::Beginning,
    }
}

fn kind(rank: u16) -> MatchKind {
    match rank / WEAKEST {
        4 => MatchKind::Exact,
        3 => MatchKind::Prefix,
        2 => MatchKind::Infix,
        _ => MatchKind::Fuzzy,
    }
}
