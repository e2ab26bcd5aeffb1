//! What every change of a domain is asked with and answers.

use std::future::Future;
use std::sync::Arc;

use portico_contract::documents::SourceVersion;
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Upstream};
use portico_schemas::{FieldError, Operation, Outcome};

use crate::writes::{Digest, Plan, WriteRequest, Writes, Written};

/// The request behind a change.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The caller's `Idempotency-Key`; `None` where the method needs none (PUT, DELETE).
    pub key: Option<Arc<str>>,
    /// Method and template of the route: `POST /v1/expense-reports`.
    pub route: &'static str,
    /// What is asked for: see [`crate::writes::digest`].
    pub digest: Digest,
    /// Make every check and write nothing.
    pub validate_only: bool,
}

/// Which version a caller means (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there (`*`).
    Any,
    /// One of these.
    OneOf(Vec<SourceVersion>),
}

impl Expected {
    /// Whether a thing is in a version that the caller means.
    ///
    /// # Errors
    /// [`ErrorKind::PreconditionFailed`].
    pub fn check(&self, current: Option<&SourceVersion>) -> Result<(), Error> {
        let holds = match self {
            Self::Any => true,
            Self::OneOf(versions) => current.is_some_and(|current| versions.contains(current)),
        };
        if holds {
            return Ok(());
        }
        let why = "It has changed since you read it, or the entity tag is of something else; read it again.";
        Err(Error::new(ErrorKind::PreconditionFailed, why).with_outcome(Outcome::NotAttempted))
    }
}

/// What became of a change. One that did not happen is an error.
#[derive(Debug, Clone)]
pub enum Change<T> {
    /// It was only tried: every check passed, nothing was written.
    Checked,
    /// It happened now.
    Done(T),
    /// The same request with the same key happened before: this is the thing as it is now.
    Repeated(T),
    /// It is under way, or nobody knows.
    Pending(Box<Operation>),
}

impl<T> Change<T> {
    /// The same, of something else.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Checked => Change::Checked,
            Self::Done(value) => Change::Done(with(value)),
            Self::Repeated(value) => Change::Repeated(with(value)),
            Self::Pending(operation) => Change::Pending(operation),
        }
    }
}

/// The way that a change goes once the person may make it: tried, or recorded, sent and recorded again.
///
/// `standing` is what the thing's state and version say to it. Without a key that is answered at once. With a key it is
/// answered only where the key is new: of a repeated one the thing has moved on *because* of it, and that is no refusal.
/// `again` reads the thing as it is now, from the id that is on record.
///
/// # Errors
/// `standing`; [`ErrorKind::StoreUnavailable`] where the gateway keeps no records; as [`Writes::run`]; those of `again`.
pub(crate) async fn carry_out<T, C, F, A, G>(
    writes: Option<&Writes>,
    context: &CallContext,
    asking: Asking,
    plan: Plan,
    standing: Result<(), Error>,
    call: C,
    again: A,
) -> Result<Change<T>, Error>
where
    T: Send + 'static,
    C: FnOnce(Upstream, CallContext) -> F + Send + 'static,
    F: Future<Output = Result<(Option<NativeId>, T), Error>> + Send + 'static,
    A: FnOnce(Option<NativeId>) -> G,
    G: Future<Output = Result<T, Error>>,
{
    let standing = match standing {
        Err(error) if asking.key.is_none() || asking.validate_only => return Err(error),
        standing => standing,
    };
    let writes = writes.ok_or_else(no_store)?;
    if asking.validate_only {
        return Ok(Change::Checked);
    }
    let request = WriteRequest { key: asking.key, route: asking.route, digest: asking.digest };
    let guarded = move |upstream: Upstream, context: CallContext| async move {
        standing.map_err(|error| error.with_outcome(Outcome::NotAttempted))?;
        call(upstream, context).await
    };
    Ok(match writes.run(context, request, plan, guarded).await? {
        Written::Fresh(value) => Change::Done(value),
        Written::Repeated(native) => Change::Repeated(again(native).await?),
        Written::Pending(operation) => Change::Pending(operation),
    })
}

pub(crate) fn no_store() -> Error {
    let why =
        "This gateway keeps no records of writes, so it takes none; an operator has to configure `[store]`.";
    Error::new(ErrorKind::StoreUnavailable, why).with_retry(portico_contract::Retry::Never)
}

/// Checks a text that a person wrote: not empty, unless it may be left out, no longer than this, no control characters but
/// line ends.
pub(crate) fn text_fault(text: &str, most: usize) -> Option<String> {
    if text.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if text.chars().count() > most {
        return Some(format!("is longer than {most} characters"));
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    text.chars().any(control).then(|| "has control characters".to_owned())
}

/// Checks a declaration and what is added to it.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with every fault.
pub(crate) fn check_words(declaration: Option<&str>, comment: Option<&str>) -> Result<(), Error> {
    /// Characters; the record of a decision holds four octets for each.
    const DECLARATION: usize = 2_000;
    const COMMENT: usize = 500;
    let of = |text: Option<&str>, most, at: &str| {
        let detail = text.and_then(|text| text_fault(text, most))?;
        Some(FieldError { detail, pointer: at.to_owned() })
    };
    let faults: Vec<FieldError> =
        [of(declaration, DECLARATION, "/declaration"), of(comment, COMMENT, "/comment")]
            .into_iter()
            .flatten()
            .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, "The body cannot be used; `errors` says why.")
        .with_fields(faults))
}

/// What a thing is called on record: at most as much as the record of a decision takes.
pub(crate) fn shown_as(text: &str) -> String {
    const MOST: usize = 256;
    let mut end = text.len().min(MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_one_of_those_meant() {
        let version = |text: &str| SourceVersion(text.to_owned());
        let meant = Expected::OneOf(vec![version("1"), version("2")]);
        assert!(meant.check(Some(&version("2"))).is_ok() && Expected::Any.check(None).is_ok());
        for current in [Some(version("3")), None] {
            let refused = meant.check(current.as_ref()).unwrap_err();
            assert_eq!(
                (refused.kind(), refused.outcome()),
                (ErrorKind::PreconditionFailed, Outcome::NotAttempted)
            );
        }
    }

    #[test]
    fn texts_have_bounds() {
        assert!(text_fault("fine\n", 10).is_none());
        for bad in ["", "  ", "eleven char", "bell\u{7}", "nul\0"] {
            assert!(text_fault(bad, 10).is_some(), "{bad:?}");
        }
        let long = "é".repeat(2_001);
        let refused = check_words(Some(&long), Some("")).unwrap_err();
        let places: Vec<&str> = refused.fields().iter().map(|fault| &*fault.pointer).collect();
        assert_eq!(places, ["/declaration", "/comment"]);
        assert_eq!(shown_as(&long).len(), 256);
    }
}
