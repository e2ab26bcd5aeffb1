//! THE stack: what happens to a call on its way to one system, top to bottom.

use std::sync::Arc;

use portico_contract::{Adapter, CallService};
use tower::ServiceBuilder;

use crate::attempt_timeout::AttemptTimeoutLayer;
use crate::body_guard::BodyGuardLayer;
use crate::breaker::BreakerLayer;
use crate::bulkhead::BulkheadLayer;
use crate::deadline::DeadlineLayer;
use crate::error_context::ErrorContextLayer;
use crate::observe::ObserveLayer;
use crate::panic_guard::PanicGuardLayer;
use crate::rate_limit::RateLimitLayer;
use crate::retry::RetryLayer;
use crate::{Health, Observer, StackSettings};

/// Builds the stack over one adapter: once, at start. Clone the service per call; all clones act on the one [`Health`].
pub fn stack(
    adapter: Adapter,
    settings: &StackSettings,
    observer: Arc<dyn Observer>,
) -> (CallService, Arc<Health>) {
    let health = Arc::new(Health::new(adapter.system().clone(), adapter.profile().adapter, settings));
    let shared = || Arc::clone(&health);
    let service = ServiceBuilder::new()
        // Outermost, because it must see every end of a call: answered, refused, timed out, given up by its caller.
        .layer(ObserveLayer { health: shared(), observer })
        // Outside all that can fail, so that the refusals of the layers below name the system and the operation as well.
        .layer(ErrorContextLayer(shared()))
        // Outside the queue and the retries: one promise of time covers waiting, every attempt and the pauses between.
        .layer(DeadlineLayer)
        // Outside the retries: a call keeps its one place while it waits to be attempted again. A sick system fills
        // its own places and nobody else's; when they and the queue are full, the answer is "no" without waiting.
        .layer(BulkheadLayer(shared()))
        // Outside the breaker, so that every attempt asks it, and counts. Bounded by attempts, deadline and budget.
        .layer(RetryLayer(shared()))
        // Outside the rate limit: a system that is left alone uses up nothing.
        .layer(BreakerLayer(shared()))
        // Outside the attempt's time-out: waiting for our own rate is not the system's slowness.
        .layer(RateLimitLayer(shared()))
        // One attempt, so that a hung connection leaves time for another before the deadline.
        .layer(AttemptTimeoutLayer(shared()))
        // After the head the time-outs above are over; a body has limits of its own from its first octet.
        .layer(BodyGuardLayer(shared()))
        // Innermost, so that a panic is an error to every layer above, and none of them is torn by it.
        .layer(PanicGuardLayer(shared()))
        .service(adapter);
    (CallService::new(service), health)
}
