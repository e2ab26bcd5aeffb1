//! Telephone numbers as people and directories write them.

/// Digits by which a number can be found from its end.
pub(super) const SHORTEST: usize = 3;
/// From so many digits on, the beginning of a full number is searched too.
pub(super) const BEGINNING: usize = 5;
/// A number of so many digits at most is an extension: its beginning finds it.
pub(super) const EXTENSION: usize = 6;

/// Digits that count.
const LONGEST: usize = 20;

/// The digits of a number in the national form: `+44 (0)1632 960000`, `0044 1632 960000` and `01632 960000` are one; numbers
/// of other countries begin with `00`.
pub(super) fn normalise(written: &str) -> String {
    let written = written.trim_start_matches(|letter: char| !letter.is_ascii_digit() && letter != '+');
    let abroad = written.starts_with('+');
    let digits: String = written.chars().filter(char::is_ascii_digit).take(LONGEST).collect();
    let international = if abroad { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    match international {
        Some(number) => match number.strip_prefix("44") {
            Some(rest) => format!("0{}", rest.trim_start_matches('0')),
            None => format!("00{number}"),
        },
        None => digits,
    }
}

/// The numbers in one value of a directory: the number, and an extension behind `ext.`, `x`, `#`, `,` or `;`. Empty ones
/// are left out.
pub(super) fn numbers(value: &str) -> impl Iterator<Item = String> {
    let value = value.to_ascii_lowercase();
    let cut = value.find(['x', '#', ',', ';']).unwrap_or(value.len());
    let (number, extension) = value.split_at(cut);
    [normalise(number), normalise(extension)].into_iter().filter(|digits| !digits.is_empty())
}

/// Whether a word of a query can be a number or a piece of one.
pub(super) fn looks_like_one(word: &str) -> bool {
    word.chars().any(|letter| letter.is_ascii_digit())
        && word.chars().all(|letter| letter.is_ascii_digit() || "+()-./".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_write_a_number_are_one() {
        for written in
            ["+44 1632 960123", "+44 (0)1632 960123", "0044 1632 960123", "01632 960123", "(01632) 96 01 23"]
        {
            assert_eq!(normalise(written), "01632960123", "{written}");
        }
        assert_eq!(normalise("+49 30 901820"), "004930901820");
        assert_eq!(normalise("4412"), "4412");
        assert_eq!(normalise("no number"), "");
    }

    #[test]
    fn extensions_are_numbers_of_their_own() {
        let of = |value: &str| numbers(value).collect::<Vec<_>>();
        assert_eq!(of("+44 1632 960000 ext. 1234"), ["01632960000", "1234"]);
        assert_eq!(of("01632 960000 x1234"), ["01632960000", "1234"]);
        assert_eq!(of("01632 960000,1234"), ["01632960000", "1234"]);
        assert_eq!(of("Ext 1234"), ["1234"]);
        assert_eq!(of("1234"), ["1234"]);
        assert_eq!(of("tel:+441632960000"), ["01632960000"]);
        assert_eq!(of("Fax +44 1632 960000"), ["01632960000"]);
        assert_eq!(of("none"), [] as [&str; 0]);
    }
}
