//! What a tree was about and what came of it, in words: a request of somebody, or work that the gateway does by itself.

use std::time::Duration;

use portico_contract::trace::attr;

use super::{Took, error_words};
use crate::Kept;
use crate::ring::StoredSpan;

/// Whether somebody asked for it. All else the gateway does by itself, and nobody waits for it.
fn is_request(root: &StoredSpan) -> bool {
    root.kind == "server"
}

/// Why it is kept, as the end of a sentence.
pub(super) fn why_kept(kept: Kept, root: Option<&StoredSpan>) -> &'static str {
    let by_itself = root.is_some_and(|root| !is_request(root));
    match kept {
        Kept::Failed if by_itself => "it failed",
        Kept::Slow if by_itself => "it was slow",
        Kept::Failed => "the request failed",
        Kept::Partial => "a system failed, so that the answer was not complete",
        Kept::Slow => "the request was slow",
    }
}

/// What was done, in a few words: `GET /v1/people/{id}`; ``look for changes of people in `staff` ``.
pub(super) fn title(root: &StoredSpan) -> String {
    let system = root.text(attr::SYSTEM);
    match (root.name.strip_prefix("poll "), system) {
        (Some(what), Some(system)) => format!("look for changes of {what} in `{system}`"),
        (Some(what), None) => format!("look for changes of {what}"),
        (None, _) => root.name.clone(),
    }
}

/// What came of it, in a few words: `503 backend_unavailable`; `3 changes`.
pub(super) fn outcome(root: &StoredSpan) -> String {
    let status = root.number(attr::HTTP_STATUS).map(|status| status.to_string());
    let words = [status.as_deref(), root.text(attr::PROBLEM)];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    match root.error.as_deref() {
        _ if !words.is_empty() => words,
        Some(error) if is_request(root) => format!("not at all ({error})"),
        Some(error) => format!("failed: {}", error_words(error)),
        None => changes(root).unwrap_or_else(|| "well".to_owned()),
    }
}

fn changes(root: &StoredSpan) -> Option<String> {
    let whole = root.flag(attr::POLL_WHOLE) == Some(true);
    Some(match root.number(attr::POLL_CHANGES)? {
        all if whole => format!("everything read anew, {all} in all"),
        0 => "nothing had changed".to_owned(),
        1 => "1 change".to_owned(),
        several => format!("{several} changes"),
    })
}

/// The lines under the head of a trace: what it was about, and what came of it.
pub(super) fn head(root: &StoredSpan) -> String {
    let (title, outcome, took) = (title(root), outcome(root), Took(root.took()));
    if is_request(root) {
        return format!("Asked     {title}\nAnswered  {outcome} after {took}\n");
    }
    let age = root.number(attr::POLL_LAG_MS).and_then(|lag| u64::try_from(lag).ok());
    let age = age.map_or_else(String::new, |lag| {
        format!("Before    what was known was {} old\n", Took(Duration::from_millis(lag)))
    });
    format!("Task      {title}; the gateway does this by itself\nOutcome   {outcome}, after {took}\n{age}")
}
