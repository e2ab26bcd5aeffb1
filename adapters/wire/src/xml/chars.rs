//! Characters, names and references of XML 1.0 (fifth edition), by production number.

use std::borrow::Cow;

/// A broken rule: what was expected and what was found, both in words.
pub(super) type Fault = (&'static str, &'static str);

/// [2] Char, less the surrogates, which a `char` cannot be.
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// [3] S.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// [4] NameStartChar without the colon, which separates prefix and local name.
fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// [4a] NameChar without the colon.
fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// NCName (Namespaces in XML, [4]).
pub(super) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// QName (Namespaces in XML, [7]): prefix, if any, and local name.
pub(super) fn qname(name: &str) -> Result<(&str, &str), Fault> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let prefixed = name.len() != local.len();
    if is_ncname(local) && (!prefixed || is_ncname(prefix)) {
        Ok((prefix, local))
    } else {
        Err(("a name", "something that is no name"))
    }
}

/// The first octet that is no Char, if there is one. UTF-8 is known to hold already.
pub(super) fn all_chars(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Only these lead to characters that XML excludes: C0 controls, and U+FFFE and U+FFFF (EF BF BE, EF BF BF).
    !bytes.iter().enumerate().any(|(at, &byte)| match byte {
        b'\t' | b'\n' | b'\r' => false,
        0..=0x1F => true,
        0xEF => bytes[at..].starts_with(b"\xEF\xBF\xBE") || bytes[at..].starts_with(b"\xEF\xBF\xBF"),
        _ => false,
    })
}

/// What stands between `&` and `;`: a character reference [66] or one of the five predefined entities (section 4.6).
pub(super) fn reference(name: &str) -> Result<char, Fault> {
    let digits = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => name.strip_prefix('#').ok_or(("a predefined entity", "an undeclared entity"))?,
    };
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
    // `from_str_radix` takes a sign; the production does not.
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let code = plain.then(|| u32::from_str_radix(digits, radix).ok()).flatten();
    let character = code.and_then(char::from_u32).filter(|c| is_char(*c));
    character.ok_or(("a reference to a character", "a reference to none"))
}

/// The value of an attribute: references resolved, white space normalised (section 3.3.3).
pub(super) fn attribute_value(raw: &str) -> Result<Cow<'_, str>, Fault> {
    if raw.contains('<') {
        return Err(("the value of an attribute", "a `<` in it"));
    }
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        value.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(behind) = rest.strip_prefix('&') {
            let (name, behind) = behind.split_once(';').ok_or(("a reference", "a lone `&`"))?;
            value.push(reference(name)?);
            rest = behind;
        } else {
            // A line end of two characters is one (section 2.11).
            rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
            value.push(' ');
        }
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}

/// Line ends of text (section 2.11).
pub(super) fn line_ends(raw: &str) -> Cow<'_, str> {
    if raw.contains('\r') {
        Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(raw)
    }
}
