//! What is in a row: columns for what is searched, JSON for the rest. The same in both engines.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::clock::instant;
use crate::{
    Actor, Covers, DecisionRecord, Delegation, Digest, IdempotencyKey, Intent, IntentId, IntentState,
    NewDecision, NewDelegation, NewEvent, NewIntent, OutboxEvent, SettledBy, StoreError, Target, Trace,
};

pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::invalid)
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(StoreError::corrupt)
}

pub(crate) fn number(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(StoreError::corrupt)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntentBody {
    target: Target,
    actor: Actor,
    key_subject: String,
    route: String,
    key: String,
    digest: String,
    expected: Value,
    trace: Trace,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled: Option<SettledBy>,
}

/// A row of `intents`. System and subject are written only: reading takes them from the body.
pub(crate) struct IntentRow {
    pub id: String,
    pub state: String,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub lease_ms: i64,
    pub next_look_ms: Option<i64>,
    pub looks: i64,
    pub body: String,
}

impl IntentRow {
    pub(crate) fn of(intent: &Intent) -> Result<Self, StoreError> {
        let body = IntentBody {
            target: intent.target.clone(),
            actor: intent.actor.clone(),
            key_subject: intent.key.subject.clone(),
            route: intent.key.route.clone(),
            key: intent.key.key.clone(),
            digest: intent.digest.hex(),
            expected: intent.expected.clone(),
            trace: intent.trace.clone(),
            result: intent.result.clone(),
            problem: intent.problem.clone(),
            settled: intent.settled.clone(),
        };
        Ok(Self {
            id: intent.id.to_string(),
            state: intent.state.as_str().to_owned(),
            created_ms: intent.created.as_millisecond(),
            updated_ms: intent.updated.as_millisecond(),
            lease_ms: intent.lease_until.as_millisecond(),
            next_look_ms: intent.next_look.map(|at| at.as_millisecond()),
            looks: i64::from(intent.looks),
            body: to_json(&body)?,
        })
    }

    pub(crate) fn into_intent(self) -> Result<Intent, StoreError> {
        let body: IntentBody = from_json(&self.body)?;
        Ok(Intent {
            id: intent_id(&self.id)?,
            state: IntentState::from_str(&self.state).map_err(StoreError::corrupt)?,
            target: body.target,
            actor: body.actor,
            key: IdempotencyKey { subject: body.key_subject, route: body.route, key: body.key },
            digest: digest(&body.digest)?,
            expected: body.expected,
            trace: body.trace,
            created: instant(self.created_ms),
            updated: instant(self.updated_ms),
            lease_until: instant(self.lease_ms),
            next_look: self.next_look_ms.map(instant),
            looks: u32::try_from(self.looks).unwrap_or(u32::MAX),
            result: body.result,
            problem: body.problem,
            settled: body.settled,
        })
    }
}

pub(crate) fn intent_id(text: &str) -> Result<IntentId, StoreError> {
    text.parse().map_err(StoreError::corrupt)
}

pub(crate) fn uuid(text: &str) -> Result<Uuid, StoreError> {
    Uuid::parse_str(text).map_err(StoreError::corrupt)
}

pub(crate) fn digest(text: &str) -> Result<Digest, StoreError> {
    Digest::from_hex(text).ok_or_else(|| StoreError::corrupt("a digest is not 64 hexadecimal digits"))
}

#[derive(Serialize, Deserialize)]
struct DecisionBody {
    actor: Actor,
    target: Target,
    decision: NewDecision,
}

/// The body of a row of `decisions`.
pub(crate) fn decision_body(new: &NewIntent, decision: &NewDecision) -> Result<String, StoreError> {
    let (actor, target) = (new.actor.clone(), new.target.clone());
    to_json(&DecisionBody { actor, target, decision: decision.clone() })
}

/// A row of `decisions`, as it is read.
pub(crate) struct DecisionRow {
    pub seq: i64,
    pub intent: String,
    pub at_ms: i64,
    pub outcome: String,
    pub settled_ms: Option<i64>,
    pub body: String,
}

impl DecisionRow {
    pub(crate) fn into_record(self) -> Result<DecisionRecord, StoreError> {
        let body: DecisionBody = from_json(&self.body)?;
        Ok(DecisionRecord {
            seq: number(self.seq)?,
            intent: intent_id(&self.intent)?,
            at: instant(self.at_ms),
            actor: body.actor,
            target: body.target,
            decision: body.decision,
            outcome: IntentState::from_str(&self.outcome).map_err(StoreError::corrupt)?,
            settled: self.settled_ms.map(instant),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DelegationBody {
    covers: Covers,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    created_by: String,
}

/// A row of `delegations`.
pub(crate) struct DelegationRow {
    pub id: String,
    pub delegator: String,
    pub delegate: String,
    pub from_ms: i64,
    pub until_ms: i64,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub body: String,
}

impl DelegationRow {
    /// `earlier` is the one that is replaced: who arranged it first, and when, stays.
    pub(crate) fn of(
        new: &NewDelegation,
        earlier: Option<&Delegation>,
        wall: i64,
    ) -> Result<Self, StoreError> {
        let created_by = earlier.map_or_else(|| new.by.subject.clone(), |earlier| earlier.created_by.clone());
        let body = DelegationBody { covers: new.covers.clone(), reason: new.reason.clone(), created_by };
        Ok(Self {
            id: new.id.to_string(),
            delegator: new.delegator.clone(),
            delegate: new.delegate.clone(),
            from_ms: new.from.as_millisecond(),
            until_ms: new.until.as_millisecond(),
            created_ms: earlier.map_or(wall, |earlier| earlier.created.as_millisecond()),
            updated_ms: wall,
            body: to_json(&body)?,
        })
    }

    pub(crate) fn into_delegation(self) -> Result<Delegation, StoreError> {
        let body: DelegationBody = from_json(&self.body)?;
        Ok(Delegation {
            id: uuid(&self.id)?,
            delegator: self.delegator,
            delegate: self.delegate,
            covers: body.covers,
            from: instant(self.from_ms),
            until: instant(self.until_ms),
            reason: body.reason,
            created_by: body.created_by,
            created: instant(self.created_ms),
            updated: instant(self.updated_ms),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct EventBody {
    payload: Value,
    facts: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

/// The body of a row of `outbox`.
pub(crate) fn event_body(event: &NewEvent) -> Result<String, StoreError> {
    let (payload, facts) = (event.payload.clone(), event.facts.clone());
    to_json(&EventBody { payload, facts, traceparent: event.traceparent.clone() })
}

/// A row of `outbox`, as it is read.
pub(crate) struct EventRow {
    pub seq: i64,
    pub id: String,
    pub key: String,
    pub kind: String,
    pub at_ms: i64,
    pub body: String,
}

impl EventRow {
    pub(crate) fn into_event(self) -> Result<OutboxEvent, StoreError> {
        let body: EventBody = from_json(&self.body)?;
        let event = NewEvent {
            id: uuid(&self.id)?,
            key: self.key,
            kind: self.kind,
            payload: body.payload,
            facts: body.facts,
            traceparent: body.traceparent,
        };
        Ok(OutboxEvent { seq: number(self.seq)?, at: instant(self.at_ms), event })
    }
}
