//! The operations port.

use portico_simkit::client;
use portico_simkit::fault::{Fault, FaultProxy};
use portico_webdav_sim::Flavour;
use serde_json::Value;

use crate::support::{ACCOUNT, OPS_TOKEN, Site, small_store};

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_metrics_are_open_and_the_rest_wants_the_token() {
    let store = small_store(Flavour::Apache).await;
    let gateway = Site::over(&[("contracts", &store.base_url)], ACCOUNT).start().await;
    let at = |path: &str| format!("{}{path}", gateway.ops);
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(client::get(&at(path), &[]).await.unwrap().status, 200, "{path}");
    }
    let wrong = [vec![], vec![("Authorization", "Bearer wrong")], vec![("Authorization", OPS_TOKEN)]];
    for path in ["/status", "/traces", "/traces/0af7651916cd43dd8448eb211c80319c"] {
        for headers in &wrong {
            assert_eq!(client::get(&at(path), headers).await.unwrap().status, 401, "{path} {headers:?}");
        }
        assert_ne!(gateway.operate(path).await.status, 401, "{path}");
    }
    // A caller's token is not an operator's.
    let bearer = format!("Bearer {}", gateway.writer);
    assert_eq!(client::get(&at("/status"), &[("Authorization", &bearer)]).await.unwrap().status, 401);
    // A page that makes a name of its own point here (DNS rebinding).
    for headers in [[("Host", "evil.example")], [("Origin", "https://evil.example")]] {
        for path in ["/metrics", "/status"] {
            assert_eq!(client::get(&at(path), &headers).await.unwrap().status, 403, "{path} {headers:?}");
        }
    }
    // The API's port has none of it.
    gateway.get("/metrics").await.problem(404, "not_found");
    gateway.get("/status").await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_never_asks_a_back_office_and_metrics_and_status_tell_how_it_is() {
    let store = small_store(Flavour::Apache).await;
    let proxy = FaultProxy::start(store.addr).await.unwrap();
    let site =
        Site::new().store("contracts", &proxy.url(), ACCOUNT, "max_attempts = 1\nbreaker_failures = 2", "");
    let gateway = site.start().await;
    let seen = proxy.counts().connections;
    proxy.set(Fault::ResetOnAccept).await;
    assert_eq!(client::get(&format!("{}/readyz", gateway.ops), &[]).await.unwrap().status, 200);
    assert_eq!(proxy.counts().connections, seen, "readiness asked a back office");
    proxy.set(Fault::RefuseConnections).await;
    for _ in 0..3 {
        gateway.get("/v1/documents").await.problem(503, "backend_unavailable");
    }
    gateway.get("/v1/me").await.expect(200);
    assert_eq!(client::get(&format!("{}/readyz", gateway.ops), &[]).await.unwrap().status, 200);

    let metrics = client::get(&format!("{}/metrics", gateway.ops), &[]).await.unwrap().text();
    let samples: Vec<&str> = metrics.lines().filter(|line| !line.starts_with('#')).collect();
    let sample = |name: &str, labels: &[&str]| {
        let found = samples.iter().find(|line| {
            line.split(['{', ' ']).next() == Some(name) && labels.iter().all(|label| line.contains(label))
        });
        let line = found.unwrap_or_else(|| panic!("no {name} {labels:?} in\n{metrics}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let count = "http_server_request_duration_seconds_count";
    assert_eq!(sample(count, &["/v1/documents\"", "503"]), 3.0);
    assert_eq!(sample(count, &["/v1/me\"", "200"]), 1.0);
    let contracts = "portico_system=\"contracts\"";
    assert_eq!(sample("portico_adapter_in_flight", &[contracts]), 0.0);
    assert!(sample("portico_adapter_breaker_state", &[contracts]) > 0.0);
    sample("portico_adapter_retry_budget", &[contracts]);
    sample("portico_adapter_shed_total", &[contracts]);
    let calls = "portico_adapter_call_duration_seconds_count";
    assert!(sample(calls, &[contracts, "error_type=\"connect_refused\""]) >= 1.0);
    assert!(sample(calls, &[contracts, "error_type=\"breaker_open\""]) >= 1.0);
    assert_eq!(sample("portico_config_info", &[]), 1.0);

    let status: Value = serde_json::from_slice(&gateway.operate("/status").await.body).unwrap();
    let system = &status["systems"][0];
    assert_eq!((&system["id"], &system["breaker"]), (&"contracts".into(), &"open".into()), "{status:#}");
    assert_eq!(system["lastFailure"]["errorType"], "connect_refused");
    assert_eq!(status["ready"], true);
    let hash = status["configHash"].as_str().unwrap();
    assert!(metrics.contains(hash), "the hash that runs is in the metrics too");
    let said = gateway.site.portico(&["validate", "--config", "portico.toml"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains(hash), "and is that of the file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_cannot_be_written_ends_readiness_and_nothing_else() {
    let store = small_store(Flavour::Apache).await;
    let gateway = Site::over(&[("contracts", &store.base_url)], ACCOUNT).start().await;
    let (here, away) = (gateway.site.path("data"), gateway.site.path("data-away"));
    let ready = format!("{}/readyz", gateway.ops);
    assert_eq!(client::get(&ready, &[]).await.unwrap().status, 200);
    std::fs::rename(&here, &away).unwrap();
    let reply = client::get(&ready, &[]).await.unwrap();
    assert_eq!(reply.status, 503);
    assert!(reply.text().contains("data folder"), "{}", reply.text());
    assert_eq!(client::get(&format!("{}/livez", gateway.ops), &[]).await.unwrap().status, 200);
    gateway.get("/v1/documents").await.expect(200);
    std::fs::rename(&away, &here).unwrap();
    assert_eq!(client::get(&ready, &[]).await.unwrap().status, 200);
}
