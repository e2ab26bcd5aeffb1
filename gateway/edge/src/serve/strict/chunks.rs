//! Where a chunked body ends (RFC 9112, section 7.1), read strictly: a lenient reader here is a smuggling tool.

/// Octets of one chunk's extensions. Nobody uses them for good.
const MAX_EXTENSIONS: u32 = 256;
/// Octets of all trailer fields.
const MAX_TRAILERS: u32 = 8 * 1_024;

/// A place in a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the size, after this many digits.
    Size { size: u64, digits: u8 },
    /// In the extensions, after this many octets.
    Extensions { size: u64, octets: u32 },
    /// After the carriage return of a size line.
    SizeFeed { size: u64 },
    /// This many octets of data to come.
    Data { left: u64 },
    /// The carriage return after the data.
    DataReturn,
    /// The line feed after the data.
    DataFeed,
    /// At the start of a trailer line, after this many octets of trailers.
    Line { octets: u32 },
    /// In a trailer line.
    Trailer { octets: u32 },
    /// The line feed of a trailer line.
    TrailerFeed { octets: u32 },
    /// The last line feed.
    LastFeed,
    /// Past the end.
    Done,
}

impl Chunks {
    pub(super) const START: Self = Self::Size { size: 0, digits: 0 };

    /// Goes on over these octets. Gives how many belong to the body: fewer than all only at its end.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        let mut at = 0;
        while at < bytes.len() && *self != Self::Done {
            if let Self::Data { left } = self {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                at += take;
                *left -= take as u64;
                if *left == 0 {
                    *self = Self::DataReturn;
                }
                continue;
            }
            *self = self.step(bytes[at])?;
            at += 1;
        }
        Ok(at)
    }

    fn step(self, byte: u8) -> Result<Self, &'static str> {
        const SIZE: &str = "the size of a chunk is not a hexadecimal number";
        const LINE: &str = "a line of the chunked coding does not end with CR LF";
        let printable = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
        Ok(match (self, byte) {
            (Self::Size { digits: 1.., size }, b'\r') => Self::SizeFeed { size },
            (Self::Size { digits: 1.., size }, b';') => Self::Extensions { size, octets: 0 },
            (Self::Size { size, digits }, digit) => {
                let value = char::from(digit).to_digit(16).ok_or(SIZE)?;
                // 15 digits: a length that no later sum can overflow.
                if digits >= 15 {
                    return Err(SIZE);
                }
                Self::Size { size: size * 16 + u64::from(value), digits: digits + 1 }
            }
            (Self::Extensions { size, .. }, b'\r') => Self::SizeFeed { size },
            (Self::Extensions { size, octets }, byte) if printable(byte) && octets < MAX_EXTENSIONS => {
                Self::Extensions { size, octets: octets + 1 }
            }
            (Self::Extensions { .. }, _) => return Err("the extensions of a chunk are too long or broken"),
            (Self::SizeFeed { size: 0 }, b'\n') => Self::Line { octets: 0 },
            (Self::SizeFeed { size }, b'\n') => Self::Data { left: size },
            (Self::DataReturn, b'\r') => Self::DataFeed,
            (Self::DataFeed, b'\n') => Self::START,
            (Self::Line { .. }, b'\r') => Self::LastFeed,
            (Self::Line { .. }, b' ' | b'\t') => return Err("a trailer field is folded over two lines"),
            (Self::Trailer { octets }, b'\r') => Self::TrailerFeed { octets },
            (Self::Line { octets } | Self::Trailer { octets }, byte)
                if printable(byte) && octets < MAX_TRAILERS =>
            {
                Self::Trailer { octets: octets + 1 }
            }
            (Self::Line { .. } | Self::Trailer { .. }, _) => {
                return Err("the trailers are too long or broken");
            }
            (Self::TrailerFeed { octets }, b'\n') => Self::Line { octets },
            (Self::LastFeed, b'\n') => Self::Done,
            _ => return Err(LINE),
        })
    }
}
