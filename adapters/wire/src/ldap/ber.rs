//! As much of BER as LDAP needs (X.690; RFC 4511, section 5.1): one-octet tags and definite lengths. Reads borrow, never
//! recurse and never panic.

/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// BOOLEAN.
pub(super) const BOOLEAN: u8 = 0x01;
/// OCTET STRING.
pub(super) const OCTETS: u8 = 0x04;
/// ENUMERATED.
pub(super) const ENUMERATED: u8 = 0x0a;
/// SEQUENCE and SEQUENCE OF.
pub(super) const SEQUENCE: u8 = 0x30;
/// SET OF.
pub(super) const SET: u8 = 0x31;

/// The start of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// Octets of tag and length, and octets of content.
    Whole { tag: u8, head: usize, content: usize },
    /// More octets are needed.
    Incomplete,
    /// The length is indefinite.
    Indefinite,
    /// The tag or the length is written in a way that LDAP has no use for.
    Unusable,
}

/// Reads a tag and a length of at most four octets.
pub(super) fn header(bytes: &[u8]) -> Header {
    let Some(&tag) = bytes.first() else { return Header::Incomplete };
    if tag & 0x1f == 0x1f {
        return Header::Unusable;
    }
    let Some(&first) = bytes.get(1) else { return Header::Incomplete };
    match first {
        0..=0x7f => Header::Whole { tag, head: 2, content: usize::from(first) },
        0x80 => Header::Indefinite,
        0x81..=0x84 => {
            let octets = usize::from(first & 0x7f);
            let Some(length) = bytes.get(2..2 + octets) else { return Header::Incomplete };
            let content = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            Header::Whole { tag, head: 2 + octets, content }
        }
        _ => Header::Unusable,
    }
}

/// Elements one after the other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element, whatever it is: its tag and content. `None` at the end and for what is malformed; tell them
    /// apart with [`Reader::is_done`].
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let Header::Whole { tag, head, content } = header(self.0) else { return None };
        let inside = self.0.get(head..head.checked_add(content)?)?;
        self.0 = &self.0[head + content..];
        Some((tag, inside))
    }

    /// The next element if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.optional(tag)
    }

    /// The next element if it has this tag; otherwise nothing is taken.
    pub(super) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        let before = *self;
        match self.any() {
            Some((found, content)) if found == tag => Some(content),
            _ => {
                *self = before;
                None
            }
        }
    }

    /// The next element, if it is a number of this tag that fits.
    pub(super) fn number(&mut self, tag: u8) -> Option<i64> {
        let content = self.expect(tag)?;
        let first = *content.first()?;
        if content.len() > 8 {
            return None;
        }
        let start = if first & 0x80 == 0 { 0 } else { -1 };
        Some(content.iter().fold(start, |sum: i64, octet| sum << 8 | i64::from(*octet)))
    }

    /// How many octets are left.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes elements one after the other, with lengths in as few octets as they take.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// An element with this content.
    pub(super) fn octets(&mut self, tag: u8, content: &[u8]) {
        self.nested(tag, |inside| inside.raw(content));
    }

    /// A number, in as few octets as it takes.
    pub(super) fn number(&mut self, tag: u8, value: i64) {
        let octets = value.to_be_bytes();
        let sign = if value < 0 { 0xff } else { 0 };
        let mut skip = 0;
        while skip < 7 && octets[skip] == sign && (octets[skip + 1] & 0x80 == sign & 0x80) {
            skip += 1;
        }
        self.octets(tag, &octets[skip..]);
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, tag: u8, value: bool) {
        self.octets(tag, &[if value { 0xff } else { 0 }]);
    }

    /// An element with what `inside` writes; gives what `inside` gives.
    pub(super) fn nested<T>(&mut self, tag: u8, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.0.push(tag);
        let start = self.0.len();
        let given = inside(self);
        let length = (self.0.len() - start).to_be_bytes();
        let skip = length.iter().take_while(|octet| **octet == 0).count();
        match &length[skip..] {
            [] => self.0.insert(start, 0),
            [short @ 0..0x80] => self.0.insert(start, *short),
            long => {
                let count = 0x80 | long.len().to_le_bytes()[0];
                self.0.splice(start..start, std::iter::once(count).chain(long.iter().copied()));
            }
        }
        given
    }

    /// Elements that were written before.
    pub(super) fn raw(&mut self, elements: &[u8]) {
        self.0.extend_from_slice(elements);
    }

    /// How much was written.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What was written.
    pub(super) fn into_octets(self) -> Vec<u8> {
        self.0
    }
}

/// One element alone.
#[cfg(test)]
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.octets(tag, content);
    writer.into_octets()
}

/// One number alone.
#[cfg(test)]
pub(super) fn number(tag: u8, value: i64) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(tag, value);
    writer.into_octets()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(value: i64, content in prop::collection::vec(any::<u8>(), 0..70_000)) {
            let bytes = [number(INTEGER, value), element(OCTETS, &content)].concat();
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.number(INTEGER), Some(value));
            prop_assert_eq!(reader.expect(OCTETS), Some(content.as_slice()));
            prop_assert!(reader.is_done());
        }

        #[test]
        fn whatever_comes_is_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader(&bytes);
            while reader.any().is_some() {}
            reader.number(INTEGER);
        }
    }

    #[test]
    fn lengths_are_read_as_ldap_writes_them() {
        assert_eq!(header(&[0x30, 0x05]), Header::Whole { tag: 0x30, head: 2, content: 5 });
        // Active Directory writes four octets of length, leading zeros included.
        assert_eq!(header(&[0x30, 0x84, 0, 0, 0, 5]), Header::Whole { tag: 0x30, head: 6, content: 5 });
        assert_eq!(header(&[0x30, 0x84, 0, 0]), Header::Incomplete);
        assert_eq!(header(&[0x30, 0x80]), Header::Indefinite);
        assert_eq!(header(&[0x30, 0x85, 0, 0, 0, 0, 5]), Header::Unusable);
        assert_eq!(header(&[0x1f, 0x85]), Header::Unusable);
        assert_eq!(number(INTEGER, 128), [0x02, 0x02, 0x00, 0x80]);
        assert_eq!(number(INTEGER, -128), [0x02, 0x01, 0x80]);
        assert_eq!(number(INTEGER, 0), [0x02, 0x01, 0x00]);
    }
}
