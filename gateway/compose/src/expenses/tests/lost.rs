//! Answers that were lost: what became of a write is found by reading.

use portico_contract::trace::Span;

use super::*;
use crate::writes::{Pace, Reconciler};

fn watched(key: &portico_contract::SystemKey, time: Duration) -> (Span, CallContext) {
    let span = Span::detached("look");
    let context = CallContext { span: span.context(), ..CallContext::internal(key.as_str(), time) };
    (span, context)
}

/// Looks until everything is settled, on a clock that runs by itself.
async fn settle(world: &World) {
    let reconciler = Reconciler::new(world.writes.clone(), Expenses::read_backs());
    for _ in 0..200 {
        let open = reconciler.round(&watched).await.unwrap();
        if open.accepted + open.sent + open.unknown == 0 {
            return;
        }
        tokio::time::sleep(Pace::default().first_look).await;
    }
    panic!("something stays open");
}
