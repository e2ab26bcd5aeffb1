//! A write that only a person can settle, while the gateway runs.

use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use portico_compose::writes::settle_by_hand;
use portico_contract::{Error, ErrorKind};
use portico_store::{IntentId, SettledBy};
use serde_json::json;

use super::Ops;
use crate::store::ByHand;

/// Settles one, with who and why on record.
pub(super) async fn settle(
    State(ops): State<Arc<Ops>>,
    Path(id): Path<String>,
    Json(by_hand): Json<ByHand>,
) -> Response {
    let (Ok(id), Some(finding)) = (IntentId::from_str(&id), by_hand.finding()) else {
        return refused(&Error::new(
            ErrorKind::InvalidInput,
            "The id of the write, or of its result, is none.",
        ));
    };
    let by = SettledBy::person(by_hand.by, by_hand.because);
    match settle_by_hand(ops.store.store(), &ops.seals, id, finding, by, false).await {
        Ok(intent) => {
            tracing::info!(intent = %intent.id, state = %intent.state, "a person settled a write");
            Json(json!({ "id": intent.id.to_string(), "state": intent.state })).into_response()
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &Error) -> Response {
    let problem = error.to_problem();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(problem)).into_response()
}
