use std::time::{Instant, SystemTime};

use portico_contract::trace::{FinishedTrace, SpanId, SpanKind, SpanRecord, TraceId, Value, attr};

use super::*;
use crate::drops::Dropped;

fn metrics() -> (Metrics, Arc<Drops>) {
    let drops = Arc::new(Drops::default());
    (Metrics::new(Resource::builder_empty().build(), None, Arc::clone(&drops)).unwrap(), drops)
}

fn key(system: &str) -> SystemKey {
    SystemKey::new(system).unwrap()
}

/// Sample lines, comments left out.
fn samples(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(text.lines().any(|l| l == line), "no `{line}` in\n{text}");
}

#[test]
fn a_request_is_counted_by_route_method_and_status() {
    let (metrics, _) = metrics();
    metrics.register_routes(["/v1/documents/{id}"]);
    metrics.request_started();
    metrics.request_started();
    metrics.request_finished(Some("/v1/documents/{id}"), "GET", 200, Duration::from_millis(50));
    let text = metrics.render();
    let labels =
        r#"{http_request_method="GET",http_response_status_code="200",http_route="/v1/documents/{id}"}"#;
    has(&text, &format!("http_server_request_duration_seconds_count{labels} 1"));
    has(&text, &format!("http_server_request_duration_seconds_sum{labels} 0.05"));
    has(&text, "http_server_active_requests 1");
    assert!(text.contains(r#"le="0.1"} 1"#), "{text}");
    assert!(text.contains(r#"le="0.025"} 0"#), "{text}");
}

#[test]
fn a_path_a_method_or_a_route_from_outside_never_becomes_a_label() {
    let (metrics, _) = metrics();
    metrics.register_routes(["/v1/me"]);
    metrics.request_finished(Some("/v1/people/QQ123456C"), "QQ123456C", 404, Duration::ZERO);
    metrics.request_finished(None, "GET", 404, Duration::ZERO);
    let text = metrics.render();
    assert!(!text.contains("QQ123456C"), "{text}");
    let other = r#"{http_request_method="_OTHER",http_response_status_code="404",http_route="_OTHER"}"#;
    has(&text, &format!("http_server_request_duration_seconds_count{other} 1"));
}

#[test]
fn all_series_together_stay_under_two_thousand_samples() {
    let (metrics, drops) = metrics();
    let routes: Vec<String> = (0..100).map(|n| format!("/v1/route-{n}")).collect();
    metrics.register_routes(routes.iter().map(String::as_str));
    let everything = || AdapterGauges {
        certificate_days: Some(1),
        index: Some(IndexGauges { age_seconds: Some(1.0), ..IndexGauges::default() }),
        ..AdapterGauges::default()
    };
    let observed: Vec<_> =
        (0..300).map(|n| metrics.observe_adapter(&key(&format!("s{n}")), Box::new(everything))).collect();
    for route in &routes {
        for status in 200..230 {
            metrics.request_finished(Some(route), "GET", status, Duration::from_millis(1));
        }
    }
    for n in 0..300 {
        metrics.call_finished(&key(&format!("s{n}")), "documents list", None, Duration::from_millis(1));
        metrics.refused("header_timeout");
        metrics.set_certificate_days(&format!("c{n}"), 3);
    }
    metrics.set_config_hash("abc");
    let text = metrics.render();
    let count = samples(&text).count();
    assert!(count <= series::MAX_SAMPLES, "{count} samples");
    assert!(count > series::MAX_SAMPLES * 8 / 10, "the room is used: {count} samples");
    assert!(drops.get(Dropped::Series) > 0);
    // Nothing is lost in the sum: what has no series of its own is under `_overflow`.
    let counts = samples(&text).filter(|line| line.starts_with("http_server_request_duration_seconds_count"));
    let sum: f64 = counts.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum();
    assert_eq!(sum, 3_000.0);
    drop(observed);
}

#[test]
fn the_state_of_an_adapter_is_read_when_somebody_asks_and_as_long_as_it_is_observed() {
    let (metrics, _) = metrics();
    let state = AdapterGauges {
        in_flight: 3,
        breaker: BreakerGauge::Open,
        retry_budget: 7.5,
        shed: 11,
        certificate_days: Some(-2),
        index: Some(IndexGauges { people: 1_000, bytes: 330_000, age_seconds: Some(2.5) }),
        ..AdapterGauges::default()
    };
    let first = metrics.observe_adapter(&key("intranet"), Box::new(AdapterGauges::default));
    let second = metrics.observe_adapter(&key("intranet"), Box::new(move || state));
    // The first one was replaced; its end does not end the second.
    drop(first);
    let text = metrics.render();
    has(&text, r#"portico_adapter_in_flight{portico_system="intranet"} 3"#);
    has(&text, r#"portico_adapter_breaker_state{portico_system="intranet"} 2"#);
    has(&text, r#"portico_adapter_retry_budget{portico_system="intranet"} 7.5"#);
    has(&text, r#"portico_adapter_shed_total{portico_system="intranet"} 11"#);
    has(&text, r#"portico_adapter_certificate_days{portico_system="intranet"} -2"#);
    has(&text, r#"portico_index_people{portico_system="intranet"} 1000"#);
    has(&text, r#"portico_index_bytes{portico_system="intranet"} 330000"#);
    has(&text, r#"portico_index_age_seconds{portico_system="intranet"} 2.5"#);
    drop(second);
    assert!(!metrics.render().contains(r#"in_flight{portico_system="intranet"}"#));
}

#[test]
fn a_reader_that_panics_costs_its_own_gauges_only() {
    let (metrics, _) = metrics();
    let _broken = metrics.observe_adapter(&key("broken"), Box::new(|| panic!("a defect")));
    let _fine = metrics.observe_adapter(&key("fine"), Box::new(AdapterGauges::default));
    let text = metrics.render();
    has(&text, r#"portico_adapter_in_flight{portico_system="fine"} 0"#);
    assert!(!text.contains("broken"), "{text}");
}

#[test]
fn only_the_configuration_that_runs_is_shown() {
    let (metrics, _) = metrics();
    metrics.set_config_hash("0123");
    metrics.set_config_hash("4567");
    let text = metrics.render();
    has(&text, r#"portico_config_info{portico_config_hash="4567"} 1"#);
    assert!(!text.contains("0123"), "{text}");
    assert!(text.contains("process_start_time_seconds "), "{text}");
    has(&text, r#"portico_telemetry_dropped_total{portico_telemetry_reason="span_queue"} 0"#);
}

fn record(
    id: u64,
    parent: Option<u64>,
    kind: SpanKind,
    attributes: Vec<(&'static str, Value)>,
) -> SpanRecord {
    SpanRecord {
        id: SpanId(id),
        parent: parent.map(SpanId),
        kind,
        name: "x".into(),
        start: Duration::ZERO,
        end: Duration::from_millis(20),
        error: None,
        attributes,
    }
}

fn finished() -> FinishedTrace {
    let call = vec![
        (attr::SYSTEM, Value::Configured("intranet".into())),
        (attr::OPERATION, Value::Word("documents list")),
    ];
    FinishedTrace {
        trace_id: TraceId([7; 16]),
        sampled: false,
        started_at: SystemTime::UNIX_EPOCH,
        remote_parent: None,
        spans: vec![
            record(3, Some(2), SpanKind::Client, vec![(attr::HTTP_METHOD, Value::Word("PROPFIND"))]),
            record(2, Some(1), SpanKind::Internal, call),
            record(1, None, SpanKind::Server, vec![(attr::HTTP_STATUS, Value::Number(200))]),
        ],
        dropped: 0,
    }
}

#[test]
fn attempts_are_measured_from_spans_and_calls_from_the_stack() {
    let (metrics, _) = metrics();
    metrics.take_spans(&finished());
    metrics.call_finished(
        &key("intranet"),
        "documents list",
        Some(ErrorKind::Timeout),
        Duration::from_secs(2),
    );
    let text = metrics.render();
    let attempt = r#"{error_type="",http_request_method="PROPFIND",portico_operation="documents list",portico_system="intranet"}"#;
    has(&text, &format!("http_client_request_duration_seconds_sum{attempt} 0.02"));
    let call = r#"{error_type="timeout",portico_operation="documents list",portico_system="intranet"}"#;
    has(&text, &format!("portico_adapter_call_duration_seconds_sum{call} 2"));
}

#[test]
fn the_readme_lists_every_metric_and_no_other() {
    let (metrics, _) = metrics();
    let state = AdapterGauges { certificate_days: Some(1), ..AdapterGauges::default() };
    let _observed = metrics.observe_adapter(&key("intranet"), Box::new(move || state));
    metrics.request_finished(None, "GET", 200, Duration::ZERO);
    metrics.call_finished(&key("intranet"), "documents list", None, Duration::ZERO);
    metrics.take_spans(&finished());
    metrics.refused("header_timeout");
    metrics.set_config_hash("abc");
    metrics.set_certificate_days("listen", 20);
    metrics.observe_store(StoreGauges::default);
    let text = metrics.render();
    let shown = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let mut shown: Vec<_> = shown.filter(|name| *name != "target_info").collect();
    shown.sort_unstable();
    let readme = include_str!("../../README.md").lines();
    let mut listed: Vec<_> = readme.filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
    listed.sort_unstable();
    assert_eq!(shown, listed);
}

#[test]
fn the_store_is_read_when_somebody_asks() {
    let (metrics, _) = metrics();
    assert!(!metrics.render().contains("portico_store_writable"), "there is none yet");
    let now =
        StoreGauges { unknown: 2, oldest_unknown_seconds: Some(90.5), writable: true, ..Default::default() };
    metrics.observe_store(move || now);
    let text = metrics.render();
    has(&text, r#"portico_writes_open{portico_write_state="unknown"} 2"#);
    has(&text, r#"portico_writes_open{portico_write_state="sent"} 0"#);
    has(&text, "portico_writes_unknown_age_seconds 90.5");
    has(&text, "portico_store_writable 1");
    has(&text, "portico_outbox_age_seconds 0");
}

/// Not a promise in milliseconds (those are the bench's), only a guard against a slip by a power of ten: debug builds take
/// about 2 µs for all of it.
#[test]
fn measuring_is_cheap() {
    let (metrics, _) = metrics();
    metrics.register_routes(["/v1/documents"]);
    let trace = finished();
    let rounds = 20_000;
    let time = |what: &dyn Fn()| {
        let begun = Instant::now();
        (0..rounds).for_each(|_| what());
        begun.elapsed() / rounds
    };
    let server =
        time(&|| metrics.request_finished(Some("/v1/documents"), "GET", 200, Duration::from_millis(1)));
    let spans = time(&|| metrics.take_spans(&trace));
    println!("request_finished {server:?}, take_spans {spans:?}");
    assert!(server < Duration::from_micros(50) && spans < Duration::from_micros(50), "{server:?} {spans:?}");
}
