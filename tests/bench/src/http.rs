//! As little HTTP/1.1 as a load generator needs: it costs next to nothing, so that the subject is what is measured.
//!
//! Every answer is checked for its status and its length. One that is wrong is an error, never a quick answer.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// No answer takes as long as this.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Large enough that a long body is read in few calls.
const BUFFER: usize = 256 * 1024;

/// What is asked, whom, and how long the body of a right answer is.
pub struct Target {
    addr: SocketAddr,
    request: Vec<u8>,
    /// Of a right answer's body, where it is always the same.
    length: Option<u64>,
}

impl Target {
    pub fn get(addr: SocketAddr, path: &str, token: Option<&str>, length: u64) -> Self {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let authorization = authorization.unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\n{authorization}\r\n");
        Self { addr, request: request.into_bytes(), length: Some(length) }
    }

    /// As [`Target::get`], for an answer whose length changes: one that carries the time.
    pub fn get_any(addr: SocketAddr, path: &str, token: Option<&str>) -> Self {
        Self { length: None, ..Self::get(addr, path, token, 0) }
    }

    /// Octets of a right answer's body; 0 where that changes.
    pub fn length(&self) -> u64 {
        self.length.unwrap_or_default()
    }
}

/// One connection that is kept for one request after the other.
pub struct Connection {
    socket: TcpStream,
    buffer: Vec<u8>,
    /// Reading never waits.
    restless: bool,
    /// Octets of the head that is being read.
    filled: usize,
    /// Octets of the body that are still to come, once the head is there.
    left: Option<u64>,
    /// Of the answer that is being read, once its head is there.
    status: u16,
}

impl Connection {
    pub fn open(addr: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect_timeout(&addr, PATIENCE).context("cannot connect")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { socket, buffer: vec![0; BUFFER], restless: false, filled: 0, left: None, status: 0 })
    }

    pub fn to(target: &Target) -> Result<Self> {
        Self::open(target.addr)
    }

    /// A connection whose [`Connection::poll`] never waits.
    pub fn restless(target: &Target) -> Result<Self> {
        let mut connection = Self::to(target)?;
        connection.socket.set_nonblocking(true)?;
        connection.restless = true;
        Ok(connection)
    }

    /// One request and its whole answer; the body is read and dropped.
    pub fn exchange(&mut self, target: &Target) -> Result<()> {
        self.ask(target)?;
        while !self.poll(target)? {}
        Ok(())
    }

    /// Sends the request. It is a few hundred octets: there is always room for them.
    pub fn ask(&mut self, target: &Target) -> Result<()> {
        (self.filled, self.left) = (0, None);
        self.socket.write_all(&target.request).context("cannot send")
    }

    /// Reads once; true when the answer is whole. Any other than the right one is an error.
    pub fn poll(&mut self, target: &Target) -> Result<bool> {
        let Some(status) = self.poll_any(target)? else { return Ok(false) };
        ensure!(status == 200, "the answer was {status}");
        Ok(true)
    }

    /// Reads once; the status when the answer is whole. One of 200 has to have the right length.
    pub fn poll_any(&mut self, target: &Target) -> Result<Option<u16>> {
        let octets = match self.socket.read(&mut self.buffer[self.filled..]) {
            Ok(0) => bail!("the peer closed in mid-answer, or its head is too long"),
            Ok(octets) => octets,
            Err(error) if error.kind() == ErrorKind::WouldBlock && self.restless => return Ok(None),
            Err(error) => return Err(error).context("no answer"),
        };
        let octets = match self.left {
            Some(_) => octets as u64,
            None => {
                self.filled += octets;
                let Some(end) = end_of_head(&self.buffer[..self.filled]) else { return Ok(None) };
                let (status, length) = parse(&self.buffer[..end])?;
                let right = status != 200 || target.length.is_none_or(|wanted| wanted == length);
                ensure!(right, "the body has {length} octets, not {}", target.length());
                (self.status, self.left) = (status, Some(length));
                (std::mem::take(&mut self.filled) - end) as u64
            }
        };
        let left = self.left.unwrap_or_default();
        ensure!(octets <= left, "there was more than the body");
        self.left = Some(left - octets);
        Ok((left == octets).then_some(self.status))
    }

    /// One request with any method, and the answer's body.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&str>,
        json: &str,
    ) -> Result<(u16, Vec<u8>)> {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let body = match json {
            "" => String::new(),
            json => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", json.len()),
        };
        let authorization = authorization.unwrap_or_default();
        let host = self.socket.peer_addr()?;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{authorization}{body}\r\n{json}");
        self.socket.write_all(head.as_bytes())?;
        let (status, length, got) = self.head()?;
        // `head` leaves what it has of the body at the front of the buffer.
        let mut whole = self.buffer[..usize::try_from(got)?].to_vec();
        while (whole.len() as u64) < length {
            let more = self.read(0)?;
            whole.extend_from_slice(&self.buffer[..more]);
        }
        Ok((status, whole))
    }

    /// Reads up to the end of the head: status, announced length, and how much of the body came with it.
    fn head(&mut self) -> Result<(u16, u64, u64)> {
        let mut filled = 0;
        let end = loop {
            filled += self.read(filled)?;
            if let Some(end) = end_of_head(&self.buffer[..filled]) {
                break end;
            }
        };
        let (status, length) = parse(&self.buffer[..end])?;
        self.buffer.copy_within(end..filled, 0);
        Ok((status, length, (filled - end) as u64))
    }

    fn read(&mut self, from: usize) -> Result<usize> {
        ensure!(from < self.buffer.len(), "the head is too long");
        match self.socket.read(&mut self.buffer[from..]).context("no answer")? {
            0 => bail!("the peer closed in mid-answer"),
            octets => Ok(octets),
        }
    }
}

fn end_of_head(octets: &[u8]) -> Option<usize> {
    octets.windows(4).position(|four| four == b"\r\n\r\n").map(|end| end + 4)
}

fn parse(head: &[u8]) -> Result<(u16, u64)> {
    let head = std::str::from_utf8(head).context("a head that is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|rest| rest.get(..3));
    let status = status.and_then(|code| code.parse().ok()).context("not an HTTP/1.1 answer")?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok());
    match length {
        Some(length) => Ok((status, length)),
        None => bail!("the answer ({status}) does not announce its length"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn against(answer: &'static str, length: u64) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::get(listener.local_addr().unwrap(), "/", None, length);
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = socket.read(&mut request).unwrap();
            socket.write_all(answer.as_bytes()).unwrap();
        });
        let done = Connection::to(&target).and_then(|mut connection| connection.exchange(&target));
        server.join().unwrap();
        done
    }

    #[test]
    fn only_the_whole_right_answer_counts() {
        assert!(against("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", 2).is_ok());
        assert!(against("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", 3).is_err());
        assert!(against("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 3).is_err());
        assert!(against("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nhi", 2).is_err());
        assert!(against("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0).is_err());
        assert!(against("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", 2).is_err());
    }
}
