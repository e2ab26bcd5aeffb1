//! The socket as the HTTP library sees it: only whole heads that everybody reads in the same way come through.
//!
//! For HTTP/1 this keeps its own account of where each message ends, so that it can hold back every head, the pipelined
//! ones too, until it has been checked. A head that does not pass is replaced by a stand-in request that says
//! `Connection: close`; the service recognises it by its number and answers with the problem. So the refusal takes its turn
//! behind the answers to earlier requests, and nothing that follows it on the connection is ever read as a request.
//!
//! Bodies pass without being copied where the library's own buffer can take them.

mod chunks;
mod head;
mod refusal;
mod table;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};
use tokio::time::Sleep;
use tokio_util::io::poll_read_buf;

use super::activity::Activity;
use super::stall::Stall;
use chunks::Chunks;
use head::{Framing, Scan, check};

pub(in crate::serve) use head::HeadLimits;
pub(in crate::serve) use refusal::Refusal;

/// What the service gets in place of a refused request.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n";
/// Read ahead at once.
const PIECE: usize = 8 * 1_024;
/// Writes shorter than this are no part of an answer: HTTP/2 pings go on for ever.
const ANSWER: usize = 64;
/// After an early end: how much is still taken from the peer, and for how long, so that it gets to read our answer
/// instead of a reset.
const LINGER_OCTETS: usize = 256 * 1_024;
const LINGER_TIME: Duration = Duration::from_secs(2);

/// A socket with the checks around it.
pub(super) struct StrictIo<T> {
    io: Take<T>,
    /// Read from the socket, not handed over.
    buffer: BytesMut,
    /// Octets at the front of the buffer that may be handed over.
    ready: usize,
    state: State,
    /// Heads handed over, stand-in included.
    heads: u64,
    activity: Arc<Activity>,
    limits: HeadLimits,
    head_timeout: Duration,
    head_timer: Option<Pin<Box<Sleep>>>,
    stall: Stall,
    linger: Option<Linger>,
}

enum State {
    /// HTTP/2: everything passes.
    Open,
    /// Before or in a head.
    Head(Scan),
    /// In a body, this many octets before its end.
    Length(u64),
    /// In a chunked body.
    Chunked(Chunks),
    /// After a refusal: nothing more is read.
    Refused,
}

struct Linger {
    timer: Pin<Box<Sleep>>,
    left: usize,
}

impl<T: AsyncRead + AsyncWrite + Unpin> StrictIo<T> {
    /// Checks HTTP/1. `first` is what was read to find out that it is HTTP/1.
    pub(super) fn http1(
        io: T,
        first: BytesMut,
        activity: Arc<Activity>,
        limits: HeadLimits,
        head_timeout: Duration,
        stall: Duration,
    ) -> Self {
        Self {
            io: io.take(0),
            buffer: first,
            ready: 0,
            state: State::Head(Scan::default()),
            heads: 0,
            activity,
            limits,
            head_timeout,
            head_timer: None,
            stall: Stall::new(stall),
            linger: None,
        }
    }

    /// Lets HTTP/2 pass, which has no framing to disagree about.
    pub(super) fn http2(io: T, first: BytesMut, activity: Arc<Activity>, stall: Duration) -> Self {
        let limits = HeadLimits { octets: 0, fields: 0, target: 0 };
        let mut this = Self::http1(io, first, activity, limits, Duration::ZERO, stall);
        this.ready = this.buffer.len();
        this.state = State::Open;
        this
    }

    /// Looks at what is in the buffer at the place of a head.
    fn inspect(&mut self) {
        let State::Head(scan) = &mut self.state else { return };
        let checked = match scan.end(&self.buffer, &self.limits) {
            Ok(None) => return,
            Ok(Some(end)) => check(&self.buffer[..end], &self.limits).map(|framing| (end, framing)),
            Err(refusal) => Err(refusal),
        };
        match checked {
            Ok((end, framing)) => {
                self.ready = end;
                self.heads += 1;
                self.head_timer = None;
                self.state = match framing {
                    Framing::Length(0) => State::Head(Scan::default()),
                    Framing::Length(length) => State::Length(length),
                    Framing::Chunked => State::Chunked(Chunks::START),
                };
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.heads += 1;
        self.activity.refuse(self.heads, refusal);
        self.buffer.clear();
        self.buffer.extend_from_slice(STAND_IN);
        self.ready = STAND_IN.len();
        self.head_timer = None;
        self.state = State::Refused;
    }

    /// Reads more into our own buffer; `false` at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.buffer.reserve(PIECE);
        let read = ready!(poll_read_buf(Pin::new(self.io.get_mut()), cx, &mut self.buffer))?;
        Poll::Ready(Ok(read > 0))
    }

    /// Reads a head to its end; `false` when the connection ended first.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        // One empty line before a request is let pass (RFC 9112, section 2.2).
        if self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            self.state = State::Head(Scan::default());
        }
        if self.buffer.as_ref() != b"\r" && !self.buffer.is_empty() {
            self.inspect();
            if self.ready > 0 {
                return Poll::Ready(Ok(true));
            }
        }
        match self.poll_fill(cx)? {
            Poll::Ready(more) => Poll::Ready(Ok(more)),
            Poll::Pending => {
                if !self.buffer.is_empty() {
                    let timeout = self.head_timeout;
                    let timer = self.head_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
                    if timer.as_mut().poll(cx).is_ready() {
                        self.refuse(Refusal::TooSlow);
                        return Poll::Ready(Ok(true));
                    }
                }
                Poll::Pending
            }
        }
    }

    /// Reads a body straight into the library's buffer, up to the end of the body.
    fn poll_direct(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        most: u64,
    ) -> Poll<io::Result<u64>> {
        let before = buf.filled().len();
        self.io.set_limit(most);
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        Poll::Ready(Ok((buf.filled().len() - before) as u64))
    }

    fn wrote(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(ANSWER..))) {
            self.activity.touch();
        }
        self.stall.watch(cx, written)
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger.get_or_insert_with(|| Linger {
            timer: Box::pin(tokio::time::sleep(LINGER_TIME)),
            left: LINGER_OCTETS,
        });
        while linger.left > 0 && linger.timer.as_mut().poll(cx).is_pending() {
            self.buffer.clear();
            self.buffer.reserve(PIECE);
            match ready!(poll_read_buf(Pin::new(self.io.get_mut()), cx, &mut self.buffer)) {
                Ok(0) | Err(_) => break,
                Ok(read) => linger.left = linger.left.saturating_sub(read),
            }
        }
        Poll::Ready(())
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for StrictIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.ready > 0 {
                let give = this.ready.min(buf.remaining());
                buf.put_slice(&this.buffer[..give]);
                this.buffer.advance(give);
                this.ready -= give;
                return Poll::Ready(Ok(()));
            }
            match &mut this.state {
                State::Open => {
                    ready!(this.poll_direct(cx, buf, u64::MAX))?;
                    return Poll::Ready(Ok(()));
                }
                State::Refused => return Poll::Pending,
                State::Head(_) => {
                    if !ready!(this.poll_head(cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                State::Length(0) => this.state = State::Head(Scan::default()),
                State::Length(left) if !this.buffer.is_empty() => {
                    let have = usize::try_from(*left).unwrap_or(usize::MAX).min(this.buffer.len());
                    *left -= have as u64;
                    this.ready = have;
                }
                State::Length(left) => {
                    let left = *left;
                    let read = ready!(this.poll_direct(cx, buf, left))?;
                    this.state = State::Length(left - read);
                    return Poll::Ready(Ok(()));
                }
                State::Chunked(Chunks::Done) => this.state = State::Head(Scan::default()),
                State::Chunked(chunks) if !this.buffer.is_empty() => {
                    this.ready = chunks
                        .advance(&this.buffer)
                        .map_err(|what| io::Error::new(io::ErrorKind::InvalidData, what))?;
                }
                State::Chunked(_) => {
                    if !ready!(this.poll_fill(cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for StrictIo<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = Pin::new(this.io.get_mut()).poll_write(cx, data);
        this.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = Pin::new(this.io.get_mut()).poll_write_vectored(cx, pieces);
        this.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let flushed = Pin::new(this.io.get_mut()).poll_flush(cx);
        this.stall.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            let shut = Pin::new(this.io.get_mut()).poll_shutdown(cx);
            ready!(this.stall.watch(cx, shut))?;
        }
        // Closing a socket with unread octets in it resets the connection, and the reset overtakes our answer.
        if matches!(this.state, State::Refused | State::Length(_) | State::Chunked(_)) {
            ready!(this.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
