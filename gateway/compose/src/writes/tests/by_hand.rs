//! What a person settles.

use portico_contract::{Error, ErrorKind, NativeId};
use portico_schemas::OperationStatus;
use portico_store::{Intent, IntentId, IntentState, SettledBy};

use super::bench::{Bench, fresh, pending_of};
use super::office::Mood;
use crate::writes::{Finding, Written, settle_by_hand};

async fn settle(bench: &Bench, id: IntentId, finding: Finding, because: &str) -> Result<Intent, Error> {
    let by = SettledBy::person("kim", because);
    settle_by_hand(bench.writes.store(), &bench.writes.seals, id, finding, by, false).await
}

#[tokio::test]
async fn what_a_person_found_is_what_a_repeated_key_is_told() {
    let bench = Bench::new().await;
    bench.office.be(Mood::LosesAfter);
    for (key, finding) in
        [("one", Finding::Happened(Some(NativeId::new("report-1").unwrap()))), ("two", Finding::DidNotHappen)]
    {
        let operation = pending_of(bench.create(key, "Train").await);
        assert_eq!(operation.status, OperationStatus::Unknown);
        let id = operation.id.parse().unwrap();
        let happened = matches!(finding, Finding::Happened(_));
        let nobody = settle(&bench, id, finding.clone(), " - ").await.unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::InvalidInput, "a reason is wanted");
        let settled = settle(&bench, id, finding.clone(), "asked the payroll team").await.unwrap();
        assert_eq!(settled.settled.unwrap(), SettledBy::person("kim", "asked the payroll team"));
        match bench.create(key, "Train").await {
            Ok(Written::Repeated(id)) => {
                assert!(happened);
                assert_eq!(id.unwrap().as_str(), "report-1");
            }
            Err(error) => {
                assert!(!happened);
                assert_eq!(error.kind(), ErrorKind::Conflict);
            }
            other => panic!("{other:?}"),
        }
        let again = settle(&bench, id, finding, "asked again").await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict);
    }
    assert_eq!(bench.office.calls(), 2);
}

#[tokio::test]
async fn what_is_settled_or_not_there_is_not_settled_by_hand() {
    let bench = Bench::new().await;
    fresh(bench.create("k", "Train").await);
    assert_eq!(bench.states().await, [IntentState::Confirmed]);
    let id = bench.writes.store().intents(&Default::default()).await.unwrap().items[0].id;
    let error = settle(&bench, id, Finding::DidNotHappen, "a slip").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let error = settle(&bench, IntentId::new(), Finding::DidNotHappen, "a slip").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
