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

#[cfg(test)]
mod tests {
    use portico_schemas::ResourceType;

    use super::*;
    use crate::expenses::tests::toy::leave::task;

    fn waiting() -> TaskRecord {
        task("one", ResourceType::ExpenseReport, "sian", &["owen"])
    }

    fn wanted() -> Decided {
        Decided { decision: "approve".to_owned(), version: Some("first of one".to_owned()) }
    }

    fn decided(word: &'static str) -> TaskRecord {
        TaskRecord { decision: Some(word), choices: vec![], ..waiting() }
    }

    #[test]
    fn what_the_task_says_tells_whether_it_was_decided_so() {
        let newer = TaskRecord { version: Some(SourceVersion("newer".to_owned())), ..waiting() };
        let mut second = newer.clone();
        second.choices.retain(|choice| choice.key != "approve");
        let closed = TaskRecord { choices: vec![], ..newer.clone() };
        for (why, record, verdict_of) in [
            ("as wanted", decided("approve"), Verdict::Happened(None)),
            ("otherwise", decided("refuse"), Verdict::CannotTell),
            ("it waits as it was", waiting(), Verdict::DidNotHappen),
            ("it waits, and something has changed", newer, Verdict::CannotTell),
            ("it waits for the next step", second, Verdict::Happened(None)),
            ("it is over, and nobody says how", closed, Verdict::CannotTell),
        ] {
            assert_eq!(verdict(&wanted(), &record), verdict_of, "{why}");
        }
    }

    #[test]
    fn what_is_expected_is_read_as_it_was_written() {
        let kept = expected("approve", waiting().version.as_ref());
        let read: Decided = serde_json::from_value(kept).unwrap();
        assert_eq!((read.decision, read.version), (wanted().decision, wanted().version));
    }
}
