//! Tasks: what waits for somebody's decision, from any system, in SAP Task and WS-HumanTask terms.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Envelope, Money, PersonRef, ResourceType};

/// Where a task stands (WS-HumanTask section 4.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TaskStatus {
    /// It waits for one of its potential owners.
    Ready,
    /// One of them has taken it.
    Reserved,
    /// Its owner works on it.
    InProgress,
    /// It is decided.
    Completed,
    /// It no longer needs a decision.
    Obsolete,
}

/// What a decision means for the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DecisionNature {
    /// Agrees.
    Positive,
    /// Refuses.
    Negative,
    /// Neither, for example a question.
    Neutral,
}

/// One way to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionOption {
    /// What to send, for example `approve`.
    pub key: String,
    /// What to write on the button.
    pub text: String,
    /// What it means.
    pub nature: DecisionNature,
    /// Whether a comment has to come with it.
    pub comment_mandatory: bool,
}

/// What a task is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSubject {
    /// The kind of thing.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Its id in this API.
    pub id: String,
    /// The name to show.
    pub display: String,
    /// How much money, where it is about money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// Something that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Id, source, entity tag, times, allowed actions, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What has to be decided, in a line.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// 0 is the most urgent, 10 the least (WS-HumanTask); absent where the system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Where it stands.
    pub status: TaskStatus,
    /// Who asks for the decision.
    pub created_by: PersonRef,
    /// Who has taken or decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_owner: Option<PersonRef>,
    /// Who may decide it, as the system says.
    pub potential_owners: Vec<PersonRef>,
    /// Who may decide it in the place of one of them, now.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub substitutes: Vec<PersonRef>,
    /// When it should be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// What it is about.
    pub subject: TaskSubject,
    /// How it can be decided; empty once it is.
    pub decision_options: Vec<DecisionOption>,
    /// The key of the decision that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// A decision that was made through this API: it is the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord {
    /// The operation that carried it out.
    pub operation_id: String,
    /// The task.
    pub task_id: String,
    /// What it was about.
    pub subject: TaskSubject,
    /// The entity tag of the task that was decided on, so that it is known what was seen.
    pub etag: String,
    /// The key of the option that was chosen.
    pub decision: String,
    /// What was declared, word for word.
    pub declaration: String,
    /// What was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who decided.
    pub decided_by: PersonRef,
    /// In whose place, where it was a deputy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonRef>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
    /// What became of it.
    pub status: crate::OperationStatus,
}

/// Who stands in for whom, until when, for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    /// Opaque.
    pub id: String,
    /// Whose tasks they are.
    pub delegator: PersonRef,
    /// Who may decide them too.
    pub delegate: PersonRef,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Until when, not included. There is no delegation without an end.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// For what kinds of thing; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub resource_types: Vec<ResourceType>,
    /// In which systems; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub systems: Vec<String>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A decision to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// The key of one of the task's `decisionOptions`.
    pub decision: String,
    /// The text that the person agreed to, as it was shown: 1 to 2,000 characters. It goes on record word for word.
    #[schema(min_length = 1, max_length = 2_000)]
    pub declaration: String,
    /// What to tell the one who asked: up to 500 characters. Needed where the option says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(max_length = 500)]
    pub comment: Option<String>,
}

/// A delegation to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewDelegation {
    /// Whose tasks they are, by the id in the directory of record; the person who asks when left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delegator_id: Option<String>,
    /// Who may decide them too, by the id in the directory of record.
    pub delegate_id: String,
    /// From when; from now when left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start: Option<Timestamp>,
    /// Until when, not included; at most a year after the start.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// For what kinds of thing, up to 32; left out or empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub resource_types: Vec<ResourceType>,
    /// In which systems, up to 32 keys; left out or empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub systems: Vec<String>,
    /// Why: up to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}
