//! Who stands in for whom, until when, for what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::bounds::{self, SENTENCE, SHORT};
use crate::clock::{Now, instant};
use crate::{Actor, NewAudit, StoreError, Trace};

/// Resource types or systems that one delegation may name.
pub const COVERS: usize = 32;

/// A delegation to put. Putting one whose id is known replaces it.
#[derive(Debug, Clone)]
pub struct NewDelegation {
    /// Its id.
    pub id: Uuid,
    /// The person who is represented.
    pub delegator: String,
    /// The person who represents.
    pub delegate: String,
    /// What it covers.
    pub covers: Covers,
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub until: Timestamp,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// Who arranges it; goes into the audit trail.
    pub by: Actor,
    /// Where it comes from.
    pub trace: Trace,
}

/// What a delegation covers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Covers {
    /// Types of resources; empty means all.
    pub resource_types: Vec<String>,
    /// Systems; empty means all.
    pub systems: Vec<String>,
}

impl Covers {
    /// Whether a thing of this type in this system is covered.
    pub fn covers(&self, resource_type: &str, system: &str) -> bool {
        let in_list = |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
        in_list(&self.resource_types, resource_type) && in_list(&self.systems, system)
    }
}

impl NewDelegation {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        bounds::text("the delegator", &self.delegator, SHORT)?;
        bounds::text("the delegate", &self.delegate, SHORT)?;
        bounds::optional("the reason", self.reason.as_ref(), SENTENCE)?;
        for list in [&self.covers.resource_types, &self.covers.systems] {
            if list.len() > COVERS {
                return Err(StoreError::TooLarge {
                    field: "the list of what a delegation covers",
                    limit: COVERS,
                });
            }
            list.iter().try_for_each(|word| bounds::text("what a delegation covers", word, SHORT))?;
        }
        if self.until <= self.from {
            return Err(StoreError::invalid("a delegation must end after it begins"));
        }
        self.by.check()?;
        self.trace.check()
    }
}

/// A stored delegation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Its id.
    pub id: Uuid,
    /// The person who is represented.
    pub delegator: String,
    /// The person who represents.
    pub delegate: String,
    /// What it covers.
    pub covers: Covers,
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant; ending one early moves it.
    pub until: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// Who arranged it: the subject.
    pub created_by: String,
    /// When it was first put, by the wall clock.
    pub created: Timestamp,
    /// When it last changed, by the wall clock.
    pub updated: Timestamp,
}

impl Delegation {
    /// The stored precision is a millisecond.
    pub(crate) fn end(&mut self, at: Timestamp, now: Now) {
        self.until = instant(at.as_millisecond());
        self.updated = instant(now.wall);
    }

    pub(crate) fn audit(&self, kind: &str, by: &Actor, trace: &Trace) -> NewAudit {
        NewAudit {
            kind: kind.to_owned(),
            actor: by.clone(),
            target: None,
            intent: None,
            trace: trace.clone(),
            detail: json!({
                "delegation": self.id,
                "delegator": self.delegator,
                "delegate": self.delegate,
                "until": self.until,
            }),
        }
    }
}
