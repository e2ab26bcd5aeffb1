//! Is this head one that everybody reads in the same way? (RFC 9112, sections 2.2, 3, 5 and 6; RFC 9110, section 5.5)
//!
//! The HTTP library accepts a missing Host and two of them, bare line feeds, both framings at once, and an absolute target
//! for another host. Each lets two programs on the way of a request disagree about where it ends or whom it is for, which
//! is what request smuggling lives on.

use memchr::memchr;

use super::Refusal;
use super::table::{host, target, token, value};

/// Where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// After this many octets.
    Length(u64),
    /// After the last chunk.
    Chunked,
}

/// Bounds on a head.
#[derive(Debug, Clone, Copy)]
pub(in crate::serve) struct HeadLimits {
    pub(in crate::serve) octets: usize,
    pub(in crate::serve) fields: usize,
    pub(in crate::serve) target: usize,
}

/// Looks for the end of a head as octets come in, each of them once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    line: usize,
    searched: usize,
    lines: usize,
}

impl Scan {
    /// The length of the head once it is whole; `None` while it is not.
    pub(super) fn end(&mut self, bytes: &[u8], limits: &HeadLimits) -> Result<Option<usize>, Refusal> {
        if bytes.first().is_some_and(|first| !token(&[*first])) {
            return Err(Refusal::Malformed("This is not HTTP/1.1."));
        }
        while let Some(found) = memchr(b'\n', &bytes[self.searched..]) {
            let feed = self.searched + found;
            if feed == 0 || bytes[feed - 1] != b'\r' {
                return Err(Refusal::Malformed("A line of the head ends with a bare line feed."));
            }
            self.searched = feed + 1;
            if feed - 1 == self.line {
                let end = feed + 1;
                return if end > limits.octets { Err(Refusal::HeadTooLarge) } else { Ok(Some(end)) };
            }
            self.line = feed + 1;
            self.lines += 1;
            if self.lines > limits.fields + 1 {
                return Err(Refusal::HeadTooLarge);
            }
        }
        self.searched = bytes.len();
        if self.lines == 0 && bytes.len() > limits.target + 64 {
            return Err(Refusal::TargetTooLong);
        }
        if bytes.len() > limits.octets { Err(Refusal::HeadTooLarge) } else { Ok(None) }
    }
}

/// Checks a whole head, its empty line included.
pub(super) fn check(head: &[u8], limits: &HeadLimits) -> Result<Framing, Refusal> {
    let mut lines = Lines(head);
    let line = lines.next().unwrap_or_default();
    let (request, one_one) = RequestLine::read(line, limits)?;
    let mut fields = Fields::default();
    for line in lines {
        if line.is_empty() {
            break;
        }
        fields.take(line)?;
    }
    fields.judge(&request, one_one)
}

/// Lines without their CRLF. [`Scan`] has seen to it that every line feed follows a carriage return.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let feed = memchr(b'\n', self.0)?;
        let line = self.0.get(..feed.checked_sub(1)?)?;
        self.0 = &self.0[feed + 1..];
        Some(line)
    }
}

struct RequestLine<'a> {
    /// The authority of an absolute target.
    authority: Option<&'a [u8]>,
}

impl<'a> RequestLine<'a> {
    /// Gives the line, and whether it is HTTP/1.1 rather than 1.0.
    fn read(line: &'a [u8], limits: &HeadLimits) -> Result<(Self, bool), Refusal> {
        const SHAPE: Refusal = Refusal::Malformed("The request line is not: method, address, HTTP/1.1.");
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(address), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(SHAPE);
        };
        let one_one = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            _ => return Err(SHAPE),
        };
        if method.is_empty() || method.len() > 32 || !token(method) {
            return Err(SHAPE);
        }
        if address.len() > limits.target {
            return Err(Refusal::TargetTooLong);
        }
        if address.is_empty() || !target(address) {
            return Err(Refusal::Malformed("The address holds characters that must be percent-encoded."));
        }
        if method == b"CONNECT" {
            return Err(Refusal::Malformed("CONNECT does not work here."));
        }
        let authority = match address {
            [b'/', ..] => None,
            b"*" if method == b"OPTIONS" => None,
            _ => Some(authority(address).ok_or(SHAPE)?),
        };
        Ok((Self { authority }, one_one))
    }
}

/// The authority of `http://authority/…`.
fn authority(address: &[u8]) -> Option<&[u8]> {
    let after = |scheme: &[u8]| {
        let (start, rest) = address.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let rest = after(b"http://").or_else(|| after(b"https://"))?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The fields that decide about framing and address.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
}

impl<'a> Fields<'a> {
    fn take(&mut self, line: &'a [u8]) -> Result<(), Refusal> {
        if matches!(line[0], b' ' | b'\t') {
            return Err(Refusal::Malformed("A header field is folded over two lines."));
        }
        let colon = memchr(b':', line);
        let (name, rest) = line.split_at(colon.ok_or(Refusal::Malformed("A header field has no colon."))?);
        if name.is_empty() || !token(name) {
            return Err(Refusal::Malformed("The name of a header field has characters it must not have."));
        }
        let content = rest[1..].trim_ascii();
        if !value(content) {
            return Err(Refusal::Malformed("A header field holds a control character."));
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                if self.host.replace(content).is_some() {
                    return Err(Refusal::Malformed("There are two Host fields."));
                }
                if !host(content) {
                    return Err(Refusal::Malformed("The Host field does not name a host."));
                }
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = decimal(content)
                    .ok_or(Refusal::Malformed("Content-Length is not a whole number of octets."))?;
                if self.length.replace(length).is_some() {
                    return Err(Refusal::Malformed("There are two Content-Length fields."));
                }
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.chunked || !content.eq_ignore_ascii_case(b"chunked") {
                    return Err(Refusal::Malformed("The only transfer coding here is: chunked, once."));
                }
                self.chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn judge(&self, request: &RequestLine<'_>, one_one: bool) -> Result<Framing, Refusal> {
        if one_one && self.host.is_none() {
            return Err(Refusal::Malformed("There is no Host field."));
        }
        if let (Some(authority), Some(host)) = (request.authority, self.host)
            && !authority.eq_ignore_ascii_case(host)
        {
            return Err(Refusal::Malformed("The address names another host than the Host field."));
        }
        if request.authority.is_some_and(|authority| !host(authority)) {
            return Err(Refusal::Malformed("The address does not name a host."));
        }
        match (self.chunked, self.length) {
            (true, Some(_)) => {
                Err(Refusal::Malformed("There are both Transfer-Encoding and Content-Length."))
            }
            (true, None) if !one_one => Err(Refusal::Malformed("HTTP/1.0 has no Transfer-Encoding.")),
            (true, None) => Ok(Framing::Chunked),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

/// Digits alone: no sign, no list, no more than 18 of them.
fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}
