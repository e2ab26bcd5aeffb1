//! The words of one kind of field in one segment, and the rows that have them.

use std::cmp::Ordering;
use std::ops::Range;

use super::fuzzy;
use super::inside::{Inside, Sought};
use super::pace::Pace;

/// Words sorted and written behind one another, so that the beginning of a word is a range, of words and of rows. What is
/// inside words is found by their trigrams, the end of numbers by a second order.
#[derive(Default)]
pub(super) struct Dictionary {
    /// `\0word\0word\0`.
    text: Box<[u8]>,
    /// Where each word begins; then where one more would.
    starts: Box<[u32]>,
    /// Where the rows of each word begin; then how many there are.
    first: Box<[u32]>,
    rows: Box<[u16]>,
    /// [`fuzzy::letters`] of each word; empty where nothing is searched that way.
    letters: Box<[u32]>,
    /// Empty where nothing is searched that way.
    inside: Inside,
    /// The words in the order of their octets read from the end; empty where nothing is searched that way.
    backwards: Box<[u32]>,
}

/// What is searched in a dictionary besides beginnings of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    /// Inside words, and words with letters wrong.
    InsideAndFuzzy,
    /// Inside words.
    Inside,
    /// Ends of words.
    End,
}

/// What a [`Dictionary`] is made from.
#[derive(Default)]
pub(super) struct Words {
    text: String,
    words: Vec<(u32, u8, u16)>,
}

/// The words that begin with something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beginning {
    pub(super) words: Range<usize>,
    /// Whether the first of them is nothing but that.
    pub(super) whole: bool,
}

impl Words {
    /// This row has this word. The folding keeps words far below 256 octets; a longer one would not be kept.
    pub(super) fn add(&mut self, word: &str, row: u16) {
        let (Ok(start), Ok(length)) = (u32::try_from(self.text.len()), u8::try_from(word.len())) else {
            return;
        };
        if length > 0 {
            self.text.push_str(word);
            self.words.push((start, length, row));
        }
    }

    pub(super) fn build(mut self, ways: Ways, pace: &mut Pace<'_>) -> Dictionary {
        let Self { text, words } = &mut self;
        let word =
            |(start, length, _): (u32, u8, u16)| &text.as_bytes()[start as usize..][..usize::from(length)];
        pace.sort(words, |&a, &b| word(a).cmp(word(b)).then(a.2.cmp(&b.2)));
        words.dedup_by(|a, b| a.2 == b.2 && word(*a) == word(*b));
        let (mut out, mut starts, mut first, mut rows) = (vec![0], Vec::new(), Vec::new(), Vec::new());
        let mut previous: &[u8] = &[];
        for &entry in words.iter() {
            if word(entry) != previous {
                previous = word(entry);
                starts.push(out.len() as u32);
                first.push(rows.len() as u32);
                out.extend_from_slice(previous);
                out.push(0);
            }
            rows.push(entry.2);
        }
        starts.push(out.len() as u32);
        first.push(rows.len() as u32);
        let mut dictionary = Dictionary {
            text: out.into(),
            starts: starts.into(),
            first: first.into(),
            rows: rows.into(),
            ..Dictionary::default()
        };
        dictionary.prepare(ways, pace);
        dictionary
    }
}

impl Dictionary {
    fn prepare(&mut self, ways: Ways, pace: &mut Pace<'_>) {
        if ways == Ways::InsideAndFuzzy {
            self.letters = (0..self.len()).map(|at| fuzzy::letters(self.word(at))).collect();
        }
        if ways == Ways::End {
            let mut backwards: Vec<u32> = (0..self.len() as u32).collect();
            let from_end = |at: u32| self.octets(at as usize).iter().rev();
            pace.sort(&mut backwards, |a, b| from_end(*a).cmp(from_end(*b)));
            self.backwards = backwards.into();
        } else {
            self.inside = Inside::build((0..self.len()).map(|at| self.octets(at)), pace);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn octets(&self, at: usize) -> &[u8] {
        &self.text[self.starts[at] as usize..self.starts[at + 1] as usize - 1]
    }

    fn word(&self, at: usize) -> &str {
        std::str::from_utf8(self.octets(at)).unwrap_or_default()
    }

    /// How many octets a word has.
    pub(super) fn length(&self, at: usize) -> usize {
        self.octets(at).len()
    }

    /// The rows of words that follow one another: those of a single word ascend, and a row of several words is there
    /// several times.
    pub(super) fn rows(&self, words: Range<usize>) -> &[u16] {
        &self.rows[self.first[words.start] as usize..self.first[words.end] as usize]
    }

    /// The words that begin with `beginning`.
    pub(super) fn beginning_with(&self, beginning: &str) -> Beginning {
        let beginning = beginning.as_bytes();
        let from = first_place(0..self.len(), |at| self.octets(at) >= beginning);
        // Most beginnings are of few words: look close by first.
        let (mut near, mut step) = (from, 1);
        while near < self.len() && self.octets(near).starts_with(beginning) {
            near = (near + step).min(self.len());
            step *= 4;
        }
        let to = first_place(from..near, |at| !self.octets(at).starts_with(beginning));
        Beginning { words: from..to, whole: from < to && self.length(from) == beginning.len() }
    }

    /// Each word that has what is sought behind its first letter. Words that also begin with it can be among them.
    pub(super) fn having(&self, sought: &Sought, mut each: impl FnMut(usize)) {
        self.inside.blocks(sought, |words| {
            let words = words.start..words.end.min(self.len());
            let mut from = words.start;
            while from < words.end {
                let (begin, end) = (self.starts[from] as usize, self.starts[words.end] as usize);
                // From the second octet on: the beginning is not the inside.
                let Some(found) = self.text.get(begin + 1..end).and_then(|text| sought.find(text)) else {
                    break;
                };
                let found = (begin + 1 + found) as u32;
                let at = first_place(from..words.end, |at| self.starts[at + 1] > found);
                // It may have been the beginning of a later word, whose inside may still have it.
                let begins = self.starts[at] == found;
                if !begins || sought.find(self.octets(at).get(1..).unwrap_or_default()).is_some() {
                    each(at);
                }
                from = at + 1;
            }
        });
    }

    /// Each word that ends with `end`.
    pub(super) fn ending_with(&self, end: &str, mut each: impl FnMut(usize)) {
        let end = end.as_bytes();
        let from_end = |at: usize| self.octets(self.backwards[at] as usize).iter().rev();
        let all = 0..self.backwards.len();
        let from = first_place(all, |at| from_end(at).cmp(end.iter().rev()) != Ordering::Less);
        for &at in &self.backwards[from..] {
            if !self.octets(at as usize).ends_with(end) {
                break;
            }
            each(at as usize);
        }
    }

    /// Each word that is near `pattern`, with its distance.
    pub(super) fn near(&self, pattern: &fuzzy::Pattern, mut each: impl FnMut(usize, u32)) {
        for (at, letters) in self.letters.iter().enumerate() {
            if pattern.may_match(*letters)
                && let Some(distance) = pattern.distance(self.word(at))
            {
                each(at, distance);
            }
        }
    }

    /// Each word that begins with something that is one step from `pattern`.
    pub(super) fn beginning_near(&self, pattern: &fuzzy::Pattern, mut each: impl FnMut(usize)) {
        for (at, letters) in self.letters.iter().enumerate() {
            if pattern.may_begin(*letters) && pattern.begins(self.word(at)) {
                each(at);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.text)
            + size_of_val(&*self.starts)
            + size_of_val(&*self.first)
            + size_of_val(&*self.rows)
            + size_of_val(&*self.letters)
            + self.inside.bytes()
            + size_of_val(&*self.backwards)
    }
}

/// The first place for which `holds`, which holds for all behind it too; the end when there is none.
fn first_place(mut within: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    while within.start < within.end {
        let middle = usize::midpoint(within.start, within.end);
        if holds(middle) { within.end = middle } else { within.start = middle + 1 }
    }
    within.start
}
