//! How a text is made comparable: without case, accents and punctuation (Unicode NFKD, UAX #15).

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Octets of one word that count; what is behind them is cut off, in what is searched and in what is searched for.
const LONGEST: usize = 64;
/// Words of one text that count.
const MOST_PARTS: usize = 32;

/// What a letter is for the division into words.
enum Role {
    /// Part of a word.
    Letter,
    /// Inside a name or an address (`O'Brien`, `Llewellyn-Jones`, `sian.davies`): it divides, and it does not.
    Joiner,
    /// Between words.
    Gap,
}

fn role(letter: char) -> Role {
    match letter {
        '\'' | '-' | '.' | '_' => Role::Joiner,
        _ if letter.is_alphanumeric() => Role::Letter,
        _ => Role::Gap,
    }
}

/// Gives the letters that `letter` folds into. Apostrophes and hyphens of all shapes become the plain ones first, because
/// some of them are letters by Unicode and others decompose into a space.
fn fold_letter(letter: char, mut each: impl FnMut(char)) {
    match letter {
        'a'..='z' | '0'..='9' => return each(letter),
        'A'..='Z' => return each(letter.to_ascii_lowercase()),
        '’' | '‘' | 'ʼ' | 'ʹ' | '´' | '`' | '＇' => return each('\''),
        '‐' | '‑' | '‒' | '–' | '—' | '−' => return each('-'),
        _ if letter.is_ascii() => return each(letter),
        _ => {}
    }
    for plain in std::iter::once(letter).nfkd().filter(|plain| !is_combining_mark(*plain)) {
        for small in plain.to_lowercase().filter(|small| !is_combining_mark(*small)) {
            match special(small) {
                Some(letters) => letters.chars().for_each(&mut each),
                None => each(small),
            }
        }
    }
}

/// Letters that Unicode does not take apart, and what people without them on the keyboard type instead.
fn special(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ĸ' => "k",
        'ŋ' => "n",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ς' => "σ",
        _ => return None,
    })
}

/// A text in lower case and without accents, for sorting.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|letter| fold_letter(letter, |letter| folded.push(letter)));
    folded
}

/// The words of a text. What stands between gaps is one group; a group has several parts where joiners divide it, and
/// is also searched with its parts joined.
pub(super) fn groups(text: &str) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    let (mut word, mut open, mut parts) = (String::new(), false, 0);
    for letter in text.chars().chain(std::iter::once(' ')) {
        fold_letter(letter, |letter| {
            let role = role(letter);
            if matches!(role, Role::Letter) {
                if word.len() + letter.len_utf8() <= LONGEST {
                    word.push(letter);
                }
                return;
            }
            if !word.is_empty() && parts < MOST_PARTS {
                let word = std::mem::take(&mut word);
                match groups.last_mut() {
                    Some(group) if open => group.push(word),
                    _ => groups.push(vec![word]),
                }
                parts += 1;
                open = true;
            }
            word.clear();
            open &= matches!(role, Role::Joiner);
        });
    }
    groups
}

/// Several parts as one word.
pub(super) fn join<'a>(parts: impl IntoIterator<Item = &'a String>) -> String {
    let mut joined = String::new();
    for letter in parts.into_iter().flat_map(|part| part.chars()) {
        if joined.len() + letter.len_utf8() > LONGEST {
            break;
        }
        joined.push(letter);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_special_letters_do_not_matter() {
        for (written, plain) in [
            ("Siân", "sian"),
            ("Gwenllïan Ŵyn Ŷ", "gwenllian wyn y"),
            ("Łukasz Søren Weiß", "lukasz soren weiss"),
            ("Ægir Œuvre Þór Đặng Iđır", "aegir oeuvre thor dang idir"),
            ("İstanbul ISTANBUL ıI", "istanbul istanbul ii"),
            ("Sia\u{302}n", "sian"),
            ("ﬁn Ｄａｖｉｓ", "fin davis"),
            ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
        ] {
            assert_eq!(fold(written), plain, "{written}");
        }
    }

    #[test]
    fn joiners_divide_and_do_not() {
        let of = |text: &str| groups(text).iter().map(|group| group.join("|")).collect::<Vec<_>>().join(" ");
        assert_eq!(of("Sinéad O’Brien"), "sinead o|brien");
        assert_eq!(of("O'Brien O`Brien O´Brien OʼBrien"), "o|brien o|brien o|brien o|brien");
        assert_eq!(of("Llewellyn‑Jones, Siân"), "llewellyn|jones sian");
        assert_eq!(of("-- St. John's (HR/Finance) &"), "st john|s hr finance");
        assert_eq!(of("sian.davies_2"), "sian|davies|2");
        assert_eq!(of(" '-. "), "");
    }

    #[test]
    fn long_words_and_texts_are_cut() {
        let long = "x".repeat(200);
        assert_eq!(groups(&long), [["x".repeat(LONGEST)]]);
        assert_eq!(groups(&"é ".repeat(100)).len(), MOST_PARTS);
        assert_eq!(join(&["ab".repeat(20), "cd".repeat(20)]).len(), LONGEST);
    }
}
