//! A real slapd that crashes, freezes and is restarted while people are asked for, and one that another stands in for.
//!
//! Whatever happens, no answer may be wrong: nobody missing, nobody else's record, no short list. And nobody has to do anything
//! for answers to come back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use portico_contract::paging::ListQuery;
use portico_contract::people::{FindPeople, GetPerson, ListPeople, PersonKey, PersonRecord};
use portico_contract::{CallContext, CallService, Error, ErrorKind, NativeId, Operation, Upstream};
use portico_servers::{MemberOf, Product, Running};
use portico_simkit::wait::wait_until;
use serde_json::json;
use tokio::task::JoinSet;

use super::{Place, Schema, real, real_again};

const PEOPLE: usize = 200;
const CALLERS: usize = 6;
/// Time for one call; the directory is on this machine.
const DEADLINE: Duration = Duration::from_secs(5);
/// Until answers are back. A machine under load may need some of it.
const BACK: Duration = Duration::from_secs(30);

/// Bounds for a directory on this machine: whoever hangs is given up soon.
fn short_times() -> serde_json::Value {
    json!({ "connect_timeout_ms": 1_000, "operation_timeout_ms": 1_500 })
}

/// Callers that ask for people without a pause, and what they saw.
struct Load {
    seen: Arc<Seen>,
    callers: JoinSet<()>,
}

struct Seen {
    upstream: Upstream,
    everybody: BTreeMap<NativeId, PersonRecord>,
    answers: AtomicU64,
    failures: Mutex<Vec<ErrorKind>>,
    wrong: Mutex<Vec<String>>,
    /// The longest that a call took.
    longest: Mutex<Duration>,
    over: AtomicBool,
}

impl Seen {
    async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let begun = Instant::now();
        let answer = self.upstream.call(CallContext::internal("load", DEADLINE), operation).await;
        let mut longest = self.longest.lock();
        *longest = begun.elapsed().max(*longest);
        answer
    }

    /// One question; `Ok` says whether the answer was right.
    async fn ask(&self, number: usize) -> Result<bool, Error> {
        let Some((id, known)) = self.everybody.iter().nth(number % self.everybody.len()) else {
            return Ok(false);
        };
        match number % 10 {
            0 => {
                let page = self.call(ListPeople { query: ListQuery::first(200) }).await?;
                // A list that says that it is cut short is a failure that was told.
                Ok(page.limited.is_some() || page.items.len() == self.everybody.len())
            }
            even if even.is_multiple_of(2) => {
                Ok(self.call(GetPerson { person: id.clone() }).await?.profile == known.profile)
            }
            _ => {
                let value = known.profile.user_name.clone().unwrap_or_default();
                let found = self.call(FindPeople { key: PersonKey::UserName, value }).await?.0;
                Ok(found.len() == 1 && found[0].profile == known.profile)
            }
        }
    }

    async fn go_on_asking(&self, first: usize) {
        let mut number = first;
        while !self.over.load(Ordering::Relaxed) {
            number += CALLERS;
            match self.ask(number).await {
                Ok(true) => drop(self.answers.fetch_add(1, Ordering::Relaxed)),
                Ok(false) => self.wrong.lock().push(format!("question {number}")),
                // That somebody is not there is an answer, and a wrong one.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.wrong.lock().push(format!("question {number}: not found"));
                }
                Err(error) => {
                    self.failures.lock().push(error.kind());
                    // As a caller would; otherwise a refused connection is tried thousands of times a second.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

impl Load {
    async fn on(place: &Place) -> (Self, tempfile::TempDir) {
        let (adapter, files) = place.adapter_with(&json!({ "limits": short_times() }));
        let system = adapter.system().clone();
        let upstream = Upstream::new(system, adapter.profile().clone(), CallService::new(adapter));
        let all = upstream
            .call(CallContext::internal("load", DEADLINE), ListPeople { query: ListQuery::first(200) });
        let everybody: BTreeMap<_, _> =
            all.await.unwrap().items.into_iter().map(|one| (one.item.id.clone(), one.item)).collect();
        assert_eq!(everybody.len(), PEOPLE);
        let seen = Arc::new(Seen {
            upstream,
            everybody,
            answers: AtomicU64::new(0),
            failures: Mutex::default(),
            wrong: Mutex::default(),
            longest: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let seen = Arc::clone(&seen);
            callers.spawn(async move { seen.go_on_asking(caller).await });
        }
        (Self { seen, callers }, files)
    }

    /// Waits for this many more answers.
    async fn answers(&self, more: u64, when: &str) {
        let wanted = self.seen.answers.load(Ordering::Relaxed) + more;
        let enough = || self.seen.answers.load(Ordering::Relaxed) >= wanted;
        let came = wait_until(enough, BACK).await;
        assert!(came.is_ok(), "{when}: no {more} answers; failures: {:?}", self.latest_failures());
    }

    async fn fails(&self, when: &str) {
        let before = self.seen.failures.lock().len();
        let failed = wait_until(|| self.seen.failures.lock().len() >= before + CALLERS, BACK).await;
        assert!(failed.is_ok(), "{when}: no failures");
    }

    fn latest_failures(&self) -> Vec<ErrorKind> {
        self.seen.failures.lock().iter().rev().take(10).copied().collect()
    }

    fn failures(&self) -> usize {
        self.seen.failures.lock().len()
    }

    /// Waits until answers come without a failure in between.
    async fn is_well(&self, when: &str) {
        let give_up = Instant::now() + BACK;
        loop {
            let before = self.failures();
            self.answers(100, when).await;
            if self.failures() == before {
                return;
            }
            assert!(Instant::now() < give_up, "{when}: it goes on failing: {:?}", self.latest_failures());
        }
    }

    /// Ends it; every answer was right, every failure said what it was, and nobody waited beyond the deadline.
    async fn end(mut self) -> Vec<ErrorKind> {
        self.seen.over.store(true, Ordering::Relaxed);
        while let Some(caller) = self.callers.join_next().await {
            caller.unwrap();
        }
        assert_eq!(*self.seen.wrong.lock(), Vec::<String>::new());
        let failures = self.seen.failures.lock().clone();
        let told = [
            ErrorKind::ConnectRefused,
            ErrorKind::ConnectionLost,
            ErrorKind::Timeout,
            ErrorKind::BackendStatus,
        ];
        let strange: Vec<_> = failures.iter().filter(|kind| !told.contains(kind)).collect();
        assert!(strange.is_empty(), "{strange:?}");
        let longest = *self.seen.longest.lock();
        assert!(longest < DEADLINE + Duration::from_secs(5), "a call took {longest:?}");
        failures
    }
}

fn slapd() -> Option<(Running, Place)> {
    let (running, place, _) = real(Product::Slapd, PEOPLE, MemberOf::Kept)?;
    Some((running, place))
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_back_after_a_crash_and_after_a_restart() {
    let Some((mut running, place)) = slapd() else { return };
    let (load, _files) = Load::on(&place).await;
    load.is_well("at first").await;

    running.kill().unwrap();
    load.fails("while it is gone").await;
    running.start_again().unwrap();
    load.is_well("after a crash").await;

    running.stop();
    load.fails("while it is stopped").await;
    running.start_again().unwrap();
    load.is_well("after a restart").await;

    let failures = load.end().await;
    assert!(failures.contains(&ErrorKind::ConnectRefused), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_directory_keeps_nobody_waiting_and_answers_when_it_is_thawed() {
    let Some((running, place)) = slapd() else { return };
    let (load, _files) = Load::on(&place).await;
    load.is_well("at first").await;
    running.freeze().unwrap();
    load.fails("while it is frozen").await;
    running.thaw().unwrap();
    load.is_well("after it is thawed").await;
    let failures = load.end().await;
    assert!(failures.contains(&ErrorKind::Timeout), "{failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_answers_while_one_is_gone() {
    let Some((mut first, place)) = slapd() else { return };
    // The same people under the same keys, as a replica has them.
    let Some((mut second, authority)) = real_again(Schema::OpenLdap, PEOPLE) else { return };
    let place = Place {
        urls: vec![first.directory().tls_url(), second.directory().tls_url()],
        authority: place.authority.clone() + &authority,
        ..place
    };
    let (load, _files) = Load::on(&place).await;
    load.is_well("with both").await;

    first.kill().unwrap();
    load.is_well("without the first").await;
    first.start_again().unwrap();
    load.is_well("with both again").await;

    second.stop();
    load.is_well("without the second").await;
    first.freeze().unwrap();
    load.fails("without any").await;
    second.start_again().unwrap();
    load.is_well("with the first frozen").await;
    first.thaw().unwrap();
    load.is_well("at the end").await;
    load.end().await;
}
