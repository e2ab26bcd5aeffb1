use portico_compose::Systems;
use portico_compose::seal::{CURSOR_KEY_LEN, ID_KEY_LEN, Seals};
use portico_policy::BuiltinPolicy;
use portico_store::NewEvent;
use uuid::Uuid;

use super::*;

async fn watched(keep: StoreKeep) -> (tempfile::TempDir, Watched) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreConfig::sqlite(folder.path().join("store.sqlite"))).await.unwrap();
    let seals = Arc::new(Seals::new([1; ID_KEY_LEN], [2; CURSOR_KEY_LEN]));
    let policy = Arc::new(BuiltinPolicy::new(Vec::new()));
    (folder, Watched::new(Writes::new(store, Arc::new(Systems::default()), policy, seals), keep))
}

fn keep(events: Duration) -> StoreKeep {
    let long = Duration::from_secs(86_400);
    StoreKeep { keys: long, intents: long, events, delegations: long, decisions: long, audit: long }
}

#[tokio::test]
async fn events_that_nobody_takes_are_given_up_when_their_time_is_over_and_not_before() {
    for (time, left) in [(Duration::from_secs(3_600), 3), (Duration::ZERO, 0)] {
        let (_folder, watched) = watched(keep(time)).await;
        let event = |n: u128| NewEvent {
            id: Uuid::from_u128(n),
            key: n.to_string(),
            kind: "write.confirmed".to_owned(),
            payload: Value::Null,
            facts: Value::Null,
            traceparent: None,
        };
        watched.store().announce((0..3).map(event).collect()).await.unwrap();
        let announced = Timestamp::now();
        while Timestamp::now().as_millisecond() == announced.as_millisecond() {
            tokio::task::yield_now().await;
        }
        watched.tidy().await.unwrap();
        watched.count().await.unwrap();
        let (gauges, status) = (watched.gauges(), watched.status());
        assert_eq!((gauges.outbox, status["outbox"]["pending"].as_u64()), (left, Some(left)));
        assert_eq!((gauges.writable, status["engine"].as_str()), (true, Some("sqlite")));
    }
}

#[test]
fn what_a_person_found_survives_the_way_to_the_gateway() {
    let report = NativeId::new("report-7").unwrap();
    for finding in [Finding::Happened(None), Finding::Happened(Some(report)), Finding::DidNotHappen] {
        let sent = serde_json::to_string(&ByHand::new(&finding, "kim", "saw it")).unwrap();
        let taken: ByHand = serde_json::from_str(&sent).unwrap();
        assert_eq!(taken.finding(), Some(finding));
    }
    let both = ByHand { happened: false, result: Some("7".into()), by: "kim".into(), because: "x".into() };
    assert_eq!(both.finding(), None, "what did not happen made nothing");
}

#[test]
fn trust_roots_that_are_none_are_refused() {
    assert!(tls::client(None).is_ok());
    assert!(tls::client(Some("no certificate")).is_err());
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    assert!(tls::client(Some(empty)).is_err());
}

#[test]
fn states_are_called_as_they_are_shown() {
    for state in IntentState::ALL {
        assert_eq!(super::state(state.as_str()), Ok(state));
    }
    assert!(super::state("done").is_err());
}
