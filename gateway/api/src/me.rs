//! `/v1/me`: the person who is asking.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use portico_compose::people::Whose;
use portico_edge::ApiResult;
use portico_schemas::{IdentityStatus, Me, Problem};

use crate::asked::{Asked, NoQuery};
use crate::{Api, reply};

/// Who is asking, and what they may do.
#[utoipa::path(get, path = "/v1/me", tag = "me", operation_id = "getMe",
    responses((status = 200, description = "The person who is asking.", body = Me),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(api): State<Arc<Api>>,
    Asked { context, known, .. }: Asked<NoQuery>,
) -> ApiResult<Response> {
    let who = &context.principal;
    let me = Me {
        subject: who.subject.clone(),
        display_name: who.display_name.clone(),
        roles: who.roles.iter().cloned().collect(),
        units: who.units.iter().cloned().collect(),
        permissions: api.policy.permissions(who),
        person_id: who.person_id.clone(),
        person: known.as_ref().and_then(|known| known.person.clone()),
        identity: known.as_ref().map(|known| match known.whose {
            Whose::Known => IdentityStatus::Known,
            Whose::Nobody => IdentityStatus::Nobody,
            Whose::Ambiguous => IdentityStatus::Ambiguous,
            Whose::Inactive => IdentityStatus::Inactive,
            Whose::Unavailable => IdentityStatus::Unavailable,
        }),
    };
    Ok(reply::tagged(StatusCode::OK, None, None, &reply::project(&me, None)))
}
