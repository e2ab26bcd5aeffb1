//! Decisions whose answers were lost.

use super::*;
use crate::expenses::tests::settled;

#[tokio::test]
async fn a_decision_that_happened_is_found_by_reading_the_task_and_made_once() {
    let (world, office) = small().await;
    let owen = world.by("owen").await;
    let (claim, approve) = (world.task("claim"), decision("approve", None));
    office.be(Mood::LosesAnswers);
    let change = world.tasks.decide(&owen, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await;
    let Ok(Change::Pending(operation)) = change else { panic!("{change:?}") };
    let (state, _) = settled(&world, Tasks::read_backs(), &operation).await;
    assert_eq!(state, IntentState::Confirmed);
    match world.tasks.decide(&owen, &claim, &approve, &Expected::Any, keyed(KEY, "a")).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.decision, Some("approve")),
        other => panic!("{other:?}"),
    }
    assert_eq!(office.written(), 1);
}
