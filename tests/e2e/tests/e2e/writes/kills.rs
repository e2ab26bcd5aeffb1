//! The process is killed in the middle of writes, at points that a seed chooses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portico_odoo_sim::{Fault, On, Sim as Odoo};
use portico_simkit::client;
use portico_simkit::wait::{wait_for, wait_until};
use portico_store::{IntentState, Retention, Store, StoreConfig};
use serde_json::json;

use super::record::{Record, Told};
use super::waiting::Scenario;
use super::{Office, claim, key};
use crate::support::SOON;

const ROUTE: &str = "/v1/expense-reports";
/// Callers at a time.
const CALLERS: usize = 4;
/// A lease is over 36 s after its write began; then it is looked for.
const LOOKED_FOR: Duration = Duration::from_secs(120);

/// Numbers that are the same in every run (xorshift).
struct Seed(u64);

impl Seed {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Somebody who claims and claims, and repeats what was not answered.
#[derive(Clone)]
struct Caller {
    subject: String,
    token: String,
    category: String,
    told: Vec<Told>,
    /// The place in `told` of what has to be asked again.
    open: Option<usize>,
    answered: Arc<AtomicU64>,
}

impl Caller {
    /// Claims until the gateway goes away.
    async fn claim_on(mut self, api: String) -> Self {
        loop {
            let at = self.open.take().unwrap_or_else(|| self.next());
            let Ok((status, _)) = self.ask(&api, at).await else {
                self.open = Some(at);
                return self;
            };
            match status {
                200..=202 => {
                    self.told[at].status = Some(status);
                    self.answered.fetch_add(1, Ordering::SeqCst);
                }
                // Begun before the kill, and perhaps still under way in Odoo: asked again at the end.
                409 => {}
                // It is not yet known again who people are. Nothing was sent.
                503 => {
                    self.open = Some(at);
                    tokio::task::yield_now().await;
                }
                other => panic!("{other} for {:?}", self.told[at]),
            }
        }
    }

    fn next(&mut self) -> usize {
        let key = key().trim_matches('"').to_owned();
        let title = format!("Claim {key}");
        self.told.push(Told { subject: self.subject.clone(), key, title, status: None });
        self.told.len() - 1
    }

    async fn ask(&self, api: &str, at: usize) -> std::io::Result<(u16, String)> {
        let told = &self.told[at];
        let (bearer, key) = (format!("Bearer {}", self.token), format!("\"{}\"", told.key));
        let headers =
            [("Authorization", &*bearer), ("Content-Type", "application/json"), ("Idempotency-Key", &key)];
        let body = claim(&self.category, &told.title).to_string();
        let reply = client::request("POST", &format!("{api}{ROUTE}"), &headers, body.as_bytes()).await?;
        Ok((reply.status, reply.text()))
    }
}

/// Waits for the moment in which the process is to die.
async fn the_moment(seed: &mut Seed, odoo: &Odoo, answered: &AtomicU64) {
    let load = || On::method("hr.expense.sheet", "load");
    let some = usize::try_from(seed.below(4)).unwrap();
    let slow = |fault: Fault| {
        let injected = odoo.inject(load(), fault);
        injected.skip(some);
        injected
    };
    let (made, calls, told) =
        (odoo.created("hr.expense.sheet"), odoo.all_calls(), answered.load(Ordering::SeqCst));
    let goal = seed.below(40) + 1;
    let come = match seed.below(5) {
        // Sent, and committed only after the process is gone.
        0 => {
            let met = slow(Fault::SlowCommit(Duration::from_millis(200)));
            wait_until(|| met.met() > 0, SOON).await
        }
        // Committed, and not answered.
        1 => {
            let met = slow(Fault::Delay(Duration::from_secs(2)));
            wait_until(|| met.met() > 0 && odoo.created("hr.expense.sheet") > made, SOON).await
        }
        // The connection is lost, and Odoo goes on.
        2 => {
            let met = slow(Fault::DropDuring(Duration::from_millis(100)));
            wait_until(|| met.met() > 0, SOON).await
        }
        // Right after callers were told.
        3 => wait_until(|| answered.load(Ordering::SeqCst) > told + goal % 8, SOON).await,
        // Anywhere.
        _ => wait_until(|| odoo.all_calls() >= calls + goal, SOON).await,
    };
    come.expect("callers get that far");
}

async fn callers(office: &Office, answered: &Arc<AtomicU64>) -> Vec<Caller> {
    let somebody = super::claimants(&office.odoo).take(CALLERS);
    let caller = |account: &portico_odoo_sim::Account| Caller {
        subject: account.username.clone(),
        token: office.sign_in(account).token,
        category: office.category.clone(),
        told: Vec::new(),
        open: None,
        answered: Arc::clone(answered),
    };
    somebody.map(caller).collect()
}

/// Kills the process so many times, and compares what everybody holds.
pub async fn kill(points: u32, seed: u64) {
    let answered = Arc::new(AtomicU64::new(0));
    let office = Office::new().await;
    let mut callers = callers(&office, &answered).await;
    let Office { odoo, _directory, mut gateway, .. } = office;
    let (mut seed, mut slowest) = (Seed(seed), Duration::ZERO);
    for _ in 0..points {
        let claiming: Vec<_> =
            callers.drain(..).map(|caller| tokio::spawn(caller.claim_on(gateway.api.clone()))).collect();
        the_moment(&mut seed, &odoo, &answered).await;
        let killed = Instant::now();
        gateway = gateway.kill_and_restart().await;
        slowest = slowest.max(killed.elapsed());
        odoo.heal();
        for caller in claiming {
            callers.push(caller.await.unwrap());
        }
    }
    let site = &gateway.site;
    let settled = async || {
        let open = ["accepted", "sent"].iter().any(|state| {
            let listed = site.portico(&["intents", "list", "--config", "portico.toml", "--state", state]);
            assert!(listed.status.success(), "{listed:?}");
            !String::from_utf8_lossy(&listed.stdout).contains("No write is")
        });
        (!open).then_some(())
    };
    wait_for(settled, LOOKED_FOR).await.expect("every write is settled, or in front of a person");
    // Whoever asks again is told the same, and nothing is made anew; what was never answered is answered now.
    let unanswered = callers.iter().flat_map(|one| &one.told).filter(|told| told.status.is_none()).count();
    for caller in &mut callers {
        for at in 0..caller.told.len() {
            let (status, body) = caller.ask(&gateway.api, at).await.unwrap();
            let right: &[u16] = match caller.told[at].status {
                Some(200 | 201) => &[200],
                Some(_) => &[200, 202],
                None => &[200, 201, 202],
            };
            assert!(right.contains(&status), "{:?}: {status} {body}", caller.told[at]);
            caller.told[at].status.get_or_insert(status);
        }
    }
    let file = site.path("data/store.sqlite");
    let told: Vec<Told> = callers.iter().flat_map(|caller| caller.told.clone()).collect();
    let verified = site.portico(&["audit", "verify", "--config", "portico.toml"]);
    assert!(verified.status.success(), "{verified:?}");
    let site_kept = stop_and_keep(gateway);
    let record = Record::read(&file).await;
    let faults = record.faults(&told, &odoo);
    assert!(faults.is_empty(), "{faults:#?}");
    let count = |state| record.in_state(state);
    println!(
        "{points} kills: {} claims, {unanswered} of them answered only after the last; {} confirmed, {} refused, {} unknown; \
         slowest restart {slowest:?}",
        told.len(),
        count(IntentState::Confirmed),
        count(IntentState::Refused),
        count(IntentState::Unknown)
    );
    assert!(told.len() >= points as usize, "there is something to compare");
    the_checker_sees(&file, &told, &odoo).await;
    drop(site_kept);
}

/// Stops it and keeps its folder.
fn stop_and_keep(mut gateway: crate::support::Gateway) -> crate::support::Gateway {
    gateway.signal("TERM");
    assert!(gateway.wait().status.success());
    gateway
}

/// Breaks what was promised, one thing after the other: the checker has to say so each time.
async fn the_checker_sees(file: &std::path::Path, told: &[Told], odoo: &Odoo) {
    let says = async |store: &Store, words: &str| {
        let faults = Record::of(store).await.faults(told, odoo);
        assert!(faults.iter().any(|fault| fault.contains(words)), "`{words}` is not noticed: {faults:#?}");
    };
    let store = Store::open(&StoreConfig::sqlite(file)).await.unwrap();
    let done = told.iter().find(|told| told.status == Some(201)).unwrap();
    let found = odoo.find("hr.expense.sheet", &json!([["name", "=", done.title]])).unwrap();
    let record = odoo.record("hr.expense.sheet", found[0], &["employee_id"]).unwrap().unwrap();
    let twice = json!({ "name": done.title, "employee_id": record["employee_id"][0] });
    let second = odoo.create("hr.expense.sheet", &twice).unwrap();
    says(&store, "Odoo has 2").await;
    odoo.delete("hr.expense.sheet", second).unwrap();
    assert!(Record::of(&store).await.faults(told, odoo).is_empty());
    let events = store.outbox_pending(0, 500).await.unwrap().items;
    store.outbox_done(events.iter().map(|event| event.seq).collect()).await.unwrap();
    says(&store, "it was not announced").await;
    let forget = Retention { intents: Duration::ZERO, keys: Duration::ZERO, ..Retention::default() };
    while store.prune(forget, 500).await.unwrap().total() > 0 {}
    says(&store, "not on record").await;
    odoo.delete("hr.expense.sheet", found[0]).unwrap();
    store.close().await;
}

#[test]
fn twenty_five_kills_lose_nothing_and_make_nothing_twice() {
    Scenario::TwentyFiveKills.ended();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_five_hundred_kills_lose_nothing_and_make_nothing_twice() {
    kill(500, 0x5eed_0500).await;
}
