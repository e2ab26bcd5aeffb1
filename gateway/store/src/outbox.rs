//! Events that wait to be published (transactional outbox).

use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

use crate::StoreError;
use crate::bounds::{self, LARGE_JSON, SHORT, SMALL_JSON};
use crate::clock::wall;

/// An event to announce in the same commit as what it tells of.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its id, which stays the same however often it is delivered. Use [`Uuid::now_v7`].
    pub id: Uuid,
    /// Events of one key stay in order.
    pub key: String,
    /// Its type.
    pub kind: String,
    /// What is published; at most [`bounds::LARGE_JSON`] octets.
    pub payload: Value,
    /// What decides who may see it; at most [`bounds::SMALL_JSON`] octets.
    pub facts: Value,
    /// The trace that it belongs to (W3C Trace Context).
    pub traceparent: Option<String>,
}

impl NewEvent {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("the key of an event", &self.key, SHORT)?;
        bounds::text("the type of an event", &self.kind, SHORT)?;
        bounds::json("the payload of an event", &self.payload, LARGE_JSON)?;
        bounds::json("the facts of an event", &self.facts, SMALL_JSON)?;
        bounds::optional("the traceparent of an event", self.traceparent.as_ref(), SHORT)
    }
}

/// A stored event.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEvent {
    /// Its place, ascending, with gaps: the order of publication.
    pub seq: u64,
    /// When it was announced, by the wall clock.
    pub at: Timestamp,
    /// The event.
    pub event: NewEvent,
}

/// What waits to be published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub count: u64,
    /// How old the oldest is; `None` when there is none.
    pub oldest: Option<Duration>,
}

/// How long ago that was; nothing for what lies ahead, after the wall clock was put back.
pub(crate) fn age(at_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(wall().saturating_sub(at_ms)).unwrap_or(0))
}
