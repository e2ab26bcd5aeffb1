//! What a collector is sent is what the configuration says.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use portico_simkit::http as sim;
use portico_simkit::wait::wait_until;
use portico_webdav_sim::Flavour;

use crate::support::{ACCOUNT, SOON, Site, small_store};

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_the_telemetry_library_change_nothing() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let collector = sim::Server::loopback(move |request: http::Request<sim::Body>| {
        kept.lock().unwrap().push((request.uri().path().to_owned(), request.headers().clone()));
        async { http::Response::new(sim::full(Bytes::new())) }
    });
    let collector = collector.await.unwrap();
    let store = small_store(Flavour::Apache).await;
    let otlp = format!(
        "[telemetry.otlp]\nendpoint = \"{}\"\nsample_ratio = 1.0\n[telemetry.otlp.headers]\n\
         x-api-key = \"file:otlp-key\"\n",
        collector.url()
    );
    let site = Site::over(&[("contracts", &store.base_url)], ACCOUNT).with(&otlp);
    std::fs::write(site.path("otlp-key"), "configured").unwrap();
    let gateway = site
        .variable("OTEL_EXPORTER_OTLP_HEADERS", "x-from-outside=1,x-api-key=from-outside")
        .variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-from-outside=2")
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .variable("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .variable("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        .variable("OTEL_RESOURCE_ATTRIBUTES", "service.name=from-outside")
        .start()
        .await;
    gateway.get("/v1/documents").await.expect(200);
    let sent = || heads.lock().unwrap().iter().any(|(path, _)| path == "/v1/traces");
    wait_until(sent, SOON).await.expect("the trace is sent");
    assert!(gateway.stop().status.success());
    for (path, head) in heads.lock().unwrap().iter() {
        assert_eq!(head.get_all("x-api-key").iter().collect::<Vec<_>>(), ["configured"], "{path}");
        assert_eq!(head.get("x-from-outside"), None, "{path}");
        assert_eq!(head["content-type"], "application/x-protobuf", "{path}");
        assert_eq!(head.get("content-encoding"), None, "{path}");
    }
}
