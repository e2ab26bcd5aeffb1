//! As little LDAP (RFC 4511) as a load generator needs: a bind, and one search after the other for the person with an id.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, bail, ensure};

use crate::http::PATIENCE;
use crate::load::Caller;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const BOOLEAN: u8 = 0x01;
const BIND: u8 = 0x60;
const BIND_ANSWER: u8 = 0x61;
const SEARCH: u8 = 0x63;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;
/// A password in a bind, and an equality in a filter: context-specific 0 and 3.
const SIMPLE: u8 = 0x80;
const EQUAL: u8 = 0xa3;

/// A connection that asks for one person after the other, and counts only an answer with exactly one entry.
pub struct Searching<'a> {
    socket: TcpStream,
    requests: &'a [Vec<u8>],
    next: usize,
    read: Vec<u8>,
    filled: usize,
    entries: usize,
}

impl<'a> Searching<'a> {
    /// Connects and binds this many callers; each begins with another request.
    pub fn several(
        addr: SocketAddr,
        account: &str,
        password: &str,
        requests: &'a [Vec<u8>],
        callers: usize,
    ) -> Result<Vec<Self>> {
        ensure!(!requests.is_empty(), "nothing to search for");
        let caller = |at: usize| -> Result<Self> {
            let mut socket =
                TcpStream::connect_timeout(&addr, PATIENCE).context("cannot connect to slapd")?;
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.write_all(&bind(account, password))?;
            let mut answer = [0; 256];
            let octets = socket.read(&mut answer)?;
            ensure!(is_success(&answer[..octets], BIND_ANSWER), "slapd refused the account");
            socket.set_nonblocking(true)?;
            let next = at * requests.len() / callers;
            Ok(Self { socket, requests, next, read: vec![0; 64 * 1024], filled: 0, entries: 0 })
        };
        (0..callers).map(caller).collect()
    }
}

impl Caller for Searching<'_> {
    fn ask(&mut self) -> Result<()> {
        self.next += 1;
        (self.filled, self.entries) = (0, 0);
        self.socket.write_all(&self.requests[self.next % self.requests.len()]).context("cannot send")
    }

    fn poll(&mut self) -> Result<bool> {
        match self.socket.read(&mut self.read[self.filled..]) {
            Ok(0) => bail!("slapd closed in mid-answer, or the answer is too long"),
            Ok(octets) => self.filled += octets,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error).context("no answer"),
        }
        let mut at = 0;
        while let Some(length) = message_len(&self.read[at..self.filled]) {
            let message = &self.read[at..at + length];
            at += length;
            match operation(message)? {
                ENTRY => self.entries += 1,
                DONE => {
                    ensure!(is_success(message, DONE) && self.entries == 1, "one person was wanted");
                    ensure!(at == self.filled, "there was more than the answer");
                    return Ok(true);
                }
                other => bail!("slapd answered with an operation {other:#x}"),
            }
        }
        self.read.copy_within(at..self.filled, 0);
        self.filled -= at;
        Ok(false)
    }
}

/// The search for the entry with this id below `base`. All on one connection may have one message id: they follow one another.
pub fn search(base: &str, id: &str, attributes: &[&str]) -> Vec<u8> {
    let names: Vec<u8> = attributes.iter().flat_map(|name| tag(OCTETS, name.as_bytes())).collect();
    let filter = [tag(OCTETS, b"entryUUID"), tag(OCTETS, id.as_bytes())].concat();
    let request = [
        tag(OCTETS, base.as_bytes()),
        // The whole subtree, aliases as they are, no limits, values too.
        tag(ENUMERATED, &[2]),
        tag(ENUMERATED, &[0]),
        tag(INTEGER, &[0]),
        tag(INTEGER, &[0]),
        tag(BOOLEAN, &[0]),
        tag(EQUAL, &filter),
        tag(SEQUENCE, &names),
    ];
    message(2, SEARCH, &request.concat())
}

fn bind(account: &str, password: &str) -> Vec<u8> {
    let request = [tag(INTEGER, &[3]), tag(OCTETS, account.as_bytes()), tag(SIMPLE, password.as_bytes())];
    message(1, BIND, &request.concat())
}

fn message(id: u8, operation: u8, request: &[u8]) -> Vec<u8> {
    tag(SEQUENCE, &[tag(INTEGER, &[id]), tag(operation, request)].concat())
}

/// Tag, length and value (X.690).
fn tag(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let mut all = vec![tag];
    if let Ok(short @ 0..0x80) = u8::try_from(value.len()) {
        all.push(short);
    } else {
        all.push(0x84);
        all.extend_from_slice(&length[length.len() - 4..]);
    }
    all.extend_from_slice(value);
    all
}

/// How long the header of an element is, and its value; `None` when the header is not whole.
fn header(octets: &[u8]) -> Option<(usize, usize)> {
    match *octets.get(1)? {
        short @ 0..0x80 => Some((2, usize::from(short))),
        long => {
            let count = usize::from(long & 0x7f);
            let length = octets.get(2..2 + count)?;
            Some((2 + count, length.iter().fold(0, |sum, octet| (sum << 8) | usize::from(*octet))))
        }
    }
}

/// The length of the message at the start, once it is whole.
fn message_len(octets: &[u8]) -> Option<usize> {
    let (head, value) = header(octets)?;
    (octets.len() >= head + value).then_some(head + value)
}

/// Everything from the operation on, behind the message id.
fn body(message: &[u8]) -> Option<&[u8]> {
    let (head, _) = header(message)?;
    let rest = message.get(head..)?;
    let (id, value) = header(rest)?;
    rest.get(id + value..)
}

fn operation(message: &[u8]) -> Result<u8> {
    body(message).and_then(|body| body.first()).copied().context("not an LDAP message")
}

/// Whether this is that operation with the result code 0.
fn is_success(message: &[u8], wanted: u8) -> bool {
    let Some(body) = body(message) else { return false };
    let Some((head, _)) = header(body) else { return false };
    body[0] == wanted && body.get(head..head + 3) == Some(&[ENUMERATED, 1, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for length in [0, 1, 127, 128, 300, 70_000] {
            let all = tag(OCTETS, &vec![7; length]);
            assert_eq!(message_len(&all), Some(all.len()));
            assert_eq!(message_len(&all[..all.len() - 1]), None);
        }
    }

    #[test]
    fn only_the_right_operation_with_the_code_zero_is_a_success() {
        let done =
            |code| message(2, DONE, &[tag(ENUMERATED, &[code]), tag(OCTETS, b""), tag(OCTETS, b"")].concat());
        assert!(is_success(&done(0), DONE));
        assert!(!is_success(&done(32), DONE));
        assert!(!is_success(&done(0), BIND_ANSWER));
        // A whole SearchRequest, as RFC 4511 has it.
        let request = search("dc=x", "1", &["cn"]);
        assert_eq!(request[..9], [0x30, request[1], 0x02, 1, 2, 0x63, request[6], 0x04, 4]);
        assert_eq!(operation(&request).unwrap(), SEARCH);
    }
}
