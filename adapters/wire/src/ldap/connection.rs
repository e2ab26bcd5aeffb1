//! One connection: sends a request, and reads what comes in answer to it.
//!
//! Nothing runs beside the caller: messages are read, checked and decoded where they are waited for.

use std::pin::Pin;
use std::task::{Context, Waker};

use bytes::{Buf as _, BytesMut};
use portico_contract::Error;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::time::Instant;

use super::connect::Stream;
use super::frame::{self, Violation};
use super::gathered::Gathered;
use super::message::{Answer, Message};
use super::request::{Request, UNBIND};
use super::{Limits, SearchResult, fault};

/// How much is read at once.
const CHUNK: usize = 32 * 1024;

/// A connection. Says farewell when it is dropped at rest, and is cut off when it is dropped in mid-operation.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    limits: Limits,
    /// What came and was not read yet, and before it the message that was read last.
    inbox: BytesMut,
    /// Octets of the message that was read last.
    read: usize,
    /// Of the last request. Counted up from 1.
    id: i32,
    /// Octets that came in answer to it.
    heard: u64,
    /// A request has not been answered whole, or the connection has ended.
    busy: bool,
    /// Which of the configured hosts.
    pub(super) host: usize,
    /// Since when.
    pub(super) born: Instant,
}

/// Why no answer came.
pub(super) enum Failure {
    /// The answer is a failure, or cannot be used.
    Answer(Error),
    /// The connection ended. `heard`: after something of the answer had come.
    Lost { heard: bool },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Answer(error) => error,
            Failure::Lost { .. } => fault::lost(),
        }
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::Answer(violation.error())
    }
}

impl Connection {
    /// Takes over an open stream.
    pub(super) fn new(stream: Box<dyn Stream>, host: usize, limits: Limits) -> Self {
        Self {
            stream,
            limits,
            inbox: BytesMut::new(),
            read: 0,
            id: 0,
            heard: 0,
            busy: false,
            host,
            born: Instant::now(),
        }
    }

    /// Whether another request may be sent, as far as is known.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.busy
    }

    /// Whether the server has neither ended the connection nor said something unasked since it came to rest. Looks, and does
    /// not wait.
    pub(super) fn is_silent(&mut self) -> bool {
        let mut octet = [0];
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream).poll_read(&mut context, &mut ReadBuf::new(&mut octet)).is_pending()
    }

    /// Binds. An anonymous bind is sent as well: it shows that somebody is there.
    pub(super) async fn bind(&mut self, name: &str, password: &str) -> Result<(), Error> {
        self.send(&Request::bind(name, password)).await?;
        let Answer::Bind(outcome) = self.next().await?.answer else {
            return Err(Violation::Unexpected.error());
        };
        let bound = fault::of_bind(outcome.code, outcome.text);
        self.rest();
        bound
    }

    /// Sends a request. From here on until the result is there, dropping a future of this connection spends it. The caller
    /// bounds the time.
    pub(super) async fn send(&mut self, request: &Request) -> Result<(), Failure> {
        self.busy = true;
        self.id = self.id % i32::MAX + 1;
        self.heard = 0;
        let sent = async {
            self.stream.write_all(&request.message(self.id)).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|_| Failure::Lost { heard: false })
    }

    /// Waits until the first message of an answer is there, without reading it. Can be dropped and called again.
    pub(super) async fn hear(&mut self) -> Result<(), Failure> {
        self.message().await.map(drop)
    }

    /// Reads the whole result of a search that was sent.
    pub(super) async fn result(&mut self) -> Result<SearchResult, Failure> {
        let mut gathered = Gathered::default();
        loop {
            if let Some(result) = self.read_some(&mut gathered).await? {
                return Ok(result);
            }
        }
    }

    /// Waits for something of the result of a search that was sent, and reads what there is of it. Gives the result once it is
    /// whole, with the entries that were not taken out of `gathered` before. Not to be called again after a failure, or after
    /// it was dropped.
    pub(super) async fn read_some(
        &mut self,
        gathered: &mut Gathered,
    ) -> Result<Option<SearchResult>, Failure> {
        let most = self.limits.max_entries;
        loop {
            let Message { answer, controls, .. } = self.next().await?;
            if let Answer::Done(outcome) = answer {
                let result = std::mem::take(gathered).finish(outcome, controls);
                self.rest();
                return result.map(Some).map_err(Failure::Answer);
            }
            gathered.take(answer, controls, most)?;
            if !self.has_more()? {
                return Ok(None);
            }
        }
    }

    /// The next message of the answer.
    async fn next(&mut self) -> Result<Message<'_>, Failure> {
        self.inbox.advance(std::mem::take(&mut self.read));
        self.read = self.message().await?;
        self.heard += self.read as u64;
        if self.heard > self.limits.max_octets {
            return Err(Violation::Octets(self.limits.max_octets).into());
        }
        let message = frame::check(&self.inbox[..self.read])?;
        match (message.id, &message.answer) {
            (_, Answer::Farewell) => Err(Failure::Lost { heard: self.heard > self.read as u64 }),
            (id, _) if id == self.id => Ok(message),
            _ => Err(Violation::Unexpected.into()),
        }
    }

    /// Whether another message has come, behind the one that was read last.
    fn has_more(&self) -> Result<bool, Failure> {
        Ok(whole(&self.inbox[self.read..], self.limits.max_frame)?.is_some())
    }

    /// Waits until a whole message is there. Gives its length.
    async fn message(&mut self) -> Result<usize, Failure> {
        loop {
            if let Some(length) = whole(&self.inbox, self.limits.max_frame)? {
                return Ok(length);
            }
            self.inbox.reserve(CHUNK);
            match self.stream.read_buf(&mut self.inbox).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Err(Failure::Lost { heard: self.heard > 0 }),
            }
        }
    }

    /// The answer was whole. What came behind it was not asked for: no other request is sent then.
    fn rest(&mut self) {
        self.inbox.advance(std::mem::take(&mut self.read));
        self.busy = !self.inbox.is_empty();
        // A single large message is no reason to keep the room for another.
        if self.inbox.capacity() > 2 * CHUNK {
            self.inbox = BytesMut::new();
        }
    }
}

/// The length of the message at the start, once all of it has come.
fn whole(bytes: &[u8], max_frame: usize) -> Result<Option<usize>, Violation> {
    Ok(frame::length(bytes, max_frame)?.filter(|length| *length <= bytes.len()))
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.busy {
            return;
        }
        // One try without waiting: a server that is not told notices all the same.
        let mut context = Context::from_waker(Waker::noop());
        let mut stream = Pin::new(&mut self.stream);
        if stream.as_mut().poll_write(&mut context, &UNBIND).is_ready() {
            let _ = stream.as_mut().poll_shutdown(&mut context);
        }
    }
}
