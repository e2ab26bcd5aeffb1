//! An intent as `/v1/operations/{id}` shows it.

use std::str::FromStr;

use portico_contract::access::Facts;
use portico_contract::{CallContext, Error, ErrorKind, NativeId, SystemKey};
use portico_policy::{Action, Target};
use portico_schemas::{Classification, Operation, OperationStatus, PersonRef, Problem, ResourceType};
use portico_store::{Intent, IntentId, IntentState};

use super::{Writes, store_error};
use crate::seal::Seals;

pub(super) async fn read(writes: &Writes, context: &CallContext, id: &str) -> Result<Operation, Error> {
    let id = IntentId::from_str(id).map_err(|_| not_found())?;
    let intent = writes.store().intent(id).await.map_err(|error| store_error(&error))?;
    let intent = intent.filter(|intent| may_see(writes, context, intent)).ok_or_else(not_found)?;
    Ok(shown(&writes.seals, &intent))
}

/// Whoever asked for it, and those whom a rule on `operations` allows.
fn may_see(writes: &Writes, context: &CallContext, intent: &Intent) -> bool {
    if intent.actor.subject == context.principal.subject {
        return true;
    }
    let Some(system) = SystemKey::new(&intent.target.system) else { return false };
    let owner = PersonRef {
        id: None,
        system: system.to_string(),
        native_id: intent.actor.subject.clone(),
        display: String::new(),
    };
    let target = Target {
        resource: ResourceType::Operation,
        system: &system,
        default_classification: Classification::Internal,
    };
    let facts = Facts { owner: Some(owner), ..Facts::default() };
    writes.policy.allows(&context.principal, Action::Read, &target, &facts)
}

pub(super) fn shown(seals: &Seals, intent: &Intent) -> Operation {
    Operation {
        id: intent.id.to_string(),
        status: status(intent.state),
        action: intent.target.action.clone(),
        resource_type: resource_type(intent).unwrap_or(ResourceType::System),
        system: intent.target.system.clone(),
        resource: resource(seals, intent),
        created_at: intent.created,
        updated_at: intent.updated,
        problem: problem(intent),
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

pub(super) fn resource_type(intent: &Intent) -> Option<ResourceType> {
    serde_json::from_value(serde_json::Value::String(intent.target.resource_type.clone())).ok()
}

/// What came of it, or what was changed.
pub(super) fn result(intent: &Intent) -> Option<NativeId> {
    let id = intent.result.as_ref().or(intent.target.native_id.as_ref())?;
    NativeId::new(id)
}

/// The thing that was changed, or was made, as a path. A thing that is part of another one has no path of its own.
pub(super) fn resource(seals: &Seals, intent: &Intent) -> Option<String> {
    let id = intent.target.native_id.as_ref().or(intent.result.as_ref())?;
    let (resource, system) = (resource_type(intent)?, SystemKey::new(&intent.target.system)?);
    Some(format!("/v1/{}/{}", resource.plural(), seals.seal(resource, &system, &NativeId::new(id)?)))
}

fn problem(intent: &Intent) -> Option<Problem> {
    let mut problem: Problem = serde_json::from_value(intent.problem.clone()?).ok()?;
    problem.trace_id = intent.trace.trace_id.clone();
    Some(problem)
}

fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "There is no such operation, or it is not for you to see.")
}
