//! Searching: each word gives every row of a segment a score, rows that all words know are ranked, and the best of all
//! segments are merged.
//!
//! The work is bounded by the number of people and of different words, not by luck: a word of one or two letters is a range
//! of the sorted words, a longer one is a run over their text (about 15 octets a person), and a row costs one octet for each
//! word. Misspelt words are only looked for while the list is not full.

use super::dictionary::Dictionary;
use super::entry::PersonEntry;
use super::phone;
use super::query::{Query, Unit, Word};
use super::segment::{Segment, Slot, order};

/// How well the weakest word of a query matched. The better comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchKind {
    /// A whole word.
    Exact,
    /// The beginning of a word, or the end or beginning of a number.
    Prefix,
    /// Within a word.
    Infix,
    /// A word with a letter or two wrong, missing, too many or swapped.
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

/// Letters from which on a word is looked for inside words.
const INSIDE: usize = 3;

/// The score of one word for one row: the kind in the higher bits, the field in the lower two. Zero is no match.
const EXACT: u8 = 4 << 2;
const PREFIX: u8 = 3 << 2;
const INFIX: u8 = 2 << 2;
const FUZZY: u8 = 1 << 2;

const NAME: u8 = 3;
/// User names, and numbers, which name one person as well.
const USER: u8 = 2;
const POST: u8 = 1;

/// The rank of a row for the whole query: the kind of its weakest word, then the sum of its scores. Higher is better.
const WEAKEST: u16 = 256;
/// No rank is higher: the best kind, and [`Query::MAX_WORDS`] times the best score.
const RANKS: usize = 5 * WEAKEST as usize;

/// One search over all segments.
pub(super) struct Search<'q> {
    query: &'q Query,
    scratch: Scratch,
}

/// What a search needs for one segment after the other.
#[derive(Default)]
struct Scratch {
    word: Vec<u8>,
    part: Vec<u8>,
    parts: Vec<u8>,
    weakest: Vec<u8>,
    sum: Vec<u16>,
    counts: Vec<u32>,
}

/// The rows of a segment that match: by falling rank, rows of one rank in their order.
struct Ranked {
    rows: Vec<u16>,
    /// Each rank with where its rows end, the worst rank first: a stack.
    ranks: Vec<(u16, usize)>,
    next: usize,
}

impl<'q> Search<'q> {
    pub(super) fn new(query: &'q Query) -> Self {
        Self { query, scratch: Scratch::default() }
    }

    /// The best `limit` people of these slots who are visible, best first.
    pub(super) fn run<'a>(
        mut self,
        slots: &'a [Slot],
        limit: usize,
        visible: &mut dyn FnMut(&PersonEntry<'a>) -> bool,
    ) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        if self.query.is_empty() || limit == 0 {
            return hits;
        }
        self.pass(slots, false, limit, visible, &mut hits);
        let misspelt =
            |word: &Word| word.whole.near.is_some() || word.parts.iter().any(|part| part.near.is_some());
        if hits.len() < limit && self.query.words.iter().any(misspelt) {
            self.pass(slots, true, limit, visible, &mut hits);
        }
        hits
    }

    /// One run over all slots; with `fuzzy`, only rows that match no other way.
    fn pass<'a>(
        &mut self,
        slots: &'a [Slot],
        fuzzy: bool,
        limit: usize,
        visible: &mut dyn FnMut(&PersonEntry<'a>) -> bool,
        hits: &mut Vec<Hit<'a>>,
    ) {
        let mut ranked: Vec<(&Slot, Ranked)> = Vec::with_capacity(slots.len());
        for slot in slots {
            if self.score(&slot.segment, fuzzy) {
                ranked.push((slot, self.rank(slot, fuzzy)));
            }
        }
        while hits.len() < limit {
            let Some(best) = ranked.iter().filter_map(|(_, ranked)| Some(ranked.ranks.last()?.0)).max()
            else {
                break;
            };
            let room = limit - hits.len();
            let mut level: Vec<PersonEntry<'a>> = Vec::new();
            for (slot, ranked) in &mut ranked {
                let Some(&(_, end)) = ranked.ranks.last().filter(|(rank, _)| *rank == best) else { continue };
                let people = ranked.rows[ranked.next..end].iter().map(|row| slot.person(*row));
                level.extend(people.filter(|person| visible(person)).take(room));
                ranked.next = end;
                ranked.ranks.pop();
            }
            if slots.len() > 1 {
                level.sort_by_cached_key(|person| order(*person));
            }
            let kind = match best / WEAKEST {
                4 => MatchKind::Exact,
                3 => MatchKind::Prefix,
                2 => MatchKind::Infix,
                _ => MatchKind::Fuzzy,
            };
            hits.extend(level.into_iter().take(room).map(|person| Hit { person, kind }));
        }
    }

    /// Scores every row of a segment; whether there may be any match.
    fn score(&mut self, segment: &Segment, fuzzy: bool) -> bool {
        let rows = segment.len();
        let Scratch { word, part, parts, weakest, sum, .. } = &mut self.scratch;
        for (at, searched) in self.query.words.iter().enumerate() {
            reset(word, rows);
            unit(segment, &searched.whole, fuzzy, word);
            for (number, of_word) in searched.parts.iter().enumerate() {
                reset(part, rows);
                unit(segment, of_word, fuzzy, part);
                if number == 0 {
                    parts.clone_from(part);
                } else {
                    parts.iter_mut().zip(&*part).for_each(|(all, one)| *all = (*all).min(*one));
                }
            }
            if !searched.parts.is_empty() {
                word.iter_mut().zip(&*parts).for_each(|(whole, parts)| *whole = (*whole).max(*parts));
            }
            if let Some(number) = &searched.number {
                telephone(&segment.phones, number, word);
            }
            if at == 0 {
                weakest.clone_from(word);
                sum.clear();
                sum.extend(word.iter().map(|score| u16::from(*score)));
            } else {
                weakest.iter_mut().zip(&*word).for_each(|(weakest, score)| *weakest = (*weakest).min(*score));
                sum.iter_mut().zip(&*word).for_each(|(sum, score)| *sum += u16::from(*score));
            }
            if weakest.iter().all(|score| *score == 0) {
                return false;
            }
        }
        true
    }

    /// Sorts the rows that all words know, by counting.
    fn rank(&mut self, slot: &Slot, fuzzy: bool) -> Ranked {
        let Scratch { weakest, sum, counts, .. } = &mut self.scratch;
        counts.clear();
        counts.resize(RANKS, 0);
        for ((row, weakest), sum) in (0_u16..).zip(&*weakest).zip(&mut *sum) {
            // A fuzzy pass scores the other matches again, and leaves them to the pass before.
            let wanted = *weakest != 0 && fuzzy == (*weakest < INFIX) && !slot.is_gone(row);
            *sum = if wanted { u16::from(*weakest >> 2) * WEAKEST + *sum } else { 0 };
            if wanted {
                counts[usize::from(*sum)] += 1;
            }
        }
        let (mut ranks, mut end) = (Vec::new(), 0);
        for (rank, count) in counts.iter_mut().enumerate().rev().filter(|(_, count)| **count > 0) {
            let begin = end;
            end += *count as usize;
            ranks.push((rank as u16, end));
            *count = begin as u32;
        }
        ranks.reverse();
        let mut rows = vec![0; end];
        for (row, rank) in (0_u16..).zip(&*sum).filter(|(_, rank)| **rank > 0) {
            let place = &mut counts[usize::from(*rank)];
            rows[*place as usize] = row;
            *place += 1;
        }
        Ranked { rows, ranks, next: 0 }
    }
}

fn reset(scores: &mut Vec<u8>, rows: usize) {
    scores.clear();
    scores.resize(rows, 0);
}

/// Raises the scores of the rows that have a word.
fn raise(dictionary: &Dictionary, word: usize, score: u8, scores: &mut [u8]) {
    for &row in dictionary.rows(word) {
        let place = &mut scores[usize::from(row)];
        *place = (*place).max(score);
    }
}

/// Scores one text in all fields.
fn unit(segment: &Segment, unit: &Unit, fuzzy: bool, scores: &mut [u8]) {
    for (dictionary, field) in [(&segment.names, NAME), (&segment.users, USER), (&segment.posts, POST)] {
        if unit.letters < INSIDE {
            dictionary.beginning_with(&unit.text, |word, whole| {
                raise(dictionary, word, if whole { EXACT } else { PREFIX } | field, scores);
            });
        } else {
            dictionary.having(&unit.text, |word, begins, whole| {
                let kind = match (begins, whole) {
                    (_, true) => EXACT,
                    (true, false) => PREFIX,
                    (false, false) => INFIX,
                };
                raise(dictionary, word, kind | field, scores);
            });
        }
    }
    if let Some(pattern) = unit.near.as_deref().filter(|_| fuzzy) {
        // One step off ranks before two.
        segment.names.near(pattern, |word, steps| {
            raise(&segment.names, word, FUZZY | if steps < 2 { NAME } else { USER }, scores);
        });
    }
}

/// Scores the digits of a number: a whole number or extension, the last digits of one, the beginning of an extension, or
/// enough of the beginning of a full number.
fn telephone(phones: &Dictionary, digits: &str, scores: &mut [u8]) {
    // Somebody may leave the national 0 away: `1632 960123`.
    phones.ending_with(digits, |word, whole| {
        raise(phones, word, if whole { EXACT } else { PREFIX } | USER, scores);
    });
    let full = digits.starts_with('0') && digits.len() >= phone::BEGINNING;
    phones.beginning_with(digits, |word, whole| {
        if full || phones.word(word).len() <= phone::EXTENSION {
            raise(phones, word, if whole { EXACT } else { PREFIX } | USER, scores);
        }
    });
}
