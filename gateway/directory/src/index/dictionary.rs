//! The words of one kind of field in one segment, and the rows that have them.

use memchr::memmem::Finder;

use super::fuzzy;

/// Words sorted and written behind one another, so that the beginning of a word is a range and the inside of all words one
/// run over the text.
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
}

/// What a [`Dictionary`] is made from.
#[derive(Default)]
pub(super) struct Words {
    text: String,
    words: Vec<(u32, u8, u16)>,
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

    pub(super) fn build(mut self, for_fuzzy: bool) -> Dictionary {
        let Self { text, words } = &mut self;
        let word =
            |(start, length, _): (u32, u8, u16)| &text.as_bytes()[start as usize..][..usize::from(length)];
        words.sort_unstable_by(|&a, &b| word(a).cmp(word(b)).then(a.2.cmp(&b.2)));
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
            letters: Box::default(),
        };
        if for_fuzzy {
            dictionary.letters =
                (0..dictionary.len()).map(|at| fuzzy::letters(dictionary.word(at))).collect();
        }
        dictionary
    }
}

impl Dictionary {
    fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn octets(&self, at: usize) -> &[u8] {
        &self.text[self.starts[at] as usize..self.starts[at + 1] as usize - 1]
    }

    pub(super) fn word(&self, at: usize) -> &str {
        std::str::from_utf8(self.octets(at)).unwrap_or_default()
    }

    /// The rows that have a word, ascending.
    pub(super) fn rows(&self, at: usize) -> &[u16] {
        &self.rows[self.first[at] as usize..self.first[at + 1] as usize]
    }

    /// Each word that begins with `beginning`, and whether it is the whole word.
    pub(super) fn beginning_with(&self, beginning: &str, mut each: impl FnMut(usize, bool)) {
        let beginning = beginning.as_bytes();
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.octets(middle) < beginning { from = middle + 1 } else { to = middle }
        }
        for at in from..self.len() {
            if !self.octets(at).starts_with(beginning) {
                break;
            }
            each(at, self.octets(at).len() == beginning.len());
        }
    }

    /// Each word that has `inside` anywhere: whether it begins there, and whether that is the whole word.
    pub(super) fn having(&self, inside: &str, mut each: impl FnMut(usize, bool, bool)) {
        let finder = Finder::new(inside);
        let mut from = 0;
        while let Some(found) = self.text.get(from..).and_then(|rest| finder.find(rest)) {
            let found = from + found;
            let at = self.starts.partition_point(|start| *start as usize <= found) - 1;
            let begins = self.starts[at] as usize == found;
            each(at, begins, begins && self.octets(at).len() == inside.len());
            from = self.starts[at + 1] as usize;
        }
    }

    /// Each word that ends with `end`, and whether it is the whole word.
    pub(super) fn ending_with(&self, end: &str, mut each: impl FnMut(usize, bool)) {
        let closed = format!("{end}\0");
        let finder = Finder::new(&closed);
        let mut from = 0;
        while let Some(found) = self.text.get(from..).and_then(|rest| finder.find(rest)) {
            let found = from + found;
            let at = self.starts.partition_point(|start| *start as usize <= found) - 1;
            each(at, self.starts[at] as usize == found);
            from = self.starts[at + 1] as usize;
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

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.text)
            + size_of_val(&*self.starts)
            + size_of_val(&*self.first)
            + size_of_val(&*self.rows)
            + size_of_val(&*self.letters)
    }
}
