//! Decisions whose answers were lost.

use std::time::Duration;

use portico_contract::SystemKey;
use portico_contract::trace::Span;
use portico_store::IntentId;

use super::*;
use crate::writes::Reconciler;

fn look(key: &SystemKey, time: Duration) -> (Span, CallContext) {
    let span = Span::detached("look");
    let context = CallContext { span: span.context(), ..CallContext::internal(key.as_str(), time) };
    (span, context)
}

#[tokio::test]
async fn a_decision_that_happened_is_found_by_reading_the_task_and_made_once() {
    let (world, office) = small().await;
    let owen = world.by("owen").await;
    let (claim, approve) = (world.task("claim"), decision("approve", None));
    office.be(Mood::LosesAnswers);
    let change = world.tasks.decide(&owen, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await;
    let Ok(Change::Pending(operation)) = change else { panic!("{change:?}") };
    let reconciler = Reconciler::new(world.writes.clone(), Tasks::read_backs());
    let id: IntentId = operation.id.parse().unwrap();
    let mut state = IntentState::Unknown;
    for _ in 0..500 {
        reconciler.round(&look).await.unwrap();
        state = world.writes.store().intent(id).await.unwrap().unwrap().state;
        if state.is_final() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(state, IntentState::Confirmed);
    match world.tasks.decide(&owen, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.decision, Some("approve")),
        other => panic!("{other:?}"),
    }
    assert_eq!(office.written(), 1);
}
