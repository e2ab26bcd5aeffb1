//! Which words have something inside, without looking through all of them.

use std::ops::Range;

use memchr::memmem::Finder;

use super::pace::Pace;

/// Words of one block at least. Words that follow one another are alike, so that a block has few trigrams more than a word.
const BLOCK: usize = 16;

/// For every three octets in a row, the blocks of words that have them behind the first octet of a word.
#[derive(Default)]
pub(super) struct Inside {
    /// Sorted; three octets each, in the lower bits.
    trigrams: Box<[u32]>,
    /// Where the blocks of each trigram end.
    ends: Box<[u32]>,
    blocks: Box<[u16]>,
    /// Words of one block.
    size: usize,
}

/// What is looked for inside words: at least three octets.
pub(super) struct Sought {
    finder: Finder<'static>,
    /// The first, the middle and the last: looking up more costs more than they rule out.
    trigrams: [u32; 3],
}

fn trigram(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |all, octet| all << 8 | u32::from(*octet))
}

impl Sought {
    pub(super) fn new(text: &str) -> Self {
        let last = text.len().saturating_sub(3);
        let trigrams =
            [0, last / 2, last].map(|at| trigram(text.as_bytes().get(at..at + 3).unwrap_or_default()));
        Self { finder: Finder::new(text).into_owned(), trigrams }
    }

    /// Where it stands first.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        self.finder.find(text)
    }
}

impl Inside {
    /// Of these words, in their order.
    pub(super) fn build<'a>(words: impl ExactSizeIterator<Item = &'a [u8]>, pace: &mut Pace<'_>) -> Self {
        let size = BLOCK.max(words.len().div_ceil(usize::from(u16::MAX)));
        let mut pairs: Vec<u64> = Vec::new();
        for (at, word) in words.enumerate() {
            let block = (at / size) as u64;
            let inside = word.get(1..).unwrap_or_default();
            pairs.extend(inside.windows(3).map(|three| u64::from(trigram(three)) << 16 | block));
        }
        pace.sort(&mut pairs, u64::cmp);
        pairs.dedup();
        let (mut trigrams, mut ends) = (Vec::new(), Vec::new());
        for (at, pair) in pairs.iter().enumerate() {
            let of = (pair >> 16) as u32;
            if trigrams.last() != Some(&of) {
                trigrams.push(of);
                ends.push(0);
            }
            if let Some(end) = ends.last_mut() {
                *end = at as u32 + 1;
            }
        }
        let blocks = pairs.iter().map(|pair| *pair as u16).collect();
        Self { trigrams: trigrams.into(), ends: ends.into(), blocks, size }
    }

    /// The words of each block that may have it: those with the rarest of its trigrams.
    pub(super) fn blocks(&self, sought: &Sought, mut each: impl FnMut(Range<usize>)) {
        let mut rarest: Option<Range<usize>> = None;
        for trigram in &sought.trigrams {
            let Ok(at) = self.trigrams.binary_search(trigram) else { return };
            let from = at.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
            let blocks = from..self.ends[at] as usize;
            if rarest.as_ref().is_none_or(|rarest| blocks.len() < rarest.len()) {
                rarest = Some(blocks);
            }
        }
        for block in &self.blocks[rarest.unwrap_or_default()] {
            let from = usize::from(*block) * self.size;
            each(from..from + self.size);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.trigrams) + size_of_val(&*self.ends) + size_of_val(&*self.blocks)
    }
}
