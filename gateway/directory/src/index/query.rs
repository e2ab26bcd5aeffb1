//! What is searched for, read from what a person typed.

use std::fmt;

use super::fold;
use super::fuzzy::Pattern;
use super::inside::Sought;
use super::phone;

/// What is searched for, read from what a person typed.
///
/// Words are divided by spaces and punctuation; a hyphen, apostrophe, dot or underscore inside a word counts both as
/// dividing and as not there. Of a mail address the part before the `@` counts. Digits in several words that together read
/// like a telephone number are one number.
#[derive(Default)]
pub struct Query {
    pub(super) words: Vec<Word>,
    cut: bool,
}

/// One word, and the ways in which it can match. A person matches if any of them does.
pub(super) struct Word {
    /// Without what divides it.
    pub(super) whole: Unit,
    /// Its parts, all of which have to match; empty where it has one part only.
    pub(super) parts: Vec<Unit>,
    /// Its digits, if it looks like a number.
    pub(super) number: Option<String>,
}

/// A folded text that is looked for in words.
pub(super) struct Unit {
    pub(super) text: String,
    /// `None` for one that is too short to be looked for inside words.
    pub(super) inside: Option<Sought>,
    /// `None` for one that is too short, or too long, to be looked for with letters wrong.
    pub(super) near: Option<Box<Pattern>>,
}

impl Unit {
    /// Letters from which on a word is looked for inside words.
    const INSIDE: usize = 3;

    fn new(text: String) -> Self {
        let inside = (text.chars().count() >= Self::INSIDE).then(|| Sought::new(&text));
        Self { near: Pattern::new(&text).map(Box::new), inside, text }
    }
}

impl Query {
    /// Characters that count; what is typed behind them is ignored.
    pub const MAX_CHARACTERS: usize = 200;
    /// Words that count, the parts of divided ones counted each; what is typed behind them is ignored.
    pub const MAX_WORDS: usize = 8;

    /// Reads what was typed; never fails. A query without a letter or digit is empty and matches nobody.
    pub fn parse(typed: &str) -> Self {
        let end = typed.char_indices().nth(Self::MAX_CHARACTERS).map_or(typed.len(), |(end, _)| end);
        let pieces: Vec<&str> = typed[..end].split_whitespace().collect();
        let mut query = Self::default();
        let (mut at, mut left) = (0, Self::MAX_WORDS);
        while at < pieces.len() && left > 0 {
            let run = number_run(&pieces[at..]);
            if run > 1 {
                query.words.extend(Word::new(&pieces[at..at + run].concat(), &mut left));
                at += run;
                continue;
            }
            // `ext 1234` is said of an extension and is no word of it.
            let of_extension = matches!(pieces[at].to_ascii_lowercase().as_str(), "ext" | "ext." | "x")
                && pieces.get(at + 1).is_some_and(|next| phone::looks_like_one(next));
            if !of_extension {
                query.piece(pieces[at], &mut left);
            }
            at += 1;
        }
        query.cut = end < typed.len() || at < pieces.len();
        query
    }

    /// Whether something that was typed is ignored, because it is longer than [`Query::MAX_CHARACTERS`] or has more than
    /// [`Query::MAX_WORDS`].
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn piece(&mut self, piece: &str, left: &mut usize) {
        if phone::looks_like_one(piece) {
            self.words.extend(Word::new(piece, left));
            return;
        }
        let piece = match piece.split_once('@') {
            Some(("", domain)) => domain,
            Some((local, _)) => local,
            None => piece,
        };
        for parts in fold::groups(piece) {
            self.words.extend(Word::of(parts, None, left));
        }
    }
}

/// What is typed is personal: only its size is shown.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({} words)", self.words.len())
    }
}

/// How many of the first pieces are one number: several that begin like a full one, or that have its length together.
fn number_run(pieces: &[&str]) -> usize {
    let run = pieces.iter().take_while(|piece| phone::looks_like_one(piece)).count();
    let full = pieces.first().is_some_and(|first| first.starts_with(['+', '0', '(']));
    let digits: usize = pieces[..run].iter().map(|piece| phone::normalise(piece).len()).sum();
    if full || digits > phone::EXTENSION { run } else { run.min(1) }
}

impl Word {
    /// A word that looks like a number.
    fn new(piece: &str, left: &mut usize) -> Option<Self> {
        let digits = phone::normalise(piece);
        let number = (digits.len() >= phone::SHORTEST).then_some(digits);
        let parts = fold::groups(piece).concat();
        Self::of(parts, number, left)
    }

    fn of(mut parts: Vec<String>, number: Option<String>, left: &mut usize) -> Option<Self> {
        parts.truncate(*left);
        *left -= parts.len();
        if parts.is_empty() {
            return None;
        }
        let whole = Unit::new(fold::join(&parts));
        let parts = if parts.len() > 1 { parts.into_iter().map(Unit::new).collect() } else { Vec::new() };
        Some(Self { whole, parts, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(typed: &str) -> String {
        let word = |word: &Word| {
            let parts: Vec<&str> = word.parts.iter().map(|part| part.text.as_str()).collect();
            let number = word.number.as_ref().map(|number| format!("#{number}")).unwrap_or_default();
            format!(
                "{}{}{}",
                word.whole.text,
                if parts.is_empty() { String::new() } else { parts.join("|") },
                number
            )
        };
        Query::parse(typed).words.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_ignored_is_told() {
        let words = |count: usize| vec!["word"; count].join(" ");
        assert!(!Query::parse(&words(Query::MAX_WORDS)).is_cut());
        assert!(Query::parse(&words(Query::MAX_WORDS + 1)).is_cut());
        assert!(!Query::parse(&"ŵ".repeat(Query::MAX_CHARACTERS)).is_cut());
        assert!(Query::parse(&"ŵ".repeat(Query::MAX_CHARACTERS + 1)).is_cut());
    }

    #[test]
    fn words_addresses_and_numbers_are_told_apart() {
        assert_eq!(shape("  Siân  DAVIES "), "sian davies");
        assert_eq!(shape("O’Brien,Siân"), "obrieno|brien sian");
        assert_eq!(shape("sian.davies@council.example"), "siandaviessian|davies");
        assert_eq!(shape("@council"), "council");
        assert_eq!(shape("davies 1234"), "davies 1234#1234");
        assert_eq!(shape("ext 1234"), "1234#1234");
        assert_eq!(shape("ext."), "ext");
        assert!(shape("+44 1632 960 123").ends_with("#01632960123"));
        assert!(shape("01632 960123").ends_with("#01632960123"));
        assert!(shape("(0)1632 davies").ends_with("#01632 davies"));
        assert_eq!(shape("12 34"), "12 34");
    }

    #[test]
    fn an_empty_query_stays_empty() {
        for typed in ["", "   ", "-' .", "()", "@"] {
            assert!(Query::parse(typed).is_empty(), "{typed:?}");
        }
    }

    #[test]
    fn long_queries_are_cut() {
        assert_eq!(Query::parse(&"ab ".repeat(50)).words.len(), Query::MAX_WORDS);
        let parts: usize = Query::parse(&"a-b-c ".repeat(50)).words.iter().map(|word| word.parts.len()).sum();
        assert!(parts <= Query::MAX_WORDS);
        assert_eq!(Query::parse(&format!("{} later", " ".repeat(200))).words.len(), 0);
    }
}
