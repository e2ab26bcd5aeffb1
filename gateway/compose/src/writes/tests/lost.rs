//! Answers that are lost, adapters that break, processes that end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use portico_contract::expenses::{GetExpenseReport, SubmitExpenseReport};
use portico_contract::{Error, Operation as _};
use portico_schemas::{ExpenseReportStatus, OperationStatus};
use portico_store::{IntentState, StoreError};

use super::bench::{Bench, context, create, fresh, open, pending_of, writes};
use super::office::{Mood, Office};
use crate::systems::Systems;
use crate::writes::operation::result;
use crate::writes::{Look, ReadBack, Verdict, Written};

#[tokio::test]
async fn lost_after_the_commit_it_is_found_by_its_marker() {
    let bench = Bench::new().await;
    bench.office.be(Mood::LosesAfter);
    let operation = pending_of(bench.create("k", "Train").await);
    assert_eq!(operation.status, OperationStatus::Unknown);
    assert!(operation.problem.is_some() && operation.resource.is_none());
    let looking = bench.reconcile(Vec::new());
    bench.until(IntentState::Confirmed).await;
    looking.abort();
    let Ok(Written::Repeated(Some(id))) = bench.create("k", "Train").await else { panic!("not found") };
    assert_eq!(id.as_str(), bench.office.kept.lock()[0].id);
    assert_eq!((bench.office.calls(), bench.office.count()), (1, 1));
    let events = bench.writes.store().outbox_pending(0, 10).await.unwrap().items;
    assert_eq!(events.len(), 1, "what is found out later is announced too, once");
    assert_eq!(events[0].event.id.to_string(), operation.id);
}

#[tokio::test]
async fn lost_before_the_commit_it_is_refused_once_it_cannot_come_any_more() {
    let bench = Bench::new().await;
    bench.office.be(Mood::LosesBefore);
    pending_of(bench.create("k", "Train").await);
    let since = std::time::Instant::now();
    let looking = bench.reconcile(Vec::new());
    bench.until(IntentState::Refused).await;
    looking.abort();
    assert!(since.elapsed() >= Duration::from_millis(500), "the bound of the call and the time to settle");
    let told = bench.create("k", "Train").await.unwrap_err().to_problem();
    assert_eq!(told.outcome, portico_schemas::Outcome::Failed);
    assert_eq!((bench.office.calls(), bench.office.count()), (1, 0));
}

#[tokio::test]
async fn what_the_office_does_after_the_connection_is_gone_is_not_called_undone() {
    let bench = Bench::new().await;
    bench.office.be(Mood::LosesDuring(Duration::from_millis(250)));
    pending_of(bench.create("k", "Train").await);
    let looking = bench.reconcile(Vec::new());
    bench.until(IntentState::Confirmed).await;
    looking.abort();
    assert_eq!((bench.office.calls(), bench.office.count()), (1, 1));
}

#[tokio::test]
async fn an_office_that_never_answers_and_an_adapter_that_panics_leave_it_unknown() {
    for mood in [Mood::Hangs, Mood::Panics] {
        let bench = Bench::new().await;
        bench.office.be(mood);
        let operation = pending_of(bench.create("k", "Train").await);
        assert_eq!(operation.status, OperationStatus::Unknown, "{mood:?}");
        let again = pending_of(bench.create("k", "Train").await);
        assert_eq!((again.id, bench.office.calls()), (operation.id, 1));
        // A panic came before anything was done, a hang after.
        let wanted = if mood == Mood::Hangs { IntentState::Confirmed } else { IntentState::Refused };
        let looking = bench.reconcile(Vec::new());
        bench.until(wanted).await;
        looking.abort();
    }
}

/// Whether a report is submitted.
struct Submitted;

impl ReadBack for Submitted {
    fn operations(&self) -> &'static [&'static str] {
        &[SubmitExpenseReport::META.id]
    }

    fn look<'a>(&'a self, look: Look<'a>) -> BoxFuture<'a, Result<Verdict, Error>> {
        Box::pin(async move {
            let Some(report) = result(look.intent) else { return Ok(Verdict::CannotTell) };
            let found = look.system.upstream.call(look.context, GetExpenseReport { report }).await?;
            Ok(match found.status {
                ExpenseReportStatus::Submitted => Verdict::Happened(None),
                _ => Verdict::DidNotHappen,
            })
        })
    }
}

#[tokio::test]
async fn a_change_is_read_back_where_somebody_knows_how_and_waits_for_a_person_elsewhere() {
    let bench = Bench::new().await;
    let id = fresh(bench.create("k", "Train").await);
    bench.office.be(Mood::LosesAfter);
    let operation = pending_of(bench.submit(&id).await);
    assert!(operation.resource.is_some(), "what was to be changed is known");
    let blind = bench.reconcile(Vec::new());
    let looked = async {
        while bench.writes.store().intents(&Default::default()).await.unwrap().items[0].looks < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.unwrap();
    blind.abort();
    assert_eq!(bench.states().await, [IntentState::Confirmed, IntentState::Unknown]);
    assert_eq!(bench.writes.open().unknown, 1);
    assert!(bench.writes.open().oldest_unknown.is_some());
    let looking = bench.reconcile(vec![Arc::new(Submitted)]);
    let settled = async {
        while bench.states().await[1] != IntentState::Confirmed {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), settled).await.unwrap();
    looking.abort();
}

#[tokio::test]
async fn a_write_to_a_system_that_was_taken_out_waits_for_a_person() {
    let mut bench = Bench::new().await;
    bench.office.be(Mood::LosesAfter);
    pending_of(bench.create("k", "Train").await);
    let (policy, seals) = (Arc::clone(&bench.writes.policy), Arc::clone(&bench.writes.seals));
    bench.writes = bench.writes.over(Arc::new(Systems::default()), policy, seals);
    let looking = bench.reconcile(Vec::new());
    let looked = async {
        while bench.writes.store().intents(&Default::default()).await.unwrap().items[0].looks < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.unwrap();
    looking.abort();
    assert_eq!(bench.states().await, [IntentState::Unknown]);
}

/// The first process: sends a write, and ends while the office works on it. Dropping a runtime drops its tasks wherever they
/// are, as the end of a process does.
fn end_while_sending(folder: &tempfile::TempDir, office: &Arc<Office>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let writes = writes(open(folder).await, office, Vec::new());
        let told = tokio::spawn(async move {
            create(&writes, &context("anna", Duration::from_secs(10)), "k", "Train").await
        });
        while office.calls() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        told.abort();
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
}

#[test]
fn after_the_end_of_a_process_the_next_one_finds_out() {
    // Hangs does it first; LosesBefore in slow motion never does it.
    for (mood, wanted, kept) in [
        (Mood::Hangs, IntentState::Confirmed, 1),
        (Mood::Slow(Duration::from_secs(3_600)), IntentState::Refused, 0),
    ] {
        let (folder, office) = (tempfile::tempdir().unwrap(), Office::new());
        office.be(mood);
        end_while_sending(&folder, &office);
        office.be(Mood::Answers);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = async {
                let config = portico_store::StoreConfig::sqlite(folder.path().join("store.sqlite"));
                loop {
                    match portico_store::Store::open(&config).await {
                        Ok(store) => return store,
                        // The writer of the first process lets go a moment later.
                        Err(StoreError::Locked(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                        Err(error) => panic!("{error}"),
                    }
                }
            };
            let store = tokio::time::timeout(Duration::from_secs(20), store).await.unwrap();
            let bench = Bench {
                writes: writes(store, &office, Vec::new()),
                office: Arc::clone(&office),
                _folder: folder,
            };
            let looking = bench.reconcile(Vec::new());
            bench.until(wanted).await;
            looking.abort();
            assert_eq!((bench.office.calls(), bench.office.count()), (1, kept), "{mood:?}");
        });
    }
}
