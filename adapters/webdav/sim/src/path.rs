//! Paths: from the escapes of a request to names, and back in the way each product writes them.

use std::fmt::Write as _;

/// Longest name of one item, in octets; the limit of the file systems that the products stand on.
pub(crate) const MAX_NAME: usize = 255;
/// Deepest item.
const MAX_DEPTH: usize = 128;

/// Why a path of a request cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Climbs above the root, holds a broken escape or octets that are not UTF-8, or is too deep.
    Malformed,
    /// Names something that can never exist: an escaped slash or NUL.
    Impossible,
}

/// An item's place in the tree, decoded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Path {
    /// Names from the root; empty for the root.
    pub names: Vec<String>,
    /// Whether the request wrote a slash at the end.
    pub slash: bool,
}

impl Path {
    /// Reads the path of a request target. Empty segments are dropped and dot segments resolved, escaped ones too.
    pub fn parse(raw: &str) -> Result<Self, Bad> {
        let mut names: Vec<String> = Vec::new();
        for segment in raw.split('/') {
            let name = decode(segment)?;
            match name.as_str() {
                "" | "." => {}
                ".." => {
                    names.pop().ok_or(Bad::Malformed)?;
                }
                _ => names.push(name),
            }
        }
        if names.len() > MAX_DEPTH {
            return Err(Bad::Malformed);
        }
        let slash = names.is_empty() || raw.ends_with('/');
        Ok(Self { names, slash })
    }

    /// The item's name; `None` for the root.
    pub fn name(&self) -> Option<&str> {
        self.names.last().map(String::as_str)
    }

    /// The folder around it; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, around) = self.names.split_last()?;
        Some(Self { names: around.to_vec(), slash: true })
    }

    /// An item directly inside.
    pub fn child(&self, name: &str) -> Self {
        let mut names = self.names.clone();
        names.push(name.to_owned());
        Self { names, slash: false }
    }

    /// Whether `other` is this item or lies below it.
    pub fn holds(&self, other: &Self) -> bool {
        other.names.starts_with(&self.names)
    }

    /// Whether it is the same item, whatever the slash.
    pub fn same(&self, other: &Self) -> bool {
        self.names == other.names
    }

    /// What is left when the names are decoded first and then read as an address, as WsgiDAV reads a `Destination`: it
    /// ends at the first question mark, and its last name at the first semicolon.
    pub fn cut_like_an_address(&mut self) {
        if let Some(at) = self.names.iter().position(|name| name.contains('?')) {
            self.names.truncate(at + 1);
            cut(self.names.last_mut(), '?');
        }
        cut(self.names.last_mut(), ';');
        self.names.retain(|name| !name.is_empty());
    }

    /// With escapes, and a slash at the end if `folder`. `lower` writes lower-case digits and leaves the characters of
    /// a path segment alone that Apache leaves alone.
    pub fn href(&self, folder: bool, lower: bool) -> String {
        let mut href = String::from("/");
        for (index, name) in self.names.iter().enumerate() {
            if index > 0 {
                href.push('/');
            }
            encode(name, lower, &mut href);
        }
        if folder && !self.names.is_empty() {
            href.push('/');
        }
        href
    }
}

fn decode(segment: &str) -> Result<String, Bad> {
    let mut octets = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let digit = |octet: Option<u8>| octet.and_then(|o| char::from(o).to_digit(16)).ok_or(Bad::Malformed);
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        if value == 0 || value == u32::from(b'/') {
            return Err(Bad::Impossible);
        }
        octets.extend(u8::try_from(value));
    }
    String::from_utf8(octets).map_err(|_| Bad::Malformed)
}

fn cut(name: Option<&mut String>, at: char) {
    if let Some(name) = name {
        name.truncate(name.find(at).unwrap_or(name.len()));
    }
}

fn encode(name: &str, lower: bool, href: &mut String) {
    for octet in name.bytes() {
        let plain = octet.is_ascii_alphanumeric()
            || b"-._~".contains(&octet)
            || (lower && b"$+!*'(),:@&=".contains(&octet));
        if plain {
            href.push(char::from(octet));
        } else if lower {
            let _ = write!(href, "%{octet:02x}");
        } else {
            let _ = write!(href, "%{octet:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_survive_both_ways_of_writing() {
        for name in ["a b", "#?%;&+'\"", "Müller & Söhne", "e\u{301}", "ŵ", "🗳", ".hidden", "x ", "%2F"]
        {
            let path = Path::default().child("f").child(name);
            for lower in [true, false] {
                assert_eq!(Path::parse(&path.href(false, lower)).map(|p| p.names), Ok(path.names.clone()));
            }
        }
        let path = Path::default().child("Müller & Söhne #1");
        assert_eq!(path.href(true, true), "/M%c3%bcller%20&%20S%c3%b6hne%20%231/");
        assert_eq!(path.href(false, false), "/M%C3%BCller%20%26%20S%C3%B6hne%20%231");
    }

    #[test]
    fn paths_that_lead_out_or_cannot_be_are_refused() {
        for (raw, bad) in [
            ("/../etc", Bad::Malformed),
            ("/a/%2e%2e/%2E%2e/b", Bad::Malformed),
            ("/a%zz", Bad::Malformed),
            ("/a%f", Bad::Malformed),
            ("/%ff", Bad::Malformed),
            ("/a%2fb", Bad::Impossible),
            ("/a%00", Bad::Impossible),
        ] {
            assert_eq!(Path::parse(raw), Err(bad), "{raw}");
        }
        assert_eq!(Path::parse(&"/a".repeat(MAX_DEPTH + 1)), Err(Bad::Malformed));
        assert_eq!(Path::parse("/a/./b/../c").map(|p| p.names), Ok(vec!["a".into(), "c".into()]));
    }
}
