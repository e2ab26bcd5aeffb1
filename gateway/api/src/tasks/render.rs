//! From what a system said, and what is on record, to what a front-end sees.

use std::fmt::Write as _;
use std::sync::LazyLock;

use portico_compose::tasks::{self, FoundTask, IntentState};
use portico_contract::documents::SourceVersion;
use portico_contract::people::PersonLink;
use portico_schemas::{
    AllowedAction, Decision, DecisionOption, DecisionRecord, Envelope, Method, OperationStatus, PersonRef,
    ResourceType, Source, Task, TaskSubject,
};
use serde_json::Value;

use crate::actions::{action, action_with, input_schema};
use crate::members::Projection;
use crate::{Api, conditions};

static DECISION: LazyLock<Value> = LazyLock::new(input_schema::<Decision>);

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// In a list.
    Row,
    /// By itself.
    Whole,
}

/// The canonical task, as it is shown with these members.
pub fn task(api: &Api, found: &FoundTask, fields: Option<&Projection>, depth: Depth) -> Task {
    let (record, system) = (&found.record, &found.system);
    let id = api.seals.seal(ResourceType::Task, system, &record.id);
    let person = |link: &PersonLink| api.links.link_ref(system, link);
    let created_by = person(&record.created_by);
    let potential_owners: Vec<PersonRef> = record.potential_owners.iter().map(person).collect();
    // What can change without a new version counts too: what the person may do, and whom the people in it are.
    let mut shape = Projection::shape(fields);
    let (may_decide, substitutes) = (found.may_decide, &found.substitutes);
    let _ = write!(shape, ";{depth:?}{may_decide};{created_by:?}{potential_owners:?}{substitutes:?}");
    let option = |choice: &portico_contract::tasks::DecisionChoice| DecisionOption {
        key: choice.key.to_owned(),
        text: choice.text.to_owned(),
        nature: choice.nature,
        comment_mandatory: choice.comment_mandatory,
    };
    Task {
        envelope: Envelope {
            source: Source { system: system.as_str().to_owned(), id: None, url: record.url.clone() },
            etag: record.version.as_ref().map(|version| conditions::tag(&api.seals, version, &shape)),
            created_at: record.created_at,
            updated_at: record.updated_at,
            fetched_at: found.fetched_at,
            allowed_actions: found.may_decide.then(|| decide(&id, depth)).into_iter().collect(),
            native_status: Some(record.native_status.clone()),
            owner: Some(created_by.clone()),
            classification: record.facts.classification.unwrap_or_default(),
            extensions: Default::default(),
            id,
        },
        title: record.title.clone(),
        description: None,
        priority: None,
        status: record.status,
        created_by,
        actual_owner: record.actual_owner.as_ref().map(person),
        potential_owners,
        substitutes: found.substitutes.clone(),
        due_at: record.due_at,
        subject: subject(api, found),
        decision_options: record.choices.iter().map(option).collect(),
        decision: record.decision.map(str::to_owned),
    }
}

fn subject(api: &Api, found: &FoundTask) -> TaskSubject {
    let subject = &found.record.subject;
    TaskSubject {
        kind: subject.resource,
        id: api.seals.seal(subject.resource, &found.system, &subject.id),
        display: subject.display.clone(),
        amount: subject.amount.clone(),
    }
}

fn decide(id: &str, depth: Depth) -> AllowedAction {
    let href = format!("/v1/tasks/{id}/decisions");
    match depth {
        Depth::Row => action("decide", Method::Post, href),
        Depth::Whole => action_with("decide", Method::Post, href, &DECISION),
    }
}

/// A decision as it is on record. What the task was called is as it was shown then.
pub fn decision(api: &Api, id: &str, found: &FoundTask, record: &tasks::DecisionRecord) -> DecisionRecord {
    let made = &record.decision;
    let mut subject = subject(api, found);
    if let Some(shown_as) = &made.shown_as {
        subject.display.clone_from(shown_as);
    }
    let version = made.version.clone().map(SourceVersion);
    let person = |id: &String| api.links.of_record(id).unwrap_or_else(|| by_token(&record.actor.subject));
    DecisionRecord {
        operation_id: record.intent.to_string(),
        task_id: id.to_owned(),
        subject,
        etag: version.map(|version| api.seals.seal_version(&version)).unwrap_or_default(),
        decision: made.decision.clone(),
        declaration: made.declaration.clone().unwrap_or_default(),
        comment: made.comment.clone(),
        decided_by: record.actor.person.as_ref().map_or_else(|| by_token(&record.actor.subject), person),
        on_behalf_of: record.actor.on_behalf_of.as_ref().and_then(|id| api.links.of_record(id)),
        decided_at: record.at,
        status: status(record.outcome),
    }
}

/// Somebody of whom only the token is known.
fn by_token(subject: &str) -> PersonRef {
    PersonRef {
        id: None,
        system: "identityProvider".to_owned(),
        native_id: subject.to_owned(),
        display: subject.to_owned(),
    }
}

const fn status(state: IntentState) -> OperationStatus {
    match state {
        IntentState::Accepted => OperationStatus::Accepted,
        IntentState::Sent => OperationStatus::Sent,
        IntentState::Confirmed => OperationStatus::Confirmed,
        IntentState::Refused => OperationStatus::Refused,
        IntentState::Unknown => OperationStatus::Unknown,
    }
}
