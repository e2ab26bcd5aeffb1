//! Reading names: RFC 4514, section 3, and the spaces that RFC 2253 took.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Dn, DnError, MAX_PARTS, MAX_TEXT};
use crate::ldap::Uuid;
use crate::ldap::name::is_oid;

/// Numbers of attribute types that have a short name (RFC 4514, section 3).
const NUMBERS: [(&str, &str); 9] = [
    ("2.5.4.3", "cn"),
    ("2.5.4.7", "l"),
    ("2.5.4.8", "st"),
    ("2.5.4.10", "o"),
    ("2.5.4.11", "ou"),
    ("2.5.4.6", "c"),
    ("2.5.4.9", "street"),
    ("0.9.2342.19200300.100.1.25", "dc"),
    ("0.9.2342.19200300.100.1.1", "uid"),
];

pub(super) fn whole(text: &str) -> Result<Dn, DnError> {
    if text.len() > MAX_TEXT {
        return Err(DnError::TooLong);
    }
    let mut dn = Dn { text: text.to_owned(), normal: String::with_capacity(text.len()), starts: Vec::new() };
    let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
    reader.spaces();
    if reader.at == text.len() {
        return Ok(Dn::root());
    }
    loop {
        if dn.starts.len() == MAX_PARTS {
            return Err(DnError::TooLong);
        }
        if !dn.starts.is_empty() {
            dn.normal.push(',');
        }
        dn.starts.push((offset(reader.at), offset(dn.normal.len())));
        part(&mut reader, &mut dn.normal)?;
        if reader.peek().is_none() {
            return Ok(dn);
        }
        // The comma that ended the part.
        reader.at += 1;
        reader.spaces();
    }
}

/// Texts are at most 16 KiB, and their normal form at most four times as long: this never saturates.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// One part: pairs joined by `+`, written sorted.
fn part(reader: &mut Reader<'_>, normal: &mut String) -> Result<(), DnError> {
    let first = pair(reader)?;
    if reader.peek() != Some(b'+') {
        first.write_normal(normal);
        return Ok(());
    }
    let alone = |pair: Pair<'_>| {
        let mut text = String::new();
        pair.write_normal(&mut text);
        text
    };
    let mut pairs = vec![alone(first)];
    while reader.peek() == Some(b'+') {
        reader.at += 1;
        reader.spaces();
        pairs.push(alone(pair(reader)?));
    }
    pairs.sort();
    normal.push_str(&pairs.join("+"));
    Ok(())
}

/// The value of the first pair of a part that has been read before.
pub(super) fn first_value(part: &str) -> Option<String> {
    let mut reader = Reader { bytes: part.as_bytes(), at: 0 };
    String::from_utf8(pair(&mut reader).ok()?.value.into_owned()).ok()
}

struct Pair<'a> {
    attribute: &'a str,
    value: Cow<'a, [u8]>,
}

impl Pair<'_> {
    fn write_normal(&self, text: &mut String) {
        match NUMBERS.iter().find(|(number, _)| *number == self.attribute) {
            Some((_, name)) => text.push_str(name),
            None => text.extend(self.attribute.chars().map(|c| c.to_ascii_lowercase())),
        }
        text.push('=');
        match std::str::from_utf8(&self.value) {
            Ok(value) => {
                // As caseIgnoreMatch prepares values (RFC 4518), as far as that matters in names.
                for (at, word) in value.split_whitespace().enumerate() {
                    if at > 0 {
                        text.push(' ');
                    }
                    for c in word.chars() {
                        match c.is_ascii() {
                            true => normal_char(c.to_ascii_lowercase(), text),
                            false => c.to_lowercase().for_each(|c| normal_char(c, text)),
                        }
                    }
                }
            }
            Err(_) => self.value.iter().for_each(|octet| hex_into(*octet, text)),
        }
    }
}

fn normal_char(c: char, text: &mut String) {
    match u8::try_from(c) {
        Ok(octet) if octet.is_ascii() && !octet.is_ascii_alphanumeric() => hex_into(octet, text),
        _ => text.push(c),
    }
}

fn hex_into(octet: u8, text: &mut String) {
    let _ = write!(text, "\\{octet:02x}");
}

/// Reads `attribute=value` up to `,`, `+` or the end.
fn pair<'a>(reader: &mut Reader<'a>) -> Result<Pair<'a>, DnError> {
    let start = reader.at;
    while reader.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        reader.at += 1;
    }
    let name = &reader.bytes[start..reader.at];
    // Letters, digits, hyphens and dots are one octet each.
    let attribute = std::str::from_utf8(name).map_err(|_| DnError::Malformed)?;
    let attribute = match attribute.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("oid.") => &attribute[4..],
        _ => attribute,
    };
    if !is_oid(attribute.as_bytes(), attribute.len()) {
        return Err(DnError::Malformed);
    }
    reader.spaces();
    if reader.next() != Some(b'=') {
        return Err(DnError::Malformed);
    }
    reader.spaces();
    let value = if reader.peek() == Some(b'#') { reader.ber_value()? } else { reader.string_value()? };
    if value.is_empty() {
        return Err(DnError::Malformed);
    }
    Ok(Pair { attribute, value })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn string_value(&mut self) -> Result<Cow<'a, [u8]>, DnError> {
        // Nearly all of them: nothing in it is written otherwise than it is meant.
        let rest = &self.bytes[self.at..];
        let special =
            |octet: &u8| matches!(octet, b',' | b'+' | b'"' | b';' | b'<' | b'>' | b'\\' | b' ' | 0);
        let plain = rest.iter().position(special).unwrap_or(rest.len());
        if matches!(rest.get(plain), None | Some(b',' | b'+')) {
            self.at += plain;
            return Ok(Cow::Borrowed(&rest[..plain]));
        }
        self.written_value().map(Cow::Owned)
    }

    fn written_value(&mut self) -> Result<Vec<u8>, DnError> {
        let mut value = Vec::new();
        // Length up to the last character that is no unescaped space.
        let mut kept = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b'+' => break,
                b'"' | b';' | b'<' | b'>' | 0 => return Err(DnError::Malformed),
                b'\\' => {
                    self.at += 1;
                    value.push(self.escaped()?);
                    kept = value.len();
                    continue;
                }
                b' ' => value.push(byte),
                _ => {
                    value.push(byte);
                    kept = value.len();
                }
            }
            self.at += 1;
        }
        value.truncate(kept);
        Ok(value)
    }

    fn escaped(&mut self) -> Result<u8, DnError> {
        let first = self.next().ok_or(DnError::Escape)?;
        if matches!(first, b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' | b' ' | b'#' | b'=') {
            return Ok(first);
        }
        let second = self.next().ok_or(DnError::Escape)?;
        octet(first, second).ok_or(DnError::Escape)
    }

    /// `#` and the BER of the value: of the strings among them, the content.
    fn ber_value(&mut self) -> Result<Cow<'a, [u8]>, DnError> {
        self.at += 1;
        let mut ber = Vec::new();
        while let Some(first) = self.peek().filter(u8::is_ascii_hexdigit) {
            self.at += 1;
            let second = self.next().ok_or(DnError::Escape)?;
            ber.push(octet(first, second).ok_or(DnError::Escape)?);
        }
        self.spaces();
        if !matches!(self.peek(), None | Some(b',' | b'+')) {
            return Err(DnError::Malformed);
        }
        // OCTET STRING, UTF8String, PrintableString, IA5String with a short length.
        Ok(Cow::Owned(match ber.as_slice() {
            [0x04 | 0x0c | 0x13 | 0x16, length, value @ ..] if usize::from(*length) == value.len() => {
                value.to_vec()
            }
            _ => ber,
        }))
    }
}

fn octet(first: u8, second: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(first)? << 4 | digit(second)?)
}

/// Writes a value as RFC 4514, section 2.4, wants it.
pub(super) fn escape_into(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => {
                text.push('\\');
                text.push(c);
            }
            '#' if at == 0 => text.push_str("\\#"),
            ' ' if at == 0 || at == last => text.push_str("\\ "),
            c if c.is_ascii_control() => {
                let _ = write!(text, "\\{:02X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
}

/// `c5c58ff1-f9e7-44dc-bece-b553fb450ab0`, or the octets themselves in 32 hexadecimal digits.
pub(super) fn guid(text: &str) -> Option<Uuid> {
    let dashed = text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text.as_bytes()[*at] == b'-');
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    if digits.len() != 32 || !(dashed || text.len() == 32) {
        return None;
    }
    let mut octets = [0; 16];
    for (at, pair) in digits.chunks_exact(2).enumerate() {
        octets[at] = octet(pair[0], pair[1])?;
    }
    if dashed {
        octets[..4].reverse();
        octets[4..6].reverse();
        octets[6..8].reverse();
    }
    Some(octets)
}
