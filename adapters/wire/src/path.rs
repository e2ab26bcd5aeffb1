//! Percent-encoding of paths (RFC 3986, sections 2.1 and 3.3), and the way back.

use std::fmt;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends one path segment. Everything but unreserved characters is escaped as UTF-8 with upper-case digits, so that
/// no octet of a name can be read as a separator, a query, a fragment or an escape.
pub fn encode_segment(segment: &str, to: &mut String) {
    for &byte in segment.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            to.push('%');
            to.push(char::from(HEX[usize::from(byte >> 4)]));
            to.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Why a path cannot be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// `%` without two hexadecimal digits behind it.
    BadEscape,
    /// The decoded octets are not UTF-8.
    NotUtf8,
    /// A segment holds an escaped `/`: as text it could not be told from two segments.
    EscapedSlash,
    /// `.` or `..`.
    DotSegment,
    /// Nothing between two slashes.
    EmptySegment,
    /// NUL or another control character.
    ControlCharacter,
    /// It does not begin with `/`.
    NotAbsolute,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadEscape => "it holds a `%` that is no escape",
            Self::NotUtf8 => "it is not UTF-8",
            Self::EscapedSlash => "a segment holds an escaped slash",
            Self::DotSegment => "it holds a `.` or `..` segment",
            Self::EmptySegment => "it holds an empty segment",
            Self::ControlCharacter => "it holds a control character",
            Self::NotAbsolute => "it does not begin with a slash",
        })
    }
}

impl std::error::Error for PathFault {}

/// Takes an absolute, percent-encoded path apart. One slash at its end is allowed and makes no segment; `/` has none.
/// Digits of escapes may be of either case; names keep the form (composed or not) that they have.
///
/// # Errors
/// See [`PathFault`].
pub fn decode(path: &str) -> Result<Vec<String>, PathFault> {
    let rest = path.strip_prefix('/').ok_or(PathFault::NotAbsolute)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() {
        return if path.len() > 1 { Err(PathFault::EmptySegment) } else { Ok(Vec::new()) };
    }
    rest.split('/').map(decode_segment).collect()
}

fn decode_segment(segment: &str) -> Result<String, PathFault> {
    let mut octets = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'%' {
            octets.push(first);
            continue;
        }
        let (digits, behind) = behind.split_at_checked(2).ok_or(PathFault::BadEscape)?;
        octets.push(hex(digits[0])? << 4 | hex(digits[1])?);
        rest = behind;
        if octets.last() == Some(&b'/') {
            return Err(PathFault::EscapedSlash);
        }
    }
    let text = String::from_utf8(octets).map_err(|_| PathFault::NotUtf8)?;
    check_segment(&text)?;
    Ok(text)
}

fn hex(digit: u8) -> Result<u8, PathFault> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(PathFault::BadEscape)
}

/// Whether a decoded name can be one segment of a path.
///
/// # Errors
/// See [`PathFault`].
pub fn check_segment(name: &str) -> Result<(), PathFault> {
    match name {
        "" => Err(PathFault::EmptySegment),
        "." | ".." => Err(PathFault::DotSegment),
        _ if name.contains('/') => Err(PathFault::EscapedSlash),
        _ if name.chars().any(char::is_control) => Err(PathFault::ControlCharacter),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(segment: &str) -> String {
        let mut text = String::new();
        encode_segment(segment, &mut text);
        text
    }

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(
            encoded("Müller & Söhne #1 100%.pdf"),
            "M%C3%BCller%20%26%20S%C3%B6hne%20%231%20100%25.pdf"
        );
        assert_eq!(encoded("a-b_c.d~e"), "a-b_c.d~e");
        assert_eq!(encoded("a/b?c;d+e:f@g"), "a%2Fb%3Fc%3Bd%2Be%3Af%40g");
    }

    #[test]
    fn decodes_either_case_and_plus_as_plus() {
        assert_eq!(decode("/Vertr%c3%a4ge%202026/a+b%2B"), Ok(vec!["Verträge 2026".into(), "a+b+".into()]));
        assert_eq!(decode("/"), Ok(vec![]));
        assert_eq!(decode("/a/"), Ok(vec!["a".into()]));
    }

    #[test]
    fn refuses_what_could_mislead() {
        for (path, fault) in [
            ("a", PathFault::NotAbsolute),
            ("//", PathFault::EmptySegment),
            ("/a//b", PathFault::EmptySegment),
            ("/a/../b", PathFault::DotSegment),
            ("/%2e%2E/b", PathFault::DotSegment),
            ("/a%2Fb", PathFault::EscapedSlash),
            ("/a%2", PathFault::BadEscape),
            ("/a%zz", PathFault::BadEscape),
            ("/a%+1", PathFault::BadEscape),
            ("/a%00", PathFault::ControlCharacter),
            ("/a%C2%85", PathFault::ControlCharacter),
            ("/a%ff", PathFault::NotUtf8),
        ] {
            assert_eq!(decode(path), Err(fault), "{path}");
        }
    }

    proptest! {
        #[test]
        fn every_name_survives(name in "\\PC{1,40}") {
            prop_assume!(check_segment(&name).is_ok());
            let path = format!("/{}", encoded(&name));
            prop_assert!(path.is_ascii());
            prop_assert_eq!(decode(&path), Ok(vec![name]));
        }

        #[test]
        fn no_input_panics(path in "(/|%|[0-9a-fA-F]|\\.|\\PC){0,40}") {
            if let Ok(segments) = decode(&path) {
                for segment in segments { prop_assert!(check_segment(&segment).is_ok()); }
            }
        }
    }
}
