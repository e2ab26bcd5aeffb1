//! `LIKE` of SQL.

/// Whether the text matches the pattern, in which `%` stands for anything and `_` for one letter; a backslash takes the
/// meaning from what follows.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut part) = (0, 0);
    // Where to go on after the last `%`.
    let mut again: Option<(usize, usize)> = None;
    while at < text.len() {
        let (wanted, width) = match pattern.get(part) {
            Some('\\') if part + 1 < pattern.len() => (Some(pattern[part + 1]), 2),
            Some('%') => {
                again = Some((at, part + 1));
                part += 1;
                continue;
            }
            Some('_') => (Some(text[at]), 1),
            other => (other.copied(), 1),
        };
        if wanted == Some(text[at]) {
            (at, part) = (at + 1, part + width);
        } else if let Some((from, then)) = again {
            again = Some((from + 1, then));
            (at, part) = (from + 1, then);
        } else {
            return false;
        }
    }
    pattern[part..].iter().all(|letter| *letter == '%')
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns() {
        for (text, pattern, matches) in [
            ("abc", "abc", true),
            ("abc", "%", true),
            ("abc", "a%c", true),
            ("abc", "a_c", true),
            ("abc", "%bc%", true),
            ("abc", "b%", false),
            ("", "", true),
            ("a%c", "a\\%c", true),
            ("abc", "a\\%c", false),
            ("aab", "%ab", true),
        ] {
            assert_eq!(like(text, pattern), matches, "{text} {pattern}");
        }
    }
}
