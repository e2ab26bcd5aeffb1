//! What becomes of a key, and of an intent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::new::check_events;
use super::{Intent, IntentState};
use crate::bounds::{self, LARGE_JSON, NATIVE_ID, SENTENCE, SHORT};
use crate::{NewEvent, StoreError};

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
