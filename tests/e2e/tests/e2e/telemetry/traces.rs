//! One request is one tree: at a collector that we did not write, and on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use portico_servers::{Product, for_test};
use portico_simkit::client;
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::http::{Server, full, read_capped};
use portico_simkit::wait::{wait_blocking, wait_until};
use portico_webdav_sim::Flavour;

use crate::support::{ACCOUNT, Gateway, SOON, Site, ask, small_store};

/// One span as rotel prints it.
#[derive(Debug, Clone, Default)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
    pub(super) name: String,
    kind: String,
    pub(super) text: String,
}

/// The spans in rotel's log.
pub(super) fn spans(log: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for line in log.lines() {
        if line.trim_start().starts_with("Span #") {
            spans.push(Span::default());
        }
        let Some(span) = spans.last_mut() else { continue };
        span.text.push_str(line);
        span.text.push('\n');
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim().to_owned();
        match name.trim() {
            "Trace ID" => span.trace = value,
            "Parent ID" => span.parent = value,
            "ID" => span.id = value,
            "Name" if span.name.is_empty() => span.name = value,
            "Kind" => span.kind = value,
            _ => {}
        }
    }
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_is_one_tree_from_the_caller_to_the_back_office() {
    let Some(rotel) = for_test(Product::Rotel) else { return };
    // The store, with an ear on the header that carries the trace on.
    let store = small_store(Flavour::Apache).await;
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let ear = Arc::clone(&heard);
    let simulator = store.simulator.clone();
    let listening = Server::loopback(move |request| {
        let (ear, simulator) = (Arc::clone(&ear), simulator.clone());
        async move {
            let (parts, body) = request.into_parts();
            if let Some(value) = parts.headers.get("traceparent") {
                ear.lock().unwrap().push(value.to_str().unwrap().to_owned());
            }
            let body = read_capped(body, 1 << 20).await.unwrap_or_default();
            simulator.handle(&parts, body).map(full)
        }
    });
    let listening = listening.await.unwrap();
    let otlp = format!("[telemetry.otlp]\nendpoint = \"http://{}\"\nsample_ratio = 1.0\n", rotel.addr);
    let gateway = Site::over(&[("contracts", &listening.url())], ACCOUNT).with(&otlp).start().await;
    let list = gateway.get("/v1/documents?q=lease").await.expect(200);
    let id = list["items"][0]["id"].as_str().unwrap();

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let caller = "00f067aa0ba902b7";
    let from = format!("00-{trace}-{caller}-01");
    heard.lock().unwrap().clear();
    let path = format!("/v1/documents/{id}");
    gateway.send("GET", &path, &gateway.reader, &[("traceparent", &from)], b"").await.expect(200);
    let of_trace =
        || spans(&rotel.log_text()).into_iter().filter(|span| span.trace == trace).collect::<Vec<_>>();
    wait_until(|| of_trace().len() >= 3, SOON).await.unwrap_or_else(|_| panic!("{}", rotel.log_text()));

    let spans = of_trace();
    let named = |name: &str, kind: &str| {
        let mut found =
            spans.iter().filter(|span| span.name == name && span.kind.to_lowercase().contains(kind));
        let one = found.next().unwrap_or_else(|| panic!("no {kind} `{name}` in {spans:#?}"));
        assert!(found.next().is_none(), "two of {name}");
        one
    };
    let server = named("GET /v1/documents/{id}", "server");
    let call = named("documents get", "internal");
    let attempt = named("PROPFIND", "client");
    assert_eq!(server.parent, caller);
    assert_eq!(call.parent, server.id);
    assert_eq!(attempt.parent, call.id);
    assert_eq!(spans.len(), 3, "{spans:#?}");
    assert!(call.text.contains("contracts"), "{}", call.text);
    assert!(server.text.contains("http.route"), "{}", server.text);
    assert!(!server.text.contains("error.type"), "only what failed has one: {}", server.text);
    let heard = heard.lock().unwrap().clone();
    assert_eq!(
        heard,
        [format!("00-{trace}-{}-01", attempt.id)],
        "the store is told the attempt, and that it is sampled"
    );
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_every_request_is_still_one_tree() {
    const REQUESTS: u64 = 120;
    let Some(rotel) = for_test(Product::Rotel) else { return };
    let store = small_store(Flavour::Apache).await;
    let otlp = format!("[telemetry.otlp]\nendpoint = \"http://{}\"\nsample_ratio = 1.0\n", rotel.addr);
    let gateway =
        Site::over(&[("one", &store.base_url), ("two", &store.base_url)], ACCOUNT).with(&otlp).start().await;
    let callers = (0..8).map(|caller| {
        let (api, reader) = (gateway.api.clone(), gateway.reader.clone());
        tokio::spawn(async move {
            for number in (caller..REQUESTS).step_by(8) {
                let from = format!("00-{:032x}-{:016x}-01", 0xabc0_0000 + number, number + 1);
                let headers = [("traceparent", from.as_str())];
                ask(&api, "GET", "/v1/documents?limit=1", &reader, &headers, b"").await.expect(200);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    // A list over two stores: the request, a call to each, and at least one attempt in each call.
    let trees = || {
        let mut trees: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for span in spans(&rotel.log_text()) {
            trees.entry(span.trace.clone()).or_default().push(span);
        }
        trees
    };
    let whole = || {
        let trees = trees();
        trees.len() as u64 == REQUESTS && trees.values().all(|tree| tree.len() >= 5)
    };
    wait_until(whole, SOON)
        .await
        .unwrap_or_else(|_| panic!("{:?}", trees().values().map(Vec::len).collect::<Vec<_>>()));
    for (number, (trace, tree)) in trees().into_iter().enumerate() {
        assert_eq!(trace, format!("{:032x}", 0xabc0_0000 + number));
        let ids: BTreeSet<&str> = tree.iter().map(|span| span.id.as_str()).collect();
        assert_eq!(ids.len(), tree.len(), "a span came twice: {tree:#?}");
        let (roots, inner): (Vec<&Span>, Vec<&Span>) =
            tree.iter().partition(|span| !ids.contains(span.parent.as_str()));
        assert_eq!(roots.len(), 1, "{tree:#?}");
        assert_eq!(roots[0].parent, format!("{:016x}", number + 1), "the caller's span is the parent");
        assert_eq!(roots[0].name, "GET /v1/documents");
        assert_eq!(inner.iter().filter(|span| span.name == "documents list").count(), 2, "{tree:#?}");
    }
    assert!(gateway.stop().status.success());
}

/// A gateway over a store that is down.
async fn failing() -> (FaultProxy, Gateway) {
    let closed = FaultProxy::start(([127, 0, 0, 1], 1).into()).await.unwrap();
    closed.set(Fault::RefuseConnections).await;
    let gateway = Site::over(&[("contracts", &closed.url())], ACCOUNT).start().await;
    (closed, gateway)
}

/// What `portico trace` says; waits until the trace is written.
fn explained(gateway: &Gateway, id: &str) -> String {
    let words = || {
        let output = gateway.site.portico(&["trace", "--config", "portico.toml", id]);
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    wait_blocking(words, SOON).expect("the trace is kept")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_outlives_a_kill_and_is_told_in_words() {
    let (_closed, gateway) = failing().await;
    let problem = gateway.get("/v1/documents").await.problem(503, "backend_unavailable");
    let id = problem["traceId"].as_str().unwrap().to_owned();
    let before = explained(&gateway, &id);
    let gateway = gateway.kill_and_restart().await;
    let after = explained(&gateway, &id);
    assert_eq!(before, after);
    for words in [
        "GET /v1/documents",
        "503 backend_unavailable",
        "documents list on `contracts`",
        "FAILED",
        "connect_refused",
        "What failed",
        "portico check contracts",
    ] {
        assert!(after.contains(words), "no `{words}` in\n{after}");
    }
    // The operations port says the same, and both list it.
    assert_eq!(gateway.operate(&format!("/traces/{id}")).await.text().trim(), after.trim());
    assert!(gateway.operate("/traces").await.text().contains(&id));
    let listed = gateway.site.portico(&["trace", "--config", "portico.toml"]);
    assert!(String::from_utf8(listed.stdout).unwrap().contains(&id));
    // An unknown id is said to be one.
    let unknown =
        gateway.site.portico(&["trace", "--config", "portico.toml", "0af7651916cd43dd8448eb211c80319c"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(gateway.operate("/traces/0af7651916cd43dd8448eb211c80319c").await.status, 404);
    // After the end it can still be read.
    let dir = gateway.site.path("data/traces");
    let site = gateway.site.portico(&["trace", "--dir", dir.to_str().unwrap(), &id]);
    assert!(String::from_utf8(site.stdout).unwrap().contains("connect_refused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_swallows_everything_changes_nothing() {
    let hole = FaultProxy::start(([127, 0, 0, 1], 1).into()).await.unwrap();
    hole.set(Fault::BlackHole).await;
    let store = small_store(Flavour::Apache).await;
    let otlp = format!("[telemetry.otlp]\nendpoint = \"{}\"\nsample_ratio = 1.0\n", hole.url());
    let gateway = Site::over(&[("contracts", &store.base_url)], ACCOUNT).with(&otlp).start().await;
    for _ in 0..50 {
        gateway.get("/v1/me").await.expect(200);
    }
    assert_eq!(client::get(&format!("{}/readyz", gateway.ops), &[]).await.unwrap().status, 200);
    let started = std::time::Instant::now();
    assert!(gateway.stop().status.success());
    // Three seconds for telemetry, half a second for the operations port, and a busy machine.
    assert!(started.elapsed() < std::time::Duration::from_secs(6), "{:?}", started.elapsed());
}
