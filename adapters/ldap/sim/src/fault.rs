//! What a sick or hostile server does.

use std::time::Duration;

use ldap3_proto::proto::LdapOp;

/// What happens to requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// They are answered.
    #[default]
    None,
    /// They are read and never answered.
    Hang,
    /// The connection is closed instead of an answer.
    Drop,
    /// The connection is closed once this many entries of a search were sent.
    DropAfter(usize),
    /// They are answered after a while.
    Delay(Duration),
    /// The answer is octets that are not BER.
    Garbage,
    /// The answer is one message of this many structures in each other, properly framed: what a parser that calls
    /// itself for every structure dies of.
    NestingBomb(usize),
    /// The answer says that it is this many octets long; zeros follow until the client closes.
    HugeFrame(u64),
    /// The answer is cut in the middle of a message, and the connection stays open.
    HalfFrame,
    /// `busy` (51).
    Busy,
    /// `unavailable` (52).
    Unavailable,
    /// Pages have half the size asked for, and every second page is empty but not the last.
    WrongPages,
}

/// Which requests a [`Fault`] happens to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum On {
    /// All that can be answered.
    #[default]
    Everything,
    /// Binds.
    Bind,
    /// Searches.
    Search,
    /// Extended operations: StartTLS among them.
    Extended,
}

impl On {
    pub(crate) fn is(self, op: &LdapOp) -> bool {
        match self {
            Self::Everything => true,
            Self::Bind => matches!(op, LdapOp::BindRequest(_)),
            Self::Search => matches!(op, LdapOp::SearchRequest(_)),
            Self::Extended => matches!(op, LdapOp::ExtendedRequest(_)),
        }
    }
}

/// A sequence in a sequence and so on, `depth` of them, as one frame.
pub(crate) fn nesting_bomb(depth: usize) -> Vec<u8> {
    // From the inside out: every header is made for what is already there, in reverse.
    let mut reversed: Vec<u8> = Vec::with_capacity(depth * 5);
    for _ in 0..depth {
        let length = reversed.len();
        if length < 0x80 {
            reversed.push(u8::try_from(length).unwrap_or_default());
        } else {
            let octets = length.to_be_bytes();
            let used: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
            reversed.extend(used.iter().rev());
            reversed.push(0x80 | u8::try_from(used.len()).unwrap_or_default());
        }
        reversed.push(0x30);
    }
    reversed.reverse();
    reversed
}

/// The header of a message of this length.
pub(crate) fn huge_frame(length: u64) -> Vec<u8> {
    let mut header = vec![0x30, 0x88];
    header.extend(length.to_be_bytes());
    // The message begins as it should: with its number.
    header.extend([0x02, 0x01, 0x02]);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_well_formed_and_as_deep_as_asked() {
        let mut rest = nesting_bomb(10_000).as_slice().to_vec();
        let mut depth = 0;
        while !rest.is_empty() {
            assert_eq!(rest[0], 0x30);
            let header = if rest[1] < 0x80 { 2 } else { 2 + usize::from(rest[1] & 0x7F) };
            let length = match rest[1] {
                short @ 0..0x80 => usize::from(short),
                _ => rest[2..header].iter().fold(0, |length, octet| length << 8 | usize::from(*octet)),
            };
            rest.drain(..header);
            assert_eq!(rest.len(), length);
            depth += 1;
        }
        assert_eq!(depth, 10_000);
    }
}
