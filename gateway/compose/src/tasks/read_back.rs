//! Whether a decision whose answer was lost happened, by reading the task.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use portico_contract::documents::SourceVersion;
use portico_contract::tasks::{DecideTask, GetTask, TaskRecord};
use portico_contract::{Error, ErrorKind, NativeId, Operation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::writes::{Look, ReadBack, Verdict};

pub(super) struct Decisions;

/// What a decision leaves behind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decided {
    decision: String,
    /// The version that was decided on.
    version: Option<String>,
}

/// What to expect of a decision.
pub(super) fn expected(decision: &str, version: Option<&SourceVersion>) -> Value {
    let version = version.map(|version| version.0.clone());
    serde_json::to_value(Decided { decision: decision.to_owned(), version }).unwrap_or_default()
}

impl ReadBack for Decisions {
    fn operations(&self) -> &'static [&'static str] {
        &[DecideTask::META.id]
    }

    fn look<'a>(&'a self, look: Look<'a>) -> BoxFuture<'a, Result<Verdict, Error>> {
        async move {
            let expected = serde_json::from_value::<Decided>(look.intent.expected.clone());
            let task = look.intent.target.native_id.as_deref().and_then(NativeId::new);
            let (Ok(expected), Some(task)) = (expected, task) else { return Ok(Verdict::CannotTell) };
            match look.system.upstream.call(look.context, GetTask { task }).await {
                Ok(record) => Ok(verdict(&expected, &record)),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                    Ok(Verdict::CannotTell)
                }
                Err(error) => Err(error),
            }
        }
        .boxed()
    }
}

fn verdict(expected: &Decided, record: &TaskRecord) -> Verdict {
    if let Some(decision) = record.decision {
        // Decided so, by whomever: what was wanted is there. Decided otherwise: ours may have come first, and been undone.
        return if decision == expected.decision { Verdict::Happened(None) } else { Verdict::CannotTell };
    }
    let is_open = record.choices.iter().any(|choice| choice.key == expected.decision);
    let version = record.version.as_ref().map(|version| &version.0);
    match (is_open, version == expected.version.as_ref()) {
        // It waits for a second person: the first decision was made.
        (false, _) if !record.choices.is_empty() => Verdict::Happened(None),
        (true, true) => Verdict::DidNotHappen,
        _ => Verdict::CannotTell,
    }
}
