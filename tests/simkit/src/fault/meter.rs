//! Tells where HTTP/1 requests begin and end in a stream of bytes, without changing them.

/// A head longer than this is not HTTP as we know it; the meter stops looking.
const MAX_HEAD: usize = 64 * 1024;

/// What one piece of the stream held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// A request began in it.
    pub begun: bool,
    /// So many heads were completed in it.
    pub heads: u64,
    /// The last request that was going on is complete.
    pub ended: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Between,
    Head,
    /// So many bytes of the body are still to come.
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    Trailers,
    /// Not HTTP/1; nothing can be told any more.
    Lost,
}

#[derive(Debug, Default)]
pub(super) struct Meter {
    state: State,
    /// The head, or the line, that is being collected.
    pending: Vec<u8>,
}

impl Meter {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Seen {
        let mut seen = Seen::default();
        while let Some((&first, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Lost => return seen,
                State::Between => {
                    seen = Seen { begun: true, heads: seen.heads, ended: false };
                    self.state = State::Head;
                }
                State::Length(left) | State::ChunkData(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= skipped as u64;
                    bytes = &bytes[skipped..];
                    if *left == 0 {
                        let chunked = matches!(self.state, State::ChunkData(_));
                        self.state = if chunked { State::ChunkSize } else { State::Between };
                        seen.ended = !chunked;
                    }
                }
                State::Head | State::ChunkSize | State::Trailers => {
                    bytes = rest;
                    self.pending.push(first);
                    if self.pending.len() > MAX_HEAD {
                        self.state = State::Lost;
                    } else if first == b'\n' {
                        self.line_end(&mut seen);
                    }
                }
            }
        }
        seen
    }

    /// `pending` ends with a line feed.
    fn line_end(&mut self, seen: &mut Seen) {
        self.state = match self.state {
            State::Head if !self.pending.ends_with(b"\r\n\r\n") => return,
            State::Head => {
                seen.heads += 1;
                after_head(&String::from_utf8_lossy(&self.pending))
            }
            State::ChunkSize => {
                let line = String::from_utf8_lossy(&self.pending);
                let digits = line.split(';').next().unwrap_or_default().trim();
                match u64::from_str_radix(digits, 16) {
                    Ok(0) => State::Trailers,
                    Ok(size) => State::ChunkData(size.saturating_add(2)),
                    Err(_) => State::Lost,
                }
            }
            _ if self.pending == b"\r\n" => State::Between,
            _ => State::Trailers,
        };
        self.pending.clear();
        seen.ended = matches!(self.state, State::Between);
    }
}

fn after_head(head: &str) -> State {
    let field = |wanted: &str| {
        head.lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    if field("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
        return State::ChunkSize;
    }
    match field("content-length").map(|length| length.parse()) {
        None | Some(Ok(0)) => State::Between,
        Some(Ok(length)) => State::Length(length),
        Some(Err(_)) => State::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n\
        PUT /b HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody\
        PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n";

    #[test]
    fn three_requests_are_told_apart_however_they_are_cut() {
        for size in [1, 2, 3, 7, 64, STREAM.len()] {
            let mut meter = Meter::default();
            let seen: Vec<Seen> = STREAM.chunks(size).map(|piece| meter.feed(piece)).collect();
            assert_eq!(seen.iter().map(|seen| seen.heads).sum::<u64>(), 3, "pieces of {size}");
            assert!(seen.last().unwrap().ended, "pieces of {size}");
            if size == 1 {
                assert_eq!(seen.iter().filter(|seen| seen.begun).count(), 3);
                assert_eq!(seen.iter().filter(|seen| seen.ended).count(), 3);
            }
        }
    }

    #[test]
    fn what_is_not_http_is_let_be() {
        let mut meter = Meter::default();
        assert_eq!(meter.feed(&vec![0x16; MAX_HEAD * 2]).heads, 0);
        assert_eq!(meter.feed(STREAM), Seen::default());
    }
}
