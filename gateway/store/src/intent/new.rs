//! What is to be begun, and its bounds.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Digest, IntentId};
use crate::bounds::{self, EVENTS, NATIVE_ID, SHORT, SMALL_JSON};
use crate::{NewDecision, NewEvent, StoreError};

/// The caller's key and where it counts (IETF Idempotency-Key): the same key of another person, or on another route, is
/// another key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Who sent it: the subject of the token.
    pub subject: String,
    /// The route's template, with its method.
    pub route: String,
    /// The key itself.
    pub key: String,
}

/// What is to be written in which system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The system's configured key.
    pub system: String,
    /// The operation's id in the contract.
    pub action: String,
    /// The type of the resource, as in the API.
    pub resource_type: String,
    /// The native id of the thing that is changed; `None` for one that is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_id: Option<String>,
}

/// Who acts. Ids only, never names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The subject of the token.
    pub subject: String,
    /// The person's id, where the directory knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The person for whom a deputy acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// The ids under which a request is known elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// OpenTelemetry's trace id, 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// One business request, across systems and events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// A write that is about to be sent. See [`crate::Store::begin_intent`].
#[derive(Debug, Clone)]
pub struct NewIntent {
    /// Its id, made by the caller so that the marker is known. Use [`IntentId::new`].
    pub id: IntentId,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// What the request asks for.
    pub digest: Digest,
    /// What is written where.
    pub target: Target,
    /// Who.
    pub actor: Actor,
    /// What the reconciler needs to recognise that it happened; at most [`bounds::SMALL_JSON`] octets. No names, no amounts.
    pub expected: Value,
    /// How long the call may take from now. Until then a repeated key is in flight and the reconciler leaves it alone.
    pub lease: Duration,
    /// Where it comes from.
    pub trace: Trace,
    /// The decision that this write carries out, where it is one.
    pub decision: Option<NewDecision>,
    /// What is announced with it; mostly nothing before the outcome.
    pub events: Vec<NewEvent>,
}

impl NewIntent {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("the idempotency key", &self.key.key, SHORT)?;
        bounds::text("the route", &self.key.route, SHORT)?;
        bounds::text("the subject", &self.key.subject, SHORT)?;
        self.target.check()?;
        self.actor.check()?;
        bounds::json("what is expected", &self.expected, SMALL_JSON)?;
        self.trace.check()?;
        self.decision.as_ref().map_or(Ok(()), NewDecision::check)?;
        check_events(&self.events)
    }
}

impl Target {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("the system", &self.system, SHORT)?;
        bounds::text("the action", &self.action, SHORT)?;
        bounds::text("the resource type", &self.resource_type, SHORT)?;
        bounds::optional("the native id", self.native_id.as_ref(), NATIVE_ID)
    }
}

impl Actor {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("the subject", &self.subject, SHORT)?;
        bounds::optional("the person", self.person.as_ref(), SHORT)?;
        bounds::optional("the person represented", self.on_behalf_of.as_ref(), SHORT)
    }
}

impl Trace {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::optional("the trace id", self.trace_id.as_ref(), SHORT)?;
        bounds::optional("the correlation id", self.correlation_id.as_ref(), SHORT)
    }
}

pub(crate) fn check_events(events: &[NewEvent]) -> Result<(), StoreError> {
    if events.len() > EVENTS {
        return Err(StoreError::TooLarge { field: "the list of events", limit: EVENTS });
    }
    events.iter().try_for_each(NewEvent::check)
}
