//! A cap on requests in flight that never queues: a request that does not fit is answered at once.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use portico_schemas::ProblemCode;
use tokio::sync::Semaphore;

use crate::context::RequestScope;
use crate::problem::ApiError;

/// Refuses what is over the cap. The place is kept until the answer's body has ended.
pub(super) struct Shed(Arc<Semaphore>);

impl Shed {
    pub(super) fn new(in_flight: usize) -> Self {
        Self(Arc::new(Semaphore::new(in_flight.min(Semaphore::MAX_PERMITS))))
    }

    pub(super) fn take_place(&self, request: &Request<Body>) -> Result<(), ApiError> {
        let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() else {
            let detail = "The gateway is working at its limit. Try again in a moment.";
            return Err(ApiError::new(ProblemCode::Overloaded, detail).with_retry_after(1));
        };
        if let Some(scope) = request.extensions().get::<RequestScope>() {
            scope.keep(permit);
        }
        Ok(())
    }
}
