//! What telemetry costs a request: `cargo run --release -p portico-telemetry --example cost`.

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use portico_contract::SystemKey;
use portico_contract::trace::{FinishedTrace, Span, SpanId, SpanKind, SpanRecord, TraceId, Value, attr};
use portico_telemetry::{RingConfig, Telemetry, TelemetryConfig};

const ROUNDS: u32 = 200_000;

fn span(id: u64, kind: SpanKind, attributes: Vec<(&'static str, Value)>) -> SpanRecord {
    SpanRecord {
        id: SpanId(id),
        parent: (id > 1).then(|| SpanId(id - 1)),
        kind,
        name: "GET /v1/documents".into(),
        start: Duration::ZERO,
        end: Duration::from_millis(3),
        error: None,
        attributes,
    }
}

fn ordinary() -> FinishedTrace {
    let call = vec![
        (attr::SYSTEM, Value::Configured("intranet".into())),
        (attr::ADAPTER, Value::Word("webdav")),
        (attr::OPERATION, Value::Word("documents list")),
        (attr::BREAKER, Value::Word("closed")),
        (attr::ATTEMPTS, Value::Number(1)),
    ];
    let request = vec![
        (attr::HTTP_METHOD, Value::Word("GET")),
        (attr::HTTP_ROUTE, Value::Configured("/v1/documents".into())),
        (attr::HTTP_STATUS, Value::Number(200)),
    ];
    let attempt = vec![(attr::HTTP_METHOD, Value::Word("PROPFIND")), (attr::HTTP_STATUS, Value::Number(207))];
    FinishedTrace {
        trace_id: TraceId([7; 16]),
        sampled: false,
        started_at: SystemTime::now(),
        remote_parent: None,
        spans: vec![
            span(3, SpanKind::Client, attempt),
            span(2, SpanKind::Internal, call),
            span(1, SpanKind::Server, request),
        ],
        dropped: 0,
    }
}

fn time(what: &str, rounds: u32, mut work: impl FnMut()) {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        (0..rounds).for_each(|_| work());
        best = best.min(begun.elapsed() / rounds);
    }
    println!("{what:<52} {best:>9.2?}");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let mut config = TelemetryConfig::quiet("portico", "0.1.0", "bench");
    config.ring =
        Some(RingConfig { dir: dir.path().to_owned(), max_bytes: portico_telemetry::RING_DEFAULT_BYTES });
    let telemetry = Telemetry::start(config)?;
    let metrics = telemetry.metrics();
    metrics.register_routes(["/v1/documents", "/v1/documents/{id}", "/v1/me"]);
    let system = SystemKey::new("intranet").ok_or("a key")?;

    // Trees are made outside the measured loop, and forgotten inside it, as they are when a request ends.
    let sink = telemetry.sink();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let trees: Vec<_> = (0..ROUNDS / 4).map(|_| ordinary()).collect();
        let begun = Instant::now();
        trees.into_iter().for_each(|tree| sink.finished(tree));
        best = best.min(begun.elapsed() / (ROUNDS / 4));
    }
    println!("{:<52} {best:>9.2?}", "finished: ordinary tree of three spans, freed");

    let took = Duration::from_millis(3);
    time("request_started and request_finished", ROUNDS, || {
        metrics.request_started();
        metrics.request_finished(Some(black_box("/v1/documents")), "GET", 200, took);
    });
    time("call_finished", ROUNDS, || metrics.call_finished(&system, black_box("documents list"), None, took));
    // What it would be without bound instruments.
    let provider = SdkMeterProvider::builder().with_reader(ManualReader::builder().build()).build();
    let histogram = provider.meter("cost").f64_histogram("http.server.request.duration").build();
    time("the same measurement through the library's look-up", ROUNDS, || {
        let labels = [
            KeyValue::new("http.route", "/v1/documents"),
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("http.response.status_code", 200),
        ];
        histogram.record(0.003, &labels);
    });
    time("sample", ROUNDS, || {
        black_box(telemetry.sample());
    });
    time("a whole tree: three spans made, ended, forgotten", ROUNDS, || {
        let mut root = Span::root(telemetry.sink(), None, false, SpanKind::Server, "GET /v1/documents");
        root.set(attr::HTTP_STATUS, 200);
        let mut call = root.context().child(SpanKind::Internal, "documents list");
        call.set(attr::SYSTEM, Value::Configured("intranet".into()));
        call.set(attr::OPERATION, "documents list");
        let mut attempt = call.context().child(SpanKind::Client, "PROPFIND");
        attempt.set(attr::HTTP_METHOD, "PROPFIND");
    });
    time("render_metrics", 200, || {
        black_box(telemetry.render_metrics());
    });
    Ok(())
}
