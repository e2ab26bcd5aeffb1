//! Preconditions of writes: compared here before anything is sent, and enforced by the server where it can.
//!
//! | tag | sent | why |
//! |---|---|---|
//! | strong | `If-Match: "tag"` | RFC 9110, section 13.1.1 |
//! | weak | `If: </path> (["tag"])` | for about two seconds after a write, Apache's tags are weak and `If-Match`, which compares strongly, is always 412; mod_dav compares the `If` header (RFC 4918, section 10.4) without weakness |
//! | none | nothing | folders of WsgiDAV have none: comparing here is all there is |
//!
//! The resource tag in `If` is a path: with an absolute address WsgiDAV ignores the condition.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use portico_contract::documents::Precondition;
use portico_contract::{CallContext, Error, ErrorKind};
use portico_wire::http::{Request, Verb};

use crate::client::Dav;
use crate::location::{Location, not_found};
use crate::map;
use crate::propfind::{Entry, Tag};

const IF: HeaderName = HeaderName::from_static("if");
/// A tag that no server gives out.
const IMPOSSIBLE: &str = "\"portico-precondition-probe\"";
/// How long a weak tag is waited for; Apache's turns strong after two seconds.
const TURN: Duration = Duration::from_millis(250);

const UNTESTED: u8 = 0;
const HONOURED: u8 = 1;
const IGNORED: u8 = 2;

/// The header that carries a condition.
pub(crate) type Condition = Option<(HeaderName, HeaderValue)>;

/// Adds a condition to a request.
pub(crate) fn with(request: Request<'_>, condition: Condition) -> Request<'_> {
    match condition {
        Some((name, value)) => request.header(name, value),
        None => request,
    }
}

pub(crate) fn failed() -> Error {
    Error::new(
        ErrorKind::PreconditionFailed,
        "The document has changed since it was read, or something is there already; read it again first.",
    )
}

pub(crate) fn locked() -> Error {
    Error::new(
        ErrorKind::Locked,
        "Somebody is editing this in the document store; try again when they have finished.",
    )
}

impl Dav {
    /// Compares what is there with what must hold. Gives what is there, and the header that makes the server compare
    /// again at the moment of the write.
    ///
    /// # Errors
    /// `PreconditionFailed` when it does not hold; `Locked` when somebody holds a lock.
    pub(crate) async fn compare(
        &self,
        context: &CallContext,
        location: &Location,
        precondition: &Precondition,
    ) -> Result<(Option<Entry>, Condition), Error> {
        let there = self.find(context, location).await?;
        if there.as_ref().and_then(|entry| entry.properties.locked) == Some(true) {
            return Err(locked());
        }
        let condition = match (precondition, &there) {
            (Precondition::Absent, None) => Some((IF_NONE_MATCH, HeaderValue::from_static("*"))),
            (Precondition::Absent, Some(_)) | (Precondition::Exists | Precondition::Version(_), None) => {
                return Err(failed());
            }
            (Precondition::Exists, Some(_)) => Some((IF_MATCH, HeaderValue::from_static("*"))),
            (Precondition::Version(wanted), Some(entry)) => {
                if map::version(&entry.properties).as_ref() != Some(wanted) {
                    return Err(failed());
                }
                self.learn(context, entry).await?;
                condition(self.client.base().prefix(), location, entry)
            }
        };
        Ok((there, condition))
    }

    /// Compares before something that exists is moved or deleted: what is not there is not found.
    ///
    /// # Errors
    /// `NotFound`, and those of [`Dav::compare`].
    pub(crate) async fn compare_existing(
        &self,
        context: &CallContext,
        location: &Location,
        precondition: &Precondition,
    ) -> Result<(Entry, Condition), Error> {
        match self.compare(context, location, precondition).await {
            Ok((Some(entry), condition)) => Ok((entry, condition)),
            Ok((None, _)) => Err(not_found()),
            // Why it failed decides: gone is another thing than changed.
            Err(error) if error.kind() == ErrorKind::PreconditionFailed => {
                let there = self.find(context, location).await?;
                Err(if there.is_none() { not_found() } else { error })
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until the tag of a folder has turned strong: mod_dav applies an `If` header to everything below a folder
    /// that is moved, so only `If-Match` works there.
    ///
    /// # Errors
    /// `PreconditionFailed` when it changed meanwhile; `Conflict` when the deadline is too near to wait.
    pub(crate) async fn strong_condition(
        &self,
        context: &CallContext,
        location: &Location,
        precondition: &Precondition,
    ) -> Result<Condition, Error> {
        loop {
            let (entry, found) = self.compare_existing(context, location, precondition).await?;
            let weak = matches!(precondition, Precondition::Version(_))
                && entry.properties.tag.as_ref().is_some_and(|tag| tag.weak);
            if !weak {
                return Ok(found);
            }
            if context.deadline.remaining() < TURN * 2 {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "The folder was changed a moment ago and its version is not settled yet; try again in two seconds.",
                ));
            }
            tokio::time::sleep(TURN).await;
        }
    }

    /// Finds out once, without changing anything, whether the server honours preconditions at all.
    async fn learn(&self, context: &CallContext, entry: &Entry) -> Result<(), Error> {
        if self.preconditions.load(Ordering::Relaxed) == UNTESTED && !entry.properties.folder {
            self.honours_preconditions(context, &entry.location).await?;
        }
        Ok(())
    }

    /// Asks for a document under a condition that cannot hold. A server that honours preconditions answers
    /// 412 (RFC 9110, section 13.2.1); one that answers as if nothing were wrong will do so on writes too. Not with
    /// HEAD, to which WsgiDAV sends a body with a 412.
    pub(crate) async fn honours_preconditions(
        &self,
        context: &CallContext,
        document: &Location,
    ) -> Result<bool, Error> {
        let path = document.encoded(false);
        let probe = Request::new(Verb::GET, &path).header(IF_MATCH, HeaderValue::from_static(IMPOSSIBLE));
        let response = self.client.send(context, probe).await?;
        let honoured = response.status == StatusCode::PRECONDITION_FAILED;
        if honoured || response.status.is_success() {
            let learnt = if honoured { HONOURED } else { IGNORED };
            let before = self.preconditions.swap(learnt, Ordering::Relaxed);
            if !honoured && before != IGNORED {
                tracing::warn!(
                    "the document store ignores preconditions; two writers at once can overwrite each other"
                );
            }
        }
        // The content of a document is not read for this: dropping it closes the connection.
        if honoured {
            response.finish().await;
        }
        Ok(honoured)
    }
}

/// The header for one version.
fn condition(prefix: &str, location: &Location, entry: &Entry) -> Condition {
    let Tag { opaque, weak } = entry.properties.tag.as_ref()?;
    if *weak {
        let path = location.encoded(entry.properties.folder);
        let value = format!("<{prefix}{path}> ([\"{opaque}\"])");
        return HeaderValue::try_from(value).ok().map(|value| (IF, value));
    }
    HeaderValue::try_from(format!("\"{opaque}\"")).ok().map(|value| (IF_MATCH, value))
}
