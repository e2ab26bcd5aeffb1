//! How well the rows of one segment match.
//!
//! Each word gives each row the score of its best match, and only rows that all words know are looked at further. How far a
//! word is looked for is told by the [`Tier`]: what is behind the beginnings of words costs more, and mostly is not needed.

use super::dictionary::Dictionary;
use super::phone;
use super::query::{Query, Unit, Word};
use super::segment::{Segment, Slot};

/// How well the weakest word of a query matches: the better comes first, and is looked for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// The beginning of a word, or all of it.
    Beginning,
    /// Within a word.
    Inside,
    /// A word with a letter or two wrong.
    Fuzzy,
    /// The beginning of a word with a letter wrong, for the word that is still being typed.
    FuzzyBeginning,
}

/// The score of one word for one row: the kind in the higher bits, the field in the lower two. Zero is no match.
const EXACT: u8 = 4 << 2;
const PREFIX: u8 = 3 << 2;
const INFIX: u8 = 2 << 2;
const FUZZY: u8 = 1 << 2;

const NAME: u8 = 3;
/// User names, and numbers, which name one person as well.
const USER: u8 = 2;
const POST: u8 = 1;

/// Below all that is fuzzy: the beginning of a name with a letter wrong.
const FUZZY_BEGINNING: u8 = FUZZY;

/// The rank of a row for the whole query: the kind of its weakest word, then the sum of its scores. Higher is better.
pub(super) const WEAKEST: u16 = 256;

/// The scores of one word, or of a part of one.
#[derive(Default)]
struct Scores {
    /// Of each row.
    of: Vec<u8>,
    /// The rows that have one.
    any: Vec<u64>,
}

impl Scores {
    fn reset(&mut self, rows: usize) {
        self.of.clear();
        self.of.resize(rows, 0);
        self.any.clear();
        self.any.resize(rows.div_ceil(64), 0);
    }

    fn raise(&mut self, rows: &[u16], score: u8) {
        for &row in rows {
            let place = &mut self.of[usize::from(row)];
            *place = (*place).max(score);
            self.any[usize::from(row / 64)] |= 1 << (row % 64);
        }
    }

    /// Keeps the worse of both: both have to match.
    fn and(&mut self, other: &Self) {
        self.of.iter_mut().zip(&other.of).for_each(|(mine, other)| *mine = (*mine).min(*other));
        self.any.iter_mut().zip(&other.any).for_each(|(mine, other)| *mine &= *other);
    }

    /// Keeps the better of both: one has to match.
    fn or(&mut self, other: &Self) {
        self.of.iter_mut().zip(&other.of).for_each(|(mine, other)| *mine = (*mine).max(*other));
        self.any.iter_mut().zip(&other.any).for_each(|(mine, other)| *mine |= *other);
    }
}

/// What is needed for one segment after the other: some ten octets a row of the largest segment for each word.
#[derive(Default)]
pub(super) struct Scorer {
    words: Vec<Scores>,
    part: Scores,
    parts: Scores,
    /// Rows that all words know so far.
    all: Vec<u64>,
}

impl Scorer {
    /// Gives `each` the tier, the rank and the row of everybody in the segment who matches, rows ascending; nobody of a tier
    /// behind `deepest`.
    pub(super) fn run(
        &mut self,
        query: &Query,
        slot: &Slot,
        deepest: Tier,
        mut each: impl FnMut(Tier, u16, u16),
    ) {
        if !self.score(query, &slot.segment, deepest) {
            return;
        }
        let words = &self.words[..query.words.len()];
        for (at, bits) in self.all.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let row = (at * 64) as u16 + bits.trailing_zeros() as u16;
                bits &= bits - 1;
                if slot.is_gone(row) {
                    continue;
                }
                let scores = words.iter().map(|word| word.of[usize::from(row)]);
                let (weakest, sum) = scores.fold((u8::MAX, 0_u16), |(weakest, sum), score| {
                    (weakest.min(score), sum + u16::from(score))
                });
                let tier = match weakest {
                    PREFIX.. => Tier::Beginning,
                    INFIX.. => Tier::Inside,
                    FUZZY_BEGINNING => Tier::FuzzyBeginning,
                    _ => Tier::Fuzzy,
                };
                each(tier, u16::from(weakest >> 2) * WEAKEST + sum, row);
            }
        }
    }

    /// Whether there may be any match.
    fn score(&mut self, query: &Query, segment: &Segment, deepest: Tier) -> bool {
        let rows = segment.len();
        self.words.resize_with(self.words.len().max(query.words.len()), Scores::default);
        for (at, word) in query.words.iter().enumerate() {
            // Only of the word that is still being typed is the end missing.
            let is_last = at + 1 == query.words.len();
            let deepest = if is_last { deepest } else { deepest.min(Tier::Fuzzy) };
            self.word(at, word, segment, deepest);
            let any = &self.words[at].any;
            match at {
                0 => self.all.clone_from(any),
                _ => self.all.iter_mut().zip(any).for_each(|(all, any)| *all &= *any),
            }
            if self.all.iter().all(|bits| *bits == 0) {
                return false;
            }
        }
        rows > 0
    }

    fn word(&mut self, at: usize, word: &Word, segment: &Segment, deepest: Tier) {
        let (rows, scores) = (segment.len(), &mut self.words[at]);
        scores.reset(rows);
        unit(segment, &word.whole, deepest, scores);
        for (number, of_word) in word.parts.iter().enumerate() {
            let into = if number == 0 { &mut self.parts } else { &mut self.part };
            into.reset(rows);
            unit(segment, of_word, deepest, into);
            if number > 0 {
                self.parts.and(&self.part);
            }
        }
        if !word.parts.is_empty() {
            scores.or(&self.parts);
        }
        if let Some(number) = &word.number {
            telephone(&segment.phones, number, scores);
        }
    }
}

/// Scores one text in all fields.
fn unit(segment: &Segment, unit: &Unit, deepest: Tier, scores: &mut Scores) {
    for (dictionary, field) in [(&segment.names, NAME), (&segment.users, USER), (&segment.posts, POST)] {
        let found = dictionary.beginning_with(&unit.text);
        let mut words = found.words;
        if found.whole {
            scores.raise(dictionary.rows(words.start..words.start + 1), EXACT | field);
            words.start += 1;
        }
        scores.raise(dictionary.rows(words), PREFIX | field);
        if deepest >= Tier::Inside
            && let Some(sought) = &unit.inside
        {
            dictionary.having(sought, |word| scores.raise(dictionary.rows(word..word + 1), INFIX | field));
        }
    }
    if deepest >= Tier::Fuzzy
        && let Some(pattern) = &unit.near
    {
        let names = &segment.names;
        names.near(pattern, |word, steps| {
            scores.raise(names.rows(word..word + 1), FUZZY | if steps < 2 { NAME } else { USER });
        });
        if deepest == Tier::FuzzyBeginning {
            names.beginning_near(pattern, |word| scores.raise(names.rows(word..word + 1), FUZZY_BEGINNING));
        }
    }
}

/// Scores the digits of a number: a whole number or extension, the last digits of one, the beginning of an extension, or
/// enough of the beginning of a full number.
fn telephone(phones: &Dictionary, digits: &str, scores: &mut Scores) {
    let mut raise = |word: usize| {
        let whole = phones.length(word) == digits.len();
        scores.raise(phones.rows(word..word + 1), if whole { EXACT } else { PREFIX } | USER);
    };
    // Somebody may leave the national 0 away: `1632 960123`.
    phones.ending_with(digits, &mut raise);
    let full = digits.starts_with('0') && digits.len() >= phone::BEGINNING;
    for word in phones.beginning_with(digits).words {
        if full || phones.length(word) <= phone::EXTENSION {
            raise(word);
        }
    }
}
