//! PostgreSQL as the store: it goes away under load and comes back, or takes no writes for a while.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use portico_servers::{Product, Running, for_test};
use portico_simkit::wait::{wait_for, wait_until};

use super::waiting::Scenario;
use super::{Office, Somebody, claim, key, post, site, text};
use crate::support::SOON;

const ROUTE: &str = "/v1/expense-reports";
const CALLERS: usize = 4;

async fn office(postgres: &Running) -> Office {
    let (odoo, directory, site) = site().await;
    fs::write(site.path("store-password"), postgres.password).unwrap();
    let store = format!(
        "[store.postgres]\nhost = \"127.0.0.1\"\nport = {}\ndatabase = \"postgres\"\nuser = \"{}\"\n\
         password = \"file:store-password\"\ntls = false\n",
        postgres.addr.port(),
        postgres.username
    );
    Office::over(odoo, directory, site.with(&store)).await
}

/// What callers heard so far.
#[derive(Default)]
struct Heard {
    stop: AtomicBool,
    made: AtomicU64,
    unavailable: AtomicU64,
}

/// Claims and claims; what was refused with 503 is sent again under the same key, as callers are told to. Gives the claims
/// with a good answer.
async fn claim_on(api: String, who: Somebody, category: String, heard: Arc<Heard>) -> Vec<(String, String)> {
    let mut good = Vec::new();
    while !heard.stop.load(Ordering::SeqCst) {
        let key = key();
        let title = format!("Claim {key}");
        let body = claim(&category, &title);
        loop {
            let answer = post(&api, &who.token, ROUTE, &key, None, &body).await;
            match answer.status() {
                200..=202 => {
                    heard.made.fetch_add(1, Ordering::SeqCst);
                    good.push((key, title));
                    break;
                }
                503 => {
                    assert_eq!(answer.json()["outcome"], "notAttempted", "{}", answer.text());
                    heard.unavailable.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                409 => tokio::time::sleep(Duration::from_millis(100)).await,
                other => panic!("{other}: {}", answer.text()),
            }
            if heard.stop.load(Ordering::SeqCst) {
                break;
            }
        }
    }
    good
}

#[test]
fn the_database_may_be_killed_and_started_again_under_load() {
    Scenario::DatabaseAway.ended();
}

pub async fn away_under_load() {
    let Some(mut postgres) = for_test(Product::Postgres) else { return };
    let office = office(&postgres).await;
    let heard = Arc::new(Heard::default());
    let people: Vec<_> = super::claimants(&office.odoo).take(CALLERS).cloned().collect();
    let load: Vec<_> = people
        .iter()
        .map(|account| {
            let who = office.sign_in(account);
            let (api, category) = (office.gateway.api.clone(), office.category.clone());
            (who.clone(), tokio::spawn(claim_on(api, who, category, Arc::clone(&heard))))
        })
        .collect();
    for crash in [true, false] {
        let made = heard.made.load(Ordering::SeqCst);
        wait_until(|| heard.made.load(Ordering::SeqCst) >= made + 20, SOON).await.expect("claims are made");
        let before = heard.unavailable.load(Ordering::SeqCst);
        if crash {
            postgres.kill().unwrap();
        } else {
            postgres.stop();
        }
        wait_until(|| heard.unavailable.load(Ordering::SeqCst) > before, SOON).await.expect("503 meanwhile");
        office.get(&office.claimant, ROUTE).await.expect(200);
        postgres.start_again().unwrap();
        let made = heard.made.load(Ordering::SeqCst);
        wait_until(|| heard.made.load(Ordering::SeqCst) >= made + 20, SOON)
            .await
            .expect("it goes on by itself");
    }
    heard.stop.store(true, Ordering::SeqCst);
    let mut all = 0;
    for (who, caller) in load {
        for (key, title) in caller.await.unwrap() {
            let body = claim(&office.category, &title);
            let done = async || {
                let answer = post(&office.gateway.api, &who.token, ROUTE, &key, None, &body).await;
                match answer.status() {
                    200 => Some(()),
                    202 | 409 => None,
                    other => panic!("{title}: {other} {}", answer.text()),
                }
            };
            wait_for(done, Duration::from_secs(90)).await.unwrap_or_else(|_| panic!("{title} is open"));
            assert_eq!(office.sheets(&title), 1, "{title}");
            all += 1;
        }
    }
    println!(
        "{all} claims, {} refused while the database was away",
        heard.unavailable.load(Ordering::SeqCst)
    );
    let verified = office.gateway.site.portico(&["audit", "verify", "--config", "portico.toml"]);
    assert!(verified.status.success(), "{verified:?}");
}

/// Says something to the database as its administrator.
fn administer(postgres: &Running, statement: &str) -> bool {
    let run = Command::new("psql")
        .args(["-h", "127.0.0.1", "-p", &postgres.addr.port().to_string(), "-U", postgres.username])
        .args(["-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", statement])
        .env("PGPASSWORD", postgres.password)
        .output();
    run.is_ok_and(|run| run.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_audit_trail_cannot_be_written_nothing_is_sent_and_503_says_so() {
    let Some(postgres) = for_test(Product::Postgres) else { return };
    let office = office(&postgres).await;
    let before = office.make(&office.claimant, "Before").await;
    let read_only = "create function portico.no() returns trigger language plpgsql as $$ begin raise \
                     insufficient_privilege; end $$; create trigger no before insert on portico.audit for each row \
                     execute function portico.no()";
    assert!(administer(&postgres, read_only), "psql comes with PostgreSQL");
    office.odoo.reset_counters();
    let (later, claim) = (key(), office.claim("Not audited"));
    for _ in 0..3 {
        let answer = office.post(&office.claimant, ROUTE, &later, None, &claim).await;
        assert_eq!(answer.problem(503, "store_unavailable")["outcome"], "notAttempted");
    }
    assert_eq!(office.odoo.all_calls(), 0, "nothing is sent that cannot be audited");
    let path = format!("{ROUTE}/{}", text(&before, "id"));
    office.get(&office.claimant, &path).await.expect(200);
    assert!(administer(&postgres, "drop trigger no on portico.audit"));
    let recovered = async || {
        let answer = office.post(&office.claimant, ROUTE, &later, None, &claim).await;
        (answer.status() == 201).then_some(())
    };
    wait_for(recovered, SOON).await.expect("it takes writes again by itself");
    assert_eq!(office.sheets("Not audited"), 1);
}
