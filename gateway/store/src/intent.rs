//! A write as a durable intent: what is to happen, and how it went.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::bounds::{self, EVENTS, LARGE_JSON, NATIVE_ID, SENTENCE, SHORT, SMALL_JSON};
use crate::{NewDecision, NewEvent, StoreError};

/// The id of an intent, and of the operation that it is to the outside (UUID version 7, RFC 9562).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(Uuid);

impl IntentId {
    /// A new one; later ones of the same process sort after earlier ones.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// What an adapter places in the back office, so that the write can be found again: 32 hexadecimal digits.
    pub fn marker(self) -> String {
        self.0.simple().to_string()
    }

    /// The UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl Default for IntentId {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Uuid> for IntentId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for IntentId {
    type Err = uuid::Error;

    /// Takes the hyphenated form and the marker's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far an intent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IntentState {
    /// On disk. It may have left us: after a crash this and `Sent` mean the same.
    Accepted,
    /// The call to the back office was begun.
    Sent,
    /// The back office did it. Final.
    Confirmed,
    /// The back office did not do it. Final.
    Refused,
    /// Nobody here can tell. The reconciler or a person settles it.
    Unknown,
}

impl IntentState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Accepted, Self::Sent, Self::Confirmed, Self::Refused, Self::Unknown];

    /// The word in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing changes it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Refused)
    }

    /// The legal steps: forward only, and never out of a final state.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Accepted => !matches!(next, Self::Accepted),
            Self::Sent => !matches!(next, Self::Accepted | Self::Sent),
            Self::Unknown => next.is_final(),
            Self::Confirmed | Self::Refused => false,
        }
    }
}

impl fmt::Display for IntentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IntentState {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| StoreError::invalid(format_args!("{text:?} is no state of an intent")))
    }
}

/// SHA-256 of what a request asks for: route, ids and canonical body.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these octets.
    pub fn of(octets: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(octets).into())
    }

    /// 64 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        self.to_string()
    }

    /// Reads [`Digest::hex`].
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut octets = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (octet, pair) in octets.iter_mut().zip(text.as_bytes().chunks(2)) {
            *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(octets))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

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

/// A stored intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Its id; `/v1/operations/{id}`.
    pub id: IntentId,
    /// How far it is.
    pub state: IntentState,
    /// What is written where.
    pub target: Target,
    /// Who.
    pub actor: Actor,
    /// The caller's key, as begun; it may have been released since.
    pub key: IdempotencyKey,
    /// What was asked for.
    pub digest: Digest,
    /// What the reconciler needs.
    pub expected: Value,
    /// Where it comes from.
    pub trace: Trace,
    /// When it was begun, by the wall clock.
    pub created: Timestamp,
    /// When its state last changed, by the wall clock.
    pub updated: Timestamp,
    /// Until when the call may be under way, on the store's own clock.
    pub lease_until: Timestamp,
    /// When the reconciler looks again, on the store's own clock. `None` when it is final.
    pub next_look: Option<Timestamp>,
    /// How often the reconciler has looked.
    pub looks: u32,
    /// `confirmed`: the native id of what came of it, where there is one.
    pub result: Option<String>,
    /// `refused`: the problem (RFC 9457), and of `unknown` the last one, where it was given.
    pub problem: Option<Value>,
    /// Who settled it, and why; see [`Settlement`].
    pub settled: Option<SettledBy>,
}

/// Who settled an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettledBy {
    /// `call` (the answer of the back office), `reconciler`, or the person who did it at the command line.
    pub by: String,
    /// Why; wanted from a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl SettledBy {
    /// The back office answered the call.
    pub fn call() -> Self {
        Self { by: "call".to_owned(), because: None }
    }

    /// The reconciler read the source back.
    pub fn reconciler() -> Self {
        Self { by: "reconciler".to_owned(), because: None }
    }

    /// A person decided, for this reason.
    pub fn person(by: impl Into<String>, because: impl Into<String>) -> Self {
        Self { by: by.into(), because: Some(because.into()) }
    }
}

/// What became of the key. See [`crate::Store::begin_intent`].
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// New and on disk: send it.
    New(Intent),
    /// This key was used for the same request, which is over, or unknown, or past its lease: answer its present state.
    Repeated(Intent),
    /// This key is used for the same request, which is still under way. HTTP 409.
    InFlight(Intent),
    /// This key was used for another request. HTTP 422.
    OtherPayload,
}

/// How an intent ends, or fails to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It happened.
    Confirmed {
        /// The native id of what came of it, where there is one.
        native_id: Option<String>,
    },
    /// It did not happen.
    Refused {
        /// The problem to answer, now and when the key is repeated (RFC 9457).
        problem: Value,
        /// Nothing left us: the same key may try again.
        release_key: bool,
    },
    /// Nobody can tell.
    Unknown {
        /// The problem of the last attempt.
        problem: Option<Value>,
        /// When the reconciler should look, from now.
        look_after: Duration,
    },
}

impl Outcome {
    /// The state that it leads to.
    pub fn state(&self) -> IntentState {
        match self {
            Self::Confirmed { .. } => IntentState::Confirmed,
            Self::Refused { .. } => IntentState::Refused,
            Self::Unknown { .. } => IntentState::Unknown,
        }
    }
}

/// How an intent ended, who says so, and what is announced with it.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// How.
    pub outcome: Outcome,
    /// Who says so.
    pub settled: SettledBy,
    /// What is announced in the same commit.
    pub events: Vec<NewEvent>,
}

impl Settlement {
    /// As the back office answered the call, with nothing to announce.
    pub fn of_call(outcome: Outcome) -> Self {
        Self { outcome, settled: SettledBy::call(), events: Vec::new() }
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("who settled it", &self.settled.by, SHORT)?;
        bounds::optional("the reason", self.settled.because.as_ref(), SENTENCE)?;
        match &self.outcome {
            Outcome::Confirmed { native_id } => {
                bounds::optional("the native id", native_id.as_ref(), NATIVE_ID)?;
            }
            Outcome::Refused { problem, .. } => bounds::json("the problem", problem, LARGE_JSON)?,
            Outcome::Unknown { problem: Some(problem), .. } => {
                bounds::json("the problem", problem, LARGE_JSON)?;
            }
            Outcome::Unknown { problem: None, .. } => {}
        }
        check_events(&self.events)
    }
}

/// Whether a settlement took.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// It did; this is the intent now.
    Done(Intent),
    /// It was final already, or was unknown and would stay so; nothing was written.
    Already(Intent),
}

impl Settled {
    /// The intent as it is now.
    pub fn into_intent(self) -> Intent {
        match self {
            Self::Done(intent) | Self::Already(intent) => intent,
        }
    }
}

/// Which intents to list; the default is all, newest first, 100 at most.
#[derive(Debug, Clone, Default)]
pub struct IntentQuery {
    /// In this state only.
    pub state: Option<IntentState>,
    /// In this system only.
    pub system: Option<String>,
    /// Of this subject only.
    pub subject: Option<String>,
    /// Begun before this.
    pub created_before: Option<Timestamp>,
    /// The page after the one that ended with this intent.
    pub after: Option<IntentId>,
    /// 1 to [`bounds::PAGE`]; 0 means 100.
    pub limit: u32,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What is on it, at most the limit.
    pub items: Vec<T>,
    /// Whether there is more after the last one.
    pub more: bool,
}
