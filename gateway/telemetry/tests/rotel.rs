//! Traces sent to an OpenTelemetry collector that we did not write, and read back from what it prints.

use std::time::{Duration, Instant};

use portico_contract::ErrorKind;
use portico_contract::trace::{RemoteParent, Span, SpanKind, Value, attr};
use portico_servers::{Product, for_test};
use portico_telemetry::{OtlpConfig, Telemetry, TelemetryConfig};

#[test]
fn rotel_shows_the_tree_as_it_was_recorded() {
    let Some(rotel) = for_test(Product::Rotel) else { return };
    let mut config = TelemetryConfig::quiet("portico-test", "9.8.7", "town-hall");
    config.otlp = Some(OtlpConfig {
        endpoint: format!("http://{}", rotel.addr),
        headers: Vec::new(),
        sample_ratio: 0.0,
        trust_pem: None,
    });
    let telemetry = Telemetry::start(config).unwrap();

    let parent = RemoteParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    let mut root =
        Span::root(telemetry.sink(), parent, telemetry.sample(), SpanKind::Server, "GET /v1/documents");
    root.set(attr::HTTP_STATUS, 504);
    root.fail(ErrorKind::Timeout);
    let mut call = root.context().child(SpanKind::Internal, "documents list");
    call.set(attr::SYSTEM, Value::Configured("intranet".into()));
    call.fail(ErrorKind::Timeout);
    let mut attempt = call.context().child(SpanKind::Client, "PROPFIND");
    attempt.set(attr::SERVER_ADDRESS, Value::Configured("dav.example.org".into()));
    drop((attempt, call, root));
    assert!(telemetry.shutdown(Duration::from_secs(3)).complete);

    let wanted = [
        "0af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
        "GET /v1/documents",
        "documents list",
        "PROPFIND",
        "portico-test",
        "9.8.7",
        "town-hall",
        "http.response.status_code",
        "504",
        "error.type",
        "timeout",
        "portico.system",
        "intranet",
        "dav.example.org",
    ];
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let log = rotel.log_text();
        let missing: Vec<_> = wanted.iter().filter(|word| !log.contains(**word)).collect();
        if missing.is_empty() {
            break;
        }
        assert!(Instant::now() < until, "rotel did not print {missing:?} but\n{log}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
