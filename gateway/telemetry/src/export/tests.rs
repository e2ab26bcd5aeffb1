mod collector;
mod proto;

use std::time::{Duration, Instant, SystemTime};

use portico_contract::trace::{FinishedTrace, SpanId, SpanKind, SpanRecord, TraceId, Value, attr};
use secrecy::SecretString;

use super::*;
use crate::{Telemetry, TelemetryConfig};
use collector::{Collector, tls_collector};
use http::Method;

fn config(endpoint: &str, sample_ratio: f64) -> TelemetryConfig {
    let mut config = TelemetryConfig::quiet("portico", "1.2.3", "town-hall");
    config.otlp = Some(OtlpConfig {
        endpoint: endpoint.to_owned(),
        headers: vec![("authorization".to_owned(), SecretString::from("Bearer s3cret"))],
        sample_ratio,
        trust_pem: None,
    });
    config
}

fn span(id: u64, parent: Option<u64>, kind: SpanKind, name: &'static str, ms: u64) -> SpanRecord {
    SpanRecord {
        id: SpanId(id),
        parent: parent.map(SpanId),
        kind,
        name: name.into(),
        start: Duration::from_millis(1),
        end: Duration::from_millis(1 + ms),
        error: None,
        attributes: Vec::new(),
    }
}

fn tree(sampled: bool, status: i64) -> FinishedTrace {
    let mut call = span(2, Some(1), SpanKind::Internal, "documents list", 20);
    call.attributes =
        vec![(attr::SYSTEM, Value::Configured("intranet".into())), (attr::ATTEMPTS, Value::Number(2))];
    let mut root = span(1, Some(0xb7), SpanKind::Server, "GET /v1/documents", 30);
    root.attributes = vec![(attr::HTTP_STATUS, Value::Number(status))];
    if status >= 500 {
        call.error = Some("timeout");
        root.error = Some("timeout");
    }
    FinishedTrace {
        trace_id: TraceId(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes()),
        sampled,
        started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        remote_parent: Some(SpanId(0xb7)),
        spans: vec![call, root],
        dropped: 0,
    }
}

async fn shut_down(telemetry: Telemetry, deadline: Duration) -> crate::ShutdownReport {
    tokio::task::spawn_blocking(move || telemetry.shutdown(deadline)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_tree_reaches_the_collector_whole() {
    let collector = Collector::start(&[]).await;
    let telemetry =
        Telemetry::start_without_log(&config(&format!("{}/otlp/", collector.server.url()), 0.0)).unwrap();
    telemetry.sink().finished(tree(false, 504));
    assert!(shut_down(telemetry, Duration::from_secs(3)).await.complete);
    let received = collector.traces();
    assert_eq!(received.len(), 1, "{received:?}");
    let request = &received[0];
    assert_eq!((&request.method, &*request.path), (&Method::POST, "/otlp/v1/traces"));
    assert_eq!(request.authorization.as_deref(), Some("Bearer s3cret"));

    // ExportTraceServiceRequest: resource_spans 1 → resource 1 → attributes 1; scope_spans 2 → spans 2.
    let mut resource = proto::attributes(&request.body, &[1, 1, 1]);
    resource.sort();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let expected = [
        pair("service.instance.id", "town-hall"),
        pair("service.name", "portico"),
        pair("service.version", "1.2.3"),
    ];
    assert_eq!(resource, expected);
    let spans = proto::at(&request.body, &[1, 2, 2]);
    let [call, root] = spans[..] else { panic!("two spans, not {}", spans.len()) };
    for span in [call, root] {
        assert_eq!(proto::at(span, &[1])[0], 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes());
        // Status: code 3 is 2, an error; message 2 is empty.
        let status = proto::at(span, &[15])[0];
        assert_eq!((proto::number(status, 3), proto::text(status, &[2])), (2, String::new()));
        assert!(proto::attributes(span, &[9]).contains(&pair("error.type", "timeout")));
    }
    assert_eq!(proto::at(root, &[2])[0], 1_u64.to_be_bytes());
    assert_eq!(proto::at(root, &[4])[0], 0xb7_u64.to_be_bytes());
    assert_eq!(proto::at(call, &[4])[0], 1_u64.to_be_bytes());
    assert_eq!(proto::text(root, &[5]), "GET /v1/documents");
    assert_eq!(proto::number(root, 6), 2, "kind server");
    assert_eq!(proto::number(call, 6), 1, "kind internal");
    assert_eq!(proto::number(root, 7), 1_800_000_000_001_000_000);
    assert_eq!(proto::number(root, 8), 1_800_000_000_031_000_000);
    assert!(proto::attributes(root, &[9]).contains(&pair("http.response.status_code", "504")));
    assert!(proto::attributes(call, &[9]).contains(&pair("portico.system", "intranet")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordinary_trees_are_sent_only_when_sampled() {
    let collector = Collector::start(&[]).await;
    let telemetry = Telemetry::start_without_log(&config(&collector.server.url(), 0.0)).unwrap();
    assert!((0..1_000).all(|_| !telemetry.sample()));
    telemetry.sink().finished(tree(false, 200));
    assert!(shut_down(telemetry, Duration::from_secs(3)).await.complete);
    assert!(collector.traces().is_empty());

    let telemetry = Telemetry::start_without_log(&config(&collector.server.url(), 1.0)).unwrap();
    assert!((0..1_000).all(|_| telemetry.sample()));
    telemetry.sink().finished(tree(true, 200));
    assert!(shut_down(telemetry, Duration::from_secs(3)).await.complete);
    assert_eq!(collector.traces().len(), 1);

    let telemetry = Telemetry::start_without_log(&config(&collector.server.url(), 0.25)).unwrap();
    let share = (0..10_000).filter(|_| telemetry.sample()).count();
    assert!((2_000..3_000).contains(&share), "{share} of 10,000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_and_logs_go_to_the_collector_too_and_the_transport_stays_silent() {
    let collector = Collector::start(&[]).await;
    let telemetry = Telemetry::start_without_log(&config(&collector.server.url(), 0.0)).unwrap();
    telemetry.metrics().refused("header_timeout");
    let subscriber = telemetry.take_subscriber().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "portico_resilience", { portico.system = "intranet" }, "system is back");
        let error = portico_contract::Error::new(portico_contract::ErrorKind::Timeout, "Too slow.");
        telemetry.failures().note(&crate::FailureNote::of(TraceId([0xab; 16]), &error));
        tracing::error!(target: "hyper::proto", "noise of the transport");
        tracing::error!(target: "opentelemetry_sdk", "noise of the library");
        tracing::error!(target: "portico_telemetry::export::client", "noise of our own client");
    });
    assert!(shut_down(telemetry, Duration::from_secs(3)).await.complete);
    let received = collector.received.lock().clone();
    let of = |path: &str| received.iter().filter(|r| r.path == path).collect::<Vec<_>>();
    let metrics = String::from_utf8_lossy(&of("/v1/metrics")[0].body).into_owned();
    assert!(metrics.contains("portico.server.refused") && metrics.contains("header_timeout"), "{metrics}");
    let logs: String = of("/v1/logs").iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect();
    assert!(logs.contains("system is back") && logs.contains("portico.system"), "{logs}");
    assert!(!logs.contains("noise"), "{logs}");
    // ExportLogsServiceRequest: resource_logs 1 → scope_logs 2 → log_records 2 → trace_id 9.
    let ids: Vec<_> =
        of("/v1/logs").iter().flat_map(|r| proto::at(&r.body, &[1, 2, 2, 9]).concat()).collect();
    assert_eq!(ids, [0xab; 16], "the failure is tied to its trace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_trusts_the_given_certificates_and_no_others() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = key.cert.pem();
    let (endpoint, serving) = tls_collector(key).await;
    let mut trusting = config(&endpoint, 0.0);

    let strict = Telemetry::start_without_log(&trusting).unwrap();
    strict.sink().finished(tree(false, 504));
    wait_until(|| strict.dropped(Dropped::SpanExport) == 2).await;
    assert!(!serving.is_finished(), "an unknown certificate was trusted");

    trusting.otlp.as_mut().unwrap().trust_pem = Some(pem);
    let telemetry = Telemetry::start_without_log(&trusting).unwrap();
    telemetry.sink().finished(tree(false, 504));
    let head = serving.await.unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    tokio::task::spawn_blocking(move || drop((strict, telemetry))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_collector_is_asked_again_and_a_refusing_one_is_not() {
    let busy = Collector::start(&[503, 429]).await;
    let telemetry = Telemetry::start_without_log(&traces_only(&busy.server.url())).unwrap();
    telemetry.sink().finished(tree(false, 504));
    wait_until(|| busy.traces().len() == 3).await;
    assert!(shut_down(telemetry, Duration::from_secs(3)).await.complete);

    let refusing = Collector::start(&[401]).await;
    let telemetry = Telemetry::start_without_log(&traces_only(&refusing.server.url())).unwrap();
    telemetry.sink().finished(tree(false, 504));
    wait_until(|| telemetry.dropped(Dropped::SpanExport) == 2).await;
    assert_eq!(refusing.traces().len(), 1);
}

/// Statuses are answered in turn whatever the signal, so metrics and logs must not come in between: they only go out at
/// shutdown and every half minute.
fn traces_only(endpoint: &str) -> TelemetryConfig {
    config(endpoint, 0.0)
}

async fn wait_until(holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < until, "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_down_costs_counted_spans_and_nothing_else() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let telemetry = Telemetry::start_without_log(&config(&endpoint, 0.0)).unwrap();
    telemetry.sink().finished(tree(false, 504));
    wait_until(|| telemetry.dropped(Dropped::SpanExport) == 2).await;
    let text = telemetry.render_metrics();
    assert!(
        text.contains(r#"portico_telemetry_dropped_total{portico_telemetry_reason="span_export"} 2"#),
        "{text}"
    );
    let report = shut_down(telemetry, Duration::from_secs(3)).await;
    assert!(report.took <= Duration::from_millis(3_200), "{report:?}");
}

#[test]
fn a_black_hole_neither_blocks_requests_nor_the_end() {
    // Takes connections and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let holding = std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept() {
            held.push(connection);
            if held.len() == 64 {
                break;
            }
        }
    });
    let telemetry = Telemetry::start_without_log(&config(&endpoint, 0.0)).unwrap();
    let sink = telemetry.sink();
    let trees: Vec<_> = (0..20_000).map(|_| tree(false, 504)).collect();
    let mut slowest = Duration::ZERO;
    for tree in trees {
        let begun = Instant::now();
        sink.finished(tree);
        slowest = slowest.max(begun.elapsed());
    }
    // The scheduler may take the thread away for some milliseconds; a wait for the collector would be seconds.
    assert!(slowest < Duration::from_millis(500), "one tree took {slowest:?}");
    let (queued, dropped) = (QUEUE_LARGEST, telemetry.dropped(Dropped::SpanQueue));
    assert!(dropped >= 40_000 - queued, "{dropped} of 40,000 spans were dropped");
    let begun = Instant::now();
    let report = telemetry.shutdown(Duration::from_secs(60));
    assert!(!report.complete);
    assert!(begun.elapsed() <= Duration::from_millis(3_200), "{:?}", begun.elapsed());
    // The thread ends with its last connection or with the process.
    drop(holding);
}

/// Spans that wait, that are being sent, and that the batcher may have taken in between.
const QUEUE_LARGEST: u64 = (batch::QUEUE_SPANS + 4 * 512) as u64;

#[test]
fn what_cannot_work_is_refused_with_words_and_without_the_secret() {
    let refused = |change: &dyn Fn(&mut OtlpConfig)| {
        let mut config = config("http://127.0.0.1:4318", 0.5);
        change(config.otlp.as_mut().unwrap());
        Telemetry::start_without_log(&config).unwrap_err().to_string()
    };
    for endpoint in ["127.0.0.1:4318", "ftp://127.0.0.1", "http://", "https://c/?x=1", "not an address", ""] {
        let why = refused(&|c| c.endpoint = endpoint.to_owned());
        assert!(why.contains("Give an absolute http or https address"), "{endpoint}: {why}");
    }
    let why = refused(&|c| c.endpoint = "https://user:s3cret@collector".to_owned());
    assert!(!why.contains("s3cret"), "{why}");
    assert!(refused(&|c| c.sample_ratio = 1.5).contains("between 0 and 1"));
    assert!(refused(&|c| c.sample_ratio = f64::NAN).contains("between 0 and 1"));
    assert!(refused(&|c| c.trust_pem = Some("no pem".to_owned())).contains("no certificate in it"));
    let why = refused(&|c| c.headers.push(("x-key".to_owned(), SecretString::from("s3cret\n"))));
    assert!(why.contains("x-key") && !why.contains("s3cret"), "{why}");
    assert!(!format!("{:?}", config("http://c", 0.0)).contains("s3cret"));
}

/// The types leave no way for free text: a change of either set fails to compile in `convert` and `record`, and this says
/// what each becomes.
#[test]
fn only_words_configured_texts_numbers_and_flags_leave_the_machine() {
    let mut root = span(1, None, SpanKind::Server, "GET /v1/me", 1);
    root.attributes = vec![
        ("word", Value::Word("closed")),
        ("configured", Value::Configured("intranet".into())),
        ("number", Value::Number(7)),
        ("flag", Value::Flag(true)),
    ];
    let mut batch = Vec::new();
    convert::to_otel(&FinishedTrace { spans: vec![root], ..tree(false, 200) }, &mut batch);
    let attributes: Vec<_> = batch[0].attributes.iter().map(|a| format!("{}={}", a.key, a.value)).collect();
    assert_eq!(attributes, ["word=closed", "configured=intranet", "number=7", "flag=true"]);
    assert!(batch[0].events.is_empty() && batch[0].links.is_empty());
}
