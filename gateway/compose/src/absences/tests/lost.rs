//! Cancellations whose answers were lost.

use portico_store::IntentState;

use super::*;
use crate::expenses::tests::settled;

#[tokio::test]
async fn what_happened_is_found_by_reading_and_by_the_marker() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    office.be(Mood::LosesAnswers);
    let asked = world.absences.request(&sian, &world.new_absence(), keyed(KEY, "a")).await;
    let Ok(Change::Pending(operation)) = asked else { panic!("{asked:?}") };
    let (state, made) = settled(&world, Absences::read_backs(), &operation).await;
    assert_eq!(state, IntentState::Confirmed);
    let made = made.expect("the new absence");
    let (id, words) = (world.absence(&made), Withdrawal::default());
    let cancelled = world.absences.cancel(&sian, &id, &words, &Expected::Any, keyed(OTHER, "a")).await;
    let Ok(Change::Pending(operation)) = cancelled else { panic!("{cancelled:?}") };
    let (state, _) = settled(&world, Absences::read_backs(), &operation).await;
    assert_eq!(state, IntentState::Confirmed);
    match world.absences.cancel(&sian, &id, &words, &Expected::Any, keyed(OTHER, "a")).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.status, AbsenceStatus::Cancelled),
        other => panic!("{other:?}"),
    }
    assert_eq!(office.written(), 2);
}
