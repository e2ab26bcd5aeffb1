//! Words with a letter or two wrong: the distance of optimal string alignment (insert, delete, replace, swap neighbours).

/// How far off a word may be: one step from 4 letters on, two from 8.
pub(super) fn allowed(letters: usize) -> u32 {
    match letters {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// Which letters a word has, as bits. One step changes at most two of them, so that words whose bits differ in more than
/// twice the allowed steps need no comparison.
pub(super) fn letters(word: &str) -> u32 {
    word.chars().fold(0, |bits, letter| bits | 1 << (u32::from(letter) & 31))
}

/// A word prepared for comparison with many: the bit-parallel algorithm of Hyyrö (2003), a few steps for each letter of the
/// other word.
pub(super) struct Pattern {
    /// For each ASCII letter the places where the word has it.
    ascii: [u64; 128],
    others: Vec<(char, u64)>,
    length: usize,
    bits: u32,
    most: u32,
}

impl Pattern {
    /// `None` for words too short to be told apart from others, and for more than 64 letters.
    pub(super) fn new(word: &str) -> Option<Self> {
        let length = word.chars().count();
        let most = allowed(length);
        if most == 0 || length > 64 {
            return None;
        }
        let mut pattern = Self { ascii: [0; 128], others: Vec::new(), length, bits: letters(word), most };
        for (at, letter) in word.chars().enumerate() {
            match pattern.ascii.get_mut(letter as usize) {
                Some(places) => *places |= 1 << at,
                None => match pattern.others.iter_mut().find(|(other, _)| *other == letter) {
                    Some((_, places)) => *places |= 1 << at,
                    None => pattern.others.push((letter, 1 << at)),
                },
            }
        }
        Some(pattern)
    }

    /// Whether a word with these [`letters`] may be near enough.
    pub(super) fn may_match(&self, bits: u32) -> bool {
        (self.bits ^ bits).count_ones() <= 2 * self.most
    }

    /// Whether a word with these [`letters`] may begin with something that is near enough: all but one of the letters
    /// have to be in it.
    pub(super) fn may_begin(&self, bits: u32) -> bool {
        (self.bits & !bits).count_ones() <= 1
    }

    /// The distance to a word, if it is near enough.
    pub(super) fn distance(&self, word: &str) -> Option<u32> {
        let length = if word.is_ascii() { word.len() } else { word.chars().count() };
        if length.abs_diff(self.length) > self.most as usize {
            return None;
        }
        let mut distance = self.length;
        self.walk(word, |_, now| {
            distance = now;
            true
        });
        u32::try_from(distance).ok().filter(|distance| *distance <= self.most)
    }

    /// Whether a word begins with something that is one step away, or none. Of four letters one may be wrong or swapped with
    /// its neighbour; from five on one may also be missing or too many, which of four would leave next to nothing.
    pub(super) fn begins(&self, word: &str) -> bool {
        let around = usize::from(self.length > 4);
        let mut near = false;
        self.walk(word, |read, distance| {
            near |= distance <= 1 && read.abs_diff(self.length) <= around;
            !near && read < self.length + around
        });
        near
    }

    /// Reads a word letter by letter. Tells `each` how many letters were read and how far they are from the pattern, until
    /// it has heard enough.
    fn walk(&self, word: &str, mut each: impl FnMut(usize, usize) -> bool) {
        let last = 1_u64 << (self.length - 1);
        let (mut plus, mut minus, mut diagonal, mut before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
        let mut distance = self.length;
        for (letter, read) in word.chars().zip(1..) {
            let places = self.places(letter);
            let swapped = ((!diagonal & places) << 1) & before;
            diagonal = (((places & plus).wrapping_add(plus)) ^ plus) | places | minus | swapped;
            let mut across_plus = minus | !(diagonal | plus);
            let across_minus = diagonal & plus;
            if across_plus & last != 0 {
                distance += 1;
            }
            if across_minus & last != 0 {
                distance -= 1;
            }
            across_plus = (across_plus << 1) | 1;
            plus = (across_minus << 1) | !(diagonal | across_plus);
            minus = across_plus & diagonal;
            before = places;
            if !each(read, distance) {
                return;
            }
        }
    }

    fn places(&self, letter: char) -> u64 {
        match self.ascii.get(letter as usize) {
            Some(places) => *places,
            None => self.others.iter().find(|(other, _)| *other == letter).map_or(0, |(_, places)| *places),
        }
    }
}

/// [`Pattern::begins`] by trying every beginning.
#[cfg(test)]
pub(super) fn begins_near(typed: &str, word: &str) -> bool {
    let (typed_letters, letters): (usize, Vec<char>) = (typed.chars().count(), word.chars().collect());
    let around = usize::from(typed_letters > 4);
    (typed_letters - around..=typed_letters + around).any(|length| {
        let beginning = letters.get(..length).map(|some| some.iter().collect::<String>());
        beginning.is_some_and(|beginning| strsim::osa_distance(typed, &beginning) <= 1)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn swapped_wrong_missing_and_extra_letters_are_one_step() {
        let pattern = Pattern::new("davies").unwrap();
        for (word, distance) in
            [("davies", 0), ("daveis", 1), ("davigs", 1), ("davis", 1), ("davvies", 1), ("adavies", 1)]
        {
            assert_eq!(pattern.distance(word), Some(distance), "{word}");
            assert!(pattern.may_match(letters(word)), "{word}");
        }
        assert_eq!(pattern.distance("davy"), None);
        assert_eq!(Pattern::new("llewelyn").unwrap().distance("llewellynn"), Some(2));
        assert!(Pattern::new("rhy").is_none());
    }

    proptest! {
        /// The distance is the one of another implementation, and the filter in front of it never hides a match.
        #[test]
        fn it_is_the_distance_of_optimal_string_alignment(a in "[a-dé]{4,12}", b in "[a-dé]{0,14}") {
            let pattern = Pattern::new(&a).unwrap();
            let truth = strsim::osa_distance(&a, &b) as u32;
            let near = truth <= allowed(a.chars().count());
            prop_assert_eq!(pattern.distance(&b), near.then_some(truth));
            prop_assert!(!near || pattern.may_match(letters(&b)));
        }

        /// As trying every beginning, and the filter in front of it never hides one.
        #[test]
        fn beginnings_are_near_if_one_of_them_is(a in "[a-cé]{4,7}", b in "[a-cé]{0,9}") {
            let pattern = Pattern::new(&a).unwrap();
            let truth = begins_near(&a, &b);
            prop_assert_eq!(pattern.begins(&b), truth);
            prop_assert!(!truth || pattern.may_begin(letters(&b)));
        }
    }
}
