//! Recording what a look showed.

use std::time::Duration;

use portico_contract::trace::SpanContext;
use portico_contract::{Error, ErrorKind, NativeId, Retry};
use portico_schemas::Outcome as Effect;
use portico_store::{
    Digest, Intent, IntentState, NewEvent, Outcome, Settled, SettledBy, Settlement, StoreError,
};
use serde_json::json;

use super::Reconciler;
use crate::seal::Seals;
use crate::writes::operation;
use crate::writes::outcome::stored;

impl Reconciler {
    pub(super) async fn confirm(&self, intent: &Intent, native: Option<NativeId>) -> Result<(), StoreError> {
        let native_id = native.map(|id| id.as_str().to_owned());
        let events = events(&self.writes.seals, intent, native_id.as_deref(), None);
        self.end(intent, Outcome::Confirmed { native_id }, events).await
    }

    /// It was looked for and is not there. The key stays used: who wants it done says so under a new one.
    pub(super) async fn refuse(&self, intent: &Intent) -> Result<(), StoreError> {
        let kind = match &intent.problem {
            Some(problem) => stored(Some(problem), &intent.target.system).kind(),
            None => ErrorKind::BackendStatus,
        };
        let detail = "This was not done: its answer was lost, and the system behind does not show it. Send it again under a \
                      new key if it is still wanted.";
        let mut problem =
            Error::new(kind, detail).with_outcome(Effect::Failed).with_retry(Retry::Never).to_problem();
        problem.system = Some(intent.target.system.clone());
        let problem = serde_json::to_value(problem).unwrap_or_default();
        self.end(intent, Outcome::Refused { problem, release_key: false }, Vec::new()).await
    }

    async fn end(&self, intent: &Intent, outcome: Outcome, events: Vec<NewEvent>) -> Result<(), StoreError> {
        let state = outcome.state();
        let settlement = Settlement { outcome, settled: SettledBy::reconciler(), events };
        let settled = self.writes.store().settle(intent.id, settlement).await?;
        self.seen.lock().remove(&intent.id);
        if let Settled::Done(_) = settled {
            tracing::info!(
                intent = %intent.id,
                system = %intent.target.system,
                action = %intent.target.action,
                %state,
                looks = intent.looks,
                "a write of unknown outcome was settled"
            );
        }
        Ok(())
    }

    /// Nobody knows yet; it is looked at again.
    pub(super) async fn leave_open(&self, intent: &Intent, pause: Duration) -> Result<(), StoreError> {
        if intent.state == IntentState::Unknown {
            return self.writes.store().postpone(intent.id, pause).await;
        }
        let outcome = Outcome::Unknown { problem: intent.problem.clone(), look_after: pause };
        let settlement = Settlement { outcome, settled: SettledBy::reconciler(), events: Vec::new() };
        self.writes.store().settle(intent.id, settlement).await?;
        tracing::warn!(
            intent = %intent.id,
            system = %intent.target.system,
            action = %intent.target.action,
            "it is not known whether a write happened; it is being looked for"
        );
        Ok(())
    }
}

/// What is announced of a write that happened. Its id is that of the write, so that it is announced once, whoever finds
/// out. Ids and words only; the key says nothing to anybody.
pub(in crate::writes) fn events(
    seals: &Seals,
    intent: &Intent,
    native_id: Option<&str>,
    span: Option<SpanContext>,
) -> Vec<NewEvent> {
    let target = &intent.target;
    let thing = target.native_id.as_deref().or(native_id);
    let done = Intent { result: native_id.map(str::to_owned), ..intent.clone() };
    let key = match thing {
        Some(thing) => {
            Digest::of(format!("{}\0{}\0{thing}", target.system, target.resource_type).as_bytes()).hex()
        }
        None => intent.id.to_string(),
    };
    vec![NewEvent {
        id: intent.id.uuid(),
        key,
        kind: "write.confirmed".to_owned(),
        payload: json!({
            "operation": intent.id.to_string(),
            "action": target.action,
            "system": target.system,
            "resourceType": target.resource_type,
            "resource": operation::resource(seals, &done),
        }),
        facts: json!({
            "system": target.system,
            "resourceType": target.resource_type,
            "subject": intent.actor.subject,
            "onBehalfOf": intent.actor.on_behalf_of,
        }),
        traceparent: span.map(|span| span.traceparent()),
    }]
}
