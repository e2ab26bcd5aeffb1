//! A raw HTTP/1.1 client for tests: sends exactly the bytes it is given and reports exactly what came back.
//!
//! It follows no redirects, pools nothing, decodes only transfer framing and never retries, so a test sees what
//! is on the wire. Framing is read as RFC 9112, section 6.3 describes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Every wait for the peer ends after this long, with [`io::ErrorKind::TimedOut`].
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Longest head that is accepted.
const MAX_HEAD: usize = 256 * 1024;
/// Longest body that is collected; read longer ones with [`Connection::head`] and [`Connection::chunk`].
const MAX_BODY: usize = 256 * 1024 * 1024;

/// The head of an answer.
#[derive(Debug, Clone)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Fields in the order they came, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a field; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Status and fields.
    pub head: Head,
    /// The body without its transfer framing; empty where there was none.
    pub body: Bytes,
}

impl Reply {
    /// The first value of a field; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The body as text, faulty UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// How the rest of the current body is framed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

/// One connection, used for one exchange after the other.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
    host: String,
    buffer: BytesMut,
    framing: Framing,
}

impl Connection {
    /// Connects, with `host` for the Host field taken from the address.
    pub async fn open(addr: SocketAddr) -> io::Result<Self> {
        let socket = within(TcpStream::connect(addr)).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, host: addr.to_string(), buffer: BytesMut::new(), framing: Framing::None })
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        within(self.socket.write_all(bytes)).await
    }

    /// Sends one request and collects the answer. `Host` is added unless given, and `Content-Length` unless the
    /// body is empty or the caller framed it.
    pub async fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Reply> {
        self.send(&head_bytes(&self.host, method, target, headers, body.len())).await?;
        self.send(body).await?;
        self.reply(method).await
    }

    /// Reads one whole answer. `method` is that of the request: an answer to HEAD has no body.
    pub async fn reply(&mut self, method: &str) -> io::Result<Reply> {
        let head = self.head(method).await?;
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(invalid("the body is too long to be collected"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status: head.status, head, body: body.freeze() })
    }

    /// Reads one answer's head, interim (1xx) answers skipped. Follow with [`Connection::chunk`] until `None`.
    pub async fn head(&mut self, method: &str) -> io::Result<Head> {
        loop {
            let end = loop {
                if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                    break end;
                }
                if self.buffer.len() > MAX_HEAD {
                    return Err(invalid("the head is too long"));
                }
                self.fill().await?;
            };
            let head = parse_head(&self.buffer.split_to(end + 4))?;
            if (100..200).contains(&head.status) && head.status != 101 {
                continue;
            }
            self.framing = framing(method, &head)?;
            return Ok(head);
        }
    }

    /// The next piece of the body; `None` once it has ended properly. A body that breaks off is an error.
    pub async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        match self.framing {
            Framing::None => Ok(None),
            Framing::UntilClose => match self.fill().await {
                Ok(()) => Ok(Some(self.buffer.split().freeze())),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.framing = Framing::None;
                    Ok((!self.buffer.is_empty()).then(|| self.buffer.split().freeze()))
                }
                Err(error) => Err(error),
            },
            Framing::Length(left) => {
                if self.buffer.is_empty() {
                    self.fill().await?;
                }
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
                let left = left - take as u64;
                self.framing = if left == 0 { Framing::None } else { Framing::Length(left) };
                Ok(Some(self.buffer.split_to(take).freeze()))
            }
            Framing::Chunked => {
                let line = self.line().await?;
                let digits = line.split(';').next().unwrap_or_default().trim();
                let size = usize::from_str_radix(digits, 16).map_err(|_| invalid("a bad chunk size"))?;
                if size == 0 {
                    while !self.line().await?.is_empty() {}
                    self.framing = Framing::None;
                    return Ok(None);
                }
                while self.buffer.len() < size + 2 {
                    self.fill().await?;
                }
                let chunk = self.buffer.split_to(size).freeze();
                self.buffer.advance(2);
                Ok(Some(chunk))
            }
        }
    }

    /// Everything until the peer closes, framing left alone. A reset counts as the end.
    pub async fn rest(&mut self) -> io::Result<Bytes> {
        loop {
            match self.fill().await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error),
                Err(_) => return Ok(self.buffer.split().freeze()),
            }
        }
    }

    /// The socket itself, for tests that need to be rude to the peer.
    pub fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                self.buffer.advance(end + 2);
                return Ok(line);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(invalid("a line is too long"));
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        if within(self.socket.read_buf(&mut self.buffer)).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the peer closed in mid-answer"));
        }
        Ok(())
    }
}

/// One request on a connection of its own; `url` is `http://host:port/path?query`.
pub async fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
    let (authority, target) = split_url(url)?;
    let addr =
        within(tokio::net::lookup_host(authority)).await?.next().ok_or_else(|| invalid("no such host"))?;
    let mut connection = Connection::open(addr).await?;
    authority.clone_into(&mut connection.host);
    connection.request(method, target, headers, body).await
}

/// GET on a connection of its own.
pub async fn get(url: &str, headers: &[(&str, &str)]) -> io::Result<Reply> {
    request("GET", url, headers, b"").await
}

/// Sends bytes as they are on a connection of its own and gives back everything until the peer closes.
pub async fn raw(addr: SocketAddr, bytes: &[u8]) -> io::Result<Bytes> {
    let mut connection = Connection::open(addr).await?;
    connection.send(bytes).await?;
    connection.rest().await
}

/// Takes `http://127.0.0.1:80/x` apart into authority and request target.
fn split_url(url: &str) -> io::Result<(&str, &str)> {
    let rest = url.strip_prefix("http://").ok_or_else(|| invalid("only http:// addresses"))?;
    let at = rest.find('/').unwrap_or(rest.len());
    let target = if at == rest.len() { "/" } else { &rest[at..] };
    Ok((&rest[..at], target))
}

fn head_bytes(host: &str, method: &str, target: &str, headers: &[(&str, &str)], body: usize) -> Vec<u8> {
    let given = |name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !given("host") {
        head.push_str(&format!("Host: {host}\r\n"));
    }
    if body > 0 && !given("content-length") && !given("transfer-encoding") {
        head.push_str(&format!("Content-Length: {body}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn parse_head(bytes: &[u8]) -> io::Result<Head> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1."))
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| invalid("not an HTTP/1 status line"))?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Head { status, headers })
}

fn framing(method: &str, head: &Head) -> io::Result<Framing> {
    if method.eq_ignore_ascii_case("HEAD") || matches!(head.status, 101 | 204 | 304) {
        return Ok(Framing::None);
    }
    if head.header("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().ends_with("chunked")) {
        return Ok(Framing::Chunked);
    }
    match head.header("content-length") {
        Some("0") => Ok(Framing::None),
        Some(length) => length.parse().map(Framing::Length).map_err(|_| invalid("a bad Content-Length")),
        None => Ok(Framing::UntilClose),
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the peer did not answer in time")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn canned(answer: &'static [u8]) -> io::Result<Reply> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await?;
            let mut head = [0; 1024];
            let _ = socket.read(&mut head).await?;
            socket.write_all(answer).await
        });
        get(&format!("http://{addr}/x"), &[]).await
    }

    #[tokio::test]
    async fn every_framing_is_read() {
        for (answer, status, body) in [
            (&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"[..], 200, "hi"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\n\r\n",
                200,
                "hi",
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nhi", 200, "hi"),
            (b"HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", 201, ""),
        ] {
            let reply = canned(answer).await.unwrap();
            assert_eq!((reply.status, reply.text().as_str()), (status, body));
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error() {
        for answer in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
            b"HTTP/1.1 200 OK\r\nContent-Len",
            b"<html>",
        ] {
            assert_eq!(canned(answer).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
