//! Distinguished names as strings (RFC 4514).

use std::borrow::Cow;
use std::fmt::Write as _;

/// One attribute and value of a relative name, unescaped.
pub(crate) type Pair = (String, String);

/// The relative names, the entry's own first; one with several pairs (`a=1+b=2`) has them all. `None` for what is no
/// name. The empty string is the name of the root: no relative names.
pub(crate) fn parse(text: &str) -> Option<Vec<Vec<Pair>>> {
    let mut names = Vec::new();
    if text.trim().is_empty() {
        return Some(names);
    }
    let mut current = Vec::new();
    let mut rest = text;
    loop {
        let (kind, after) = rest.split_once('=')?;
        let kind = kind.trim();
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if kind.is_empty() || !kind.chars().all(legal) {
            return None;
        }
        let (value, after) = value(after)?;
        current.push((kind.to_owned(), value));
        match after.chars().next() {
            Some('+') => {}
            Some(_) => names.push(std::mem::take(&mut current)),
            None => {
                names.push(current);
                return Some(names);
            }
        }
        rest = &after[1..];
    }
}

/// A value up to a separator that is not escaped, and what follows, the separator first.
fn value(text: &str) -> Option<(String, &str)> {
    let mut octets = Vec::new();
    // Up to here spaces belong to the value: they were escaped, or something follows them.
    let mut kept = 0;
    let mut input = text.bytes().enumerate();
    let mut end = text.len();
    while let Some((at, octet)) = input.next() {
        match octet {
            b',' | b'+' | b';' => {
                end = at;
                break;
            }
            b'\\' => {
                let (_, first) = input.next()?;
                if first.is_ascii_hexdigit() {
                    let (_, second) = input.next()?;
                    let pair = [first, second];
                    octets.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
                } else {
                    octets.push(first);
                }
                kept = octets.len();
            }
            b' ' if octets.is_empty() => {}
            b' ' => octets.push(octet),
            _ => {
                octets.push(octet);
                kept = octets.len();
            }
        }
    }
    octets.truncate(kept);
    Some((String::from_utf8(octets).ok()?, &text[end..]))
}

/// The value with what RFC 4514, section 2.4, wants escaped, as `\2C` or, `short`, as `\,`.
pub(crate) fn escape(value: &str, short: bool) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len() + 2);
    for (at, c) in value.chars().enumerate() {
        let edge = (c == ' ' && (at == 0 || at == last)) || (c == '#' && at == 0);
        if edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=') && !(short && c == '=') {
            if short {
                escaped.push('\\');
                escaped.push(c);
            } else {
                let _ = write!(escaped, "\\{:02X}", u32::from(c));
            }
        } else if c.is_ascii_control() {
            let _ = write!(escaped, "\\{:02X}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// The form in which equal names are equal strings; `None` for what is no name.
pub(crate) fn normal(text: &str) -> Option<String> {
    if is_tidy(text.as_bytes()) {
        return Some(text.to_lowercase());
    }
    let mut out = String::with_capacity(text.len());
    for mut name in parse(text)? {
        if !out.is_empty() {
            out.push(',');
        }
        name.sort();
        for (at, (kind, value)) in name.iter().enumerate() {
            if at > 0 {
                out.push('+');
            }
            out.extend(kind.chars().map(|c| c.to_ascii_lowercase()));
            out.push('=');
            let folded = crate::schema::fold(value.as_bytes());
            out.push_str(&escape(&String::from_utf8_lossy(&folded), true));
        }
    }
    Some(out)
}

/// Whether only the case stands between a name and its normal form. Nearly all are so, and there are hundreds of
/// thousands to enter when a directory is filled.
fn is_tidy(text: &[u8]) -> bool {
    let (mut value, mut before) = (false, b',');
    let mut escaped = false;
    for octet in text {
        let edge = matches!(before, b'=' | b',' | b' ') && !escaped;
        escaped = before == b'\\' && !escaped;
        match octet {
            b',' if escaped && value => {}
            b',' if value && !edge => value = false,
            b'=' if !value && before.is_ascii_alphanumeric() => value = true,
            b' ' if value && !edge && !escaped => {}
            b'\\' if value && !escaped => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' if !escaped => {}
            b'\'' | b'(' | b')' | b'_' | b'@' | b'&' | b'/' | 0x80.. if value && !escaped => {}
            _ => return false,
        }
        before = *octet;
    }
    value && !escaped && !matches!(before, b' ' | b'=' | b'\\' | b',')
}

/// [`normal`] for octets; what is no name stays as it is.
pub(crate) fn normal_octets(octets: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(octets).ok().and_then(normal) {
        Some(normal) => Cow::Owned(normal.into_bytes()),
        None => Cow::Borrowed(octets),
    }
}

/// The name above: without the first relative name. `None` for the root.
pub(crate) fn parent(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, octet) in text.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' | b';' => return Some(&text[at + 1..]),
            _ => {}
        }
    }
    (!text.is_empty()).then_some("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_the_same_are_the_same() {
        let same = |one: &str, other: &str| assert_eq!(normal(one), normal(other), "{one} {other}");
        same("cn=Brown\\2C Søren,ou=people,dc=example", "CN = brown\\, SØREN , OU=People,DC=Example");
        same("cn=S\\C3\\B8ren", "cn=søren");
        same("a=1+b=2,c=3", "B=2+A=1,c=3");
        assert_ne!(normal("cn=a b"), normal("cn=ab"));
        assert_ne!(normal("cn=a\\,b=c"), normal("cn=a,b=c"));
        assert_eq!(normal("no name"), None);
        assert_eq!(normal("cn=a,"), None);
        assert_eq!(normal("cn=a\\"), None);
        assert_eq!(normal(""), Some(String::new()));
    }

    #[test]
    fn the_short_way_gives_what_the_long_way_gives() {
        let long = |text: &str| {
            let names = parse(text)?.into_iter().map(|mut name| {
                name.sort();
                let pairs = name.iter().map(|(kind, value)| {
                    let folded = crate::schema::fold(value.as_bytes()).into_owned();
                    format!("{}={}", kind.to_lowercase(), escape(&String::from_utf8(folded).unwrap(), true))
                });
                pairs.collect::<Vec<_>>().join("+")
            });
            Some(names.collect::<Vec<_>>().join(","))
        };
        let names = [
            "cn=Jones\\, Siân,OU=Chief Executive's Office,DC=x",
            "cn=a b\\,,dc=x",
            "cn=a\\, ,dc=x",
            "cn=a  b,dc=x",
            "cn=a ,dc=x",
            "cn= a,dc=x",
            "cn=a, dc=x",
            "cn=,dc=x",
            "cn=a=b,dc=x",
            "cn=a\\\\,dc=x",
            "cn=a\\ ,dc=x",
            "cn=a\\2Cb,dc=x",
            "c n=a",
            "=a",
            "cn=a,",
            "cn=a\\,  b",
            "cn=\\, b",
            "cn=\\,\\, b",
            "cn=a#b+d=c",
        ];
        for name in names {
            assert_eq!(normal(name), long(name), "{name}");
        }
    }

    #[test]
    fn escaping_comes_back_whole() {
        for value in ["Jones, Siân", " lead and trail ", "#1+2=3;<\">\\", "ap Rhys", "a\nb"] {
            for short in [false, true] {
                let text = format!("cn={},dc=x", escape(value, short));
                assert_eq!(parse(&text).unwrap()[0][0].1, value, "{text}");
                assert_eq!(parent(&text), Some("dc=x"));
            }
        }
    }
}
