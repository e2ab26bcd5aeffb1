//! Just enough of protobuf (Encoding, "Message Structure") to read what was sent with a decoder that is not the sender's.

/// A field of a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field<'a> {
    Number(u64),
    Octets(&'a [u8]),
}

fn varint(octets: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (octet, rest) = octets.split_first()?;
        *octets = rest;
        value |= u64::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(octets: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = octets.split_at_checked(count)?;
    *octets = rest;
    Some(taken)
}

/// The fields of a message, by number.
pub(super) fn fields(mut octets: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !octets.is_empty() {
        let mut next = || {
            let tag = varint(&mut octets)?;
            let little = |octets: &[u8]| octets.iter().rev().fold(0, |n, o| n << 8 | u64::from(*o));
            let field = match tag & 7 {
                0 => Field::Number(varint(&mut octets)?),
                1 => Field::Number(little(take(&mut octets, 8)?)),
                5 => Field::Number(little(take(&mut octets, 4)?)),
                2 => {
                    let length = varint(&mut octets)?;
                    Field::Octets(take(&mut octets, length as usize)?)
                }
                _ => return None,
            };
            Some((tag >> 3, field))
        };
        fields.push(next().expect("well-formed protobuf"));
    }
    fields
}

/// All sub-messages or texts at a path of field numbers.
pub(super) fn at<'a>(octets: &'a [u8], path: &[u64]) -> Vec<&'a [u8]> {
    let Some((first, rest)) = path.split_first() else { return vec![octets] };
    let inside = fields(octets).into_iter().filter(|(number, _)| number == first);
    let inside = inside.filter_map(|(_, field)| match field {
        Field::Octets(octets) => Some(octets),
        Field::Number(_) => None,
    });
    inside.flat_map(|octets| at(octets, rest)).collect()
}

pub(super) fn text(octets: &[u8], path: &[u64]) -> String {
    at(octets, path).first().map_or(String::new(), |text| String::from_utf8_lossy(text).into_owned())
}

pub(super) fn number(octets: &[u8], wanted: u64) -> u64 {
    let found = fields(octets).into_iter().find(|(number, _)| *number == wanted);
    match found {
        Some((_, Field::Number(value))) => value,
        _ => 0,
    }
}

/// Key and value of every `KeyValue` under this field; values as text.
pub(super) fn attributes(octets: &[u8], path: &[u64]) -> Vec<(String, String)> {
    let pairs = at(octets, path).into_iter().map(|pair| {
        let value = at(pair, &[2]).first().map(|value| match fields(value).first() {
            Some((1, Field::Octets(text))) => String::from_utf8_lossy(text).into_owned(),
            Some((2 | 3, Field::Number(number))) => number.to_string(),
            other => panic!("a value of no kind of ours: {other:?}"),
        });
        (text(pair, &[1]), value.unwrap_or_default())
    });
    pairs.collect()
}
