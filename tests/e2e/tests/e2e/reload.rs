//! SIGHUP: another configuration without a restart.

use std::fs;
use std::time::Duration;

use portico_simkit::client::{self, Connection};
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::wait::{wait_for, wait_until};
use portico_webdav_sim::Flavour;
use serde_json::Value;

use crate::support::{ACCOUNT, Gateway, Load, SOON, Site, small_store};

/// Keeps idle connections to a store for longer than any test waits for their end.
const KEEPING: &str = "pool_idle_timeout_ms = 600000";

async fn status(gateway: &Gateway) -> Value {
    serde_json::from_slice(&gateway.operate("/status").await.body).unwrap()
}

async fn metrics(gateway: &Gateway) -> String {
    client::get(&format!("{}/metrics", gateway.ops), &[]).await.unwrap().text()
}

/// The hash of the file as it is now, by another process.
fn hash_of_file(gateway: &Gateway) -> String {
    let said = gateway.site.portico(&["validate", "--config", "portico.toml"]);
    let said = String::from_utf8(said.stdout).unwrap();
    said.trim().trim_end_matches('.').rsplit(' ').next().unwrap().to_owned()
}

/// SIGHUP, and waits until the attempt is over; whether it took effect.
async fn reload(gateway: &Gateway) -> bool {
    let before = status(gateway).await["lastReload"]["at"].clone();
    gateway.signal("HUP");
    let over = async || {
        let last = status(gateway).await["lastReload"].clone();
        (last["at"] != before).then(|| last["applied"].as_bool().unwrap())
    };
    wait_for(over, SOON).await.expect("the reload ends")
}

/// Writes the file anew; the line that holds `from` gets `to` in its place.
fn edit(gateway: &Gateway, from: &str, to: &str) {
    let path = gateway.site.path("portico.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn systems_come_and_go_under_load_without_a_failed_request() {
    let (contracts, plans) = (small_store(Flavour::Apache).await, small_store(Flavour::WsgiDav).await);
    let proxy = FaultProxy::start(plans.addr).await.unwrap();
    let site = Site::over(&[("contracts", &contracts.base_url)], ACCOUNT);
    let one = site.systems().to_owned();
    let site = site.store("plans", &proxy.url(), ACCOUNT, "", KEEPING);
    let both = site.systems().to_owned();
    let mut gateway = site.start().await;
    gateway.get("/v1/systems/plans").await.expect(200);
    let load = Load::start(gateway.api_addr(), &gateway.reader, 4);
    for round in 0..6 {
        for (tables, systems) in [(&one, 1), (&both, 2)] {
            gateway.site.replace_systems(tables);
            assert!(reload(&gateway).await, "{}", gateway.log());
            let status = status(&gateway).await;
            let hash = hash_of_file(&gateway);
            assert_eq!(status["configHash"], hash.as_str(), "round {round}");
            assert_eq!(status["systems"].as_array().unwrap().len(), systems);
            let metrics = metrics(&gateway).await;
            assert!(
                metrics.contains(&format!("portico_config_info{{portico_config_hash=\"{hash}\"")),
                "{metrics}"
            );
            let shown = metrics.contains("portico_adapter_in_flight{portico_system=\"plans\"}");
            assert_eq!(shown, systems == 2, "{metrics}");
            let listed = gateway.get("/v1/systems").await.expect(200);
            assert_eq!(listed["items"].as_array().unwrap().len(), systems);
            load.more(20).await;
            if systems == 1 {
                // Every caller has asked since, so that nobody holds what went.
                wait_until(|| proxy.counts().open == 0, SOON).await.expect("its idle connections are closed");
                gateway.get("/v1/systems/plans").await.problem(404, "not_found");
            } else {
                assert!(proxy.counts().open > 0, "the load goes to it again");
            }
        }
    }
    let failures = load.end().await;
    assert!(failures.is_empty(), "{failures:?}");
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_leaves_what_runs_and_every_fault_is_said() {
    let store = small_store(Flavour::Apache).await;
    let gateway = Site::over(&[("contracts", &store.base_url)], ACCOUNT).start().await;
    let good = hash_of_file(&gateway);
    assert_eq!(status(&gateway).await["lastReload"], Value::Null);
    assert!(metrics(&gateway).await.contains("portico_config_last_reload_successful 1"));

    edit(&gateway, "audience = ", "audeince = ");
    edit(&gateway, "actions = [\"read\"]", "actions = [\"reed\"]");
    edit(&gateway, "file:contracts-password", "file:no-such-password");
    assert!(!reload(&gateway).await);
    let now = status(&gateway).await;
    assert_eq!(now["configHash"], good.as_str(), "what runs is shown, not what was tried");
    let faults: Vec<&str> =
        now["lastReload"]["faults"].as_array().unwrap().iter().map(|fault| fault.as_str().unwrap()).collect();
    let log = gateway.log();
    for (key, meant) in [
        ("auth.audeince", "audience"),
        ("policy.rules[0].actions", ""),
        ("credentials.password", "no-such-password"),
    ] {
        let fault = faults.iter().find(|fault| fault.contains(key) && fault.contains(meant));
        let fault = fault.unwrap_or_else(|| panic!("no {key} in {faults:#?}"));
        assert!(fault.starts_with("portico.toml:"), "{fault}");
        assert!(log.contains(key), "{log}");
    }
    assert!(log.contains("what ran before goes on"), "{log}");
    assert!(metrics(&gateway).await.contains("portico_config_last_reload_successful 0"));
    assert!(metrics(&gateway).await.contains(&good));
    gateway.get("/v1/documents").await.expect(200);
    let ready = client::get(&format!("{}/readyz", gateway.ops), &[]).await.unwrap();
    assert_eq!(ready.status, 200, "what runs is as good as it was");

    gateway.site.write();
    assert!(reload(&gateway).await, "{}", gateway.log());
    let now = status(&gateway).await;
    assert_eq!(
        (now["configHash"].as_str(), &now["lastReload"]["faults"]),
        (Some(&*good), &Value::Array(vec![]))
    );
    assert!(metrics(&gateway).await.contains("portico_config_last_reload_successful 1"));
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_a_restart_is_refused_by_name() {
    let store = small_store(Flavour::Apache).await;
    let gateway = Site::over(&[("contracts", &store.base_url)], ACCOUNT).start().await;
    edit(&gateway, "api = \"127.0.0.1:0\"", "api = \"127.0.0.1:1\"");
    edit(&gateway, "dir = \"data\"", "dir = \"data-2\"");
    edit(&gateway, "Store contracts", "Another title");
    assert!(!reload(&gateway).await);
    let faults = status(&gateway).await["lastReload"]["faults"].clone();
    let faults: Vec<&str> = faults.as_array().unwrap().iter().map(|fault| fault.as_str().unwrap()).collect();
    assert_eq!(faults.len(), 2, "{faults:#?}");
    for (fault, key) in faults.iter().zip(["listen.api", "data.dir"]) {
        assert!(fault.contains(&format!("`{key}`")) && fault.contains("restart"), "{fault}");
    }
    // All or nothing.
    let title = gateway.get("/v1/systems/contracts").await.expect(200)["title"].clone();
    assert_eq!(title, "Store contracts");
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_ends_on_what_took_it_and_the_next_one_meets_the_new() {
    let (contracts, plans) = (small_store(Flavour::Apache).await, small_store(Flavour::Apache).await);
    let proxy = FaultProxy::start(contracts.addr).await.unwrap();
    let site = Site::over(&[("plans", &plans.base_url)], ACCOUNT);
    let one = site.systems().to_owned();
    let mut gateway = site.store("contracts", &proxy.url(), ACCOUNT, "", KEEPING).start().await;
    proxy.set(Fault::Delay(Duration::from_millis(1_500))).await;
    let mut connection = Connection::open(gateway.api_addr()).await.unwrap();
    let bearer = format!("Bearer {}", gateway.reader);
    let before = proxy.counts().requests;
    let slow = tokio::spawn(async move {
        let headers = [("Authorization", &*bearer)];
        let slow = connection.request("GET", "/v1/documents?source=contracts", &headers, b"").await.unwrap();
        // The same connection, which has been there since before.
        let next = connection.request("GET", "/v1/systems/contracts", &headers, b"").await.unwrap();
        (slow, next)
    });
    wait_until(|| proxy.counts().requests > before, SOON).await.unwrap();
    gateway.site.replace_systems(&one);
    assert!(reload(&gateway).await, "{}", gateway.log());
    gateway.get("/v1/systems/contracts").await.problem(404, "not_found");
    let (slow, next) = slow.await.unwrap();
    assert_eq!(slow.status, 200, "{}", slow.text());
    let page: Value = serde_json::from_slice(&slow.body).unwrap();
    assert_eq!(page["sources"][0]["status"], "ok", "{page:#}");
    assert_eq!(next.status, 404, "{}", next.text());
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_tokens_change_and_what_is_known_of_a_system_stays() {
    let store = small_store(Flavour::Apache).await;
    let proxy = FaultProxy::start(store.addr).await.unwrap();
    let limits = "max_attempts = 1\nbreaker_failures = 2\nbreaker_open_ms = 600000";
    let gateway = Site::new().store("contracts", &proxy.url(), ACCOUNT, limits, "").start().await;
    proxy.set(Fault::RefuseConnections).await;
    for _ in 0..2 {
        gateway.get("/v1/documents").await.problem(503, "backend_unavailable");
    }
    let breaker = async || status(&gateway).await["systems"][0]["breaker"].clone();
    assert_eq!(breaker().await, "open");
    // A title and a rule: the stack stays, and with it what it has learnt.
    edit(&gateway, "Store contracts", "Another title");
    edit(
        &gateway,
        "actions = [\"read\"]\nwho = \"role:staff\"",
        "actions = [\"read\"]\nwho = \"role:nobody\"",
    );
    assert!(reload(&gateway).await, "{}", gateway.log());
    assert_eq!(breaker().await, "open");
    gateway.get("/v1/documents").await.problem(403, "forbidden");
    let title = gateway.get("/v1/systems/contracts").await.expect(200)["title"].clone();
    assert_eq!(title, "Another title");
    // Another password behind the same reference: a new stack.
    fs::write(gateway.site.path("contracts-password"), "another").unwrap();
    assert!(reload(&gateway).await, "{}", gateway.log());
    assert_eq!(breaker().await, "closed");
    // Tokens for somebody else are not taken any more, the operators' new token is.
    edit(&gateway, "audience = \"portico\"", "audience = \"another\"");
    assert!(reload(&gateway).await, "{}", gateway.log());
    gateway.get("/v1/me").await.problem(401, "unauthenticated");
    fs::write(gateway.site.path("ops-token"), "another-operators-token").unwrap();
    gateway.signal("HUP");
    let refused = async || (gateway.operate("/status").await.status == 401).then_some(());
    wait_for(refused, SOON).await.expect("the old token of the operators ends");
    assert!(gateway.stop().status.success());
}
