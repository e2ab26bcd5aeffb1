//! One connection: requests in, answers out, one after the other.

mod bind;
mod dirsync;
mod extended;
mod paging;
mod render;
mod root_dse;
mod search;
mod sort;
mod sync;
mod write;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ldap3_proto::LdapResultCode;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapExtendedResponse, LdapMsg, LdapOp, LdapResult};

use crate::Dialect;
use crate::fault::{Fault, huge_frame, nesting_bomb};
use crate::frame::{Frames, Request};
use crate::server::Shared;

/// RFC 4511, section 4.4.1.
const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";
/// Entries that are rendered before the directory is let go of.
const RENDERED: usize = 256;

pub(crate) struct Session {
    shared: Arc<Shared>,
    tls: bool,
    who: Who,
    pages: paging::Pages,
}

/// Who has signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Who {
    /// `None`: nobody.
    dn: Option<String>,
    /// No limits, and may change what is there.
    admin: bool,
}

/// What ends a connection.
enum End {
    Closed,
    Broken,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// A result that is not "success".
fn refusal(code: LdapResultCode, message: impl Into<String>) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: message.into(), referral: Vec::new() }
}

fn success() -> LdapResult {
    refusal(LdapResultCode::Success, "")
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, tls: bool) -> Self {
        Self { shared, tls, who: Who::default(), pages: paging::Pages::default() }
    }

    fn dialect(&self) -> Dialect {
        self.shared.options.dialect
    }

    /// Serves until the client closes, or has to be closed.
    pub(crate) async fn run(mut self, mut frames: Frames) -> io::Result<()> {
        loop {
            let request = match frames.next().await {
                Ok(Some(request)) => request,
                Ok(None) => return Ok(()),
                Err(error) => {
                    if error.kind() == io::ErrorKind::InvalidData {
                        frames.send(disconnection()).await?;
                        frames.flush().await?;
                    }
                    return Err(error);
                }
            };
            if let LdapOp::ExtendedRequest(extended) = &request.message.op
                && extended.name == extended::START_TLS
                && self.fault(&request) == Fault::None
            {
                let answer = self.may_start_tls();
                let start = answer.code == LdapResultCode::Success;
                let op = extended::response(answer, Some(extended::START_TLS));
                frames.send(LdapMsg::new(request.message.msgid, op)).await?;
                frames.flush().await?;
                if start {
                    let stream = self.shared.acceptor.accept(frames.into_stream()).await?;
                    frames = Frames::new(Box::new(stream));
                    // What was there before TLS is no longer trusted (RFC 4513, section 3.1.1).
                    (self.tls, self.who) = (true, Who::default());
                }
                continue;
            }
            match self.answer(&mut frames, request).await {
                Ok(()) => frames.flush().await?,
                Err(End::Closed | End::Broken) => return Ok(()),
            }
        }
    }

    /// The fault that this request meets.
    fn fault(&self, request: &Request) -> Fault {
        let (on, fault) = *self.shared.fault.lock();
        if on.is(&request.message.op) { fault } else { Fault::None }
    }

    async fn answer(&mut self, frames: &mut Frames, request: Request) -> Result<(), End> {
        let fault = self.fault(&request);
        let id = request.message.msgid;
        match &request.message.op {
            LdapOp::BindRequest(_) => _ = self.shared.binds.fetch_add(1, Ordering::SeqCst),
            LdapOp::SearchRequest(_) => _ = self.shared.searches.fetch_add(1, Ordering::SeqCst),
            _ => {}
        }
        match (&request.message.op, fault) {
            (LdapOp::UnbindRequest, _) | (_, Fault::Drop) => return Err(End::Closed),
            (LdapOp::AbandonRequest(_), _) => return Ok(()),
            (_, Fault::Hang) => {
                frames.drain().await;
                return Err(End::Closed);
            }
            (_, Fault::Delay(delay)) => tokio::time::sleep(delay).await,
            (_, Fault::Garbage) => {
                frames.raw(&b"HTTP/1.1 400 Bad Request\r\n\r\n\xFF\xFE\x00\x80".repeat(16)).await?;
                return Ok(());
            }
            (_, Fault::NestingBomb(depth)) => {
                frames.raw(&nesting_bomb(depth)).await?;
                return Ok(());
            }
            (_, Fault::HugeFrame(length)) => {
                frames.raw(&huge_frame(length)).await?;
                // As fast as the client takes it; it ends when the client has had enough.
                loop {
                    frames.raw(&[0; 8_192]).await?;
                }
            }
            (_, Fault::HalfFrame) => {
                frames.raw(&[0x30, 0x20, 0x02, 0x01]).await?;
                frames.drain().await;
                return Err(End::Closed);
            }
            (op, Fault::Busy | Fault::Unavailable) => {
                let result = if fault == Fault::Busy {
                    refusal(LdapResultCode::Busy, "the server is busy")
                } else {
                    refusal(LdapResultCode::Unavailable, "the server is shutting down")
                };
                if let Some(op) = response_to(op, result) {
                    frames.send(LdapMsg::new(id, op)).await?;
                }
                return Ok(());
            }
            _ => {}
        }
        self.serve(frames, request, fault).await
    }

    async fn serve(&mut self, frames: &mut Frames, request: Request, fault: Fault) -> Result<(), End> {
        let Request { message: LdapMsg { msgid, op, ctrl }, filter } = request;
        let answer = match op {
            LdapOp::BindRequest(bind) => self.bind(&bind),
            LdapOp::SearchRequest(search) => {
                let outcome = self.search(&search, filter, &ctrl, fault);
                return self.send(frames, msgid, outcome, fault).await;
            }
            LdapOp::ExtendedRequest(extended) => self.extended(&extended),
            other => {
                let Some(op) = response_to(&other, self.change(&other)) else { return Err(End::Broken) };
                op
            }
        };
        frames.send(LdapMsg::new(msgid, answer)).await?;
        Ok(())
    }

    /// Sends what a search found, some at a time, so that nobody waits for the directory.
    async fn send(
        &self,
        frames: &mut Frames,
        msgid: i32,
        outcome: search::Outcome,
        fault: Fault,
    ) -> Result<(), End> {
        for op in outcome.before {
            frames.send(LdapMsg::new(msgid, op)).await?;
        }
        let mut left = if let Fault::DropAfter(entries) = fault { Some(entries) } else { None };
        for ids in outcome.found.chunks(RENDERED) {
            let messages: Vec<LdapMsg> = {
                let directory = self.shared.directory.read();
                ids.iter().filter_map(|id| outcome.look.render(&directory, *id, msgid)).collect()
            };
            for message in messages {
                match &mut left {
                    Some(0) => break,
                    Some(left) => *left -= 1,
                    None => {}
                }
                frames.send(message).await?;
            }
        }
        if left.is_some() {
            frames.flush().await?;
            return Err(End::Closed);
        }
        for op in outcome.after {
            frames.send(LdapMsg::new(msgid, op)).await?;
        }
        let done = LdapOp::SearchResultDone(outcome.result);
        frames.send(LdapMsg::new_with_ctrls(msgid, done, outcome.controls)).await?;
        Ok(())
    }
}

/// The kind of answer that a request gets.
fn response_to(op: &LdapOp, result: LdapResult) -> Option<LdapOp> {
    match op {
        LdapOp::BindRequest(_) => Some(bind::response(result)),
        LdapOp::SearchRequest(_) => Some(LdapOp::SearchResultDone(result)),
        LdapOp::ModifyRequest(_) => Some(LdapOp::ModifyResponse(result)),
        LdapOp::AddRequest(_) => Some(LdapOp::AddResponse(result)),
        LdapOp::DelRequest(_) => Some(LdapOp::DelResponse(result)),
        LdapOp::ModifyDNRequest(_) => Some(LdapOp::ModifyDNResponse(result)),
        LdapOp::CompareRequest(_) => Some(LdapOp::CompareResult(result)),
        LdapOp::ExtendedRequest(_) => Some(extended::response(result, None)),
        _ => None,
    }
}

fn disconnection() -> LdapMsg {
    let res = refusal(LdapResultCode::ProtocolError, "decoding error");
    let name = Some(NOTICE_OF_DISCONNECTION.to_owned());
    LdapMsg::new(0, LdapOp::ExtendedResponse(LdapExtendedResponse { res, name, value: None }))
}

/// The unknown controls that may not be passed over.
fn unknown_critical(control: &LdapControl) -> bool {
    matches!(control, LdapControl::Unknown { criticality: true, .. })
}
