//! The life of an intent, as pure functions: what both engines write down.

use crate::clock::{Now, instant};
use crate::{Begun, Digest, Intent, IntentState, NewAudit, NewIntent, Outcome, Settlement};

/// The intent that a new one becomes.
pub(crate) fn accepted(new: &NewIntent, now: Now) -> Intent {
    let lease_until = instant(now.after(new.lease));
    Intent {
        id: new.id,
        state: IntentState::Accepted,
        target: new.target.clone(),
        actor: new.actor.clone(),
        key: new.key.clone(),
        digest: new.digest,
        expected: new.expected.clone(),
        trace: new.trace.clone(),
        created: instant(now.wall),
        updated: instant(now.wall),
        lease_until,
        next_look: Some(lease_until),
        looks: 0,
        result: None,
        problem: None,
        settled: None,
    }
}

/// What a key that was used before means now.
pub(crate) fn repeated(asked: Digest, earlier: Intent, now: Now) -> Begun {
    if earlier.digest != asked {
        return Begun::OtherPayload;
    }
    let under_way = matches!(earlier.state, IntentState::Accepted | IntentState::Sent);
    if under_way && earlier.lease_until > instant(now.steady) {
        Begun::InFlight(earlier)
    } else {
        Begun::Repeated(earlier)
    }
}

/// The intent after a settlement; `None` where the settlement may not take.
pub(crate) fn settled(intent: &Intent, settlement: &Settlement, now: Now) -> Option<Intent> {
    let state = settlement.outcome.state();
    if !intent.state.may_become(state) {
        return None;
    }
    let mut after = intent.clone();
    after.state = state;
    after.updated = instant(now.wall);
    after.settled = Some(settlement.settled.clone());
    after.next_look = None;
    match &settlement.outcome {
        Outcome::Confirmed { native_id } => {
            after.result.clone_from(native_id);
            // What an earlier attempt complained about is no part of what happened.
            after.problem = None;
        }
        Outcome::Refused { problem, .. } => after.problem = Some(problem.clone()),
        Outcome::Unknown { problem, look_after } => {
            after.problem.clone_from(problem);
            after.next_look = Some(instant(now.after(*look_after)));
        }
    }
    Some(after)
}

/// The audit entry of the state that an intent has just reached.
pub(crate) fn audit_of(intent: &Intent) -> NewAudit {
    let mut detail = serde_json::Map::new();
    if let Some(settled) = &intent.settled {
        detail.insert("by".to_owned(), settled.by.clone().into());
    }
    if let Some(result) = intent.result.as_ref().filter(|id| Some(*id) != intent.target.native_id.as_ref()) {
        detail.insert("result".to_owned(), result.clone().into());
    }
    NewAudit {
        kind: format!("write.{}", intent.state),
        actor: intent.actor.clone(),
        target: Some(intent.target.clone()),
        intent: Some(intent.id),
        trace: intent.trace.clone(),
        detail: if detail.is_empty() { serde_json::Value::Null } else { detail.into() },
    }
}
